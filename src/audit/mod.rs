//! Rules held against lints and tests, those of the crate and those of a user alike.
//!
//! Like the pipeline, this composes passes: rules are typed by inference, evaluated at random points, and given to the
//! steps that are said to perform them.

mod alike;
mod fire;
mod lint;
mod reach;
mod sides;
mod trial;

pub use trial::{Refutation, Test, Trial};

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::pipeline::{Engine, on_a_deep_stack};
use crate::rule::Rule;

/// What the lints and the tests say of a text of rules.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audit {
    /// The rules that can be read.
    pub rules: Vec<Rule>,
    /// The tests of those rules whose laws are well-typed.
    pub trials: Vec<Trial>,
    /// What is wrong, in the order of the places in the text: the text itself, what the lints refuse, failed tests.
    pub errors: Vec<Error>,
}

impl Audit {
    /// Whether every rule passed everything.
    pub fn passed(&self) -> bool {
        self.errors.is_empty()
    }
}

impl Catalog {
    /// Holds the rules of a text against the lints and the tests, as an extension of this catalog. The theme is the name
    /// under which they would be listed.
    ///
    /// ```
    /// use indicial::Catalog;
    /// let text = "rule det_add\n  for A: matrix(n, n); B: matrix(n, n)\n  law det(A + B) => det(A)\n  why It is not so.\n  \
    ///     source Horn and Johnson 2013\n  example det(A + B) => det(A)\n";
    /// let audit = Catalog::standard().audit(text, "own");
    /// assert!(audit.errors[0].to_string().starts_with("`det_add` is false"));
    /// ```
    pub fn audit(&self, text: &str, theme: &str) -> Audit {
        let (rules, errors) = Catalog::parse_all(text, theme);
        let depth = rules.iter().map(|r| r.left.depth().max(r.right.depth())).max().unwrap_or_default();
        let tested = on_a_deep_stack(depth, || Ok(self.test(&rules)));
        let (trials, found) = tested.unwrap_or_else(|e| (Vec::new(), vec![e]));
        let mut errors = [errors, found].concat();
        errors.sort_by_key(|e| e.span.map(|s| s.start));
        Audit { rules, trials, errors }
    }

    /// Audits themes with their texts, each as an extension of those before it, so that rules are compared with all others.
    pub fn audit_all<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Audit> {
        let mut catalog = Catalog::default();
        let audit = |(theme, text)| {
            let audit = catalog.audit(text, theme);
            // What is refused for its name is not needed to refuse others.
            if let Ok(more) = catalog.with(audit.rules.clone()) {
                catalog = more;
            }
            audit
        };
        files.into_iter().map(audit).collect()
    }

    /// The tests of those rules that are well-typed, and everything that is wrong.
    fn test(&self, rules: &[Rule]) -> (Vec<Trial>, Vec<Error>) {
        let (mut trials, mut errors) = (Vec::new(), Vec::new());
        let mut sound = Vec::new();
        for rule in rules {
            let (wrong, ill_typed) = (lint::of_words(self, rule), lint::of_types(rule));
            errors.extend(wrong);
            if let Some(e) = ill_typed {
                errors.push(e);
                continue;
            }
            let tested = rule.test();
            let truth = |t: &&Trial| matches!(t.test, Test::Holds | Test::Domain);
            let is_true = tested.iter().filter(truth).all(Trial::passed);
            let idle = if is_true { lint::of_rewrites(rule) } else { None };
            // What is false, or cannot be used, fails in its examples as well, which says nothing more.
            let worth_saying = |t: &&Trial| match t.test {
                Test::Holds | Test::Domain | Test::False => true,
                Test::Needed(_) => is_true,
                Test::Example(_) => is_true && idle.is_none(),
            };
            let failed: Vec<Error> = tested.iter().filter(worth_saying).filter_map(|t| t.error.clone()).collect();
            if failed.is_empty() && idle.is_none() {
                sound.push(rule);
            }
            errors.extend(failed);
            errors.extend(idle);
            trials.extend(tested);
        }
        errors.extend(lint::of_pairs(self, &sound));
        (trials, errors)
    }

    /// These rules and those of a text, which pass the same lints and tests as the rules of the crate.
    ///
    /// ```
    /// use indicial::Catalog;
    /// let more = Catalog::standard().extend(
    ///     "rule digamma_succ_sub
    ///        for      x: scalar
    ///        law      digamma(x + 1) - 1/x => digamma(x)
    ///        why      This is the recurrence of the digamma function.
    ///        source   Abramowitz and Stegun 1964, chapter 6
    ///        example  digamma(alpha + 1) - 1/alpha => digamma(alpha)",
    /// )?;
    /// assert_eq!(more.len(), Catalog::standard().len() + 1);
    ///
    /// let wrong = "rule det_of_sum\n  for A: matrix(n, n); B: matrix(n, n)\n  law det(A + B) => det(A) + det(B)\n  \
    ///     why So it seems.\n  source Horn and Johnson 2013\n  example det(A + B) => det(A) + det(B)\n";
    /// assert_eq!(
    ///     more.extend(wrong).unwrap_err().to_string(),
    ///     "`det_of_sum` is false\nhelp: at A = [3, 1; 1, 1], B = [1, 2; -2, -2]: the left side is -1, the right side 4"
    /// );
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first of what is wrong with the text: what cannot be read, what a lint refuses, and what is false, with a counterexample.
    pub fn extend(&self, text: &str) -> Result<Catalog> {
        let audit = self.audit(text, "own");
        match audit.errors.into_iter().next() {
            Some(e) => Err(e),
            None => self.with(audit.rules),
        }
    }

    /// The rules of a theme that the engine never comes to when it simplifies their own examples, each with the reason: what the
    /// law looks for is written otherwise before the e-graph sees it. They are true and do no harm; proofs may use them.
    pub fn unreached(&self, theme: &str) -> Vec<Error> {
        let engine = Engine::new().rules(self);
        let of_theme = self.rewrites().filter(|rule| &*rule.theme == theme);
        of_theme.filter_map(|rule| reach::unreached(&engine, rule)).collect()
    }
}

impl Rule {
    /// What the lints that look at one rule refuse in it. [`Catalog::audit`] also compares rules with each other.
    pub fn lints(&self) -> Vec<Error> {
        lint::of_one(self)
    }
}
