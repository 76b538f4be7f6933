//! The parts of a record, in the order in which a person is asked about them, and what each field shows.

use entente_core::country::Country;
use entente_core::lang::Lang;
use entente_core::record::{Field, Kind};
use entente_node::local::doc::FieldValue;
use entente_node::local::words;

use crate::page::Page;

/// A part of the form and of the page of a record.
#[derive(Debug)]
pub(crate) struct Section {
    /// For addresses within a page.
    pub(crate) id: &'static str,
    title: (&'static str, &'static str),
    more: (&'static str, &'static str),
    /// What is usually known: always open.
    pub(crate) usual: &'static [Field],
    /// The rest.
    pub(crate) rest: &'static [Field],
}

impl Section {
    /// Its heading.
    pub(crate) fn title(&self, lang: Lang) -> &'static str {
        lang.pick(self.title.0, self.title.1)
    }

    /// What the rest of it is called.
    pub(crate) fn more(&self, lang: Lang) -> &'static str {
        lang.pick(self.more.0, self.more.1)
    }

    /// Everything in it.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field> {
        self.usual.iter().chain(self.rest).copied()
    }
}

/// All parts. Between them they have every field but two: who else is of the same person, and the
/// community steward, which have pages of their own.
pub(crate) const SECTIONS: &[Section] = &[
    Section {
        id: "person",
        title: ("The person", "La personne"),
        more: ("More about the person", "Autres renseignements sur la personne"),
        usual: &[
            Field::NameFirst,
            Field::NameLast,
            Field::AgeAtRegistration,
            Field::Gender,
            Field::Citizenship,
        ],
        rest: &[
            Field::NameSalutation,
            Field::NameMiddle,
            Field::NameOther,
            Field::Birthdate,
            Field::AgeBandRecorded,
            Field::MajorityAtRegistration,
            Field::ContactPhone,
            Field::ContactEmail,
            Field::ContactAddress,
            Field::IdNumbers,
            Field::Languages,
            Field::ImmigrationStatus,
            Field::IndigenousIdentity,
            Field::IndigenousNation,
            Field::Race,
            Field::Disability,
            Field::SexualOrientation,
            Field::Education,
            Field::MaritalStatus,
            Field::Dependants,
            Field::Vulnerabilities,
        ],
    },
    Section {
        id: "situation",
        title: ("What happened", "Ce qui s’est passé"),
        more: ("What was done, by what means, and where", "Actes, moyens et lieux"),
        usual: &[
            Field::Status,
            Field::ProvinceOfExploitation,
            Field::MajorityAtExploitation,
            Field::Exploitation,
        ],
        rest: &[
            Field::StatusDecidedBy,
            Field::Acts,
            Field::Means,
            Field::Controls,
            Field::Duration,
            Field::AgeAtEntry,
            Field::LabourSectors,
            Field::SexualTypes,
            Field::RecruiterRelation,
            Field::RecruitmentMethod,
            Field::RecruitmentPlatform,
            Field::GeoScope,
            Field::CmaOfExploitation,
            Field::CountryOfExploitation,
            Field::Venue,
            Field::PlaceOfExploitation,
            Field::WorkPermit,
            Field::EmployerId,
            Field::SafetyThreatBelieved,
            Field::CrossedIntoCanada,
            Field::MenaceOfPenalty,
            Field::NotVoluntary,
            Field::FreedomRestricted,
            Field::Abduction,
            Field::ActsAbsent,
            Field::MeansAbsent,
            Field::ControlsAbsent,
            Field::ExploitationAbsent,
            Field::ControlsMerged,
            Field::Indicators,
        ],
    },
    Section {
        id: "needs",
        title: ("What is needed", "Besoins"),
        more: ("Risk, permit and proceedings", "Risque, permis et poursuites"),
        usual: &[Field::Needs],
        rest: &[Field::Risk, Field::TrpStage, Field::OffencesCharged, Field::CaseOutcome],
    },
    Section {
        id: "record",
        title: ("The record", "Le dossier"),
        more: ("Origin, number, retention and notes", "Origine, numéro, conservation et notes"),
        usual: &[Field::RegisteredOn],
        rest: &[
            Field::RegisteredPrecision,
            Field::DataSource,
            Field::IdentifiedBy,
            Field::CaseStatus,
            Field::ExternalRef,
            Field::RetentionUntil,
            Field::Notes,
        ],
    },
];

