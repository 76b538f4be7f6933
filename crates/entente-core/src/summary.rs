//! Case summaries: the coarse view of a record that a partner may see.
//!
//! A summary is built up from nothing. [`Finest`] names every field of a record and computes what
//! could be said at most; [`Finest::at`] then puts into a new value what one rung of the published
//! lattice says, and [`CaseSummary::limited_to`] leaves of that what an agreement grants. Nothing is
//! copied and then blanked out, so a field that was forgotten is a field left out.
//!
//! # The lattice
//!
//! Fixed, published and the same for everybody: no clustering that follows the data, since a reader
//! could follow it back. Each rung is coarser than the one before in every field, or equal.
//!
//! | Rung | Period | Place | Gender | Age | Citizenship | Also counted | Told, not counted |
//! |---|---|---|---|---|---|---|---|
//! | 0 | quarter | province | shared | group | group | form, minor when exploited, sectors, duration | sexual types, controls, recruiter, needs, border, definitions, source |
//! | 1 | quarter | province | shared | group | Canadian or other | form | the same |
//! | 2 | year | province | shared | group | Canadian or other | form | the same |
//! | 3 | year | region | shared | majority | Canadian or other | form, may be hidden | the same |
//! | 4 | year | region | shared | majority | – | form, may be hidden | controls, needs, definitions, source |
//! | 5 | year | – | – | majority | – | form, may be hidden | definitions, source |
//! | 6 | year | – | – | – | – | form, may be hidden | – |
//!
//! "Counted" fields make up the class that must reach k persons ([`crate::disclose`]); the issuing
//! organization is counted too, since one organization closes its epoch alone. Why so:
//!
//! - *Sectors, duration and being a minor when exploited* are known to those who exploited the person,
//!   so they are quasi-identifiers. They are told where even with them the class is large enough, and go first.
//! - *Citizenship* goes before *time*: its groups are the smallest cells in Canada. *Time* goes before
//!   *place and age*, since a batch that caught up on several quarters gains most from it. A record
//!   known only by its year begins at rung 2, the first rung of years.
//! - *The form of exploitation* is counted wherever it is told, as CTDC did (k = 11 on its
//!   quasi-identifiers and the form). Rungs 0 to 2 always tell it; from rung 3 it is hidden where a
//!   class is too uniform or too small with it. What would give it away (sectors, types of sexual
//!   exploitation, definitions met) is hidden with it.
//! - *Place* is left out at rungs 5 and 6 rather than called "Canada": it may have been abroad.
//! - *Rung 6* is an organization's year: with k persons in it, everybody gets out in some form.
//! - Fields that are *told, not counted* are attributes of a person in a class of k. They can still be
//!   recognised by somebody who already knows them, which is one reason why summaries are controlled
//!   information and never called anonymous.
//!
//! The status and who decided it are in every summary: a case without them means nothing.

use std::fmt;

use crate::agreement::Elements;
use crate::agreement::terms::{
    AgeLevel, CitizenshipLevel, Detail, GenderLevel, PeriodLevel, PlaceLevel,
};
use crate::codes::{
    AgeShared, CitizenshipGroup, Code, DataSource, DefinitionProfile, Duration, Exploitation,
    GenderShared, GeoScope, LabourSector, Majority, MergedControl, Need, Province,
    RecruiterRelation, RegionShared, Set, SexualType, Status, StatusDecider,
};
use crate::lang::Lang;
use crate::period::Period;
use crate::record::region_of;

mod finest;
mod lattice;

pub use finest::Finest;
pub use lattice::{ClassKey, Ladder, Levels, Rung};

#[cfg(test)]
pub(crate) use finest::tests::finest as finest_example;

/// The name of a summary: 128 bits that mean nothing, other for each partner and epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SummaryId(pub [u8; 16]);

impl fmt::Display for SummaryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SummaryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SummaryId({self})")
    }
}

