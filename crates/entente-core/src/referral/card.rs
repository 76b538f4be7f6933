//! The need card: what somebody needs, in codes, and nothing that says who.
//!
//! There is no field for free text, a date of birth or a place finer than a province, so none can
//! be sent. A card is built from nothing by a case worker, who may start from what the record says
//! ([`NeedCard::suggested`]).

use std::fmt;

use crate::agreement::Elements;
use crate::agreement::terms::{AgeLevel, GenderLevel, PlaceLevel};
use crate::codes::{
    AccessNeed, Code, Dependants, GenderShared, ImmigrationStatus, Majority, Need, Province,
    RegionShared, Risk, SafetyFlag, Set, StatusGroup, Urgency,
};
use crate::lang::Lang;
use crate::record::{CaseRecord, Language, region_of};
use crate::service::{Group, Service};

/// The most needs of one card. More is several referrals: no one service answers six.
pub const MAX_NEEDS: usize = 5;

/// Where the service is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// In this province or territory.
    Province(Province),
    /// In this region.
    Region(RegionShared),
    /// Not told, or anywhere.
    Anywhere,
}

impl Area {
    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Province(province) => province.label(lang),
            Self::Region(region) => region.label(lang),
            Self::Anywhere => lang.pick("anywhere, or not told", "n’importe où, ou non précisé"),
        }
    }

    /// The text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Province(province) => province.code(),
            Self::Region(region) => region.code(),
            Self::Anywhere => "",
        }
    }

    /// The area, no finer than `level`.
    #[must_use]
    pub fn at(self, level: PlaceLevel) -> Self {
        match (self, level) {
            (_, PlaceLevel::Withheld) | (Self::Anywhere, _) => Self::Anywhere,
            (Self::Province(province), PlaceLevel::Region) => Self::Region(region_of(province)),
            (Self::Province(_), PlaceLevel::Province) | (Self::Region(_), _) => self,
        }
    }

    /// Whether a service in `province` is in it.
    pub fn includes(self, province: Province) -> bool {
        match self {
            Self::Province(own) => own == province,
            Self::Region(region) => region == RegionShared::Canada || region_of(province) == region,
            Self::Anywhere => true,
        }
    }

    /// The provinces it may be.
    pub fn provinces(self) -> impl Iterator<Item = Province> {
        Province::ALL.iter().copied().filter(move |province| self.includes(*province))
    }
}

/// What somebody needs, in codes.
#[derive(Clone, PartialEq, Eq)]
pub struct NeedCard {
    /// What is needed, the most important first; 1 to [`MAX_NEEDS`], each once.
    pub needs: Vec<Need>,
    /// Within which time.
    pub urgency: Urgency,
    /// How large the danger is.
    pub risk: Risk,
    /// Minor, adult or unknown. A minor makes child protection a question ([`super::duty`]).
    pub age: Majority,
    /// The gender, only where a service needs to know it.
    pub gender: Option<GenderShared>,
    /// The language in which the person is served.
    pub language: Option<Language>,
    /// Whether an interpreter is needed.
    pub interpreter: bool,
    /// Where the service is wanted.
    pub area: Area,
    /// What the person needs to be able to use a service.
    pub access: Set<AccessNeed>,
    /// Who comes along.
    pub dependants: Dependants,
    /// What must not be done.
    pub safety: Set<SafetyFlag>,
    /// The immigration status, only where a service asks for it.
    pub status: Option<StatusGroup>,
    /// Whether a service of Indigenous peoples is wanted: a wish, no identity.
    pub indigenous_service: bool,
}

impl NeedCard {
    /// What is left of it once nobody has to know more of the person: what was needed, and how soon.
    #[must_use]
    pub fn forgotten(&self) -> Self {
        Self {
            needs: self.needs.clone(),
            urgency: self.urgency,
            risk: Risk::Unknown,
            age: Majority::Unknown,
            gender: None,
            language: None,
            interpreter: false,
            area: Area::Anywhere,
            access: Set::EMPTY,
            dependants: Dependants::Nobody,
            safety: Set::EMPTY,
            status: None,
            indigenous_service: false,
        }
    }
}

// All fields together come close to a person.
impl fmt::Debug for NeedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NeedCard(..)")
    }
}

/// What services have to know of a person beside the need, by what they list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// The gender: one of them is for some genders, or for women or men.
    pub gender: bool,
    /// The immigration status: one of them says whether it takes people without one.
    pub status: bool,
}

impl Asks {
    /// Everything that could be asked for.
    pub const ALL: Self = Self { gender: true, status: true };

