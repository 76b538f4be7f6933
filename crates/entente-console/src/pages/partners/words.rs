//! Words for where a partner or an agreement stands, and for who must act next.

use entente_core::lang::Lang;
use entente_node::local::doc::{AgreementStanding, PartnerRow, PartnerState, Step, Who};
use jiff::civil::Date;

use crate::page::Page;

/// A word and the tone of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// What a person reads.
    pub(crate) text: &'static str,
    /// `good`, `warn`, `bad`, `info`, or nothing.
    pub(crate) tone: &'static str,
}

/// All states, in the order in which a partnership goes through them.
pub(crate) const STATES: [PartnerState; 7] = [
    PartnerState::Invited,
    PartnerState::Connected,
    PartnerState::Verified,
    PartnerState::HalfSigned,
    PartnerState::Active,
    PartnerState::Suspended,
    PartnerState::Ended,
];

/// A state as it stands in an address.
pub(crate) fn code(state: PartnerState) -> &'static str {
    match state {
        PartnerState::Invited => "invited",
        PartnerState::Connected => "connected",
        PartnerState::Verified => "verified",
        PartnerState::HalfSigned => "half_signed",
        PartnerState::Active => "active",
        PartnerState::Suspended => "suspended",
        PartnerState::Ended => "ended",
    }
}

/// Where a partnership stands.
pub(crate) fn state(state: PartnerState, lang: Lang) -> Word {
    let (text, tone) = match state {
        PartnerState::Invited => (lang.pick("invited", "invité"), "warn"),
        PartnerState::Connected => (lang.pick("connected", "connecté"), "warn"),
        PartnerState::Verified => (lang.pick("verified", "vérifié"), "info"),
        PartnerState::HalfSigned => (lang.pick("half signed", "signature attendue"), "info"),
        PartnerState::Active => (lang.pick("active", "actif"), "good"),
        PartnerState::Suspended => (lang.pick("suspended", "suspendu"), "bad"),
        PartnerState::Ended => (lang.pick("ended", "terminé"), ""),
    };
    Word { text, tone }
}

/// The same for a row: a quarantine is said before anything else.
pub(crate) fn partner(row: &PartnerRow, lang: Lang) -> Word {
    if row.quarantined {
        return Word { text: lang.pick("quarantined", "en quarantaine"), tone: "bad" };
    }
    state(row.state, lang)
}

/// Where an agreement stands.
pub(crate) fn agreement(standing: AgreementStanding, lang: Lang) -> Word {
    let (text, tone) = match standing {
        AgreementStanding::Draft => (lang.pick("draft", "ébauche"), ""),
        AgreementStanding::Proposed => (lang.pick("proposed", "proposée"), "warn"),
        AgreementStanding::HalfSigned => (lang.pick("half signed", "signature attendue"), "info"),
        AgreementStanding::Active => (lang.pick("in force", "en vigueur"), "good"),
        AgreementStanding::Suspended => (lang.pick("suspended", "suspendue"), "bad"),
        AgreementStanding::Amended => (lang.pick("replaced", "remplacée"), ""),
        AgreementStanding::Expired => (lang.pick("expired", "expirée"), "bad"),
        AgreementStanding::Ended => (lang.pick("ended", "terminée"), ""),
    };
    Word { text, tone }
}

/// All states of an agreement, those that matter first.
pub(crate) const STANDINGS: [AgreementStanding; 8] = [
    AgreementStanding::Active,
    AgreementStanding::Proposed,
    AgreementStanding::HalfSigned,
    AgreementStanding::Suspended,
    AgreementStanding::Expired,
    AgreementStanding::Amended,
    AgreementStanding::Ended,
    AgreementStanding::Draft,
];

