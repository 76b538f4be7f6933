//! What a field takes, and why a text was refused: never with the text itself, which may be a name.

use super::Field;
use crate::lang::Lang;

/// The longest list of which every word is told.
const TOLD_WHOLE: usize = 12;

/// What a form or a column for a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One code of the list with this name.
    Code(&'static str),
    /// Any codes of the list with this name, separated by `;`.
    Codes(&'static str),
    /// `yes` or `no`.
    YesNo,
    /// A whole number from 0 to this.
    Number(u8),
    /// A date, `2025-06-30`.
    Date,
    /// One country, by its alpha-2 or alpha-3 code.
    Country,
    /// Up to so many countries, separated by `;`.
    Countries(usize),
    /// One line of up to so many characters.
    Line(usize),
    /// Up to `n` lines of up to `max` characters, separated by `;`.
    Lines {
        /// How many.
        n: usize,
        /// Characters of each.
        max: usize,
    },
    /// Several lines of text, up to so many characters.
    Prose(usize),
    /// Up to so many BCP 47 language tags, separated by `;`.
    Languages(usize),
    /// The id of an organization, 64 hex digits.
    Organization,
    /// The id of a person within this organization, a UUID.
    Person,
}

/// Why a text cannot be the value of a field. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The field must have a value.
    Required,
    /// Not a code of this list.
    UnknownCode(&'static str),
    /// Neither yes nor no.
    NotYesNo,
    /// Not a whole number from 0 to this.
    NotANumberUpTo(u8),
    /// Not a date, or not between the years 1900 and 2199.
    NotADate,
    /// Not a country's code.
    UnknownCountry,
    /// More than so many characters.
    TooLong(usize),
    /// More than so many values.
    TooMany(usize),
    /// A control character.
    ControlCharacter,
    /// Not a language tag.
    NotALanguage,
    /// Not the id of an organization.
    NotAnOrganization,
    /// Not the id of a person.
    NotAPerson,
}

impl Reason {
    /// A stable code for files and `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnknownCode(_) => "unknown_code",
            Self::NotYesNo => "not_yes_no",
            Self::NotANumberUpTo(_) => "not_a_number_in_range",
            Self::NotADate => "not_a_date",
            Self::UnknownCountry => "unknown_country",
            Self::TooLong(_) => "too_long",
            Self::TooMany(_) => "too_many",
            Self::ControlCharacter => "control_character",
            Self::NotALanguage => "not_a_language",
            Self::NotAnOrganization => "not_an_organization",
            Self::NotAPerson => "not_a_person",
        }
    }

    /// What is wrong, in words.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        match self {
            Self::Required => pick("a value is required", "une valeur est obligatoire"),
            Self::UnknownCode(list) => unknown_code(list, lang),
            Self::NotYesNo => pick("must be yes or no", "doit être oui ou non"),
            Self::NotANumberUpTo(max) => match lang {
                Lang::En => format!("must be a whole number from 0 to {max}"),
                Lang::Fr => format!("doit être un nombre entier de 0 à {max}"),
            },
            Self::NotADate => pick(
                "must be a date such as 2025-06-30, from 1900 to 2199",
                "doit être une date comme 2025-06-30, de 1900 à 2199",
            ),
            Self::UnknownCountry => pick(
                "must be an ISO 3166-1 country code such as CA or CAN",
                "doit être un code de pays ISO 3166-1 comme CA ou CAN",
            ),
            Self::TooLong(max) => match lang {
                Lang::En => format!("longer than {max} characters"),
                Lang::Fr => format!("plus de {max} caractères"),
            },
            Self::TooMany(max) => match lang {
                Lang::En => format!("more than {max} values"),
                Lang::Fr => format!("plus de {max} valeurs"),
            },
            Self::ControlCharacter => {
                pick("holds a control character", "contient un caractère de commande")
            }
            Self::NotALanguage => pick(
                "must be a language tag such as en, fr or oj",
                "doit être un code de langue comme en, fr ou oj",
            ),
            Self::NotAnOrganization => pick(
                "must be the id of an organization (64 hex digits)",
                "doit être l’identifiant d’un organisme (64 chiffres hexadécimaux)",
            ),
            Self::NotAPerson => pick(
                "must be the id of a person (a UUID)",
                "doit être l’identifiant d’une personne (un UUID)",
            ),
        }
    }
}

/// Short lists are told whole, by their labels: those are accepted as well as the codes.
fn unknown_code(list: &str, lang: Lang) -> String {
    let is_it = |field: &&Field| match field.kind() {
        Kind::Code(known) | Kind::Codes(known) => known == list,
        _ => false,
    };
    let field = Field::ALL.iter().find(is_it);
    let labels: Vec<_> = field
        .map(|field| field.choices(lang))
        .unwrap_or_default()
        .into_iter()
        .map(|(_, label)| label)
        .collect();
    if labels.is_empty() || labels.len() > TOLD_WHOLE {
        return match lang {
            Lang::En => format!("not one of the accepted words: see the list `{list}`"),
            Lang::Fr => format!("ne figure pas parmi les mots acceptés : voir la liste `{list}`"),
        };
    }
    // A label may have a comma.
    let accepted = labels.join("; ");
    match lang {
        Lang::En => {
            format!("not one of the accepted words. Accepted: {accepted} (list `{list}`)")
        }
        Lang::Fr => {
            format!("ne figure pas parmi les mots acceptés. Acceptés : {accepted} (liste `{list}`)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_list_is_told_whole_and_a_long_one_is_named() {
        let said = Reason::UnknownCode("gender").text(Lang::En);
        for (_, label) in Field::Gender.choices(Lang::En) {
            assert!(said.contains(label), "{said}");
        }
        assert!(
            said.starts_with("not one of the accepted words. Accepted: ")
                && said.contains("`gender`")
        );
        let long = Reason::UnknownCode("province").text(Lang::Fr);
        assert!(long.ends_with("voir la liste `province`"), "{long}");
        // No field holds it.
        assert!(Reason::UnknownCode("nothing").text(Lang::En).ends_with("the list `nothing`"));
    }
}
