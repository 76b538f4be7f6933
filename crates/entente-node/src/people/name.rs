//! Names of accounts: what is typed to sign in.

use unicode_normalization::UnicodeNormalization as _;

/// The longest name of an account, in characters.
pub const MAX_NAME: usize = 64;

/// A typed name as accounts are compared: no space around it, one form of each letter, lower case.
///
/// `Léa `, `LÉA` and a decomposed `léa` are one account, and count as one when somebody guesses.
pub fn fold(typed: &str) -> String {
    // What is longer than a name is cut, so that a million characters cost nothing.
    let cut: String = typed.chars().take(4 * MAX_NAME).collect();
    cut.trim().nfkc().flat_map(char::to_lowercase).nfc().take(MAX_NAME + 1).collect()
}

/// Whether a folded name may be that of an account.
pub(super) fn is_good(folded: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '\'' | '’');
    (1..=MAX_NAME).contains(&folded.chars().count()) && folded.chars().all(good)
}

/// Whether a name that others read may be shown: letters, no line breaks, no marks that turn the
/// direction of what follows.
pub(super) fn is_good_display(display: &str) -> bool {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let n_chars = display.trim().chars().count();
    (1..=MAX_NAME).contains(&n_chars) && !display.chars().any(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_in_other_letters_is_the_same_account() {
        for typed in ["léa", " LÉA ", "le\u{301}a", "ＬÉＡ"] {
            assert_eq!(fold(typed), "léa");
        }
    }

    #[test]
    fn a_million_characters_are_cut() {
        assert_eq!(fold(&"a".repeat(1_000_000)).chars().count(), MAX_NAME + 1);
        assert!(!is_good(&fold(&"a".repeat(1_000_000))));
    }

    #[test]
    fn names_that_look_like_something_else_are_refused() {
        for bad in ["", "a b", "a/b", "<b>", "a\u{202e}b", "a\nb"] {
            assert!(!is_good(&fold(bad)), "{bad:?}");
        }
        for good in ["léa", "o'brien", "l.tremblay@refuge.example", "ᓱᓯ"] {
            assert!(is_good(&fold(good)), "{good:?}");
        }
        assert!(is_good_display("Léa Tremblay"));
        assert!(!is_good_display("Léa\u{202e}yalbmerT"));
    }
}
