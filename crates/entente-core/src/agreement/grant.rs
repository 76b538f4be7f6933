//! Grants: what one party may send the other.
//!
//! Everything a grant does not mention is withheld. A forbid beats everything it mentions.

use std::collections::BTreeSet;

use super::clause::{Clause, item};
use super::terms::{
    AgeLevel, CitizenshipLevel, Detail, Dimension, GenderLevel, Onward, PeriodLevel, PlaceLevel,
};
use crate::codes::{Code, Exploitation, Majority, Province, Set};
use crate::lang::{Lang, Text};

/// The smallest group that any agreement may ask for: one chance in five of naming the person is
/// the most that the field accepts for controlled information (El Emam).
pub const MIN_GROUP_FLOOR: u32 = 5;

/// The group an agreement asks for unless it says otherwise: the "group of 11" of IPC Ontario's
/// de-identification guidelines (2025), and what CTDC's published file used.
pub const MIN_GROUP_DEFAULT: u32 = 11;

/// The smallest cell of a controlled count that any agreement may ask for. Counts of 1 to 4 are
/// hidden by Statistics Canada and in UNODC's tables alike.
pub const MIN_CELL_FLOOR: u32 = 5;

/// How many dimensions a controlled count has at most. Each one more doubles the cells that must be
/// hidden to protect a small one.
pub const MAX_COUNT_DIMENSIONS: usize = 4;

/// What one party may send the other, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether case summaries (tier 1) are shared at all.
    pub summaries: bool,
    /// Controlled counts, if there are any.
    pub counts: Option<Counts>,
    /// Whether referrals may be offered (tier 2).
    pub referrals: bool,
    /// Whether the service directory is shared.
    pub services: bool,
    /// Where the exploitation took place.
    pub geography: Geography,
    /// Which persons: minors, adults, persons of unknown age. By the age at registration.
    pub age_classes: Set<Majority>,
    /// The smallest number of persons among whom each one is hidden, at least [`MIN_GROUP_FLOOR`].
    pub min_group: u32,
    /// The finest level of each field of a summary.
    pub elements: Elements,
    /// How long the receiver keeps a summary, in days from its receipt.
    pub retention_days: u32,
    /// To whom the receiver may pass it on.
    pub onward: Onward,
    /// The receiver's part of the sender's privacy budget for statistics in a year, in billionths
    /// of rho (zCDP). 0 for none.
    pub budget_nano_rho: u64,
    /// What never goes, whatever else is granted.
    pub forbids: Forbids,
}

impl Grant {
    /// The grant of nothing, from which a draft starts.
    pub fn nothing() -> Self {
        Self {
            summaries: false,
            counts: None,
            referrals: false,
            services: false,
            geography: Geography::Only(BTreeSet::new()),
            age_classes: Set::EMPTY,
            min_group: MIN_GROUP_DEFAULT,
            elements: Elements::withheld(),
            retention_days: 0,
            onward: Onward::Never,
            budget_nano_rho: 0,
            forbids: Forbids::default(),
        }
    }

    /// Whether anything at all may be sent under it.
    pub fn is_empty(&self) -> bool {
        let statistics = self.budget_nano_rho > 0;
        let asked = self.summaries || self.counts.is_some() || statistics;
        !asked && !self.referrals && !self.services
    }
}

/// Exact counts of distinct persons over closed periods. Controlled information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The finest period of a question.
    pub period: PeriodLevel,
    /// By what the answers may be broken down or filtered; at most [`MAX_COUNT_DIMENSIONS`].
    pub dimensions: BTreeSet<Dimension>,
    /// A count below this is hidden; at least [`MIN_CELL_FLOOR`].
    pub min_cell: u32,
}

/// Where a case must have taken place to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Geography {
    /// Anywhere, unknown included.
    Everywhere,
    /// In one of these provinces and territories. A case whose province is unknown stays.
    Only(BTreeSet<Province>),
}

impl Geography {
    /// Whether a case in `province` is meant.
    pub fn includes(&self, province: Option<Province>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(provinces) => province.is_some_and(|it| provinces.contains(&it)),
        }
    }
}

