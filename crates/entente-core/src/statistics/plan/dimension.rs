//! Dimensions of cubes, and the published hierarchies they belong to.
//!
//! The same on every node and in this order, so that cells can be added up. Everybody falls in
//! exactly one label of each: "unknown" is a label, and so is "several".

use crate::codes::{
    AgeShared, CitizenshipGroup, Code, Exploitation, GenderShared, Majority, Need, Province,
    RegionShared, Set, code_list,
};
use crate::lang::Lang;
use crate::period::Period;
use crate::record::{CaseRecord, region_of};
use crate::referral::Area;
use crate::statistics::referrals::{Counts, ReferralFacts, ReferralResult, Unmet, Waiting};

code_list! {
    /// By what a cube may be broken down.
    CubeDimension = "cube_dimension" {
        Province = "province", "province or territory", "province ou territoire";
        Region = "region", "region", "région";
        Quarter = "quarter", "quarter", "trimestre";
        Gender = "gender", "gender", "genre";
        AgeGroup = "age_group", "age group", "groupe d’âge";
        Majority = "majority", "minor or adult", "personne mineure ou adulte";
        Form = "form", "form of exploitation", "forme d’exploitation";
        Citizenship = "citizenship", "citizenship", "citoyenneté";
        Need = "need", "first need", "premier besoin";
        Result = "referral_result", "what came of the referral", "suite donnée à l’aiguillage";
        Unmet = "unmet", "unmet or not", "non comblé ou non";
        Waiting = "waiting", "time until the acceptance", "délai jusqu’à l’acceptation";
    }
}

code_list! {
    /// Forms of exploitation as the United Nations publish them (SDG 16.2.2).
    Form = "form" {
        Sexual = "sexual", "Sexual exploitation", "Exploitation sexuelle";
        Labour = "labour", "Forced labour, servitude and slavery", "Travail forcé, servitude et esclavage";
        Organs = "organs", "Removal of organs", "Prélèvement d’organes";
        Other = "other", "Other purposes", "Autres fins";
        Several = "several", "Several of these", "Plusieurs de ces fins";
        Unknown = "unknown", "Not known", "Inconnue";
    }
}

impl Form {
    /// The one form under which a person who suffered `forms` is counted.
    pub fn of(forms: Set<Exploitation>) -> Self {
        let known = forms.iter().filter_map(Self::of_one).collect::<Set<Self>>();
        match (known.len(), known.iter().next()) {
            (0, _) | (_, None) => Self::Unknown,
            (1, Some(form)) => form,
            _ => Self::Several,
        }
    }

    /// `None` for what says nothing.
    fn of_one(form: Exploitation) -> Option<Self> {
        Some(match form {
            Exploitation::Sexual => Self::Sexual,
            Exploitation::ForcedLabour
            | Exploitation::Slavery
            | Exploitation::Servitude
            | Exploitation::ChildLabour => Self::Labour,
            Exploitation::OrganRemoval => Self::Organs,
            Exploitation::SexualAndLabour => Self::Several,
            Exploitation::ForcedMarriage
            | Exploitation::ForcedMilitary
            | Exploitation::Begging
            | Exploitation::ForcedCriminality
            | Exploitation::ForcedAdoption
            | Exploitation::Surrogacy
            | Exploitation::Other => Self::Other,
            Exploitation::Unknown => return None,
        })
    }
}

/// The quarters of a year, and one label for persons of whom only the year is known.
const QUARTERS: [&str; 5] = ["Q1", "Q2", "Q3", "Q4", UNKNOWN];

/// The label of those of whom nothing is known.
const UNKNOWN: &str = "unknown";

/// Six regions; `canada`, the seventh of the list, says nothing more than "unknown".
const N_REGIONS: usize = 6;

