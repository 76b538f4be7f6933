//! How each kind of value is read from text and written as text.

use jiff::civil::Date;

use crate::codes::{Code, DatePrecision, Set};
use crate::country::Country;
use crate::identity::OrgId;
use crate::lang::Lang;
use crate::period::YEARS;

use super::value::{Language, Line, List, Prose, Scalar, StartsAs, UpTo, Value};
use super::{Kind, PersonRef, Reason};

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
