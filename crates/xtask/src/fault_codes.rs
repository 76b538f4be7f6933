//! Every code of a fault means one thing, and the manual lists it once.
//!
//! A person searches for `ENT-1410` and finds one row. So a code stands with one sentence wherever
//! it is made, and `docs/OPERATING.md` has one row for each code and none for others. Codes are
//! found as text, where a fault is made; whether the row says the right thing is for people.

use std::collections::{BTreeMap, BTreeSet};

/// Where a fault is made.
const MADE: &str = "Fault::new(";

/// Where each code is explained.
pub(crate) const MANUAL: &str = "docs/OPERATING.md";

/// The codes found so far, each with its sentences and one place of each.
#[derive(Default)]
pub(crate) struct FaultCodes(BTreeMap<u16, BTreeMap<String, String>>);

impl FaultCodes {
    /// Adds the faults that a Rust file makes.
    pub(crate) fn read(&mut self, path: &str, text: &str) {
        for made in text.split(MADE).skip(1) {
            let Some((number, rest)) = made.split_once(',') else { continue };
            let Ok(code) = number.trim().replace('_', "").parse() else { continue };
            let sentence = shape(rest.split('"').nth(1).unwrap_or_default());
            self.0.entry(code).or_default().entry(sentence).or_insert_with(|| path.to_owned());
        }
    }

    /// What is wrong, as lines.
    pub(crate) fn findings(&self, manual: &str) -> Vec<String> {
        let mut findings = Vec::new();
        for (code, sentences) in self.0.iter().filter(|(_, sentences)| sentences.len() > 1) {
            let all: Vec<_> =
                sentences.iter().map(|(it, path)| format!("“{it}” ({path})")).collect();
            findings.push(format!("ENT-{code:04} means several things: {}", all.join(", ")));
        }
        let mut rows = BTreeSet::new();
        for code in manual.lines().filter_map(row) {
            if !rows.insert(code) {
                findings.push(format!("{MANUAL} has several rows for {code:04}"));
            }
            if !self.0.contains_key(&code) {
                findings.push(format!("{MANUAL} has a row for {code:04}, which no fault has"));
            }
        }
        let missing = self.0.keys().filter(|code| !rows.contains(code));
        findings.extend(missing.map(|code| format!("{MANUAL} has no row for {code:04}")));
        findings
    }
}

/// The code of a row of the table: `| 1410 | … |`. Areas have two digits.
fn row(line: &str) -> Option<u16> {
    let code = line.strip_prefix("| ")?.split_once(" |")?.0;
    if code.len() == 4 { code.parse().ok() } else { None }
}

/// A sentence without what differs from one time to the next: a name in braces, an option.
fn shape(sentence: &str) -> String {
    let varies = |word: &str| word.starts_with('{') || word.starts_with("--");
    let words = sentence.split_whitespace().filter(|word| *word != "\\");
    words.map(|word| if varies(word) { "…" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"Fault::new(
        1410,
        ("The record has changed.", "…"),"#;

    fn codes(texts: &[&str]) -> FaultCodes {
        let mut codes = FaultCodes::default();
        texts.iter().for_each(|text| codes.read("a.rs", text));
        codes
    }

    #[test]
    fn a_code_may_be_made_twice_with_one_sentence_and_not_with_two() {
        let row = "| 1410 | The record has changed | Look again |";
        assert!(codes(&[ONE, ONE]).findings(row).is_empty());
        let other = ONE.replace("has changed", "is gone");
        let found = codes(&[ONE, &other]).findings(row);
        assert!(found.len() == 1 && found[0].contains("1410"), "{found:?}");
        let options = ["{option} is wrong", "--kind is wrong"]
            .map(|sentence| format!("Fault::new(4, (\"{sentence}\", \"\"), (\"\", \"\"))"));
        assert!(codes(&[&options[0], &options[1]]).findings("| 0004 | x | y |").is_empty());
    }

    #[test]
    fn the_manual_has_one_row_for_each_code_and_none_for_others() {
        let found = |manual| codes(&[ONE]).findings(manual).len();
        assert_eq!(found("| 14 | records |\n| 1410 | x | y |"), 0);
        assert_eq!(found("| 1410 | x | y |\n| 1410 | z | y |"), 1);
        assert_eq!(found("| 1410 | x | y |\n| 1411 | z | y |"), 1);
        assert_eq!(found(""), 1);
    }

    #[test]
    fn every_code_of_this_repository_means_one_thing_and_is_in_the_manual() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = crate::repository::fault_code_findings(&root).unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
