//! Words: a label for every code, field and value, in both languages. The command line and the
//! console take them from here.

mod titles;

use entente_core::audit::Action;
use entente_core::codes::{
    AccessNeed, Act, AgeBand, AgeShared, Barrier, CaseOutcome, CaseStatus, CitizenshipGroup, Cma,
    Code, ConsentScope, Control, DataSource, DatePrecision, DefinitionProfile, Dependants,
    Duration, Education, Exploitation, Gender, GenderShared, GeoScope, GivenBy, IdentifiedBy,
    ImmigrationStatus, Indicator, IndigenousIdentity, LabourSector, Majority, MaritalStatus, Means,
    MergedControl, Need, Offence, OrgType, OverrideReason, Pillar, Province, Purpose, Race,
    RecruiterRelation, RecruitmentMethod, ReferralOutcome, ReferralStatus, RegionShared, Risk,
    SafetyFlag, SexualOrientation, SexualType, Status, StatusDecider, StatusGroup, Suppression,
    TrpStage, Urgency, Venue, WorkPermit,
};
use entente_core::lang::Lang;
use entente_core::record::{Field, Kind};
use entente_core::service::{
    Group as ServiceGroup, Status as ServiceStatus, Unit as CapacityUnit, Zone as TimeZone,
};
use entente_core::statistics::referrals::{Counts, ReferralResult, Unmet, Waiting};

use super::doc::{FieldValue, Ground, Verdict};

pub use titles::list_title;

macro_rules! lists {
    ($($list:ident),+ $(,)?) => {
        /// The names of all code lists.
        pub const LISTS: &[&str] = &[$($list::LIST,)+];

        /// The codes of a list with their labels; none if there is no such list.
        pub fn list(name: &str, lang: Lang) -> Option<Vec<(&'static str, &'static str)>> {
            $(if name == $list::LIST {
                return Some($list::ALL.iter().map(|code| (code.code(), code.label(lang))).collect());
            })+
            None
        }
    };
}

lists! {
    AccessNeed, Act, AgeBand, AgeShared, Barrier, CapacityUnit, CaseOutcome, CaseStatus, CitizenshipGroup, Cma, ConsentScope, Control, Counts,
    DataSource, DatePrecision, DefinitionProfile, Dependants, Duration, Education, Exploitation, Gender,
    GenderShared, GeoScope, GivenBy, IdentifiedBy, ImmigrationStatus, Indicator,
    IndigenousIdentity, LabourSector, Majority, MaritalStatus, Means, MergedControl, Need, Offence,
    OrgType, OverrideReason, Pillar, Province, Purpose, Race, RecruiterRelation, RecruitmentMethod,
    ReferralOutcome, ReferralResult, ReferralStatus, RegionShared, Risk, SafetyFlag, ServiceGroup, ServiceStatus, SexualOrientation, SexualType, Status, StatusDecider, StatusGroup,
    Suppression, TimeZone, TrpStage, Unmet, Urgency, Venue, Waiting, WorkPermit,
}

/// The label of a code of a list; the code itself if the list does not have it.
pub fn label(list_name: &str, code: &str, lang: Lang) -> String {
    let found =
        list(list_name, lang).and_then(|codes| codes.into_iter().find(|(known, _)| *known == code));
    found.map_or_else(|| code.to_owned(), |(_, label)| label.to_owned())
}

/// The labels of several codes, separated by commas.
pub fn labels(list_name: &str, codes: &[String], lang: Lang) -> String {
    codes.iter().map(|code| label(list_name, code, lang)).collect::<Vec<_>>().join(", ")
}

/// The label of a code, or a dash.
pub fn label_or_dash(list_name: &str, code: Option<&String>, lang: Lang) -> String {
    code.map_or_else(|| "—".to_owned(), |code| label(list_name, code, lang))
}

/// What an action of the audit log is called.
pub fn action(code: &str, lang: Lang) -> String {
    Action::parse(code).map_or_else(|| code.to_owned(), |action| action.label(lang).to_owned())
}

/// What a field or a dimension is called: a field of a record, or a level of a summary.
pub fn field_label(name: &str, lang: Lang) -> String {
    if let Ok(field) = Field::parse(name) {
        return field.label(lang).to_owned();
    }
    match name {
        "period" => lang.pick("Period", "Période"),
        "quarter" => lang.pick("Quarter", "Trimestre"),
        "year" => lang.pick("Year", "Année"),
        "place" => lang.pick("Place", "Lieu"),
        "province" => lang.pick("Province", "Province"),
        "region" => lang.pick("Region", "Région"),
        "age" | "age_band" => lang.pick("Age group", "Groupe d’âge"),
        "majority" => lang.pick("Minor or adult", "Personne mineure ou adulte"),
        "citizenship_group" => lang.pick("Citizenship", "Citoyenneté"),
        "definition_profiles" => {
            lang.pick("Definitions met", "Définitions auxquelles le dossier répond")
        }
        "means_of_control" => lang.pick("Means of control", "Moyens de contrôle"),
        _ => name,
    }
    .to_owned()
}