/// A case, as far as one partner may know it.
///
/// `None` means that nothing is said, never that something is not so. Controlled information: its
/// `Debug` says its name and rung only.
#[derive(Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// Its name.
    pub id: SummaryId,
    /// The rung of the lattice at which it was released. What the agreement withholds is missing
    /// besides.
    pub rung: Rung,
    /// When the case was registered.
    pub period: Period,
    /// Where the exploitation took place.
    pub place: Option<Place>,
    /// Gender.
    pub gender: Option<GenderShared>,
    /// Age at registration.
    pub age: Option<Age>,
    /// Citizenship.
    pub citizenship: Option<Citizenship>,
    /// Minor or adult when exploited.
    pub majority_at_exploitation: Option<Majority>,
    /// All forms of exploitation; the empty set if none is recorded.
    pub exploitation: Option<Set<Exploitation>>,
    /// Sectors of forced labour.
    pub labour_sectors: Option<Set<LabourSector>>,
    /// Types of sexual exploitation.
    pub sexual_types: Option<Set<SexualType>>,
    /// How long it lasted.
    pub duration: Option<Duration>,
    /// Means of control, merged as in CTDC 2024.
    pub controls: Option<Set<MergedControl>>,
    /// Who the recruiter was to the person.
    pub recruiter_relation: Option<Set<RecruiterRelation>>,
    /// Needs.
    pub needs: Option<Set<Need>>,
    /// Whether a border was crossed.
    pub geo_scope: Option<GeoScope>,
    /// Which definitions of trafficking the recorded facts meet.
    pub definition_profiles: Option<Set<DefinitionProfile>>,
    /// Where the record came from.
    pub data_source: Option<DataSource>,
    /// Possible or actual victim.
    pub status: Status,
    /// Who decided that.
    pub status_decided_by: Option<StatusDecider>,
    /// How many persons of the issuing organization were in the class when it was released.
    pub k_at_release: u32,
}

impl fmt::Debug for CaseSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseSummary({}, rung {})", self.id, self.rung.number())
    }
}

/// Where, in the ladder of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A province or territory.
    Province(Province),
    /// A region, or Canada where no more is known.
    Region(RegionShared),
    /// Not known.
    Unknown,
}

/// How old, in the ladder of ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// An age group.
    Group(AgeShared),
    /// Minor or adult.
    Majority(Majority),
}

/// Which citizenship, in its ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Citizenship {
    /// A group of countries.
    Group(CitizenshipGroup),
    /// Canadian.
    Canadian,
    /// Any other, or stateless.
    Other,
    /// Not known.
    Unknown,
}

impl CaseSummary {
    /// What an agreement leaves of it. Only ever coarser: what was large enough stays so.
    #[must_use]
    pub fn limited_to(self, elements: &Elements) -> Self {
        let grants = |detail| elements.details.contains(&detail);
        Self {
            id: self.id,
            rung: self.rung,
            period: coarser_period(self.period, elements.period),
            place: self.place.and_then(|it| it.at(elements.place)),
            gender: self.gender.filter(|_| elements.gender == GenderLevel::Shared),
            age: self.age.and_then(|it| it.at(elements.age)),
            citizenship: self.citizenship.and_then(|it| it.at(elements.citizenship)),
            majority_at_exploitation: self
                .majority_at_exploitation
                .filter(|_| grants(Detail::MajorityAtExploitation)),
            exploitation: self.exploitation.filter(|_| grants(Detail::Exploitation)),
            labour_sectors: self.labour_sectors.filter(|_| grants(Detail::LabourSectors)),
            sexual_types: self.sexual_types.filter(|_| grants(Detail::SexualTypes)),
            duration: self.duration.filter(|_| grants(Detail::Duration)),
            controls: self.controls.filter(|_| grants(Detail::Controls)),
            recruiter_relation: self
                .recruiter_relation
                .filter(|_| grants(Detail::RecruiterRelation)),
            needs: self.needs.filter(|_| grants(Detail::Needs)),
            geo_scope: self.geo_scope.filter(|_| grants(Detail::GeoScope)),
            definition_profiles: self
                .definition_profiles
                .filter(|_| grants(Detail::DefinitionProfiles)),
            data_source: self.data_source.filter(|_| grants(Detail::DataSource)),
            status: self.status,
            status_decided_by: self.status_decided_by,
            k_at_release: self.k_at_release,
        }
    }

