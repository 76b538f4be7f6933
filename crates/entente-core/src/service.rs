//! Services: who helps with what, where and when, and how many places are free.
//!
//! The terms are those of the Human Services Data Specification (Open Referral HSDS 3.0), so that
//! any of its tools can read what we write; needs are our own codes. A [`Service`] holds what its
//! organization tells about it, in English and French; [`visible`] says field by field who may see
//! it; a [`Capacity`] is a claim that ends by itself; [`Directory`] finds services.
//!
//! **A safe house has no address here.** A [`Location::Redacted`] holds its province and nothing
//! else: there is no field in which an address, a point or a name of the place could stand.
//!
//! [`check`] is the one place that says what a service may hold. Files, messages and commands all
//! go through it. Whether a partner may see a service is decided in [`crate::policy`].

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use uuid::Uuid;

use crate::codes::{AccessNeed, Gender, Need, Province, Set};
use crate::lang::Text;
use crate::record::Language;

pub mod capacity;
pub mod check;
pub mod directory;
mod lists;
pub mod place;
pub mod query;
pub mod schedule;
pub mod visible;

pub use capacity::Capacity;
pub use check::{Problem, Wrong};
pub use directory::{Directory, Entry};
pub use lists::{Group, Status, Unit, Zone};
pub use place::{Address, Location, Point, Site};
pub use query::{Found, Matches, Near, Query, Rank};
pub use schedule::{Open, Schedule};
pub use visible::{Audience, Visibility};

/// How many days a confirmation counts. A service that nobody has confirmed for longer is shown as
/// stale, and its organization is reminded.
pub const ASSURED_DAYS: i32 = 180;

/// The name of a service, for ever: a UUID, as HSDS has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub [u8; 16]);

impl ServiceId {
    /// The id as a UUID.
    pub fn uuid(self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid().fmt(f)
    }
}

impl fmt::Debug for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceId({self})")
    }
}

impl FromStr for ServiceId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(*Uuid::try_parse(text.trim())?.as_bytes()))
    }
}

/// A service, as its organization tells of it (HSDS `service`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name for ever.
    pub id: ServiceId,
    /// Who provides it.
    pub organization: Organization,
    /// What it is called.
    pub name: Text,
    /// What it does.
    pub description: Text,
    /// Its page.
    pub url: String,
    /// Its public address for mail.
    pub email: String,
    /// Whether it is running.
    pub status: Status,
    /// What it helps with.
    pub needs: Set<Need>,
    /// For whom it is made. None is everybody.
    pub groups: Set<Group>,
    /// The genders it takes. None is all.
    pub genders: Set<Gender>,
    /// Who can have it, in words.
    pub eligibility: Text,
    /// The youngest age, in years.
    pub minimum_age: Option<u8>,
    /// The oldest age, in years.
    pub maximum_age: Option<u8>,
    /// The languages it is given in.
    pub languages: Vec<Spoken>,
    /// What there is of interpretation, in words.
    pub interpretation: Text,
    /// What it has for people who need it to use a service. None is not known.
    pub access: Set<AccessNeed>,
    /// How to apply.
    pub application: Text,
    /// What it costs, in words.
    pub fees: Text,
    /// What it costs, in figures.
    pub costs: Vec<Cost>,
    /// What has to be shown.
    pub documents: Documents,
    /// What should be known today.
    pub alert: Text,
    /// When it is open.
    pub schedules: Vec<Schedule>,
    /// The time zone of its hours; that of its province if it is not said.
    pub zone: Option<Zone>,
    /// For people of which places it is.
    pub areas: Vec<Area>,
    /// Where it is given.
    pub locations: Vec<Location>,
    /// Its telephones.
    pub phones: Vec<Phone>,
    /// Its people for colleagues of other organizations. Partners only.
    pub contacts: Vec<Contact>,
    /// Whether it is made for people who were trafficked (NIEM).
    pub trafficking: bool,
    /// Whether it takes people without immigration status. Partners only: it could draw
    /// enforcement.
    pub accepts_without_status: Option<bool>,
    /// The last day on which its organization confirmed that all this is so (`assured_date`).
    pub assured_on: Option<Date>,
    /// When it was last changed, in seconds since 1970.
    pub modified_s: i64,
}

/// Who provides a service (HSDS `organization`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// Its id in the directory. Not its key: a directory may list services of others.
    pub id: [u8; 16],
    /// Its name.
    pub name: Text,
    /// What it is.
    pub description: Text,
    /// Its site.
    pub website: String,
    /// Its public address for mail.
    pub email: String,
    /// Its numbers in registers: a scheme such as `CRA-BN`, and the number.
    pub identifiers: Vec<(String, String)>,
}

/// A language that a service is given in (HSDS `language`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Which.
    pub language: Language,
    /// Whether it is through an interpreter.
    pub interpreted: bool,
}

