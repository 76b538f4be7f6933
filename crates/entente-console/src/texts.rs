//! Every text for people stands in both languages: a test that reads the templates and the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that are written alike in English and French.
const ALIKE: &[&str] = &[
    "Code",
    "Console",
    "Cube",
    "Date",
    "Entente",
    "Exploitation",
    "Notes",
    "Province",
    "Service",
    "Total",
    "Type",
    "Version",
];

/// Text of a template that is no text for people.
const NOT_WORDS: &[&str] = &["· Entente"];

/// Where a line could break although French never breaks there: a space that does not is wanted.
const BREAKS: [&str; 3] = [" :", "« ", " »"];

/// The sources with texts for people, from here.
const SOURCES: [&str; 5] =
    ["src", "../entente/src", "../entente-core/src", "../entente-node/src", "../entente-store/src"];

pub(crate) fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The text literals directly behind each `call(`, up to two.
fn pairs(text: &str, call: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (at, _) in text.match_indices(call) {
        let mut rest = &text[at + call.len()..];
        let mut take = || {
            let literal = rest.trim_start().strip_prefix('"')?;
            let end = literal.match_indices('"').find(|(at, _)| !literal[..*at].ends_with('\\'))?.0;
            rest = literal[end + 1..].trim_start().trim_start_matches(',');
            Some(literal[..end].to_owned())
        };
        if let (Some(en), Some(fr)) = (take(), take()) {
            pairs.push((en, fr));
        }
    }
    pairs
}

#[test]
fn every_text_has_both_languages_and_they_differ() {
    let templates = files("templates", "html").into_iter().map(|it| (it, &["p.t("][..]));
    let calls = &[".t(", ".pick(", "Both::new("][..];
    let of_node = files("../entente-node/src", "rs");
    let sources = files("src", "rs").into_iter().chain(of_node).map(|it| (it, calls));
    let mut n_pairs = 0;
    for ((path, text), calls) in templates.chain(sources) {
        let is_template = path.extension().is_some_and(|it| it == "html");
        // What a test says, nobody reads.
        let is_test = path.file_stem().is_some_and(|it| it == "tests");
        let text = text.split("#[cfg(test)]").next().filter(|_| !is_test).unwrap_or_default();
        let found: Vec<_> = calls.iter().flat_map(|call| pairs(text, call)).collect();
        if is_template {
            let n_calls = text.matches("p.t(").count();
            assert_eq!(found.len(), n_calls, "{}: a pair is not two texts", path.display());
        }
        for (en, fr) in found {
            let place = format!("{}: {en:?} / {fr:?}", path.display());
            assert!(!en.trim().is_empty() && !fr.trim().is_empty(), "{place}");
            let is_alike = ALIKE.contains(&en.as_str()) || en.starts_with("entente ");
            assert!(en != fr || is_alike, "{place}");
            assert!(!fr.contains('\''), "an apostrophe is ’ in French: {place}");
            let breaks = is_template && BREAKS.iter().any(|it| fr.contains(it));
            assert!(!breaks, "a line must not break there: {place}");
            n_pairs += 1;
        }
    }
    assert!(n_pairs > 50, "{n_pairs}");
}

#[test]
fn no_source_lets_a_line_break_before_a_french_colon_or_inside_guillemets() {
    let mut n_lines = 0;
    for (path, text) in SOURCES.iter().flat_map(|folder| files(folder, "rs")) {
        // What a test says, nobody reads.
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_test =
            name.ends_with("tests") || name == "texts" || path.iter().any(|it| it == "tests");
        let text = text.split("#[cfg(test)]\nmod tests {").next().filter(|_| !is_test);
        for line in text.unwrap_or_default().lines().map(str::trim_start) {
            // Comments, also those of the drafts that are written here: a program reads a draft again.
            if line.starts_with("//") || line.trim_start_matches('"').starts_with("# ") {
                continue;
            }
            let breaks = BREAKS.iter().any(|it| line.contains(it));
            assert!(!breaks, "a line must not break there: {}: {line}", path.display());
            n_lines += 1;
        }
    }
    assert!(n_lines > 50_000, "{n_lines}");
}

/// What is left of a template without tags, comments and what is filled in.
fn bare(template: &str) -> String {
    let mut text = template.to_owned();
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<", ">")] {
        while let Some(from) = text.find(open) {
            let end = text[from..].find(close).map_or(text.len(), |at| from + at + close.len());
            text.replace_range(from..end, " ");
        }
    }
    text
}

#[test]
fn no_template_has_words_outside_of_a_pair() {
    for (path, text) in files("templates", "html") {
        let mut left = bare(&text);
        for known in NOT_WORDS {
            left = left.replace(known, "");
        }
        let words: Vec<_> =
            left.split_whitespace().filter(|it| it.chars().any(char::is_alphabetic)).collect();
        assert!(words.is_empty(), "{}: {words:?}", path.display());
        for attribute in ["aria-label=\"", "placeholder=\"", "alt=\"", "title=\""] {
            for (at, _) in text.match_indices(attribute) {
                let value = &text[at + attribute.len()..];
                assert!(
                    value.starts_with("{{") || value.starts_with('"'),
                    "{}: {attribute}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn no_template_has_scripts_or_styles_of_its_own_nor_trusts_a_text() {
    for (path, text) in files("templates", "html") {
        for bad in [
            "|safe",
            "| safe",
            "style=",
            "<style",
            "onclick",
            "onsubmit",
            "hx-on",
            "javascript:",
            "http://",
            "https://",
        ] {
            assert!(!text.contains(bad), "{}: {bad}", path.display());
        }
    }
}