    /// What it says in a field, as a person reads it; `None` if it says nothing.
    pub fn shown(&self, element: crate::agreement::Element, lang: Lang) -> Option<String> {
        use crate::agreement::Element as E;
        let label = |it: &'static str| it.to_owned();
        match element {
            E::Period => Some(self.period.to_string()),
            E::Place => self.place.map(|it| label(it.label(lang))),
            E::Gender => self.gender.map(|it| label(it.label(lang))),
            E::Age => self.age.map(|it| label(it.label(lang))),
            E::Citizenship => self.citizenship.map(|it| label(it.label(lang))),
            E::Detail(detail) => self.shown_detail(detail, lang),
        }
    }

    fn shown_detail(&self, detail: Detail, lang: Lang) -> Option<String> {
        fn one<C: Code>(code: Option<C>, lang: Lang) -> Option<String> {
            code.map(|it| it.label(lang).to_owned())
        }
        fn all<C: Code>(codes: Option<Set<C>>, lang: Lang) -> Option<String> {
            let none = || lang.pick("(none recorded)", "(rien d’inscrit)").to_owned();
            codes.map(|it| if it.is_empty() { none() } else { it.labels(lang) })
        }
        match detail {
            Detail::Exploitation => all(self.exploitation, lang),
            Detail::MajorityAtExploitation => one(self.majority_at_exploitation, lang),
            Detail::LabourSectors => all(self.labour_sectors, lang),
            Detail::Duration => one(self.duration, lang),
            Detail::SexualTypes => all(self.sexual_types, lang),
            Detail::Controls => all(self.controls, lang),
            Detail::RecruiterRelation => all(self.recruiter_relation, lang),
            Detail::Needs => all(self.needs, lang),
            Detail::GeoScope => one(self.geo_scope, lang),
            Detail::DefinitionProfiles => all(self.definition_profiles, lang),
            Detail::DataSource => one(self.data_source, lang),
        }
    }
}

pub(crate) fn coarser_period(period: Period, level: PeriodLevel) -> Period {
    match level {
        PeriodLevel::Quarter => period,
        PeriodLevel::Year => Period::Year(period.year()),
    }
}

impl Place {
    /// At this level or coarser; `None` if it is withheld.
    #[must_use]
    pub fn at(self, level: PlaceLevel) -> Option<Self> {
        match (level, self) {
            (PlaceLevel::Province, place) => Some(place),
            (PlaceLevel::Region, Self::Province(province)) => {
                Some(Self::Region(region_of(province)))
            }
            (PlaceLevel::Region, place) => Some(place),
            (PlaceLevel::Withheld, _) => None,
        }
    }

    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Province(province) => province.label(lang),
            Self::Region(region) => region.label(lang),
            Self::Unknown => lang.pick("Unknown", "Inconnu"),
        }
    }
}

impl Age {
    /// At this level or coarser; `None` if it is withheld.
    #[must_use]
    pub fn at(self, level: AgeLevel) -> Option<Self> {
        match (level, self) {
            (AgeLevel::Group, age) => Some(age),
            (AgeLevel::Majority, age) => Some(Self::Majority(age.majority())),
            (AgeLevel::Withheld, _) => None,
        }
    }

    /// Minor or adult.
    pub fn majority(self) -> Majority {
        match self {
            Self::Majority(majority) => majority,
            Self::Group(AgeShared::From0To17) => Majority::Minor,
            Self::Group(AgeShared::Unknown) => Majority::Unknown,
            Self::Group(_) => Majority::Adult,
        }
    }

    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Group(group) => group.label(lang),
            Self::Majority(majority) => majority.label(lang),
        }
    }
}

impl Citizenship {
    /// At this level or coarser; `None` if it is withheld.
    #[must_use]
    pub fn at(self, level: CitizenshipLevel) -> Option<Self> {
        match (level, self) {
            (CitizenshipLevel::Group, citizenship) => Some(citizenship),
            (CitizenshipLevel::CanadianOrOther, Self::Group(group)) => Some(match group {
                CitizenshipGroup::Can => Self::Canadian,
                CitizenshipGroup::Unknown => Self::Unknown,
                _ => Self::Other,
            }),
            (CitizenshipLevel::CanadianOrOther, citizenship) => Some(citizenship),
            (CitizenshipLevel::Withheld, _) => None,
        }
    }

    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Group(group) => group.label(lang),
            Self::Canadian => lang.pick("Canadian", "Canadienne"),
            Self::Other => lang.pick("Other than Canadian", "Autre que canadienne"),
            Self::Unknown => lang.pick("Unknown", "Inconnue"),
        }
    }
}
