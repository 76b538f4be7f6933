//! Every text for people stands in both languages: a test that reads the templates and the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that are written alike in English and French.
const ALIKE: &[&str] = &[
    "code",
    "codes",
    "service",
    "services",
    "Code",
    "Console",
    "Cube",
    "Date",
    "Entente",
    "Exploitation",
    "Invitation",
    "Notes",
    "Province",
    "Service",
    "Source",
    "Total",
    "Type",
    "Version",
];

/// What stands in place of texts that are read where they are written.
const HANDED_ON: [&str; 4] = ["*en", "&en", "(&en, &fr)", "($en_one, $en_many)"];

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

/// The arguments of a call whose bracket has just been opened. None if it is never closed.
fn arguments(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut depth) = (Vec::new(), 0, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ',' if depth == 0 => {
                found.push(text[from..at].trim());
                from = at + 1;
                if c == ')' {
                    // Behind the last comma there may be nothing.
                    found.retain(|it| !it.is_empty());
                    return found;
                }
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    Vec::new()
}

/// The text that an argument is, or that something is filled into.
fn literal(argument: &str) -> Option<&str> {
    let argument = argument.trim_start_matches('&');
    let text = argument.strip_prefix("format!(").unwrap_or(argument).trim_start();
    let text = text.strip_prefix('"')?;
    let end = text.match_indices('"').find(|(at, _)| !text[..*at].ends_with('\\'))?.0;
    Some(&text[..end])
}

/// The two texts of `("…", "…")`.
fn in_brackets(argument: &str) -> Option<(&str, &str)> {
    let inner = arguments(argument.trim_start_matches('&').strip_prefix('(')?);
    match inner.as_slice() {
        [one, other] => Some((literal(one)?, literal(other)?)),
        _ => None,
    }
}

/// The texts directly behind each `call(`, English and French.
fn pairs<'a>(text: &'a str, call: &str) -> Vec<(&'a str, &'a str)> {
    let pair = move |(at, _): (usize, &str)| match arguments(&text[at + call.len()..]).as_slice() {
        [en, fr, ..] => Some((literal(en)?, literal(fr)?)),
        _ => None,
    };
    text.match_indices(call).filter_map(pair).collect()
}

/// The same of calls with four texts in brackets: what happened and what to do next, or two forms of a word in each
/// language. `handed_on` counts those whose texts stand elsewhere.
fn fours<'a>(text: &'a str, call: &str, handed_on: &mut usize) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(call) {
        let all = arguments(&text[at + call.len()..]);
        // Others have methods of that name too.
        if call.starts_with('.') && all.len() != 3 {
            continue;
        }
        if all.iter().any(|it| HANDED_ON.contains(it)) {
            *handed_on += 1;
            continue;
        }
        let [_, one, other] = all.as_slice() else { panic!("{call}{all:?}") };
        let (Some(one), Some(other)) = (in_brackets(one), in_brackets(other)) else {
            panic!("these are not four texts: {call}{all:?}")
        };
        if call.starts_with("Fault") {
            found.extend([one, other]);
        } else {
            found.extend([(one.0, other.0), (one.1, other.1)]);
        }
    }
    found
}

#[test]
fn every_text_has_both_languages_and_they_differ() {
    let templates = files("templates", "html").into_iter().map(|it| (it, &["p.t("][..]));
    let calls = &[".t(", ".pick(", "Both::new("][..];
    let of_node = files("../entente-node/src", "rs");
    let sources = files("src", "rs").into_iter().chain(of_node).map(|it| (it, calls));
    let (mut n_pairs, mut n_fours, mut n_handed_on) = (0, 0, 0);
    for ((path, text), calls) in templates.chain(sources) {
        let is_template = path.extension().is_some_and(|it| it == "html");
        // What a test says, nobody reads.
        let is_test = path.file_stem().is_some_and(|it| it == "tests" || it == "texts");
        let text = text.split("\nmod tests {").next().filter(|_| !is_test).unwrap_or_default();
        let mut found: Vec<_> = calls.iter().flat_map(|call| pairs(text, call)).collect();
        if is_template {
            let n_calls = text.matches("p.t(").count();
            assert_eq!(found.len(), n_calls, "{}: a pair is not two texts", path.display());
        }
        n_pairs += found.len();
        for call in ["Fault::new(", "Both::count(", ".count(", ".word("] {
            let more = fours(text, call, &mut n_handed_on);
            n_fours += more.len() / 2;
            found.extend(more);
        }
        for (en, fr) in found {
            let place = format!("{}: {en:?} / {fr:?}", path.display());
            assert!(!en.trim().is_empty() && !fr.trim().is_empty(), "{place}");
            let is_alike = ALIKE.contains(&en)
                || en.starts_with("entente ")
                || !en.contains(char::is_alphabetic);
            assert!(en != fr || is_alike, "{place}");
            assert!(!fr.contains('\''), "an apostrophe is ’ in French: {place}");
            let breaks = is_template && BREAKS.iter().any(|it| fr.contains(it));
            assert!(!breaks, "a line must not break there: {place}");
        }
    }
    assert!(n_pairs > 50 && n_fours > 300, "{n_pairs} pairs, {n_fours} calls with four");
    assert_eq!(n_handed_on, HANDED_ON.len(), "texts stand elsewhere");
}

#[test]
fn a_fault_or_a_count_without_french_is_found() {
    let mut handed_on = 0;
    let mut read = |text: &'static str, call| fours(text, call, &mut handed_on);
    let fault =
        "Fault::new(\n 1, (\"a (b), \\\"c\\\"\", \"\"), (&format!(\"d {x}\", f(x)), \"e\",),\n)";
    assert_eq!(read(fault, "Fault::new("), [("a (b), \\\"c\\\"", ""), ("d {x}", "e")]);
    let count = "p.count(&n.into(), &(\"row\", \"rows\"), &(\"row\", \"rows\"))";
    assert_eq!(read(count, ".count("), [("row", "row"), ("rows", "rows")]);
    assert!(read("rows.iter().count()", ".count(").is_empty());
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