/// The state of an agreement as it stands in an address.
pub(crate) fn agreement_code(standing: AgreementStanding) -> &'static str {
    match standing {
        AgreementStanding::Draft => "draft",
        AgreementStanding::Proposed => "proposed",
        AgreementStanding::HalfSigned => "half_signed",
        AgreementStanding::Active => "active",
        AgreementStanding::Suspended => "suspended",
        AgreementStanding::Amended => "amended",
        AgreementStanding::Expired => "expired",
        AgreementStanding::Ended => "ended",
    }
}

/// Who must act next.
pub(crate) fn who(who: Who, lang: Lang) -> Word {
    let (text, tone) = match who {
        Who::Us => (lang.pick("your turn", "à vous"), "info"),
        Who::Them => (lang.pick("their turn", "au partenaire"), "warn"),
        Who::Both => (lang.pick("either of you", "à l’un ou à l’autre"), "info"),
        Who::Nobody => (lang.pick("nothing to do", "rien à faire"), ""),
    };
    Word { text, tone }
}

/// Who must act next on a partner's row.
pub(crate) fn turn(row: &PartnerRow, lang: Lang) -> Word {
    match row.next_step {
        // Nobody must, and yet there is something to do.
        Step::Test => Word { text: lang.pick("when you like", "quand vous voulez"), tone: "" },
        _ => who(row.next_actor, lang),
    }
}

/// What is to be done next, in a sentence.
pub(crate) fn next(row: &PartnerRow, lang: Lang) -> &'static str {
    match row.next_step {
        Step::Nothing if row.state == PartnerState::Ended => lang.pick(
            "It is over. To work together again, begin with a new invitation.",
            "C’est terminé. Pour retravailler ensemble, il faut une nouvelle invitation.",
        ),
        Step::Nothing => {
            lang.pick("Everything goes as agreed.", "Tout se passe comme il a été convenu.")
        }
        step => step_text(row.next_actor, step, lang),
    }
}

/// What somebody has to do.
pub(crate) fn step_text(who: Who, step: Step, lang: Lang) -> &'static str {
    match (step, who) {
        (Step::Open, _) => lang.pick(
            "They have not opened the invitation yet.",
            "L’invitation n’a pas encore été ouverte.",
        ),
        (Step::Verify, Who::Us) => lang.pick(
            "They have typed your digits. Now type theirs.",
            "Vos chiffres ont été saisis. À vous de saisir les leurs.",
        ),
        (Step::Verify, Who::Them) => lang.pick(
            "You have typed their digits. They still have to type yours.",
            "Vous avez saisi leurs chiffres. Il leur reste à saisir les vôtres.",
        ),
        (Step::Verify, _) => lang.pick(
            "Call them on a number that you already knew, and check the digits.",
            "Appelez à un numéro que vous connaissiez déjà et vérifiez les chiffres.",
        ),
        (Step::Propose, _) => lang.pick(
            "One of you drafts an agreement. Without one, nothing is shared.",
            "L’un de vous rédige une entente. Sans entente, rien n’est communiqué.",
        ),
        (Step::Sign, Who::Us) => lang
            .pick("The agreement waits for your signature.", "L’entente attend votre signature."),
        (Step::Sign, Who::Them) => lang.pick(
            "The agreement waits for their signature.",
            "L’entente attend la signature du partenaire.",
        ),
        (Step::Sign, _) => {
            lang.pick("The agreement waits for signatures.", "L’entente attend d’être signée.")
        }
        (Step::Test, _) => lang.pick(
            "You can send a test share: a made-up case goes there and its receipt comes back.",
            "Vous pouvez faire un échange d’essai : un cas fictif part et son accusé revient.",
        ),
        (Step::Renew, _) => lang.pick(
            "The agreement ends soon. Propose its next version.",
            "L’entente prend bientôt fin. Proposez la version suivante.",
        ),
        (Step::Look, _) => lang.pick(
            "Nothing of theirs is accepted until somebody has looked at the evidence.",
            "Rien n’est accepté de leur part tant que personne n’a examiné la preuve.",
        ),
        (Step::Resume, Who::Us) => lang.pick(
            "You have suspended the exchange. It goes on when you resume.",
            "Vous avez suspendu l’échange. Il reprendra quand vous le rétablirez.",
        ),
        (Step::Resume, Who::Them) => lang.pick(
            "They have suspended the exchange. Ask them why.",
            "Le partenaire a suspendu l’échange. Demandez-lui pourquoi.",
        ),
        (Step::Resume, _) => lang.pick(
            "Both of you have suspended the exchange.",
            "L’échange est suspendu des deux côtés.",
        ),
        (Step::Nothing, _) => lang.pick("Nothing to do.", "Rien à faire."),
    }
}