/// The finest level at which each field of a summary may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements {
    /// The period.
    pub period: PeriodLevel,
    /// The place of exploitation.
    pub place: PlaceLevel,
    /// The gender.
    pub gender: GenderLevel,
    /// The age.
    pub age: AgeLevel,
    /// The citizenship.
    pub citizenship: CitizenshipLevel,
    /// The fields that are told or not; those that are not here are not told.
    pub details: BTreeSet<Detail>,
}

impl Elements {
    /// Nothing but the year. The period and the status are in every summary.
    pub fn withheld() -> Self {
        Self {
            period: PeriodLevel::Year,
            place: PlaceLevel::Withheld,
            gender: GenderLevel::Withheld,
            age: AgeLevel::Withheld,
            citizenship: CitizenshipLevel::Withheld,
            details: BTreeSet::new(),
        }
    }

    /// Everything, as fine as the lattice has it.
    pub fn finest() -> Self {
        Self {
            period: PeriodLevel::Quarter,
            place: PlaceLevel::Province,
            gender: GenderLevel::Shared,
            age: AgeLevel::Group,
            citizenship: CitizenshipLevel::Group,
            details: Detail::ALL.iter().copied().collect(),
        }
    }
}

/// The fields of a summary, in the order of the clauses under [`item::ELEMENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// The period.
    Period,
    /// The place of exploitation.
    Place,
    /// The gender.
    Gender,
    /// The age.
    Age,
    /// The citizenship.
    Citizenship,
    /// A field that is told or not.
    Detail(Detail),
}

impl Element {
    /// All of them, in the order of their clauses.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Period, Self::Place, Self::Gender, Self::Age, Self::Citizenship]
            .into_iter()
            .chain(Detail::ALL.iter().copied().map(Self::Detail))
    }

    /// Its name, for files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::Place => "place",
            Self::Gender => "gender",
            Self::Age => "age",
            Self::Citizenship => "citizenship",
            Self::Detail(detail) => detail.code(),
        }
    }

    /// What a person reads.
    pub fn label(self) -> Text {
        match self {
            Self::Period => Text::new("period", "période"),
            Self::Place => Text::new("place of exploitation", "lieu de l’exploitation"),
            Self::Gender => Text::new("gender", "genre"),
            Self::Age => Text::new("age", "âge"),
            Self::Citizenship => Text::new("citizenship", "citoyenneté"),
            Self::Detail(detail) => Text::new(detail.label(Lang::En), detail.label(Lang::Fr)),
        }
    }

    /// Its clause in the grant of `article`.
    pub fn clause(self, article: u8) -> Clause {
        let part = match self {
            Self::Period => 1,
            Self::Place => 2,
            Self::Gender => 3,
            Self::Age => 4,
            Self::Citizenship => 5,
            Self::Detail(detail) => 6 + detail.number(),
        };
        Clause::of(article, item::ELEMENTS).part(part)
    }
}

/// What is never sent, whatever the grant allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forbids {
    /// Cases with one of these forms of exploitation.
    pub exploitation: BTreeSet<Exploitation>,
    /// Cases of persons who declared an Indigenous identity.
    pub indigenous: bool,
    /// Cases of persons who are minors, were minors when exploited, or may have been either.
    pub minors: bool,
}

impl Forbids {
    /// The clause that forbids a form, in the grant of `article`.
    ///
    /// It follows from the form's number, so that forbidding another form renumbers nothing.
    pub fn form_clause(article: u8, form: Exploitation) -> Clause {
        Clause::of(article, item::FORBIDS).part(3 + form.number())
    }

    /// The clause that forbids cases of Indigenous persons.
    pub fn indigenous_clause(article: u8) -> Clause {
        Clause::of(article, item::FORBIDS).part(1)
    }

    /// The clause that forbids cases of minors.
    pub fn minors_clause(article: u8) -> Clause {
        Clause::of(article, item::FORBIDS).part(2)
    }
}