    /// What these services and one more ask for.
    #[must_use]
    pub fn with(self, service: &Service) -> Self {
        let by_group = [Group::Women, Group::Men].iter().any(|it| service.groups.contains(*it));
        Self {
            gender: self.gender || by_group || !service.genders.is_empty(),
            status: self.status || service.accepts_without_status.is_some(),
        }
    }
}

/// What is wrong with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardProblem {
    /// Nothing is needed.
    NoNeed,
    /// More than [`MAX_NEEDS`].
    TooManyNeeds,
    /// One need stands twice.
    NeedTwice,
}

impl CardProblem {
    /// What a person reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::NoNeed => lang.pick("no need is named", "aucun besoin n’est indiqué"),
            Self::TooManyNeeds => lang.pick(
                "a card names five needs at most; make a second referral for the rest",
                "une fiche indique au plus cinq besoins; faites un second aiguillage pour les autres",
            ),
            Self::NeedTwice => lang.pick("a need stands twice", "un besoin est indiqué deux fois"),
        }
    }
}

impl NeedCard {
    /// What a record suggests. The case worker looks at it and changes it: needs are in the order of
    /// the list, and gender and status are left out, since few services need them.
    pub fn suggested(record: &CaseRecord, urgency: Urgency) -> Self {
        let dependants = match record.dependants.map(|n| n.number()) {
            None | Some(0) => Dependants::Nobody,
            Some(1 | 2) => Dependants::OneOrTwo,
            Some(3..) => Dependants::ThreeOrMore,
        };
        Self {
            needs: record.needs.iter().take(MAX_NEEDS).collect(),
            urgency,
            risk: record.risk.unwrap_or(Risk::Unknown),
            age: record.majority(),
            gender: None,
            language: record.languages.first().cloned(),
            interpreter: false,
            area: record.province().map_or(Area::Anywhere, Area::Province),
            access: Set::EMPTY,
            dependants,
            safety: Set::EMPTY,
            status: None,
            indigenous_service: false,
        }
    }

    /// What is wrong with it, if anything is.
    pub fn problem(&self) -> Option<CardProblem> {
        let distinct: Set<Need> = self.needs.iter().copied().collect();
        match self.needs.len() {
            0 => Some(CardProblem::NoNeed),
            n if n > MAX_NEEDS => Some(CardProblem::TooManyNeeds),
            n if n != distinct.len() => Some(CardProblem::NeedTwice),
            _ => None,
        }
    }

    /// The card for whoever offers services that ask for this and no more: what none of them asks for is
    /// left out.
    #[must_use]
    pub fn asked_by(&self, asks: Asks) -> Self {
        Self {
            gender: self.gender.filter(|_| asks.gender),
            status: self.status.filter(|_| asks.status),
            ..self.clone()
        }
    }

    /// The card as a partner may see it: no finer than the agreement allows.
    #[must_use]
    pub fn limited_to(&self, elements: &Elements) -> Self {
        // Every field is named, so that a new one does not compile before it is decided here.
        let Self {
            needs,
            urgency,
            risk,
            age,
            gender,
            language,
            interpreter,
            area,
            access,
            dependants,
            safety,
            status,
            indigenous_service,
        } = self;
        Self {
            needs: needs.clone(),
            urgency: *urgency,
            risk: *risk,
            age: if elements.age == AgeLevel::Withheld { Majority::Unknown } else { *age },
            gender: gender.filter(|_| elements.gender == GenderLevel::Shared),
            language: language.clone(),
            interpreter: *interpreter,
            area: area.at(elements.place),
            access: *access,
            dependants: *dependants,
            safety: *safety,
            status: *status,
            indigenous_service: *indigenous_service,
        }
    }
}

/// The group of an immigration status.
pub fn status_group(status: ImmigrationStatus) -> StatusGroup {
    match status {
        ImmigrationStatus::Citizen
        | ImmigrationStatus::PermanentResident
        | ImmigrationStatus::Refugee => StatusGroup::CitizenOrPermanent,
        ImmigrationStatus::OutOfStatus => StatusGroup::NoStatus,
        ImmigrationStatus::Unknown => StatusGroup::Unknown,
        ImmigrationStatus::Claimant
        | ImmigrationStatus::Tfw
        | ImmigrationStatus::Imp
        | ImmigrationStatus::Student
        | ImmigrationStatus::Visitor
        | ImmigrationStatus::TrpVtip => StatusGroup::Temporary,
    }
}