/// How soon an agreement ends, if that is within 60 days: an officer is reminded at 60, 30 and 7.
pub(crate) fn ends_soon(p: &Page, today: Date, expires_on: &str) -> Option<(String, &'static str)> {
    let last: Date = expires_on.parse().ok()?;
    let days = today.until(last).ok()?.get_days();
    let tone = match days {
        i32::MIN..0 => return None,
        0..=7 => "bad",
        8..=30 => "warn",
        31..=60 => "info",
        _ => return None,
    };
    let left = u64::try_from(days).unwrap_or_default();
    let text = match left {
        0 => p.t("ends today", "prend fin aujourd’hui").to_owned(),
        _ => {
            let days = p.count(&left, &("day", "days"), &("jour", "jours"));
            format!("{} {days}", p.t("ends in", "prend fin dans"))
        }
    };
    Some((text, tone))
}

/// What an agreement lets pass in one direction.
pub(crate) fn tiers(tiers: &[String], lang: Lang) -> String {
    if tiers.is_empty() {
        return lang.pick("nothing", "rien").to_owned();
    }
    let name = |tier: &String| match tier.as_str() {
        "summaries" => lang.pick("summaries", "résumés").to_owned(),
        "counts" => lang.pick("counts", "dénombrements").to_owned(),
        "referrals" => lang.pick("referrals", "aiguillages").to_owned(),
        other => other.to_owned(),
    };
    tiers.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// An id in groups of four, to be compared by eye.
pub(crate) fn grouped(id: &str) -> String {
    let groups: Vec<_> = id.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// A text in English and in French.
type Pair = (&'static str, &'static str);

/// Templates of agreements: name, title, what it is for.
pub(crate) const TEMPLATES: [(&str, Pair, Pair); 3] = [
    (
        "ngo-province",
        (
            "A shelter or other organization, and a province",
            "Un refuge ou autre organisme, et une province",
        ),
        (
            "Few and coarse summaries, nothing about minors; referrals and services in both directions.",
            "Peu de résumés, très généralisés, rien sur les mineurs; aiguillages et services dans les deux sens.",
        ),
    ),
    (
        "province-federal",
        ("A province and the federal centre", "Une province et le centre fédéral"),
        (
            "Coarse summaries each quarter and exact counts, for statistics and evaluation.",
            "Des résumés généralisés chaque trimestre et des dénombrements exacts, à des fins statistiques et d’évaluation.",
        ),
    ),
    (
        "counts-only",
        ("Counts only", "Dénombrements seulement"),
        (
            "No case summary leaves, in neither direction.",
            "Aucun résumé de cas ne sort, dans aucun sens.",
        ),
    ),
];

/// The title of a template; its name if it is another one.
pub(crate) fn template(name: &str, lang: Lang) -> &str {
    let known = TEMPLATES.iter().find(|(known, ..)| *known == name);
    known.map_or(name, |(_, (en, fr), _)| lang.pick(*en, *fr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_as_it_stands_in_an_address() {
        for state in STATES {
            let text = format!("\"{}\"", code(state));
            assert_eq!(serde_json::from_str::<PartnerState>(&text).unwrap(), state);
        }
        for standing in STANDINGS {
            let text = format!("\"{}\"", agreement_code(standing));
            assert_eq!(serde_json::from_str::<AgreementStanding>(&text).unwrap(), standing);
        }
    }
}
