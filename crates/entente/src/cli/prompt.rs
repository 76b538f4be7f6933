//! Questions at the terminal. Only asked where somebody sits there.

use std::io::{BufRead, Write};

use entente_node::fault::Fault;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::faults;

/// Asks for a line. `option` is what to give instead where nobody can be asked.
pub(crate) fn line(desk: &Desk, en: &str, fr: &str, option: &str) -> Result<String, Box<Fault>> {
    if !desk.attended {
        return Err(faults::nobody_to_ask(option));
    }
    ask(desk.lang.pick(en, fr)).ok_or_else(faults::not_confirmed)
}

/// Asks yes or no; no is the default.
///
/// `--yes` is a yes. Where nobody can be asked it is a fault, so that a script never goes further
/// than its author meant it to.
pub(crate) fn confirm(desk: &Desk, en: &str, fr: &str) -> Result<(), Box<Fault>> {
    if desk.yes {
        return Ok(());
    }
    if !desk.attended {
        return Err(faults::unconfirmed());
    }
    let question = desk.lang.pick(en, fr);
    let answer = ask(&format!("{question} {}", desk.lang.pick("[y/N]", "[o/N]")));
    match answer {
        Some(answer) if is_yes(&answer) => Ok(()),
        _ => Err(faults::not_confirmed()),
    }
}

/// A yes in either language: fingers do not switch with the screen.
pub(super) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "o" | "oui")
}

/// Asks for a secret, without showing it.
pub(crate) fn secret(
    desk: &Desk,
    en: &str,
    fr: &str,
    option: &str,
) -> Result<Zeroizing<String>, Box<Fault>> {
    if !desk.attended {
        return Err(faults::nobody_to_ask(option));
    }
    let question = desk.lang.pick(en, fr);
    let typed = rpassword::prompt_password(format!("{question} "));
    typed.map(Zeroizing::new).map_err(|_| faults::not_confirmed())
}

/// Asks for a new secret, twice.
pub(crate) fn new_secret(desk: &Desk, option: &str) -> Result<Zeroizing<String>, Box<Fault>> {
    loop {
        let first = secret(desk, "New passphrase:", "Nouvelle phrase de passe\u{a0}:", option)?;
        let again = secret(desk, "Once more:", "Encore une fois\u{a0}:", option)?;
        if *first == *again && !first.is_empty() {
            return Ok(first);
        }
        desk.remark(
            "They differ, or are empty. Please type them again.",
            "Elles diffèrent, ou sont vides. Veuillez les saisir de nouveau.",
        );
    }
}

fn ask(question: &str) -> Option<String> {
    let mut out = std::io::stdout().lock();
    write!(out, "{question} ").ok()?;
    out.flush().ok()?;
    let mut answer = String::new();
    // Nothing read is the end of the input: Ctrl-D.
    let read = std::io::stdin().lock().read_line(&mut answer).ok()?;
    (read > 0).then(|| answer.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use entente_core::lang::Lang;

    fn desk(yes: bool) -> Desk {
        Desk { yes, attended: false, ..Desk::bare(Lang::En, true) }
    }

    #[test]
    fn where_nobody_sits_only_yes_confirms() {
        assert_eq!(confirm(&desk(true), "Sure?", "Sûr?"), Ok(()));
        assert_eq!(confirm(&desk(false), "Sure?", "Sûr?").unwrap_err().code, "ENT-0013");
    }

    #[test]
    fn where_nobody_sits_a_question_names_the_option_that_answers_it() {
        let fault = line(&desk(true), "Digits:", "Chiffres\u{a0}:", "DIGITS").unwrap_err();
        assert_eq!((fault.code.as_str(), fault.next.en.as_str()), ("ENT-0014", "give DIGITS"));
    }

    #[test]
    fn a_yes_counts_in_both_languages_and_anything_else_is_a_no() {
        for yes in ["y", "Yes", " o ", "OUI"] {
            assert!(is_yes(yes));
        }
        for no in ["", "n", "non", "yeah"] {
            assert!(!is_yes(no));
        }
    }
}
