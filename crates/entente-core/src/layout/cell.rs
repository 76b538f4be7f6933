//! One cell: the many ways in which the same thing is written in it.

use std::borrow::Cow;

use super::CellReason;

/// Puts a `'` before a text that a spreadsheet would take for a formula; reading takes it off.
///
/// Also before a text that starts with such a mark itself, so that every text comes back.
pub fn guard_formula(text: &str) -> Cow<'_, str> {
    let looks_like_one = text.trim_start_matches('\'').starts_with(FORMULA_STARTS);
    if looks_like_one { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Takes off the `'` that [`guard_formula`] has put.
pub(super) fn without_guard(cell: &str) -> &str {
    let is_guarded = cell.trim_start_matches('\'').starts_with(FORMULA_STARTS);
    cell.strip_prefix('\'').filter(|_| is_guarded).unwrap_or(cell)
}

/// What spreadsheets take for the start of a formula, in the wide letters of East Asia too, or leave out before one
/// (OWASP, CSV injection).
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Reads a flag: 1 or 0, as any program or person writes it.
pub(super) fn flag(cell: &str) -> Result<bool, CellReason> {
    match cell.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" | "vrai" | "oui" => Ok(true),
        "0" | "0.0" | "false" | "no" | "faux" | "non" => Ok(false),
        _ => Err(CellReason::NotAFlag),
    }
}

/// Writes every dash, and every run of them, as one hyphen, and leaves out what is in brackets:
/// published files have `9--17`, `9–17` and `0—12 (0-1 yr)`.
pub(super) fn one_dash(text: &str) -> String {
    let text = text.split('(').next().unwrap_or_default();
    let is_dash =
        |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{ff0d}');
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        match is_dash(c) {
            true if out.ends_with('-') => {}
            true => out.push('-'),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_behind_its_guard() {
        let formulas =
            ["=1+1", "+1 604", "-x", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"];
        for text in formulas {
            assert_eq!(guard_formula(text), format!("'{text}"));
        }
        for text in formulas.into_iter().chain(["'=1", "''+1", "'Aitken", "plain", ""]) {
            let guarded = guard_formula(text);
            assert!(!guarded.starts_with(FORMULA_STARTS), "{text}");
            assert_eq!(without_guard(&guarded), text);
        }
    }

    #[test]
    fn dashes_of_every_kind_are_one() {
        for text in ["9--17", "9—17", "9–17", "9-17", " 9 – 17 ", "9\u{2011}17"] {
            assert_eq!(one_dash(text), "9-17");
        }
        assert_eq!(one_dash("0—12 (0-1 yr)"), "0-12");
    }
}
