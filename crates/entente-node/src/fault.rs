//! Faults: what a person is told when something does not work.
//!
//! A fault has a stable code, and says in both languages what happened, why, and what to do next.
//! It never holds anything about a case: codes, counts, names of organizations and paths only.
//! Inside the node, errors are types; they become faults here, at the local door.

use std::fmt;

use entente_core::lang::Lang;
use serde::{Deserialize, Serialize};

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

impl Both {
    /// A text in both languages.
    pub fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { en: en.into(), fr: fr.into() }
    }

    /// `n` things, each form of the word as `(one, many)`: `1 entry`, `0 entries`; `0 entrée`, `2
    /// entrées`. In French, zero is singular.
    pub fn count(n: u64, en: (&str, &str), fr: (&str, &str)) -> Self {
        let form = |lang: Lang, is_one, (one, many): (&str, &str)| {
            format!("{}\u{a0}{}", lang.number(n), if is_one { one } else { many })
        };
        Self { en: form(Lang::En, n == 1, en), fr: form(Lang::Fr, n < 2, fr) }
    }

    /// The text in one language.
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(self.en.as_str(), self.fr.as_str())
    }
}

/// What happened, why, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable: `ENT-` and four digits. The first digit names the area (`docs/OPERATING.md`).
    pub code: String,
    /// What happened.
    pub what: Both,
    /// Why. Several reasons are several lines.
    pub why: Vec<Both>,
    /// The next command or step.
    pub next: Both,
}

impl Fault {
    /// A fault without reasons.
    pub fn new(code: u16, what: (&str, &str), next: (&str, &str)) -> Box<Self> {
        Box::new(Self {
            code: format!("ENT-{code:04}"),
            what: Both::new(what.0, what.1),
            why: Vec::new(),
            next: Both::new(next.0, next.1),
        })
    }

    /// The same fault with one more reason.
    #[must_use]
    pub fn because(mut self: Box<Self>, en: impl Into<String>, fr: impl Into<String>) -> Box<Self> {
        self.why.push(Both::new(en, fr));
        self
    }

    /// The same fault with what a library said, which it says in English only.
    #[must_use]
    pub fn in_detail(self: Box<Self>, detail: &impl fmt::Display) -> Box<Self> {
        self.because(detail.to_string(), format!("Détail technique, en anglais\u{a0}: {detail}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.what.en)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_plural_in_english_and_singular_in_french() {
        let count = |n| Both::count(n, ("entry", "entries"), ("entrée", "entrées"));
        let both =
            |en: &str, fr: &str| Both::new(en.replace(' ', "\u{a0}"), fr.replace(' ', "\u{a0}"));
        assert_eq!(count(0), both("0 entries", "0 entrée"));
        assert_eq!(count(1), both("1 entry", "1 entrée"));
        assert_eq!(count(1_234), both("1,234 entries", "1 234 entrées"));
    }

    #[test]
    fn a_detail_is_there_in_both_languages_and_named_as_english_in_french() {
        let fault = Fault::new(
            1701,
            ("The store failed.", "Une erreur s’est produite dans le dépôt."),
            ("", ""),
        );
        let why = &fault.in_detail(&"broken pipe").why;
        assert_eq!(
            why[0],
            Both::new("broken pipe", "Détail technique, en anglais\u{a0}: broken pipe")
        );
    }
}
