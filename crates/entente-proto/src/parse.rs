//! The small parts of which messages are made: identities, texts, times, codes.
//!
//! Each function turns what a message can hold into what it may mean, or says which field is wrong.
//! The functions at the end go the other way.

use std::ops::RangeInclusive;

use entente_core::codes::{Code, Set};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::period::Period;
use jiff::civil::Date;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::canonical::Invalid;
use crate::v1;

/// The last second of 2199, the last year that a case can belong to.
pub(crate) const MAX_SECONDS: u64 = 7_258_118_399;

/// Longest text of a clause: as many characters as `entente_core::agreement` allows.
pub(crate) const MAX_TEXT_CHARS: usize = 2_000;

/// Longest name of an organization, in bytes: the longest in the federal registry of applied
/// titles, in French, is 118.
pub(crate) const MAX_NAME: usize = 200;

/// The most leaves of a log (`entente_core::merkle::MAX_SIZE`).
pub(crate) const MAX_LOG: u64 = 1 << 48;

/// Exactly `N` bytes.
pub(crate) fn array<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], Invalid> {
    let problem = match N {
        16 => "must be 16 bytes",
        32 => "must be 32 bytes",
        64 => "must be 64 bytes",
        _ => "has the wrong length",
    };
    bytes.try_into().map_err(|_| Invalid::new(field, problem))
}

/// Exactly `N` bytes, or none.
pub(crate) fn optional_array<const N: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<Option<[u8; N]>, Invalid> {
    if bytes.is_empty() { Ok(None) } else { array(field, bytes).map(Some) }
}

/// An identity.
pub(crate) fn org(field: &'static str, bytes: &[u8]) -> Result<OrgId, Invalid> {
    OrgId::try_from(bytes).map_err(|_| Invalid::new(field, "must be an identity of 32 bytes"))
}

/// A message that must be there.
pub(crate) fn present<T>(field: &'static str, value: Option<T>) -> Result<T, Invalid> {
    value.ok_or(Invalid::new(field, "must be present"))
}

/// A number within bounds.
pub(crate) fn within<N: PartialOrd>(
    field: &'static str,
    value: N,
    bounds: RangeInclusive<N>,
) -> Result<N, Invalid> {
    if bounds.contains(&value) { Ok(value) } else { Err(Invalid::new(field, "is out of bounds")) }
}

/// One line of text, from 1 to `max` bytes.
pub(crate) fn line(field: &'static str, text: String, max: usize) -> Result<String, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new(field, "must not be blank"));
    }
    optional_line(field, text, max)
}

/// One line of text, or nothing.
pub(crate) fn optional_line(
    field: &'static str,
    text: String,
    max: usize,
) -> Result<String, Invalid> {
    if text.len() > max {
        return Err(Invalid::new(field, "is too long"));
    }
    if text.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err(Invalid::new(field, "must be one line without control characters"));
    }
    if !is_nfc(&text) {
        return Err(Invalid::new(field, "must be in Unicode form NFC"));
    }
    Ok(text)
}

/// A text in both languages, each of at most `max_chars` characters.
pub(crate) fn text(
    field: &'static str,
    text: Option<v1::Text>,
    max_chars: usize,
) -> Result<Text, Invalid> {
    let v1::Text { en, fr } = present(field, text)?;
    let side = |side: String| {
        // Four bytes is the longest character of UTF-8.
        let side = line(field, side, max_chars * 4)?;
        let n_chars = side.chars().count();
        if n_chars > max_chars { Err(Invalid::new(field, "is too long")) } else { Ok(side) }
    };
    Ok(Text::new(side(en)?, side(fr)?))
}

/// A text in both languages, or none.
pub(crate) fn optional_text(
    field: &'static str,
    message: Option<v1::Text>,
    max_chars: usize,
) -> Result<Text, Invalid> {
    match message {
        None => Ok(Text::default()),
        some => text(field, some, max_chars),
    }
}

/// From 1 to `max` bytes of printable ASCII.
pub(crate) fn ascii(field: &'static str, text: String, max: usize) -> Result<String, Invalid> {
    let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if text.is_empty() || text.len() > max || !printable {
        return Err(Invalid::new(field, "must be printable ASCII within its bound"));
    }
    Ok(text)
}

