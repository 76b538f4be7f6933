//! The words an agreement is written in: levels of detail, and the few choices it leaves open.
//!
//! A level list is ordered from the finest to the coarsest, so the coarser of two levels is the
//! greater one. Every list ends in `withheld` where a field may be left out altogether, and
//! `withheld` is what a draft that does not mention the field gets.

use crate::codes::code_list;
use crate::codes::{
    AgeShared, CitizenshipGroup, Code, DataSource, Exploitation, GenderShared, GeoScope, Majority,
    Province, RegionShared, Status,
};
use crate::count::{Frame, FrameError};

code_list! {
    /// How exactly the time of a case may be told.
    PeriodLevel = "period_level" {
        Quarter = "quarter", "quarter", "trimestre";
        Year = "year", "year", "année";
    }
}

code_list! {
    /// How exactly the place of exploitation may be told.
    PlaceLevel = "place_level" {
        Province = "province", "province or territory", "province ou territoire";
        Region = "region", "region", "région";
        Withheld = "withheld", "not sent", "non envoyé";
    }
}

code_list! {
    /// Whether the gender, in its shared form, may be told.
    GenderLevel = "gender_level" {
        Shared = "shared", "gender as shared", "genre diffusé";
        Withheld = "withheld", "not sent", "non envoyé";
    }
}

code_list! {
    /// How exactly the age may be told.
    AgeLevel = "age_level" {
        Group = "group", "age group", "groupe d’âge";
        Majority = "majority", "minor or adult", "personne mineure ou adulte";
        Withheld = "withheld", "not sent", "non envoyé";
    }
}

code_list! {
    /// How exactly the citizenship may be told.
    CitizenshipLevel = "citizenship_level" {
        Group = "group", "group of countries", "groupe de pays";
        CanadianOrOther = "canadian_or_other", "Canadian or other", "canadienne ou autre";
        Withheld = "withheld", "not sent", "non envoyé";
    }
}

code_list! {
    /// A field of a summary that is either told or not.
    Detail = "detail" {
        Exploitation = "exploitation", "forms of exploitation", "formes d’exploitation";
        MajorityAtExploitation = "majority_at_exploitation", "minor or adult when exploited", "personne mineure ou adulte au moment de l’exploitation";
        LabourSectors = "labour_sectors", "labour sectors", "secteurs de travail";
        Duration = "duration", "duration", "durée";
        SexualTypes = "sexual_types", "types of sexual exploitation", "types d’exploitation sexuelle";
        Controls = "controls", "means of control (merged)", "moyens de contrôle (regroupés)";
        RecruiterRelation = "recruiter_relation", "relation to the recruiter", "lien avec le recruteur";
        Needs = "needs", "needs", "besoins";
        GeoScope = "geo_scope", "whether a border was crossed", "franchissement d’une frontière";
        DefinitionProfiles = "definition_profiles", "definitions met", "définitions auxquelles le dossier répond";
        DataSource = "data_source", "source of the record", "origine de la donnée";
    }
}

code_list! {
    /// What controlled counts may be broken down or filtered by, within one period.
    Dimension = "dimension" {
        Province = "province", "province or territory", "province ou territoire";
        Region = "region", "region", "région";
        Gender = "gender", "gender as shared", "genre diffusé";
        AgeGroup = "age_group", "age group", "groupe d’âge";
        Majority = "majority", "minor or adult", "personne mineure ou adulte";
        Citizenship = "citizenship", "citizenship", "citoyenneté";
        Exploitation = "exploitation", "form of exploitation", "forme d’exploitation";
        Status = "status", "status", "statut";
        DataSource = "data_source", "source of the record", "origine de la donnée";
        GeoScope = "geo_scope", "whether a border was crossed", "franchissement d’une frontière";
    }
}

code_list! {
    /// What the receiver does with held summaries when the agreement ends.
    Consequence = "consequence" {
        Delete = "delete", "delete, and send a receipt", "supprimer, et envoyer un accusé de réception";
        Keep = "keep", "keep until the retention period is over", "conserver jusqu’à la fin de la période de conservation";
        Return = "return", "return, then delete, and send a receipt", "retourner, puis supprimer, et envoyer un accusé de réception";
    }
}

/// What a count shows of a person of whom nothing is known in a dimension.
pub const UNKNOWN: &str = "unknown";

/// What a count shows of a person who suffered several forms of exploitation: everybody is counted
/// in one cell.
pub const SEVERAL: &str = "several";

impl Dimension {
    /// What can be counted in it: the codes of its list, and one for what is not known.
    ///
    /// The same on every node, in this order, so that counts can be added up.
    pub fn labels(self) -> Vec<&'static str> {
        fn all<C: Code>() -> Vec<&'static str> {
            C::ALL.iter().map(|code| code.code()).collect()
        }
        fn or_unknown<C: Code>() -> Vec<&'static str> {
            [all::<C>(), vec![UNKNOWN]].concat()
        }
        match self {
            Self::Province => or_unknown::<Province>(),
            Self::Region => or_unknown::<RegionShared>(),
            Self::Gender => all::<GenderShared>(),
            Self::AgeGroup => all::<AgeShared>(),
            Self::Majority => all::<Majority>(),
            Self::Citizenship => all::<CitizenshipGroup>(),
            // `unknown` is one of the forms already.
            Self::Exploitation => [all::<Exploitation>(), vec![SEVERAL]].concat(),
            Self::Status => or_unknown::<Status>(),
            Self::DataSource => or_unknown::<DataSource>(),
            Self::GeoScope => all::<GeoScope>(),
        }
    }

    /// The frame over several dimensions.
    pub fn frame(dimensions: &[Self]) -> Result<Frame, FrameError> {
        let axis = |it: &Self| crate::count::Dimension::new(it.code(), it.labels());
        Frame::new(dimensions.iter().map(axis).collect())
    }
}

/// To whom the receiver may pass a summary on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    /// To nobody.
    Never,
    /// To these organizations.
    Named(std::collections::BTreeSet<crate::identity::OrgId>),
    /// To the members of a circle to which both parties belong.
    Circle,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn check<C: Code>() {
        for (position, code) in C::ALL.iter().enumerate() {
            assert_eq!(usize::from(code.number()), position);
            assert_eq!(C::parse(code.code()).as_ref(), Ok(code));
            assert!(!code.label(Lang::En).is_empty() && !code.label(Lang::Fr).is_empty());
        }
    }

    #[test]
    fn every_word_has_both_languages_and_is_read_as_it_is_written() {
        check::<PeriodLevel>();
        check::<PlaceLevel>();
        check::<GenderLevel>();
        check::<AgeLevel>();
        check::<CitizenshipLevel>();
        check::<Detail>();
        check::<Dimension>();
        check::<Consequence>();
    }

    #[test]
    fn the_coarser_of_two_levels_is_the_greater() {
        assert!(PeriodLevel::Quarter < PeriodLevel::Year);
        assert!(PlaceLevel::Province < PlaceLevel::Region);
        assert!(PlaceLevel::Region < PlaceLevel::Withheld);
        assert!(AgeLevel::Group < AgeLevel::Majority);
        assert!(CitizenshipLevel::Group < CitizenshipLevel::CanadianOrOther);
    }
}
