//! Screening: signs that a person may be trafficked, and what they suggest.
//!
//! A suggestion is one of two: "possible victim", or "ask further". It never says "actual", which
//! an authority decides, and never "not a victim", since the absence of signs proves nothing. It
//! is shown beside its reasons and a caution, and is never stored as the status.
//!
//! The weights follow the ILO's *Indicators of Forced Labour* (2012): one of its eleven may in
//! some cases be enough, others have to be looked at together. That four signs count only in
//! pairs is our own, cautious choice.

use crate::codes::{Code, Indicator, Set, Status};
use crate::lang::Lang;

/// What the signs of a case suggest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The status to consider; `None` if the signs suggest only to ask further.
    pub status: Option<Status>,
    /// The signs it rests on.
    pub reasons: Set<Indicator>,
    /// Whether the person may be a child, who needs no means and has protection of its own.
    pub is_about_a_minor: bool,
}

/// What `indicators` suggest; `None` if there are none, which suggests nothing.
pub fn suggest(indicators: Set<Indicator>) -> Option<Suggestion> {
    if indicators.is_empty() {
        return None;
    }
    let is_enough = indicators.len() >= 2 || !indicators.iter().any(counts_only_with_another);
    Some(Suggestion {
        status: is_enough.then_some(Status::Possible),
        reasons: indicators,
        is_about_a_minor: indicators.contains(Indicator::MinorInCommercialSex),
    })
}

impl Suggestion {
    /// The suggestion and its reasons, in a sentence or two.
    pub fn text(&self, lang: Lang) -> String {
        let reasons = self.reasons.labels(lang);
        let mut text = match (self.status, lang) {
            (Some(status), Lang::En) => {
                format!("Consider “{}”. Signs recorded: {reasons}.", status.label(lang))
            }
            (Some(status), Lang::Fr) => {
                format!(
                    "Envisager «\u{a0}{}\u{a0}». Signes relevés\u{a0}: {reasons}.",
                    status.label(lang)
                )
            }
            (None, Lang::En) => format!("Ask further: {reasons} alone suggests no status."),
            (None, Lang::Fr) => {
                format!(
                    "Poursuivre l’entrevue\u{a0}: {reasons} ne suggère aucun statut à lui seul."
                )
            }
        };
        if self.is_about_a_minor {
            text.push_str(lang.pick(
                " The person may be a child: child protection law applies.",
                " La personne est peut-être mineure\u{a0}: les lois sur la protection de l’enfance s’appliquent.",
            ));
        }
        text
    }

    /// What must be read beside every suggestion.
    pub fn caution(lang: Lang) -> &'static str {
        lang.pick(
            "Signs suggest; they never decide. A trained person decides with the person concerned. \
             No sign recorded does not mean that nothing happened.",
            "Les signes suggèrent; ils ne décident jamais. Une personne formée décide, avec la \
             personne concernée. L’absence de signes ne veut pas dire qu’il ne s’est rien passé.",
        )
    }
}

/// Signs that have many innocent causes.
fn counts_only_with_another(indicator: Indicator) -> bool {
    matches!(
        indicator,
        Indicator::ControlledByOther
            | Indicator::NoAccessToEarnings
            | Indicator::FearOfAuthorities
            | Indicator::MovedOften
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Set<Indicator> {
        Set::parse(text).unwrap()
    }

    #[test]
    fn no_signs_suggest_nothing_at_all() {
        assert_eq!(suggest(Set::EMPTY), None);
    }

    #[test]
    fn one_strong_sign_is_enough_and_one_weak_sign_is_not() {
        let status = |text| suggest(of(text)).unwrap().status;
        assert_eq!(status("debt_bondage"), Some(Status::Possible));
        assert_eq!(status("moved_often"), None);
        assert_eq!(status("moved_often;fear_of_authorities"), Some(Status::Possible));
    }

    #[test]
    fn a_child_is_pointed_out() {
        let suggestion = suggest(of("minor_in_commercial_sex")).unwrap();
        assert!(suggestion.is_about_a_minor);
        assert!(suggestion.text(Lang::En).contains("child protection"));
        assert!(suggestion.text(Lang::Fr).contains("protection de l’enfance"));
    }

    proptest! {
        #[test]
        fn no_signs_whatever_decide_a_status(bits in 1_u32..(1 << Indicator::ALL.len())) {
            let indicators = Set::from_bits(bits).unwrap();
            let suggestion = suggest(indicators).unwrap();
            prop_assert!(matches!(suggestion.status, None | Some(Status::Possible)));
            prop_assert_eq!(suggestion.reasons, indicators);
        }
    }
}
