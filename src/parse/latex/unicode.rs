//! The signs of Unicode as the LaTeX that they stand for.

use super::scan::Tok;
use crate::number::Number;

const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀⁿᵏⁱᵐᵗ";
const RAISED_AS: &str = "0123456789+-Tnkimt";
const LOWERED: &str = "₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₗₘₙₚᵣₛₜₓₐₑₒ";
const LOWERED_AS: &str = "0123456789+-ijklmnprstxaeo";

fn plain(c: char, from: &str, to: &str) -> Option<char> {
    from.chars().position(|s| s == c).and_then(|at| to.chars().nth(at))
}

/// `⁻¹` as `^{-1}`, `₁₂` as `_{12}`, with the bytes that it takes.
pub fn scripts<'a>(rest: &str) -> Option<(Vec<Tok<'a>>, usize)> {
    let first = rest.chars().next()?;
    let (sign, from, to) = if RAISED.contains(first) {
        ('^', RAISED, RAISED_AS)
    } else if LOWERED.contains(first) {
        ('_', LOWERED, LOWERED_AS)
    } else {
        return None;
    };
    let mut toks = vec![Tok::Sign(sign), Tok::Sign('{')];
    let (mut length, mut digits) = (0, String::new());
    for c in rest.chars() {
        let Some(p) = plain(c, from, to) else { break };
        // A raised T is a transpose of its own: `A²ᵀ`, `xᵀ²`.
        if c == 'ᵀ' && !(length == 0 || rest[..length].ends_with('⁻')) || rest[..length].ends_with('ᵀ') {
            break;
        }
        length += c.len_utf8();
        if p.is_ascii_digit() {
            digits.push(p);
            continue;
        }
        toks.extend(number(&mut digits));
        toks.push(match c {
            'ᵀ' => Tok::Command("top"),
            _ if p.is_alphabetic() => Tok::Letter(p),
            _ => Tok::Sign(p),
        });
    }
    toks.extend(number(&mut digits));
    toks.push(Tok::Sign('}'));
    Some((toks, length))
}

fn number<'a>(digits: &mut String) -> Option<Tok<'a>> {
    let value = Number::parse(digits).filter(|_| !digits.is_empty());
    digits.clear();
    value.map(Tok::Number)
}

/// What a single sign stands for, if it is not itself.
pub fn sign<'a>(c: char) -> Option<Vec<Tok<'a>>> {
    let command = COMMANDS.iter().find(|(sign, _)| *sign == c).map(|(_, command)| vec![Tok::Command(command)]);
    command.or_else(|| fraction(c)).or_else(|| doubled(c)).or_else(|| alphanumeric(c))
}

const COMMANDS: &[(char, &str)] = &[
    ('·', "cdot"),
    ('⋅', "cdot"),
    ('∙', "cdot"),
    ('×', "times"),
    ('⊙', "odot"),
    ('∘', "odot"),
    ('⊗', "otimes"),
    ('⊘', "oslash"),
    ('÷', "div"),
    ('‖', "|"),
    ('∥', "|"),
    ('√', "sqrt"),
    ('∑', "sum"),
    ('∏', "prod"),
    ('∇', "nabla"),
    ('∂', "partial"),
    ('∞', "infty"),
    ('⟨', "langle"),
    ('⟩', "rangle"),
    ('〈', "langle"),
    ('〉', "rangle"),
    ('⊤', "top"),
    ('′', "prime"),
    ('’', "prime"),
    ('ℓ', "ell"),
    ('…', "dots"),
    ('⋯', "cdots"),
    ('∈', "in"),
    ('≤', "leq"),
    ('≥', "geq"),
    ('≠', "neq"),
    ('≈', "approx"),
    ('±', "pm"),
    ('∫', "int"),
    ('†', "dagger"),
    ('→', "to"),
    ('𝔼', "E"),
];

fn fraction<'a>(c: char) -> Option<Vec<Tok<'a>>> {
    const FRACTIONS: [(char, i64, i64); 8] =
        [('½', 1, 2), ('⅓', 1, 3), ('¼', 1, 4), ('⅔', 2, 3), ('¾', 3, 4), ('⅛', 1, 8), ('⅙', 1, 6), ('⅕', 1, 5)];
    FRACTIONS.iter().find(|(sign, ..)| *sign == c).map(|(_, p, q)| vec![Tok::Number(Number::ratio(*p, *q))])
}

fn doubled<'a>(c: char) -> Option<Vec<Tok<'a>>> {
    let letter = match c {
        'ℝ' => 'R',
        'ℕ' => 'N',
        'ℤ' => 'Z',
        'ℂ' => 'C',
        '−' => return Some(vec![Tok::Sign('-')]),
        '𝟙' => return Some(vec![Tok::Command("mathbb"), Tok::Number(Number::ONE)]),
        _ => return None,
    };
    Some(vec![Tok::Command("mathbb"), Tok::Sign('{'), Tok::Letter(letter), Tok::Sign('}')])
}

/// The mathematical alphabets (the block from U+1D400): 13 Latin ones of 52 letters, 5 Greek ones of 58, 5 rows of digits.
fn alphanumeric<'a>(c: char) -> Option<Vec<Tok<'a>>> {
    const GREEK: &str = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΘΣΤΥΦΧΨΩ∇αβγδεζηθικλμνξοπρςστυφχψω∂ϵϑϰϕϱϖ";
    let at = u32::from(c);
    let of_latin = |offset: u32| if offset < 26 { b'A' + offset as u8 } else { b'a' + (offset - 26) as u8 };
    match at {
        0x1D400..=0x1D6A3 => Some(vec![Tok::Letter(char::from(of_latin((at - 0x1D400) % 52)))]),
        0x1D6A8..=0x1D7C9 => match GREEK.chars().nth(((at - 0x1D6A8) % 58) as usize)? {
            '∇' => Some(vec![Tok::Command("nabla")]),
            '∂' => Some(vec![Tok::Command("partial")]),
            letter => Some(vec![Tok::Letter(letter)]),
        },
        0x1D7CE..=0x1D7FF => {
            let digit = Number::int(i64::from((at - 0x1D7CE) % 10));
            Some(vec![Tok::Command("mathbf"), Tok::Number(digit)])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabets_are_read_as_letters() {
        for (sign, letter) in [('𝐱', 'x'), ('𝐀', 'A'), ('𝑧', 'z'), ('𝚺', 'Σ'), ('𝛼', 'α'), ('𝝎', 'ω'), ('𝛉', 'θ')]
        {
            assert_eq!(super::sign(sign), Some(vec![Tok::Letter(letter)]), "{sign}");
        }
        assert_eq!(super::sign('𝟏'), Some(vec![Tok::Command("mathbf"), Tok::Number(Number::ONE)]));
        assert_eq!(scripts("⁻ᵀx").map(|(toks, length)| (toks.len(), length)), Some((5, "⁻ᵀ".len())));
    }
}