/// An instant.
pub(crate) fn seconds(field: &'static str, value: u64) -> Result<i64, Invalid> {
    let value = within(field, value, 1..=MAX_SECONDS)?;
    i64::try_from(value).map_err(|_| Invalid::new(field, "is out of bounds"))
}

/// A day.
pub(crate) fn day(field: &'static str, value: u32) -> Result<Date, Invalid> {
    let problem = Invalid::new(field, "must be year * 10000 + month * 100 + day");
    let part = |value: u32| i8::try_from(value).map_err(|_| problem);
    let year = i16::try_from(value / 10_000).map_err(|_| problem)?;
    if !entente_core::period::YEARS.contains(&year) {
        return Err(problem);
    }
    Date::new(year, part(value / 100 % 100)?, part(value % 100)?).map_err(|_| problem)
}

/// A quarter or a year.
pub(crate) fn period(field: &'static str, value: u32) -> Result<Period, Invalid> {
    Period::from_number(value)
        .map_err(|_| Invalid::new(field, "must be year * 10 + quarter, or year * 10"))
}

/// A code, or none.
pub(crate) fn optional_code<C: Code>(
    field: &'static str,
    value: i32,
) -> Result<Option<C>, Invalid> {
    if value == 0 {
        return Ok(None);
    }
    let number = value.checked_sub(1).and_then(|number| u8::try_from(number).ok());
    let code = number.and_then(C::from_number);
    code.map(Some).ok_or(Invalid::new(field, "is a code that is not in its list"))
}

/// A code.
pub(crate) fn code<C: Code>(field: &'static str, value: i32) -> Result<C, Invalid> {
    present(field, optional_code(field, value)?)
}

/// A set of codes.
pub(crate) fn set<C: Code>(field: &'static str, bits: u32) -> Result<Set<C>, Invalid> {
    Set::from_bits(bits).ok_or(Invalid::new(field, "has a bit that is no code of its list"))
}

/// The number of a code on the wire.
pub(crate) fn code_number<C: Code>(code: C) -> i32 {
    i32::from(code.number()) + 1
}

/// The bits of a set.
pub(crate) fn bits<'c, C: Code>(codes: impl IntoIterator<Item = &'c C>) -> u32 {
    codes.into_iter().copied().collect::<Set<C>>().bits()
}

/// A day as it is written.
pub(crate) fn day_number(day: Date) -> u32 {
    let part = |value: i8| u32::from(value.unsigned_abs());
    u32::from(day.year().unsigned_abs()) * 10_000 + part(day.month()) * 100 + part(day.day())
}

/// An instant as it is written. One before 1970 becomes 0, which no reader accepts.
pub(crate) fn seconds_number(at_s: i64) -> u64 {
    u64::try_from(at_s).unwrap_or(0)
}

/// A text as it is written: in form NFC, so that two keyboards make the same bytes.
pub(crate) fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// The part of a text that [`line`] accepts, or a question mark if nothing is left of it.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let plain: String = text.nfc().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= max;
    let start: String = plain.trim().char_indices().take_while(fits).map(|(_, c)| c).collect();
    if start.is_empty() { "?".to_owned() } else { start }
}

/// A text in both languages as it is written; nothing if both are empty.
pub(crate) fn text_message(text: &Text) -> Option<v1::Text> {
    let Text { en, fr } = text;
    let is_empty = en.is_empty() && fr.is_empty();
    (!is_empty).then(|| v1::Text { en: nfc(en), fr: nfc(fr) })
}

