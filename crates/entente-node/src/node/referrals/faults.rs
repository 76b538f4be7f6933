//! What people are told when a referral cannot go on.

use entente_core::lang::Lang;
use entente_core::policy::Denied;
use entente_core::referral::{CardProblem, Refused};

use crate::fault::Fault;

pub(super) fn unknown_referral() -> Box<Fault> {
    Fault::new(
        2301,
        ("There is no such referral.", "Cet aiguillage n’existe pas."),
        (
            "List them: `entente referral list`, and those from partners: `entente referral inbox`.",
            "Affichez la liste\u{a0}: `entente referral list`; ceux des partenaires\u{a0}: `entente referral inbox`.",
        ),
    )
}

pub(super) fn several_referrals() -> Box<Fault> {
    Fault::new(
        2302,
        ("Several referrals match.", "Plusieurs aiguillages correspondent."),
        (
            "Give more of its name, or whose it is too: `entente referral show REFERRAL@ORGANIZATION`.",
            "Donnez une plus grande partie du nom, ou aussi l’organisme\u{a0}: `entente referral show AIGUILLAGE@ORGANISME`.",
        ),
    )
}

pub(super) fn bad_card(problem: CardProblem) -> Box<Fault> {
    Fault::new(
        2303,
        (
            "The need card cannot be used like this.",
            "La fiche de besoins ne peut pas être utilisée ainsi.",
        ),
        (
            "Name the needs in order: `entente referral create RECORD --need NEED`.",
            "Indiquez les besoins par ordre\u{a0}: `entente referral create DOSSIER --need BESOIN`.",
        ),
    )
    .because(problem.text(Lang::En), problem.text(Lang::Fr))
}

pub(super) fn no_consent_for_referral(en: String, fr: String) -> Box<Fault> {
    Fault::new(
        2304,
        (
            "No consent and no legal duty covers this referral.",
            "Aucun consentement ni aucune obligation légale ne vise cet aiguillage.",
        ),
        (
            "Ask the person, then enter it: `entente consent give RECORD --scope referral_need`.",
            "Demandez à la personne, puis consignez\u{a0}: `entente consent give DOSSIER --scope referral_need`.",
        ),
    )
    .because(en, fr)
}

pub(super) fn record_withdrawn() -> Box<Fault> {
    Fault::new(
        2305,
        ("The record was withdrawn.", "Le dossier a été retiré."),
        ("See it: `entente record show RECORD`.", "Voyez-le\u{a0}: `entente record show DOSSIER`."),
    )
}

/// Nothing was offered to anybody. Its reasons follow, by partner.
pub(super) fn not_offered() -> Box<Fault> {
    Fault::new(
        2306,
        ("The referral was offered to nobody.", "L’aiguillage n’a été offert à personne."),
        (
            "See who can be asked: `entente referral show REFERRAL`.",
            "Voyez à qui il peut être offert\u{a0}: `entente referral show AIGUILLAGE`.",
        ),
    )
}

pub(super) fn denied(fault: Box<Fault>, name: (&str, &str), denied: &Denied) -> Box<Fault> {
    denied.reasons().iter().fold(fault, |fault, reason| {
        fault.because(
            format!("{}: {}", name.0, reason.text(Lang::En)),
            format!("{}\u{a0}: {}", name.1, reason.text(Lang::Fr)),
        )
    })
}

/// The state machine says no.
pub(super) fn refused(refused: Refused) -> Box<Fault> {
    match refused {
        Refused::Taken => Fault::new(
            2307,
            (
                "Another organization has taken the referral.",
                "Un autre organisme a pris l’aiguillage.",
            ),
            (
                "Nothing is left to do; it is in `entente referral inbox --all`.",
                "Il n’y a plus rien à faire; il figure dans `entente referral inbox --all`.",
            ),
        ),
        Refused::Over => Fault::new(
            2308,
            ("The referral is over.", "L’aiguillage est terminé."),
            (
                "See what came of it: `entente referral show REFERRAL`.",
                "Voyez ce qu’il en est\u{a0}: `entente referral show AIGUILLAGE`.",
            ),
        ),
        Refused::Repeated | Refused::Contradiction => Fault::new(
            2309,
            ("That was done already.", "C’est déjà fait."),
            (
                "See where it stands: `entente referral show REFERRAL`.",
                "Voyez où il en est\u{a0}: `entente referral show AIGUILLAGE`.",
            ),
        ),
        Refused::NotYet | Refused::NotOffered => Fault::new(
            2310,
            ("The referral is not that far.", "L’aiguillage n’en est pas encore là."),
            (
                "See where it stands and whose turn it is: `entente referral show REFERRAL`.",
                "Voyez où il en est et à qui d’agir\u{a0}: `entente referral show AIGUILLAGE`.",
            ),
        ),
    }
}

pub(super) fn agreement_closed() -> Box<Fault> {
    Fault::new(
        2311,
        (
            "The agreement under which it was offered is not in force.",
            "L’entente en vertu de laquelle il a été offert n’est pas en vigueur.",
        ),
        (
            "See it: `entente agreement list`. Declining is always possible.",
            "Voyez-la\u{a0}: `entente agreement list`. Il est toujours possible de refuser.",
        ),
    )
}

pub(super) fn too_many_open() -> (String, String) {
    (
        format!("more than {} referrals would be open", super::MAX_OPEN_WITH_PARTNER),
        format!("plus de {} aiguillages seraient ouverts", super::MAX_OPEN_WITH_PARTNER),
    )
}
