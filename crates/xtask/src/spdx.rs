//! Decides whether a licence expression can be met with a list of licences.
//!
//! It reads the SPDX expressions that crates use (`AND`, `OR`, `WITH`, brackets) and the slash of
//! older ones. An expression that it cannot read is refused: silence would be consent.

use std::collections::HashSet;

/// Whether somebody who accepts only `allowed` may use a work under `expression`.
pub(crate) fn is_met(expression: &str, allowed: &HashSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = Words { words: spaced.split_whitespace().collect(), at: 0, allowed };
    words.any_of() == Some(true) && words.peek().is_none()
}

struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
    allowed: &'a HashSet<String>,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    fn take_if(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn any_of(&mut self) -> Option<bool> {
        let mut met = self.all_of()?;
        while self.take_if("OR") {
            met |= self.all_of()?;
        }
        Some(met)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take_if("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        match self.take()? {
            "(" => {
                let met = self.any_of()?;
                self.take_if(")").then_some(met)
            }
            ")" | "AND" | "OR" | "WITH" => None,
            licence if self.take_if("WITH") => {
                let exception = self.take()?;
                Some(self.allowed.contains(&format!("{licence} WITH {exception}")))
            }
            licence => Some(self.allowed.contains(licence)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_met;

    fn with_mit_and_isc(expression: &str) -> bool {
        is_met(expression, &["MIT".to_owned(), "ISC".to_owned()].into())
    }

    #[test]
    fn either_side_of_an_or_is_enough() {
        assert!(with_mit_and_isc("GPL-3.0 OR MIT"));
        assert!(with_mit_and_isc("Unlicense/MIT"));
        assert!(!with_mit_and_isc("GPL-3.0 OR Apache-2.0"));
    }

    #[test]
    fn every_part_of_an_and_is_needed() {
        assert!(with_mit_and_isc("(GPL-3.0 OR MIT) AND ISC"));
        assert!(!with_mit_and_isc("MIT OR Apache-2.0 AND GPL-3.0 AND (ISC)  )"));
        assert!(!with_mit_and_isc("MIT AND GPL-3.0"));
    }

    #[test]
    fn an_exception_is_a_licence_of_its_own() {
        assert!(!with_mit_and_isc("MIT WITH LLVM-exception"));
        assert!(with_mit_and_isc("Apache-2.0 WITH LLVM-exception OR ISC"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for broken in ["", "MIT MIT", "MIT OR", "(MIT", "MIT)", "AND MIT"] {
            assert!(!with_mit_and_isc(broken), "{broken}");
        }
    }
}
