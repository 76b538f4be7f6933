//! What a field of a record can hold, and how each kind is read from text and written as text.
//!
//! Every kind has a bound, so a record has one too: about 40 kB at most. Text is kept in Unicode
//! NFC, so that one name has one form whichever machine it was typed on.

use std::fmt;
use std::ops::Deref;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::codes::{Code, DatePrecision, Set};
use crate::country::Country;
use crate::identity::OrgId;
use crate::lang::Lang;
use crate::period::YEARS;

use super::PersonRef;

/// What a form or a column for a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One code of the list with this name.
    Code(&'static str),
    /// Any codes of the list with this name, separated by `;`.
    Codes(&'static str),
    /// `yes` or `no`.
    YesNo,
    /// A whole number from 0 to this.
    Number(u8),
    /// A date, `2025-06-30`.
    Date,
    /// One country, by its alpha-2 or alpha-3 code.
    Country,
    /// Up to so many countries, separated by `;`.
    Countries(usize),
    /// One line of up to so many characters.
    Line(usize),
    /// Up to `n` lines of up to `max` characters, separated by `;`.
    Lines {
        /// How many.
        n: usize,
        /// Characters of each.
        max: usize,
    },
    /// Several lines of text, up to so many characters.
    Prose(usize),
    /// Up to so many BCP 47 language tags, separated by `;`.
    Languages(usize),
    /// The id of an organization, 64 hex digits.
    Organization,
    /// The id of a person within this organization, a UUID.
    Person,
}

/// Why a text cannot be the value of a field. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The field must have a value.
    Required,
    /// Not a code of this list.
    UnknownCode(&'static str),
    /// Neither yes nor no.
    NotYesNo,
    /// Not a whole number from 0 to this.
    NotANumberUpTo(u8),
    /// Not a date, or not between the years 1900 and 2199.
    NotADate,
    /// Not a country's code.
    UnknownCountry,
    /// More than so many characters.
    TooLong(usize),
    /// More than so many values.
    TooMany(usize),
    /// A control character.
    ControlCharacter,
    /// Not a language tag.
    NotALanguage,
    /// Not the id of an organization.
    NotAnOrganization,
    /// Not the id of a person.
    NotAPerson,
}

impl Reason {
    /// A stable code for files and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnknownCode(_) => "unknown_code",
            Self::NotYesNo => "not_yes_no",
            Self::NotANumberUpTo(_) => "not_a_number_in_range",
            Self::NotADate => "not_a_date",
            Self::UnknownCountry => "unknown_country",
            Self::TooLong(_) => "too_long",
            Self::TooMany(_) => "too_many",
            Self::ControlCharacter => "control_character",
            Self::NotALanguage => "not_a_language",
            Self::NotAnOrganization => "not_an_organization",
            Self::NotAPerson => "not_a_person",
        }
    }

    /// What is wrong, in words.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::Required => pick("a value is required", "une valeur est obligatoire"),
            Self::UnknownCode(list) => match lang {
                Lang::En => format!("not a code of the list `{list}`"),
                Lang::Fr => format!("ce n’est pas un code de la liste « {list} »"),
            },
            Self::NotYesNo => pick("must be yes or no", "doit être oui ou non"),
            Self::NotANumberUpTo(max) => match lang {
                Lang::En => format!("must be a whole number from 0 to {max}"),
                Lang::Fr => format!("doit être un nombre entier de 0 à {max}"),
            },
            Self::NotADate => pick(
                "must be a date such as 2025-06-30, from 1900 to 2199",
                "doit être une date comme 2025-06-30, de 1900 à 2199",
            ),
            Self::UnknownCountry => pick(
                "must be an ISO 3166-1 country code such as CA or CAN",
                "doit être un code de pays ISO 3166-1 comme CA ou CAN",
            ),
            Self::TooLong(max) => match lang {
                Lang::En => format!("longer than {max} characters"),
                Lang::Fr => format!("plus de {max} caractères"),
            },
            Self::TooMany(max) => match lang {
                Lang::En => format!("more than {max} values"),
                Lang::Fr => format!("plus de {max} valeurs"),
            },
            Self::ControlCharacter => {
                pick("holds a control character", "contient un caractère de commande")
            }
            Self::NotALanguage => pick(
                "must be a language tag such as en, fr or oj",
                "doit être un code de langue comme en, fr ou oj",
            ),
            Self::NotAnOrganization => pick(
                "must be the id of an organization (64 hex digits)",
                "doit être l’identifiant d’un organisme (64 chiffres hexadécimaux)",
            ),
            Self::NotAPerson => pick(
                "must be the id of a person (a UUID)",
                "doit être l’identifiant d’une personne (un UUID)",
            ),
        }
    }
}

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
pub struct Line<const MAX: usize>(String);

