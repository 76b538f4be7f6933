//! What an organization does, as it tells partners: its role, mandate, responsibilities and languages.

use entente_core::codes::{Pillar, Set};
use entente_core::lang::Text;
use entente_core::record::Language;
use prost::Message as _;

use crate::canonical::Invalid;
use crate::parse::{nfc, optional_text, set, within};
use crate::v1;

/// Longest text of a mandate and of responsibilities, in characters, in each language.
pub const MAX_ABOUT_CHARS: usize = 500;

/// The most languages.
pub const MAX_ABOUT_LANGUAGES: usize = 32;

/// Longest tag of a language, in bytes (RFC 5646, section 4.4.1).
const MAX_TAG: usize = 35;

/// The most bytes of all of it: four texts of characters of four bytes, the languages, and what stands before each.
const MAX_ABOUT: usize = 4 * (4 * MAX_ABOUT_CHARS + 3) + MAX_ABOUT_LANGUAGES * (MAX_TAG + 2) + 2;

/// What an organization does, in its own words. Anything may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its role: what it works on.
    pub role: Set<Pillar>,
    /// The languages in which it serves people; ascending, each once.
    pub languages: Vec<Language>,
    /// What it is there for.
    pub mandate: Text,
    /// What it answers for.
    pub responsibilities: Text,
}

impl About {
    /// Puts it into the form in which it travels, or says which field partners would not take.
    pub fn checked(mut self) -> Result<Self, Invalid> {
        self.languages.sort();
        parse_about(about_message(&self))
    }
}

/// The message that says it.
pub fn about_message(about: &About) -> v1::About {
    let About { role, languages, mandate, responsibilities } = about;
    v1::About {
        role: role.bits(),
        languages: languages.iter().map(|it| it.to_string()).collect(),
        mandate_en: nfc(&mandate.en),
        mandate_fr: nfc(&mandate.fr),
        responsibilities_en: nfc(&responsibilities.en),
        responsibilities_fr: nfc(&responsibilities.fr),
    }
}

/// What a message says.
pub fn parse_about(message: v1::About) -> Result<About, Invalid> {
    let v1::About {
        role,
        languages,
        mandate_en,
        mandate_fr,
        responsibilities_en,
        responsibilities_fr,
    } = message;
    within("languages", languages.len(), 0..=MAX_ABOUT_LANGUAGES)?;
    if !languages.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::new("languages", "must be ascending, each once"));
    }
    let text = |field, en: String, fr: String| {
        let is_absent = en.is_empty() && fr.is_empty();
        let message = (!is_absent).then_some(v1::Text { en, fr });
        optional_text(field, message, MAX_ABOUT_CHARS)
    };
    Ok(About {
        role: set("role", role)?,
        languages: languages.iter().map(|tag| language(tag)).collect::<Result<_, _>>()?,
        mandate: text("mandate", mandate_en, mandate_fr)?,
        responsibilities: text("responsibilities", responsibilities_en, responsibilities_fr)?,
    })
}

/// The bytes of it, to be kept.
pub fn encode_about(about: &About) -> Vec<u8> {
    about_message(about).encode_to_vec()
}

/// What these bytes say.
pub fn decode_about(bytes: &[u8]) -> Result<About, Invalid> {
    within("about", bytes.len(), 0..=MAX_ABOUT)?;
    parse_about(crate::canonical(bytes)?)
}

fn language(tag: &str) -> Result<Language, Invalid> {
    within("languages", tag.len(), 1..=MAX_TAG)?;
    let language = Language::new(tag).ok().filter(|it| **it == *tag);
    language.ok_or(Invalid::new("languages", "must be tags of BCP 47 in their usual form"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any;

    fn about() -> About {
        About {
            role: Set::EMPTY.with(Pillar::Protection).with(Pillar::Partnership),
            languages: ["en", "fr", "iu-Cans-CA"].map(|it| Language::new(it).unwrap()).to_vec(),
            mandate: Text::new("Safe housing for women", "Un hébergement sûr pour femmes"),
            responsibilities: Text::default(),
        }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::About)) {
        let mut message = about_message(&about());
        change(&mut message);
        assert_eq!(parse_about(message).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_has_its_bound() {
        refused("role", |it| it.role = 1 << 5);
        refused("languages", |it| it.languages = vec!["fr".into(), "en".into()]);
        refused("languages", |it| it.languages = vec!["fr".into(), "fr".into()]);
        refused("languages", |it| it.languages = vec!["FR".into()]);
        refused("languages", |it| it.languages = vec!["Jean Tremblay".into()]);
        refused("languages", |it| it.languages = (10..43).map(|n| format!("x{n}")).collect());
        refused("mandate", |it| it.mandate_fr.clear());
        refused("mandate", |it| it.mandate_en = "a\nb".into());
        refused("mandate", |it| it.mandate_en = "a\u{202e}b".into());
        refused("mandate", |it| it.mandate_en = "é".repeat(MAX_ABOUT_CHARS + 1));
        refused("responsibilities", |it| it.responsibilities_en = "Beds".into());
        let mut message = about_message(&about());
        message.mandate_en = "é".repeat(MAX_ABOUT_CHARS);
        assert!(parse_about(message).is_ok());
    }

    #[test]
    fn what_was_typed_in_any_order_is_put_into_the_form_that_travels() {
        let mut typed = about();
        typed.languages.reverse();
        assert_eq!(typed.checked(), Ok(about()));
        assert_eq!(About::default().checked(), Ok(About::default()));
        let twice = About { languages: vec![Language::new("fr").unwrap(); 2], ..about() };
        assert_eq!(twice.checked().map_err(|it| it.field), Err("languages"));
    }

    #[test]
    fn the_longest_is_within_the_bound_of_all_of_it() {
        let text = Text::new("𐐀".repeat(MAX_ABOUT_CHARS), "𐐀".repeat(MAX_ABOUT_CHARS));
        let longest = About { mandate: text.clone(), responsibilities: text, ..about() };
        let bytes = encode_about(&longest);
        assert!(bytes.len() <= MAX_ABOUT);
        assert_eq!(decode_about(&bytes), Ok(longest));
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_is_written(mandate in any::text(), bits in 0_u32..32) {
            let it = About { role: Set::from_bits(bits).unwrap(), mandate, ..about() };
            prop_assert_eq!(decode_about(&encode_about(&it)), Ok(it));
        }
    }
}
