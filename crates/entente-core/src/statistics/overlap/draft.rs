//! Drafts: the TOML in which people write the terms of a round.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::identity::OrgId;
use crate::lang::{Lang, sentence};

use super::noise::Noise;
use super::round::{Round, Terms, TermsError};

/// Why a text is not the draft of a round.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// It is not TOML, or a key is unknown or missing. Says where.
    #[error("the draft cannot be read: {0}")]
    Toml(String),
    /// A value is not what its key needs.
    #[error("`{0}` has a value that it cannot have")]
    Value(&'static str),
    /// Everything could be read, and no round has such terms.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl DraftError {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        let text = match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::Toml(detail)) => {
                format!("impossible de lire l’ébauche\u{a0}: {detail}")
            }
            (Lang::Fr, Self::Value(place)) => {
                format!("la valeur de «\u{a0}{place}\u{a0}» est impossible")
            }
            (Lang::Fr, Self::Terms(error)) => error.text_fr().to_owned(),
        };
        sentence(&text)
    }
}

impl TermsError {
    /// The key of a draft that says what cannot be.
    pub fn place(self) -> &'static str {
        match self {
            Self::Lists | Self::Contributors => "lists",
            Self::TooManyPatterns => "per_list",
            Self::Capacity => "size",
            Self::NotThree | Self::TwoParts => "helpers",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> String {
        match lang {
            Lang::En => sentence(&self.to_string()),
            Lang::Fr => sentence(self.text_fr()),
        }
    }

    fn text_fr(self) -> &'static str {
        match self {
            Self::Lists => "il faut au moins deux listes, chacune avec son nom",
            Self::TooManyPatterns => {
                "trop de combinaisons\u{a0}: moins de listes, ou moins d’organismes par liste"
            }
            Self::Capacity => {
                "chaque contribution a au moins une entrée, et 262 144 au plus pour toutes ensemble"
            }
            Self::NotThree => "les deux mélangeurs et le coordonnateur sont trois organismes",
            Self::TwoParts => "les mélangeurs et le coordonnateur ne fournissent aucun dossier",
            Self::Contributors => {
                "chaque liste a des contributeurs, et chacun contribue une fois à une liste"
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    period: String,
    epsilon_milli: u32,
    per_list: u8,
    size: u32,
    earlier_rounds: u32,
    coordinator: String,
    helpers: [String; 2],
    lists: BTreeMap<String, Vec<String>>,
}

impl Round {
    /// Reads a draft.
    pub fn from_toml(draft: &str) -> Result<Self, DraftError> {
        let draft: Draft =
            toml::from_str(draft).map_err(|error| DraftError::Toml(error.to_string()))?;
        let org = |place, text: &String| text.parse().map_err(|_| DraftError::Value(place));
        let mut contributors = Vec::new();
        for (number, orgs) in (0_u8..).zip(draft.lists.values()) {
            for text in orgs {
                contributors.push((org("lists", text)?, number));
            }
        }
        let [first, second] = &draft.helpers;
        contributors.sort_unstable();
        let terms = Terms {
            period: draft.period.parse().map_err(|_| DraftError::Value("period"))?,
            lists: draft.lists.into_keys().collect(),
            per_list: draft.per_list,
            capacity: draft.size,
            noise: Noise::from_epsilon_milli(draft.epsilon_milli)
                .ok_or(DraftError::Value("epsilon_milli"))?,
            coordinator: org("coordinator", &draft.coordinator)?,
            helpers: [org("helpers", first)?, org("helpers", second)?],
            contributors,
            n_before: draft.earlier_rounds,
        };
        Ok(terms.check()?)
    }
}

/// The draft of terms, with comments in both languages. `name` says what an organization is called.
pub fn draft_toml(terms: &Terms, name: &dyn Fn(&OrgId) -> String) -> String {
    let comment = |org: &OrgId| name(org).replace(char::is_control, " ");
    let [first, second] = &terms.helpers;
    let mut toml = format!(
        "# Terms of an overlap round. Everybody named here signs them: `entente stats overlap sign`.\n\
         # Conditions d’un recoupement. Tous ceux qui y sont nommés les signent :\n\
         # « entente stats overlap sign ».\n\n\
         # Whom: those first identified in this year or quarter.\n\
         # Qui : les personnes identifiées pour la première fois durant cette période.\n\
         period = \"{}\"\n\n\
         # Noise, in thousandths of epsilon: 100 (most) to 2000 (least).\n\
         # Bruit, en millièmes d’epsilon : de 100 (le plus) à 2000 (le moins).\n\
         epsilon_milli = {}\n\n\
         # How many organizations of one list may know the same person.\n\
         # De combien d’organismes d’une liste une personne peut être connue.\n\
         per_list = {}\n\n\
         # Entries of every contribution: as many as whoever knows most persons needs.\n\
         # Entrées de chaque contribution : assez pour qui connaît le plus de personnes.\n\
         size = {}\n\n\
         # Rounds that were run before on the same persons. Each is paid anew.\n\
         # Recoupements déjà faits sur les mêmes personnes. Chacun se paie de nouveau.\n\
         earlier_rounds = {}\n\n\
         # Who counts, and who mixes, in this order: three organizations that contribute nobody.\n\
         # Qui compte, et qui mélange, dans cet ordre : trois organismes qui ne fournissent aucun dossier.\n\
         coordinator = \"{}\" # {}\n\
         helpers = [\n    \"{first}\", # {}\n    \"{second}\", # {}\n]\n\n\
         # Who contributes under which list.\n\
         # Qui contribue sous quelle liste.\n\
         [lists]\n",
        terms.period,
        terms.noise.epsilon_milli(),
        terms.per_list,
        terms.capacity,
        terms.n_before,
        terms.coordinator,
        comment(&terms.coordinator),
        comment(first),
        comment(second),
    );
    for (number, list) in (0_u8..).zip(&terms.lists) {
        let key = toml::Value::from(list.as_str());
        toml.push_str(&format!("{key} = [\n"));
        for (org, _) in terms.contributors.iter().filter(|(_, of)| *of == number) {
            toml.push_str(&format!("    \"{org}\", # {}\n", comment(org)));
        }
        toml.push_str("]\n");
    }
    toml
}

#[cfg(test)]
mod tests {
    use super::super::tests::terms;
    use super::*;

    /// As a draft has them: lists and contributors in order.
    fn sorted() -> Terms {
        let mut terms = terms();
        terms.lists = ["hotline", "police", "shelter"].map(str::to_owned).to_vec();
        terms.contributors.sort_unstable();
        terms
    }

    #[test]
    fn a_draft_is_read_as_it_was_written() {
        let written = draft_toml(&sorted(), &|_| "Somebody\nelse".to_owned());
        assert_eq!(Round::from_toml(&written).unwrap().terms(), &sorted());
    }

    #[test]
    fn what_cannot_be_is_said_in_both_languages() {
        let draft = draft_toml(&sorted(), &|_| String::new());
        let refused =
            |from: &str, to: &str| Round::from_toml(&draft.replace(from, to)).unwrap_err();
        assert_eq!(refused("\"2025\"", "\"2025-Q9\""), DraftError::Value("period"));
        assert_eq!(refused("= 500", "= 99"), DraftError::Value("epsilon_milli"));
        assert_eq!(refused("size = 80", "size = 0"), TermsError::Capacity.into());
        assert!(matches!(refused("per_list", "pre_list"), DraftError::Toml(_)));
        let error = refused("size = 80", "size = 0");
        assert!(
            error.text(Lang::En).starts_with("Contributions must")
                && error.text(Lang::En).ends_with("together.")
        );
        assert!(error.text(Lang::En).contains("262144") && error.text(Lang::Fr).contains("262"));
    }
}