impl CubeDimension {
    /// What can be counted in it, in the order of the cells.
    pub fn labels(self) -> Vec<&'static str> {
        fn all<C: Code>() -> Vec<&'static str> {
            C::ALL.iter().map(|code| code.code()).collect()
        }
        match self {
            Self::Province => [all::<Province>(), vec![UNKNOWN]].concat(),
            Self::Region => {
                let regions = RegionShared::ALL.iter().take(N_REGIONS).map(|it| it.code());
                regions.chain([UNKNOWN]).collect()
            }
            Self::Quarter => QUARTERS.to_vec(),
            Self::Gender => all::<GenderShared>(),
            Self::AgeGroup => all::<AgeShared>(),
            Self::Majority => all::<Majority>(),
            Self::Form => all::<Form>(),
            Self::Citizenship => all::<CitizenshipGroup>(),
            Self::Need => all::<Need>(),
            Self::Result => all::<ReferralResult>(),
            Self::Unmet => all::<Unmet>(),
            Self::Waiting => all::<Waiting>(),
        }
    }

    /// What a person reads of one of its labels.
    pub fn label_text(self, label: &str, lang: Lang) -> String {
        fn of<C: Code>(label: &str, lang: Lang) -> Option<&'static str> {
            C::parse(label).ok().map(|code| code.label(lang))
        }
        let text = match self {
            Self::Province => of::<Province>(label, lang),
            Self::Region => of::<RegionShared>(label, lang),
            Self::Quarter => None,
            Self::Gender => of::<GenderShared>(label, lang),
            Self::AgeGroup => of::<AgeShared>(label, lang),
            Self::Majority => of::<Majority>(label, lang),
            Self::Form => of::<Form>(label, lang),
            Self::Citizenship => of::<CitizenshipGroup>(label, lang),
            Self::Need => of::<Need>(label, lang),
            Self::Result => of::<ReferralResult>(label, lang),
            Self::Unmet => of::<Unmet>(label, lang),
            Self::Waiting => of::<Waiting>(label, lang),
        };
        match text {
            Some(text) => text.to_owned(),
            None if label == UNKNOWN => lang.pick("Unknown", "Inconnu").to_owned(),
            None if lang == Lang::Fr => label.replace('Q', "T"),
            None => label.to_owned(),
        }
    }

    /// The coarser dimension that its labels add up to, if one is published.
    pub fn coarser(self) -> Option<Self> {
        match self {
            Self::Province => Some(Self::Region),
            Self::AgeGroup => Some(Self::Majority),
            Self::Result => Some(Self::Unmet),
            Self::Region
            | Self::Quarter
            | Self::Gender
            | Self::Majority
            | Self::Form
            | Self::Citizenship
            | Self::Need
            | Self::Unmet
            | Self::Waiting => None,
        }
    }

    /// What it is a dimension of; `None` for what cases and referrals both have.
    ///
    /// The place and time of a case are those of exploitation and identification; of a referral,
    /// where the service is wanted and when it was first offered.
    pub fn counts(self) -> Option<Counts> {
        match self {
            Self::Province | Self::Region | Self::Quarter => None,
            Self::Gender | Self::AgeGroup | Self::Majority | Self::Form | Self::Citizenship => {
                Some(Counts::Cases)
            }
            Self::Need | Self::Result | Self::Unmet | Self::Waiting => Some(Counts::Referrals),
        }
    }

    /// The number of the label under which a record is counted, from 0; `None` for a dimension of
    /// referrals.
    pub fn number_of(self, record: &CaseRecord) -> Option<u8> {
        Some(match self {
            Self::Province => record.province().map_or(last(Province::ALL.len()), Code::number),
            Self::Region => number_of_region(record.region_shared()),
            Self::Quarter => match record.period() {
                Some(Period::Quarter(quarter)) => quarter.number() - 1,
                _ => 4,
            },
            Self::Gender => record.gender_shared().number(),
            Self::AgeGroup => record.age_shared().number(),
            Self::Majority => record.majority().number(),
            Self::Form => Form::of(record.exploitation).number(),
            Self::Citizenship => record.citizenship_group().number(),
            Self::Need | Self::Result | Self::Unmet | Self::Waiting => return None,
        })
    }

    /// The number of the label under which a referral is counted, from 0; `None` for a dimension of
    /// cases.
    pub fn number_of_referral(self, facts: &ReferralFacts) -> Option<u8> {
        let region = match facts.area {
            Area::Province(province) => Some(region_of(province)),
            Area::Region(region) => Some(region),
            Area::Anywhere => None,
        };
        Some(match self {
            Self::Province => match facts.area {
                Area::Province(province) => province.number(),
                Area::Region(_) | Area::Anywhere => last(Province::ALL.len()),
            },
            Self::Region => number_of_region(region),
            Self::Quarter => facts.quarter().map_or(4, |quarter| quarter.number() - 1),
            Self::Need => facts.need.number(),
            Self::Result => facts.result.number(),
            Self::Unmet => Unmet::of(facts.result).number(),
            Self::Waiting => facts.waiting().number(),
            Self::Gender | Self::AgeGroup | Self::Majority | Self::Form | Self::Citizenship => {
                return None;
            }
        })
    }
}

/// The number of the label after `n` others.
fn last(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

fn number_of_region(region: Option<RegionShared>) -> u8 {
    match region.map(Code::number) {
        Some(number) if usize::from(number) < N_REGIONS => number,
        _ => last(N_REGIONS),
    }
}
