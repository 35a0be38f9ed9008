//! What a target has no function for, in its own language: the files of `helpers/`, cut into definitions between two empty
//! lines each. Code is followed or preceded by those that it calls, and by those that they call in turn.

pub(super) struct Helpers {
    /// The sources; a definition may use those before it.
    pub sources: &'static [&'static str],
    /// What is written otherwise in this target: a text and what takes its place, one after the other.
    pub spelled: &'static [(&'static str, &'static str)],
}

impl Helpers {
    fn definitions(&self) -> Vec<&'static str> {
        self.sources.iter().flat_map(|source| source.split("\n\n\n")).map(str::trim).filter(|d| !d.is_empty()).collect()
    }

    /// Whether a name is that of a definition, and no variable can have it.
    pub fn define(&self, name: &str) -> bool {
        self.definitions().into_iter().flat_map(names).any(|n| n == name)
    }

    /// The definitions that the code needs, in their order.
    pub fn needed(&self, code: &str) -> Vec<String> {
        let mut calling = code.to_owned();
        let mut needed = Vec::new();
        for definition in self.definitions().into_iter().rev() {
            if names(definition).any(|name| calls(&calling, name)) {
                calling.push('\n');
                calling.push_str(definition);
                needed.push(self.spelled.iter().fold(definition.to_owned(), |text, (from, to)| text.replace(from, to)));
            }
        }
        needed.reverse();
        needed
    }
}

/// What a definition defines, where its lines are not indented.
fn names(definition: &'static str) -> impl Iterator<Item = &'static str> {
    definition.lines().filter_map(|line| {
        let rest = match line.strip_prefix("function ") {
            Some(rest) => rest.split_once(" = ").map_or(rest, |(_, rest)| rest),
            None => ["def ", "fn ", "struct ", "type "].iter().find_map(|word| line.strip_prefix(word))?,
        };
        rest.split(|c| !is_inner(c)).next()
    })
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a name stands in a text by itself and what follows it fits.
pub(super) fn mentions(text: &str, name: &str, follows: impl Fn(&str) -> bool) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(|c: char| is_inner(c) || c == '.') && !after.starts_with(is_inner) && follows(after)
    })
}

/// Whether a function is called in code or handed on, or a type is named.
fn calls(code: &str, name: &str) -> bool {
    let is_type = name.starts_with(char::is_uppercase);
    let is_comment = |line: &&str| ["//", "%", "#"].iter().any(|sign| line.trim_start().starts_with(sign));
    let called = |line: &str| mentions(line, name, |after| is_type || after.starts_with(['(', ',', ')']));
    code.lines().filter(|line| !is_comment(line)).any(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "def _a(x):\n    return xp.f(x)\n\n\ndef _b(x):\n    return _a(x)\n\n\ndef _c(x):\n    # not _b(x)\n    return x\n";

    #[test]
    fn definitions_come_with_what_they_call() {
        let helpers = Helpers { sources: &[SOURCE], spelled: &[("xp.", "np.")] };
        let needed = |code: &str| helpers.needed(code).concat();
        assert_eq!(needed("y = _b(1)"), "def _a(x):\n    return np.f(x)def _b(x):\n    return _a(x)");
        assert_eq!(needed("map(_c, x)"), "def _c(x):\n    # not _b(x)\n    return x");
        assert_eq!(needed("x._b(1) + __b(1) + _b1(2) + _b"), "");
        assert!(helpers.define("_b") && !helpers.define("_"));
    }

    #[test]
    fn names_are_found_in_each_language() {
        let of = |text: &'static str| names(text).collect::<Vec<_>>();
        assert_eq!(of("function [y, z] = two_(x)\n  % f\nend\n\nfunction one_(x)\nend"), ["two_", "one_"]);
        assert_eq!(of("type M = f64;\n\nstruct Lu {\n    rows: f64,\n}\n\nfn lu<D>(x: f64) {\n    fn inner() {}\n}"), ["M", "Lu", "lu"]);
    }
}