/// Several lines of text of at most `MAX` characters. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prose<const MAX: usize>(String);

/// A whole number from 0 to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpTo<const MAX: u8>(u8);

/// At most `MAX` values, in the order given, none twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MAX: usize>(Vec<T>);

/// A language, as a BCP 47 tag: two or three letters and up to three subtags.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(String);

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

impl<const MAX: usize> Scalar for Line<MAX> {
    const KIND: Kind = Kind::Line(MAX);

    fn kind_of_several(n: usize) -> Kind {
        Kind::Lines { n, max: MAX }
    }

    fn parse(text: &str) -> Result<Self, Reason> {
        Self::new(text)
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

impl<const MAX: usize> Scalar for Prose<MAX> {
    const KIND: Kind = Kind::Prose(MAX);

    fn parse(text: &str) -> Result<Self, Reason> {
        Self::new(text)
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

impl<const MAX: u8> Scalar for UpTo<MAX> {
    const KIND: Kind = Kind::Number(MAX);

    fn parse(text: &str) -> Result<Self, Reason> {
        text.parse().ok().and_then(Self::new).ok_or(Reason::NotANumberUpTo(MAX))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

impl Scalar for Language {
    const KIND: Kind = Kind::Languages(1);

    fn kind_of_several(n: usize) -> Kind {
        Kind::Languages(n)
    }

    fn parse(text: &str) -> Result<Self, Reason> {
        let mut parts = text.split('-');
        let primary = parts.next().unwrap_or_default();
        let is_primary = matches!(primary.len(), 2 | 3)
            && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if is_primary && parts.clone().count() <= 3 && parts.all(is_subtag) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Reason::NotALanguage)
        }
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

impl Scalar for Country {
    const KIND: Kind = Kind::Country;

    fn kind_of_several(n: usize) -> Kind {
        Kind::Countries(n)
    }

    fn parse(text: &str) -> Result<Self, Reason> {
        Self::parse(text).ok_or(Reason::UnknownCountry)
    }

    fn write(&self) -> String {
        self.alpha3().to_owned()
    }
}

impl Scalar for Date {
    const KIND: Kind = Kind::Date;

    fn parse(text: &str) -> Result<Self, Reason> {
        let date: Self = strict_date(text).ok_or(Reason::NotADate)?;
        if YEARS.contains(&date.year()) { Ok(date) } else { Err(Reason::NotADate) }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// Reads `2025-06-30` and nothing else: no times, zones or two-digit years.
fn strict_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(part)
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    date.filter(|_| parts.next().is_none())
}

impl Scalar for bool {
    const KIND: Kind = Kind::YesNo;

    fn parse(text: &str) -> Result<Self, Reason> {
        let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        match () {
            () if is(&["yes", "oui", "true", "1", "1.0"]) => Ok(true),
            () if is(&["no", "non", "false", "0", "0.0"]) => Ok(false),
            () => Err(Reason::NotYesNo),
        }
    }

    fn write(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Scalar for OrgId {
    const KIND: Kind = Kind::Organization;

    fn parse(text: &str) -> Result<Self, Reason> {
        text.parse().map_err(|_| Reason::NotAnOrganization)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Scalar for PersonRef {
    const KIND: Kind = Kind::Person;

    fn parse(text: &str) -> Result<Self, Reason> {
        text.parse().map_err(|_| Reason::NotAPerson)
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl<C: Code> Scalar for C {
    const KIND: Kind = Kind::Code(C::LIST);

    fn parse(text: &str) -> Result<Self, Reason> {
        C::parse(text).map_err(|unknown| Reason::UnknownCode(unknown.list))
    }

    fn write(&self) -> String {
        self.code().to_owned()
    }

    fn shown(&self, lang: Lang) -> String {
        self.label(lang).to_owned()
    }

    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        C::ALL.iter().map(|code| (code.code(), code.label(lang))).collect()
    }
}

impl<T: Scalar> Value for Option<T> {
    fn kind() -> Kind {
        T::KIND
    }

    fn read(text: &str) -> Result<Self, Reason> {
        let text = text.trim();
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn text(&self) -> Option<String> {
        self.as_ref().map(T::write)
    }

    fn shown(&self, lang: Lang) -> Option<String> {
        self.as_ref().map(|value| value.shown(lang))
    }

    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        T::choices(lang)
    }
}

/// A date that a record cannot be without.
impl Value for Date {
    fn kind() -> Kind {
        Kind::Date
    }

    fn read(text: &str) -> Result<Self, Reason> {
        Option::read(text)?.ok_or(Reason::Required)
    }

    fn text(&self) -> Option<String> {
        Some(self.write())
    }

    fn choices(_: Lang) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
}

/// Blank is a day: who writes a whole date means it.
impl Value for DatePrecision {
    fn kind() -> Kind {
        Self::KIND
    }

    fn read(text: &str) -> Result<Self, Reason> {
        Ok(Option::read(text)?.unwrap_or(Self::Day))
    }

    fn text(&self) -> Option<String> {
        Some(self.write())
    }

    fn shown(&self, lang: Lang) -> Option<String> {
        Some(Scalar::shown(self, lang))
    }

    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        <Self as Scalar>::choices(lang)
    }
}

impl<C: Code> Value for Set<C> {
    fn kind() -> Kind {
        Kind::Codes(C::LIST)
    }

    fn read(text: &str) -> Result<Self, Reason> {
        Self::parse(text).map_err(|unknown| Reason::UnknownCode(unknown.list))
    }

    fn text(&self) -> Option<String> {
        (!self.is_empty()).then(|| Set::text(*self))
    }

    fn shown(&self, lang: Lang) -> Option<String> {
        (!self.is_empty()).then(|| self.labels(lang))
    }

    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        <C as Scalar>::choices(lang)
    }
}

impl<T: Scalar + PartialEq, const MAX: usize> Value for List<T, MAX> {
    fn kind() -> Kind {
        T::kind_of_several(MAX)
    }

    fn read(text: &str) -> Result<Self, Reason> {
        let mut list = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            // One more than allowed is enough to know that there are too many.
            if list.len() > MAX {
                return Err(Reason::TooMany(MAX));
            }
            let value = T::parse(part)?;
            if !list.contains(&value) {
                list.push(value);
            }
        }
        if list.len() > MAX { Err(Reason::TooMany(MAX)) } else { Ok(Self(list)) }
    }

    fn text(&self) -> Option<String> {
        let parts: Vec<_> = self.0.iter().map(T::write).collect();
        (!parts.is_empty()).then(|| parts.join(";"))
    }

    fn shown(&self, lang: Lang) -> Option<String> {
        let parts: Vec<_> = self.0.iter().map(|value| value.shown(lang)).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn choices(lang: Lang) -> Vec<(&'static str, &'static str)> {
        T::choices(lang)
    }
}

/// What a field holds in a new record.
pub(crate) trait StartsAs {
    /// Empty; for the date of registration, that date.
    fn start(registered: Date) -> Self;
}

impl<T> StartsAs for Option<T> {
    fn start(_: Date) -> Self {
        None
    }
}

impl<C> StartsAs for Set<C> {
    fn start(_: Date) -> Self {
        Self::default()
    }
}

impl<T, const MAX: usize> StartsAs for List<T, MAX> {
    fn start(_: Date) -> Self {
        Self::default()
    }
}

impl StartsAs for Date {
    fn start(registered: Date) -> Self {
        registered
    }
}

impl StartsAs for DatePrecision {
    fn start(_: Date) -> Self {
        Self::Day
    }
}