/// What a field asks, where its label is not enough.
pub(crate) fn hint(field: Field, lang: Lang) -> &'static str {
    let pick = |en, fr| lang.pick(en, fr);
    match field {
        Field::RegisteredOn => pick("Left empty, it is today.", "Laissé vide, c’est aujourd’hui."),
        Field::AgeAtRegistration => pick(
            "In years. A good guess is better than nothing.",
            "En années. Une bonne estimation vaut mieux que rien.",
        ),
        Field::NameFirst => pick(
            "Stays on this system and masked. A name the person chose is as good.",
            "Reste sur ce système, masqué. Un nom choisi par la personne convient aussi.",
        ),
        Field::Status => pick(
            "Without a status, the record is shared with nobody.",
            "Sans statut, le dossier n’est communiqué à personne.",
        ),
        Field::MajorityAtExploitation => pick(
            "Many agreements send nothing about minors; left open, it may have been one.",
            "Bien des ententes n’envoient rien sur les mineurs; sans réponse, c’en était peut-être un.",
        ),
        Field::Exploitation => pick("Tick all that apply.", "Cochez tout ce qui s’applique."),
        Field::Needs => pick(
            "What the person asks for now. Tick all that apply.",
            "Ce que la personne demande maintenant. Cochez tout ce qui s’applique.",
        ),
        Field::Acts | Field::Means => pick(
            "Decides which definitions of trafficking are met.",
            "Détermine quelles définitions de la traite sont remplies.",
        ),
        Field::Languages => pick(
            "Codes such as en, fr, cr (Cree) or iu (Inuktitut); a semicolon between several.",
            "Codes comme fr, en, cr (cri) ou iu (inuktitut); un point-virgule entre plusieurs.",
        ),
        Field::NameOther
        | Field::IdNumbers
        | Field::Vulnerabilities
        | Field::RecruitmentPlatform => {
            pick("A semicolon between several.", "Un point-virgule entre plusieurs.")
        }
        Field::ActsAbsent
        | Field::MeansAbsent
        | Field::ControlsAbsent
        | Field::ExploitationAbsent => pick(
            "Only what is known not to be so. What is not known is ticked nowhere.",
            "Seulement ce qui est exclu avec certitude. L’inconnu ne se coche nulle part.",
        ),
        Field::AgeBandRecorded => {
            pick("Only if the age is not known.", "Seulement si l’âge n’est pas connu.")
        }
        Field::Notes => pick(
            "For colleagues here. Never leaves this system, in no form.",
            "Pour les collègues d’ici. Ne quitte jamais ce système, sous aucune forme.",
        ),
        Field::RegisteredPrecision => pick(
            "“Day”, unless only the quarter or year is known; then give its first day.",
            "« Jour », sauf si seul le trimestre ou l’année est connu; donnez-en alors le premier jour.",
        ),
        _ => "",
    }
}

/// What a field or a level holds, as a person reads it.
pub(crate) fn value(p: &Page, field: &FieldValue) -> String {
    if field.masked || field.values.0.is_empty() {
        return words::values(field, p.lang);
    }
    let values = field.values.0.iter();
    let shown: Vec<_> = values.map(|it| one(p, &field.field, it)).collect();
    shown.join(", ")
}

/// One value of a field, as a person reads it.
pub(crate) fn one(p: &Page, field: &str, value: &str) -> String {
    let country = |code: &str| {
        Country::parse(code).map_or_else(|| code.to_owned(), |it| it.name(p.lang).to_owned())
    };
    match Field::parse(field).map(Field::kind) {
        Ok(Kind::YesNo) => match value {
            "yes" => p.t("Yes", "Oui").to_owned(),
            "no" => p.t("No", "Non").to_owned(),
            other => other.to_owned(),
        },
        Ok(Kind::Date) => p.day(value),
        Ok(Kind::Country | Kind::Countries(_)) => {
            let known = words::value_label(field, value, p.lang);
            if known == value { country(value) } else { known }
        }
        // An organization without its name: enough of its id to recognise it.
        Ok(Kind::Organization) if value.len() == 64 => value.chars().take(10).collect(),
        _ => words::value_label(field, value, p.lang),
    }
}

/// That a date is precise to the day is what everybody takes it to be.
pub(crate) fn is_plain(field: &FieldValue) -> bool {
    field.field == Field::RegisteredPrecision.name() && field.values.0 == ["day"]
}

/// All countries with their names in alphabetical order, Canada first.
pub(crate) fn countries(lang: Lang) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = Country::all().map(|it| (it.alpha3(), it.name(lang))).collect();
    // The few accents that names begin with, so that É stands with E.
    let key =
        |name: &str| name.replace('É', "E").replace('Î', "I").replace('Å', "A").to_lowercase();
    all.sort_by_key(|(code, name)| (*code != "CAN", key(name)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_one_place_but_those_with_a_page_of_their_own() {
        for field in Field::ALL {
            let n_places =
                SECTIONS.iter().flat_map(Section::fields).filter(|it| it == field).count();
            let has_own_page = matches!(field, Field::Person | Field::Steward);
            assert_eq!(n_places, usize::from(!has_own_page), "{}", field.name());
        }
    }

    #[test]
    fn countries_stand_in_order_in_both_languages() {
        let names: Vec<_> = countries(Lang::Fr).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names.first(), Some(&"Canada"));
        let at = |name: &str| names.iter().position(|it| it.starts_with(name));
        assert!(at("Égypte") < at("Espagne") && at("Espagne") < at("France"));
    }
}
