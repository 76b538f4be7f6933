//! What a field of a record can hold, and how each kind is read from text and written as text.
//!
//! Every kind has a bound, so a record has one too: about 55 kB at most, of which notes are 32. Text is kept in Unicode
//! NFC, so that one name has one form whichever machine it was typed on.

use std::fmt;
use std::ops::Deref;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::lang::Lang;

use super::{Kind, Reason};

/// One value that stands alone.
pub(crate) trait Scalar: Sized {
    /// What it looks like.
    const KIND: Kind;

    /// What several of them look like, at most `n`.
    fn kind_of_several(n: usize) -> Kind {
        let _ = n;
        Self::KIND
    }

    /// Reads a text that is not blank.
    fn parse(text: &str) -> Result<Self, Reason>;

    /// Writes it as `parse` reads it.
    fn write(&self) -> String;

    /// What a person reads.
    fn shown(&self, lang: Lang) -> String {
        let _ = lang;
        self.write()
    }

    /// The codes it may be, with their labels; none if it is not a code.
    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        let _ = lang;
        Vec::new()
    }
}

/// What a field holds: perhaps nothing, perhaps several values.
pub(crate) trait Value: Sized {
    /// What it looks like.
    fn kind() -> Kind;

    /// Reads it; a blank text is no value.
    fn read(text: &str) -> Result<Self, Reason>;

    /// Writes it; `None` if there is no value.
    fn text(&self) -> Option<String>;

    /// The codes it may have, with their labels.
    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)>;

    /// What a person reads: labels rather than codes.
    fn shown(&self, lang: Lang) -> Option<String> {
        let _ = lang;
        self.text()
    }
}

/// One line of at most `MAX` characters; no control characters. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line<const MAX: usize>(pub(super) String);

/// Several lines of text of at most `MAX` characters. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prose<const MAX: usize>(pub(super) String);

/// A whole number from 0 to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpTo<const MAX: u8>(pub(super) u8);

/// At most `MAX` values, in the order given, none twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MAX: usize>(pub(super) Vec<T>);

/// A language, as a BCP 47 tag: two or three letters and up to three subtags.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub(super) String);

impl Language {
    /// Reads a tag.
    pub fn new(text: &str) -> Result<Self, Reason> {
        Scalar::parse(text)
    }
}

impl<const MAX: usize> Line<MAX> {
    /// Checks and normalises `text`; blank text is refused.
    pub fn new(text: &str) -> Result<Self, Reason> {
        let text = clean(text, MAX)?;
        if text.is_empty() {
            return Err(Reason::Required);
        }
        if text.chars().any(char::is_control) {
            Err(Reason::ControlCharacter)
        } else {
            Ok(Self(text))
        }
    }
}

impl<const MAX: usize> Prose<MAX> {
    /// Checks and normalises `text`; blank text is refused.
    pub fn new(text: &str) -> Result<Self, Reason> {
        let text = clean(&text.replace("\r\n", "\n"), MAX)?;
        if text.is_empty() {
            return Err(Reason::Required);
        }
        let is_bad = |c: char| c.is_control() && c != '\n' && c != '\t';
        if text.chars().any(is_bad) { Err(Reason::ControlCharacter) } else { Ok(Self(text)) }
    }
}

/// Trims, bounds and normalises to NFC, in an order that never works on more than a few times
/// `max` characters of a hostile cell.
fn clean(text: &str, max: usize) -> Result<String, Reason> {
    let text = text.trim();
    if text.is_ascii() {
        // One byte is one character, and ASCII is NFC already.
        return if text.len() > max { Err(Reason::TooLong(max)) } else { Ok(text.to_owned()) };
    }
    if text.chars().nth(max.saturating_mul(4)).is_some() {
        return Err(Reason::TooLong(max));
    }
    let text: String = text.nfc().collect();
    if text.chars().nth(max).is_some() { Err(Reason::TooLong(max)) } else { Ok(text) }
}

impl<const MAX: u8> UpTo<MAX> {
    /// `value`, unless it is greater than `MAX`.
    pub fn new(value: u8) -> Option<Self> {
        (value <= MAX).then_some(Self(value))
    }

    /// The number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl<T: PartialEq, const MAX: usize> List<T, MAX> {
    /// No values.
    pub const EMPTY: Self = Self(Vec::new());

    /// The first `MAX` different values.
    pub fn of(values: impl IntoIterator<Item = T>) -> Result<Self, Reason> {
        let mut list = Vec::new();
        for value in values {
            if list.contains(&value) {
                continue;
            }
            if list.len() == MAX {
                return Err(Reason::TooMany(MAX));
            }
            list.push(value);
        }
        Ok(Self(list))
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<const MAX: usize> Deref for Line<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Deref for Prose<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Deref for Language {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(..)")
    }
}

impl<const MAX: usize> fmt::Debug for Prose<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prose(..)")
    }
}

impl<const MAX: u8> fmt::Debug for UpTo<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpTo(..)")
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Language(..)")
    }
}

impl<T, const MAX: usize> fmt::Debug for List<T, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("List(..)")
    }
}

/// What a field holds in a new record.
pub(crate) trait StartsAs {
    /// Empty; for the date of registration, that date.
    fn start(registered: Date) -> Self;
}
