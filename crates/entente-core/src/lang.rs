//! The two languages: English and French, side by side.
//!
//! Every text that a person reads is written as a pair at the place where it is used,
//! `lang.pick("English", "Français")`, so that one cannot be added without the other. There are
//! no message files to fall out of step.
//!
//! Numbers follow the Canadian usage of each language (Translation Bureau, *The Canadian Style*
//! 5.09 and *Le guide du rédacteur* 2.1): `9,242` and `12.5%`, `9 242` and `12,5 %`.

use std::fmt;
use std::str::FromStr;

/// The language that a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

impl Lang {
    /// The one of the pair in this language.
    pub fn pick<T>(self, en: T, fr: T) -> T {
        match self {
            Self::En => en,
            Self::Fr => fr,
        }
    }

    /// The two-letter code (ISO 639-1): `en` or `fr`.
    pub fn code(self) -> &'static str {
        self.pick("en", "fr")
    }

    /// The language of a POSIX or BCP 47 locale such as `fr_CA.UTF-8` or `fr-CA`.
    ///
    /// English for every locale that is not French, since a person whose machine is set to a
    /// third language still has to be given one of the two.
    pub fn from_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("fr") { Self::Fr } else { Self::En }
    }

    /// A whole number, its digits in groups of three: `9,242` or `9 242` (with U+00A0).
    pub fn number(self, value: u64) -> String {
        let digits = value.to_string();
        let mut grouped = String::with_capacity(digits.len() * 2);
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                grouped.push(self.pick(',', '\u{a0}'));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A fraction from 0 to 1 as a percentage with one decimal: `12.5%` or `12,5 %` (with
    /// U+00A0).
    pub fn percent(self, fraction: f64) -> String {
        let percent = format!("{:.1}", fraction * 100.0);
        match self {
            Self::En => format!("{percent}%"),
            Self::Fr => format!("{}\u{a0}%", percent.replace('.', ",")),
        }
    }

    /// The same, rounded up: for what is promised to be no more.
    pub fn percent_at_most(self, fraction: f64) -> String {
        self.percent((fraction * 1000.0).ceil() / 1000.0)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(text: &str) -> Result<Self, UnknownLang> {
        match text {
            "en" => Ok(Self::En),
            "fr" => Ok(Self::Fr),
            _ => Err(UnknownLang),
        }
    }
}

/// A language code other than `en` and `fr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the language must be `en` or `fr`")]
pub struct UnknownLang;

/// A text that an organization wrote in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Text {
    /// The text in both languages.
    pub fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { en: en.into(), fr: fr.into() }
    }

    /// The text in one language; in the other one if it was not written in this one.
    pub fn in_lang(&self, lang: Lang) -> &str {
        let wanted = lang.pick(&self.en, &self.fr);
        if wanted.is_empty() { lang.pick(&self.fr, &self.en) } else { wanted }
    }
}

/// A text as a sentence: it begins with a capital letter, if with a letter, and ends with a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim_end().chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut sentence: String = first.to_uppercase().chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// A text without capitals and accents, for comparing: É stands beside e.
pub fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let is_mark = |c: &char| unicode_normalization::char::is_combining_mark(*c);
    text.nfd().filter(|c| !is_mark(c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_letter_and_ends_with_one_full_stop() {
        assert_eq!(sentence("must be 1 or more"), "Must be 1 or more.");
        assert_eq!(sentence("écart trop grand. Changez-le.\n"), "Écart trop grand. Changez-le.");
        assert_eq!(sentence("`name` is there"), "`name` is there.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn numbers_are_grouped_as_each_language_does() {
        for (value, en, fr) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (9_242, "9,242", "9\u{a0}242"),
            (48_773, "48,773", "48\u{a0}773"),
            (1_000_000, "1,000,000", "1\u{a0}000\u{a0}000"),
        ] {
            assert_eq!(Lang::En.number(value), en);
            assert_eq!(Lang::Fr.number(value), fr);
        }
    }

    #[test]
    fn a_percentage_has_a_point_in_english_and_a_comma_in_french() {
        assert_eq!(Lang::En.percent(0.125), "12.5%");
        assert_eq!(Lang::Fr.percent(0.125), "12,5\u{a0}%");
        assert_eq!(Lang::En.percent(1.0), "100.0%");
    }

    #[test]
    fn a_locale_is_french_or_else_english() {
        assert_eq!(Lang::from_locale("fr_CA.UTF-8"), Lang::Fr);
        assert_eq!(Lang::from_locale("FR-ca"), Lang::Fr);
        assert_eq!(Lang::from_locale("fr"), Lang::Fr);
        // Frisian and Friulian begin with the same two letters.
        assert_eq!(Lang::from_locale("fry_NL"), Lang::En);
        assert_eq!(Lang::from_locale("C.UTF-8"), Lang::En);
        assert_eq!(Lang::from_locale(""), Lang::En);
    }

    #[test]
    fn a_code_is_read_as_it_is_written() {
        for lang in [Lang::En, Lang::Fr] {
            assert_eq!(lang.code().parse(), Ok(lang));
        }
        assert_eq!("de".parse::<Lang>(), Err(UnknownLang));
    }

    #[test]
    fn a_text_that_lacks_one_language_is_shown_in_the_other() {
        let both = Text::new("shelter", "refuge");
        assert_eq!((both.in_lang(Lang::En), both.in_lang(Lang::Fr)), ("shelter", "refuge"));
        assert_eq!(Text::new("shelter", "").in_lang(Lang::Fr), "shelter");
        assert_eq!(Text::new("", "refuge").in_lang(Lang::En), "refuge");
    }
}