/// Whether a character changes the direction of what follows, so that a name could read as
/// another one (Unicode Technical Report 36, section 2.5).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use entente_core::codes::{Exploitation, Means};
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_have_their_length_or_are_refused() {
        let wrong = Err(Invalid::new("f", "must be 16 bytes"));
        assert_eq!(array("f", &[1; 16]), Ok([1; 16]));
        for len in [0, 15, 17] {
            assert_eq!(array::<16>("f", &vec![1; len]), wrong);
        }
        assert_eq!(optional_array::<16>("f", &[]), Ok(None));
        assert_eq!(optional_array::<16>("f", &[1; 15]), wrong.map(Some));
    }

    #[test]
    fn an_identity_is_a_point_and_not_only_32_bytes() {
        assert!(org("f", &[0; 32]).is_err());
        assert!(org("f", &[]).is_err());
        let id = entente_core::identity::OrgKey::from_seed(&[1; 32]).id();
        assert_eq!(org("f", id.as_bytes()), Ok(id));
    }

    #[test]
    fn a_line_is_as_long_as_its_bound_and_no_longer() {
        assert_eq!(line("f", "é".repeat(5), 10), Ok("é".repeat(5)));
        assert_eq!(line("f", "é".repeat(6), 10), Err(Invalid::new("f", "is too long")));
        assert_eq!(line("f", " ".into(), 10), Err(Invalid::new("f", "must not be blank")));
        assert_eq!(optional_line("f", String::new(), 10), Ok(String::new()));
    }

    #[test]
    fn a_line_hides_nothing() {
        for text in ["a\nb", "a\u{0}", "a\u{7f}", "a\u{202e}b", "\u{2067}a", "a\u{85}"] {
            assert!(line("f", text.to_owned(), 10).is_err(), "{text:?}");
        }
        // e and a combining accent: looks like "é" and is not the same bytes.
        assert!(line("f", "e\u{301}".to_owned(), 10).is_err());
        assert_eq!(nfc("e\u{301}"), "é");
    }

    #[test]
    fn a_text_is_in_both_languages() {
        let message = |en: &str, fr: &str| Some(v1::Text { en: en.into(), fr: fr.into() });
        assert_eq!(text("f", message("a", "b"), 5), Ok(Text::new("a", "b")));
        assert!(text("f", message("a", ""), 5).is_err());
        assert!(text("f", message("", "b"), 5).is_err());
        assert!(text("f", None, 5).is_err());
        assert_eq!(optional_text("f", None, 5), Ok(Text::default()));
        assert!(optional_text("f", message("", ""), 5).is_err());
        assert!(text("f", message(&"é".repeat(5), "b"), 5).is_ok());
        assert!(text("f", message(&"é".repeat(6), "b"), 5).is_err());
    }

    #[test]
    fn times_are_within_the_years_of_cases() {
        assert!(seconds("f", 0).is_err());
        assert_eq!(seconds("f", 1), Ok(1));
        assert_eq!(seconds("f", MAX_SECONDS), Ok(7_258_118_399));
        assert!(seconds("f", MAX_SECONDS + 1).is_err());

        assert_eq!(day("f", 20_261_122), Ok(date(2026, 11, 22)));
        for value in [0, 20_260_229, 20_261_301, 20_260_100, 18_991_231, 22_000_101, u32::MAX] {
            assert!(day("f", value).is_err(), "{value}");
        }
        assert!(period("f", 20_255).is_err() && period("f", 0).is_err());
    }

    #[test]
    fn a_code_is_its_number_and_one_more() {
        assert_eq!(code_number(Exploitation::Sexual), 1);
        assert_eq!(optional_code::<Exploitation>("f", 0), Ok(None));
        assert_eq!(code("f", 1), Ok(Exploitation::Sexual));
        assert!(code::<Exploitation>("f", 0).is_err());
        let n = i32::try_from(Exploitation::ALL.len()).unwrap();
        assert!(code::<Exploitation>("f", n).is_ok());
        for value in [n + 1, -1, i32::MIN, i32::MAX, 257] {
            assert!(optional_code::<Exploitation>("f", value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_set_has_no_bit_without_a_code() {
        let all: Set<Means> = Means::ALL.iter().copied().collect();
        assert_eq!(set("f", all.bits()), Ok(all));
        assert!(set::<Means>("f", all.bits() + 1).is_err());
        assert_eq!(set::<Means>("f", 0), Ok(Set::EMPTY));
    }

    proptest! {
        #[test]
        fn a_day_is_read_as_it_is_written(n in 0_i64..100_000) {
            let day = date(1900, 1, 1).saturating_add(jiff::Span::new().days(n));
            prop_assert_eq!(super::day("f", day_number(day)), Ok(day));
        }
    }
}