/// The label of a value of a field, wherever the code is known; else the value as it is.
pub fn value_label(field: &str, value: &str, lang: Lang) -> String {
    let of_field = Field::parse(field).map(|field| field.choices(lang)).unwrap_or_default();
    if let Some((_, label)) = of_field.into_iter().find(|(code, _)| *code == value) {
        return label.to_owned();
    }
    let is_yes_no = Field::parse(field).is_ok_and(|field| field.kind() == Kind::YesNo);
    match value {
        "yes" if is_yes_no => return lang.pick("Yes", "Oui").to_owned(),
        "no" if is_yes_no => return lang.pick("No", "Non").to_owned(),
        _ => {}
    }
    // The coarser level of a citizenship has two values that are in no list.
    match (field, value) {
        ("citizenship" | "citizenship_group", "canadian") => {
            return lang.pick("Canadian", "Canadienne").to_owned();
        }
        ("citizenship" | "citizenship_group", "other") => {
            return lang.pick("Other than Canadian", "Autre que canadienne").to_owned();
        }
        _ => {}
    }
    match value {
        "true" => return lang.pick("Yes", "Oui").to_owned(),
        "false" => return lang.pick("No", "Non").to_owned(),
        "canada" => return "Canada".to_owned(),
        "unknown" => return lang.pick("Unknown", "Inconnu").to_owned(),
        "several" => return lang.pick("Several", "Plusieurs").to_owned(),
        _ => {}
    }
    for name in lists_of(field) {
        let text = label(name, value, lang);
        if text != value {
            return text;
        }
    }
    value.to_owned()
}

/// From how many codes on it is enough to name the field of what a definition lacks.
const MANY: usize = 4;

/// Why a definition is met, is not, or is open: a sentence for each kind of reason.
pub fn why(verdict: &Verdict, lang: Lang) -> Vec<String> {
    let whole = |it: &Ground| {
        let values = it.values.iter().map(|value| value_label(&it.field, value, lang));
        let values = values.collect::<Vec<_>>().join(", ");
        format!("{}{} {values}", field_label(&it.field, lang), lang.pick(":", "\u{a0}:"))
    };
    let lacking = |it: &Ground| {
        if it.values.len() < MANY { whole(it) } else { field_label(&it.field, lang) }
    };
    let kinds: [(&str, Vec<String>); 3] = [
        (lang.pick("Because:", "Parce que\u{a0}:"), verdict.because.iter().map(whole).collect()),
        (lang.pick("Lacks:", "Il manque\u{a0}:"), verdict.lacks.iter().map(lacking).collect()),
        (
            lang.pick("Would be decided by:", "Serait tranchée par\u{a0}:"),
            verdict.missing.iter().map(|field| field_label(field, lang)).collect(),
        ),
    ];
    let said = kinds.into_iter().filter(|(_, parts)| !parts.is_empty());
    said.map(|(label, parts)| format!("{label} {}", parts.join("; "))).collect()
}

/// What a line of a request is called that waits for a second person: the names are those of the documents.
pub fn about_label(name: &str, lang: Lang) -> String {
    match name {
        "agreement" => lang.pick("Agreement", "Entente"),
        "partner" => lang.pick("Partner", "Partenaire"),
        "version" => lang.pick("Version", "Version"),
        "sha256" => lang.pick("Fingerprint of the text", "Empreinte du texte"),
        "plan" => lang.pick("Release plan", "Plan de diffusion"),
        "round" => lang.pick("Overlap round", "Recoupement"),
        "toml" => lang.pick("Text", "Texte"),
        "id" => lang.pick("Identity", "Identité"),
        "return" => lang.pick("National return", "Rapport national"),
        "epoch" | "period" => lang.pick("Period", "Période"),
        "periods" => lang.pick("Periods", "Périodes"),
        "cube" => lang.pick("Cube", "Cube"),
        "close" => {
            lang.pick("Adds up without those who are missing", "Additionne sans les absents")
        }
        "give_up" => lang.pick("Gives up what cannot go on", "Abandonne ce qui ne peut continuer"),
        "file" => lang.pick("File on the node’s machine", "Fichier sur la machine du nœud"),
        "layout" => lang.pick("Layout", "Disposition"),
        "where" => lang.pick("Only records with", "Seulement les dossiers avec"),
        "reveal" => lang.pick("Names and numbers too", "Noms et numéros aussi"),
        _ => name,
    }
    .to_owned()
}

