//! Words for the codes of reasons, as they stand in reports, audit entries and partners' answers.
//!
//! The words are those of the core where it has them; a code that this version does not know is
//! shown as it is.

use entente_core::lang::Lang;
use entente_core::policy::Why;

use crate::fault::Both;
use crate::local::doc::Reason;

/// A reason by its code, with the clause that says so, if one does.
pub(in crate::answer) fn reason(code: &str, clause: &str) -> Reason {
    let clause = Some(clause.to_owned()).filter(|clause| !clause.is_empty());
    Reason { code: code.to_owned(), clause, text: words(code) }
}

/// The words for a code.
pub(in crate::answer) fn words(code: &str) -> Both {
    if let Some(why) = PLAIN.iter().find(|why| why.code() == code) {
        return Both::new(why.text(Lang::En), why.text(Lang::Fr));
    }
    let found = WORDS.iter().find(|(known, _, _)| *known == code);
    found.map_or_else(|| Both::new(code, code), |(_, en, fr)| Both::new(*en, *fr))
}

/// What the policy says without any particulars.
const PLAIN: [Why; 21] = [
    Why::NotSigned,
    Why::Suspended,
    Why::Superseded,
    Why::Ended,
    Why::NothingGranted,
    Why::SummariesNotGranted,
    Why::CountsNotGranted,
    Why::StatisticsNotGranted,
    Why::NoPurpose,
    Why::ConsentWithdrawn,
    Why::StewardMissing,
    Why::StewardRefused,
    Why::NotAVictim,
    Why::OutsideGeography,
    Why::AgeClassNotGranted,
    Why::ForbiddenForm,
    Why::ForbiddenIndigenous,
    Why::ForbiddenMinor,
    Why::AlreadyReleased,
    Why::PeriodTooFine,
    Why::PeriodNotClosed,
];

/// Code, English, French: reasons of which a report keeps no particulars, and those of a feed.
const WORDS: [(&str, &str, &str); 32] = [
    (
        "not_yet_in_force",
        "the agreement is not in force yet",
        "l’entente n’est pas encore en vigueur",
    ),
    ("expired", "the agreement has expired", "l’entente est expirée"),
    (
        "no_consent",
        "the person has not consented to all purposes",
        "la personne n’a pas consenti à toutes les fins",
    ),
    ("group_too_small", "too few persons look alike", "trop peu de personnes se ressemblent"),
    (
        "diversity_too_low",
        "those who look alike suffered the same",
        "les personnes qui se ressemblent ont subi la même chose",
    ),
    (
        "dimension_not_granted",
        "counts by this dimension are not granted",
        "les dénombrements selon cette dimension ne sont pas accordés",
    ),
    ("no_period", "the record has no usable date", "le dossier n’a pas de date utilisable"),
    ("no_agreement", "there is no agreement in force", "aucune entente n’est en vigueur"),
    (
        "unknown_dimension",
        "the partner does not know this dimension",
        "le partenaire ne connaît pas cette dimension",
    ),
    (
        "outside_frame",
        "the question does not fit the dimensions granted",
        "la question ne convient pas aux dimensions accordées",
    ),
    (
        "would_reveal",
        "the period was answered in another breakdown; both together could reveal somebody",
        "la période a déjà été ventilée autrement; les deux ensemble pourraient révéler quelqu’un",
    ),
    (
        "frame_too_large",
        "the agreement grants more dimensions than can be protected together",
        "l’entente accorde plus de dimensions qu’il n’est possible d’en protéger ensemble",
    ),
    (
        "other_dimensions",
        "the answer has other dimensions than the question",
        "la réponse a d’autres dimensions que la question",
    ),
    (
        "answer_not_valid",
        "the answer is not signed by the partner, or not for this question",
        "la réponse n’est pas signée par le partenaire, ou ne répond pas à cette question",
    ),
    ("partner_suspended", "the partnership is suspended", "le partenariat est suspendu"),
    ("quarantined", "the partner is in quarantine", "le partenaire est en quarantaine"),
    ("refused", "the partner’s node refused the call", "le nœud du partenaire a refusé l’appel"),
    (
        "other_version",
        "the partner speaks another version of the protocol",
        "le partenaire utilise une autre version du protocole",
    ),
    ("fork", "it signed two different histories", "il a signé deux historiques différents"),
    (
        "drawn_twice",
        "it signed two different figures for one release",
        "il a signé deux chiffres différents pour une même diffusion",
    ),
    (
        "done_twice",
        "it signed two different answers to one step of an overlap round",
        "il a signé deux réponses différentes à une même étape d’un recoupement",
    ),
    (
        "overlap_not_right",
        "the result of an overlap round that does not follow from what its parties signed",
        "le résultat d’un recoupement qui ne découle pas de ce que les parties ont signé",
    ),
    (
        "sum_end_not_right",
        "the word that a secure sum was given up, not signed by whoever leads it",
        "l’abandon d’une somme sécurisée, non attesté par qui la dirige",
    ),
    (
        "plan_of_others",
        "a release plan in which we or the sender have no part",
        "un plan de diffusion dans lequel nous ou l’expéditeur n’avons aucun rôle",
    ),
    (
        "too_many_plans",
        "it sent too many release plans that nobody here has signed",
        "il a envoyé trop de plans de diffusion que personne ici n’a signés",
    ),
    ("gap", "entries of its feed are missing", "des entrées de son fil manquent"),
    (
        "mismatch",
        "entries do not match what it signed",
        "des entrées ne correspondent pas à ce qu’il a signé",
    ),
    (
        "bad_checkpoint",
        "a checkpoint is not signed by it for this feed",
        "un point de contrôle n’est pas signé par lui pour ce fil",
    ),
    (
        "wrong_epoch",
        "its feed went back to an earlier epoch",
        "son fil est revenu à une période antérieure",
    ),
    (
        "out_of_bounds",
        "a batch is larger than the protocol allows",
        "un lot dépasse ce que permet le protocole",
    ),
    (
        "misplaced",
        "an entry speaks for somebody else or from another place",
        "une entrée parle pour autrui ou d’un autre endroit",
    ),
    ("taken_back", "a summary came that had been taken back", "un résumé déjà retiré est arrivé"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_policy_has_words() {
        for code in ["not_signed", "no_consent", "group_too_small", "expired", "would_reveal"] {
            let Both { en, fr } = words(code);
            assert!(en.contains(' ') && fr.contains(' ') && en != fr, "{code}");
        }
        assert_eq!(words("of_tomorrow").en, "of_tomorrow");
    }

    #[test]
    fn no_code_has_words_twice() {
        let plain = PLAIN.iter().map(|why| why.code());
        let codes: Vec<_> = plain.chain(WORDS.iter().map(|(code, _, _)| *code)).collect();
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
    }
}
