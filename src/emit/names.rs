//! How the names of the input are spelled in a target.

use super::helpers::Helpers;
use crate::dim::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

/// What a target takes for a name.
pub(super) struct Spelling {
    /// What the language or the emitted code keeps for itself; such a name gets `_` appended.
    pub reserved: &'static [&'static str],
    /// Their names are kept likewise.
    pub helpers: &'static Helpers,
    /// Whether letters beyond ASCII may stand in a name; otherwise a Greek letter is written by its English name.
    pub unicode: bool,
    /// Whether a name may begin with `_`.
    pub underscore_first: bool,
}

/// The names of one function: no two alike.
pub(super) struct Names {
    spelling: &'static Spelling,
    known: FxHashMap<(bool, Symbol), String>,
    taken: FxHashSet<String>,
}

impl Names {
    pub fn new(spelling: &'static Spelling) -> Names {
        Names { spelling, known: FxHashMap::default(), taken: FxHashSet::default() }
    }

    /// The name of a variable.
    pub fn variable(&mut self, s: Symbol) -> String {
        self.spelled(false, s)
    }

    /// The name of a dimension; where a variable has that name, another.
    pub fn dim(&mut self, s: Symbol) -> String {
        self.spelled(true, s)
    }

    fn spelled(&mut self, is_dim: bool, s: Symbol) -> String {
        if let Some(known) = self.known.get(&(is_dim, s)) {
            return known.clone();
        }
        let name = self.free(s.as_str());
        self.known.insert((is_dim, s), name.clone());
        name
    }

    /// The name, spelled as the target wants it, and not yet taken.
    pub fn free(&mut self, name: &str) -> String {
        let mut name: String = name.chars().map(|c| self.letter(c)).collect();
        if !self.spelling.underscore_first && name.starts_with('_') {
            name.insert(0, 'v');
        }
        while self.spelling.reserved.contains(&name.as_str()) || self.spelling.helpers.define(&name) || self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.insert(name.clone());
        name
    }

    /// Keeps a name from use.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// A name for use within one expression: the letter, or what is free.
    pub fn local(&self, letter: &str) -> String {
        let mut name = letter.to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        name
    }

    /// A new name of this letter and a number.
    pub fn numbered(&mut self, letter: &str) -> String {
        let name = (1..).map(|k| format!("{letter}{k}")).find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }

    fn letter(&self, c: char) -> String {
        match GREEK.iter().find(|(greek, _)| *greek == c) {
            _ if c.is_ascii_alphanumeric() || c == '_' => c.to_string(),
            _ if self.spelling.unicode && c.is_alphabetic() => c.to_string(),
            Some((_, name)) => (*name).to_owned(),
            None => format!("u{:x}", u32::from(c)),
        }
    }
}

const GREEK: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ϵ', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ϑ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('ς', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('ϕ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
];