/// The lists in which the values of a field, a level or a dimension are found.
fn lists_of(field: &str) -> &'static [&'static str] {
    match field {
        "place" | "province" | "region" | "province_of_exploitation" => {
            &["province", "region_shared", "cma"]
        }
        "gender" => &["gender_shared", "gender"],
        "age" | "age_band" | "age_at_registration" => &["age_band", "age_shared", "majority"],
        "majority" | "majority_at_registration" => &["majority"],
        "citizenship" | "citizenship_group" => &["citizenship_group"],
        "definition" | "definition_profiles" => &["definition_profile"],
        "controls" | "means_of_control" => &["control", "merged_control"],
        "exploitation" => &["exploitation"],
        "status" => &["status"],
        "means" => &["means"],
        "needs" | "need" => &["need"],
        _ => &[],
    }
}

/// The values of a field as a person reads them.
pub fn values(value: &FieldValue, lang: Lang) -> String {
    if value.masked {
        return lang.pick("•••••• (masked)", "•••••• (masqué)").to_owned();
    }
    let shown: Vec<String> =
        value.values.0.iter().map(|one| value_label(&value.field, one, lang)).collect();
    if shown.is_empty() { "—".to_owned() } else { shown.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_core_is_here() {
        let sources = [
            include_str!("../../../entente-core/src/codes/lists.rs"),
            include_str!("../../../entente-core/src/codes/case_lists.rs"),
            include_str!("../../../entente-core/src/codes/referral_lists.rs"),
            include_str!("../../../entente-core/src/service/lists.rs"),
            include_str!("../../../entente-core/src/statistics/referrals.rs"),
        ];
        let defined: usize =
            sources.iter().map(|source| source.matches("\ncode_list! {").count()).sum();
        assert_eq!(LISTS.len(), defined);
    }

    #[test]
    fn a_value_has_the_label_of_its_field_or_of_its_level() {
        let check = |field, value, lang, expected: &str| {
            assert_eq!(value_label(field, value, lang), expected);
        };
        check("exploitation", "forced_labour", Lang::En, "Forced labour or services");
        check("exploitation", "forced_labour", Lang::Fr, "Travail ou services forcés");
        check("gender", "two_spirit", Lang::Fr, "Personne bispirituelle");
        check("place", "canada", Lang::Fr, "Canada");
        check("citizenship", "canadian", Lang::En, "Canadian");
        check("citizenship", "canadian", Lang::Fr, "Canadienne");
        check("citizenship", "other", Lang::En, "Other than Canadian");
        check("citizenship", "other", Lang::Fr, "Autre que canadienne");
        check("abduction", "true", Lang::Fr, "Oui");
        check("abduction", "no", Lang::Fr, "Non");
        check("languages", "no", Lang::Fr, "no");
        check("registered_on", "2026-11-22", Lang::Fr, "2026-11-22");
        check("no_such_field", "x", Lang::En, "x");
    }

    #[test]
    fn a_definition_says_which_facts_decided_and_what_it_lacks() {
        let ground = |field: &str, values: &[&str]| Ground {
            field: field.to_owned(),
            values: values.iter().map(|it| (*it).to_owned()).collect(),
        };
        let mut verdict = Verdict {
            profile: "palermo".to_owned(),
            met: crate::local::doc::Tri::Yes,
            missing: Vec::new(),
            because: vec![
                ground("acts", &["recruit"]),
                ground("means", &["coercion"]),
                ground("exploitation", &["sexual"]),
            ],
            lacks: Vec::new(),
        };
        let label = |list, code| label(list, code, Lang::En);
        assert_eq!(
            why(&verdict, Lang::En),
            [format!(
                "Because: Acts: {}; Means: {}; Forms of exploitation: {}",
                label("act", "recruit"),
                label("means", "coercion"),
                label("exploitation", "sexual")
            )]
        );
        verdict.because = vec![ground("safety_threat_believed", &["no"])];
        verdict.lacks = vec![ground("means", &["coercion", "fraud", "deception", "abduction"])];
        assert_eq!(
            why(&verdict, Lang::Fr),
            [
                "Parce que\u{a0}: Croyait sa sécurité ou celle d’autrui menacée\u{a0}: Non",
                "Il manque\u{a0}: Moyens"
            ]
        );
        verdict.because.clear();
        verdict.lacks.clear();
        verdict.missing = vec!["means".to_owned()];
        assert_eq!(why(&verdict, Lang::En), ["Would be decided by: Means"]);
    }

    #[test]
    fn a_masked_value_says_so_and_an_absent_one_is_a_dash() {
        let value = |masked| FieldValue {
            field: "name_first".to_owned(),
            values: crate::local::doc::Private(Vec::new()),
            identifying: true,
            masked,
        };
        assert_eq!(values(&value(true), Lang::Fr), "•••••• (masqué)");
        assert_eq!(values(&value(false), Lang::Fr), "—");
    }
}
