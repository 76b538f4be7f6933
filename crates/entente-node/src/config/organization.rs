//! What the organization says about itself to partners: who it is, and what it does.

use entente_core::codes::{Code as _, Pillar, Set};
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_proto::About;
use serde::{Deserialize, Serialize};

/// What the organization says about itself to partners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its name in English.
    pub name_en: String,
    /// Its name in French.
    pub name_fr: String,
    /// Its kind, a code of the list `org_type`.
    pub kind: String,
    /// Its role: codes of the list `pillar`.
    #[serde(default)]
    pub role: Vec<String>,
    /// The languages in which it serves people: tags of BCP 47.
    #[serde(default)]
    pub languages: Vec<String>,
    /// What it is there for, in English. Empty if it does not say.
    #[serde(default)]
    pub mandate_en: String,
    /// The same in French.
    #[serde(default)]
    pub mandate_fr: String,
    /// What it answers for, in English. Empty if it does not say.
    #[serde(default)]
    pub responsibilities_en: String,
    /// The same in French.
    #[serde(default)]
    pub responsibilities_fr: String,
}

/// What the organization says of what it does cannot be told to partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAbout {
    /// A role that is no code.
    #[error("organization.role must be codes of `pillar`")]
    Role,
    /// A language that is none, one twice, or too many.
    #[error("organization.languages must be at most 32 tags like `fr`, each once")]
    Languages,
    /// The mandate.
    #[error(
        "organization.mandate_en and mandate_fr must be one line each, of at most 500 characters, or both empty"
    )]
    Mandate,
    /// The responsibilities.
    #[error(
        "organization.responsibilities_en and responsibilities_fr must be one line each, of at most 500 characters, or both empty"
    )]
    Responsibilities,
}

impl Organization {
    /// What it does, as partners are told.
    pub fn about(&self) -> Result<About, BadAbout> {
        let role = self.role.iter().map(|code| Pillar::parse(code));
        let languages = self.languages.iter().map(|tag| Language::new(tag));
        let text = |en: &String, fr: &String| Text::new(en.trim(), fr.trim());
        let about = About {
            role: role.collect::<Result<Set<_>, _>>().map_err(|_| BadAbout::Role)?,
            languages: languages.collect::<Result<_, _>>().map_err(|_| BadAbout::Languages)?,
            mandate: text(&self.mandate_en, &self.mandate_fr),
            responsibilities: text(&self.responsibilities_en, &self.responsibilities_fr),
        };
        about.checked().map_err(|invalid| match invalid.field {
            "mandate" => BadAbout::Mandate,
            "responsibilities" => BadAbout::Responsibilities,
            "role" => BadAbout::Role,
            _ => BadAbout::Languages,
        })
    }
}