/// A price (HSDS `cost_option`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// For whom or what.
    pub option: Text,
    /// In hundredths of the currency.
    pub amount_cents: Option<u32>,
    /// The currency (ISO 4217), in capitals.
    pub currency: String,
}

/// What has to be shown (HSDS `required_document`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Documents {
    /// Not known.
    #[default]
    Unknown,
    /// Nothing: this matters to people without papers.
    None,
    /// These.
    Required(Vec<Text>),
}

/// For people of which places a service is (HSDS `service_area`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Area {
    /// All of Canada.
    Canada,
    /// A province or territory.
    Province(Province),
    /// Some other area, in words.
    Named(Text),
}

/// A telephone (HSDS `phone`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phone {
    /// The number, as it is dialled.
    pub number: String,
    /// Its extension.
    pub extension: String,
    /// What it is: `voice`, `text`, `tty`, `fax`.
    pub kind: String,
    /// What it is for.
    pub description: Text,
}

/// Somebody to ask (HSDS `contact`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub name: String,
    /// What they do.
    pub title: Text,
    /// Their address for mail.
    pub email: String,
    /// Their telephone.
    pub phone: String,
}

/// Whether what is said of a service was confirmed lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Confirmed, and counts to this day.
    Fresh {
        /// The last day on which it counts.
        until: Date,
    },
    /// Confirmed too long ago.
    Stale {
        /// The day of the last confirmation.
        confirmed: Date,
    },
    /// Never confirmed.
    Never,
}

impl Freshness {
    /// Whether it counts.
    pub fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh { .. })
    }
}

impl Service {
    /// A service about which nothing is known but its names.
    pub fn named(id: ServiceId, organization: Organization, name: Text) -> Self {
        Self {
            id,
            organization,
            name,
            description: Text::default(),
            url: String::new(),
            email: String::new(),
            status: Status::Active,
            needs: Set::EMPTY,
            groups: Set::EMPTY,
            genders: Set::EMPTY,
            eligibility: Text::default(),
            minimum_age: None,
            maximum_age: None,
            languages: Vec::new(),
            interpretation: Text::default(),
            access: Set::EMPTY,
            application: Text::default(),
            fees: Text::default(),
            costs: Vec::new(),
            documents: Documents::Unknown,
            alert: Text::default(),
            schedules: Vec::new(),
            zone: None,
            areas: Vec::new(),
            locations: Vec::new(),
            phones: Vec::new(),
            contacts: Vec::new(),
            trafficking: false,
            accepts_without_status: None,
            assured_on: None,
            modified_s: 0,
        }
    }

    /// Whether it was confirmed lately.
    pub fn freshness(&self, today: Date) -> Freshness {
        let Some(confirmed) = self.assured_on else { return Freshness::Never };
        let until = confirmed.saturating_add(jiff::Span::new().days(ASSURED_DAYS));
        if today <= until { Freshness::Fresh { until } } else { Freshness::Stale { confirmed } }
    }

    /// The province of its first location or area that has one.
    pub fn province(&self) -> Option<Province> {
        let of_area = |area: &Area| match area {
            Area::Province(province) => Some(*province),
            Area::Canada | Area::Named(_) => None,
        };
        let located = self.locations.iter().find_map(Location::province);
        located.or_else(|| self.areas.iter().find_map(of_area))
    }

    /// Whether people of this province are among those it is for: it says so, or it is there.
    pub fn serves(&self, province: Province) -> bool {
        let is_for = |area: &Area| match area {
            Area::Canada => true,
            Area::Province(it) => *it == province,
            Area::Named(_) => false,
        };
        self.areas.iter().any(is_for)
            || self.locations.iter().any(|it| it.province() == Some(province))
    }

    /// The time zone of its hours.
    pub fn time_zone(&self) -> Option<Zone> {
        self.zone.or_else(|| self.province().map(Zone::of))
    }

    /// Whether it is open at an instant.
    pub fn open_at(&self, instant: jiff::Timestamp) -> Open {
        if self.schedules.is_empty() {
            return Open::Unknown;
        }
        let Some(zone) = self.time_zone().and_then(Zone::time_zone) else { return Open::Unknown };
        schedule::open_at(&self.schedules, instant.to_zoned(zone).datetime())
    }

    /// Whether somebody of this age is among those it is for.
    pub fn takes_age(&self, age: u8) -> bool {
        self.minimum_age.is_none_or(|it| age >= it) && self.maximum_age.is_none_or(|it| age <= it)
    }

    /// Whether somebody of this gender is among those it is for.
    pub fn takes_gender(&self, gender: Gender) -> bool {
        self.genders.is_empty() || self.genders.contains(gender)
    }

    /// Whether it is given in this language, with or without an interpreter. `fr` is any French.
    pub fn speaks(&self, language: &str) -> Option<&Spoken> {
        self.languages.iter().find(|it| {
            let tag: &str = &it.language;
            tag == language || tag.split('-').next() == Some(language)
        })
    }

    /// Whether it can be found and offered.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }
}

#[cfg(test)]
pub(crate) mod tests;
