//! What happened to a referral, in sentences, and what is waited for next.

use std::collections::BTreeMap;

use entente_node::local::doc::{Named, ReferralRow, ReferralStep, ReferralTold};

use super::words::said;
use crate::page::Page;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happened<'a> {
    /// When: an instant.
    pub(super) at: &'a str,
    /// The sentence, up to the names.
    pub(super) before: &'static str,
    /// The partners that are named, each with what stands before it.
    pub(super) names: Vec<(&'static str, &'a str)>,
    /// The sentence from there on, with a barrier or an outcome.
    pub(super) after: String,
    /// Who of ours did it; blank for a partner and for the node.
    pub(super) by: &'a str,
}

/// The timeline, the oldest first. What is said to partners because of something is one thing with it. `staff`
/// has the names that people read, by account.
pub(super) fn happened<'a>(
    p: &Page,
    told: &'a ReferralTold,
    staff: &'a BTreeMap<String, String>,
) -> Vec<Happened<'a>> {
    let mut all: Vec<(&ReferralStep, Vec<&ReferralStep>)> = Vec::new();
    for step in &told.timeline {
        match all.last_mut() {
            Some((first, rest)) if follows(first, step) => rest.push(step),
            _ => all.push((step, Vec::new())),
        }
    }
    let one = |(first, rest): (&'a ReferralStep, Vec<&'a ReferralStep>)| {
        let steps = std::iter::once(first).chain(rest);
        let mut partners: Vec<&Named> = steps.filter_map(|step| step.partner.as_ref()).collect();
        if first.partner.is_some() {
            partners.truncate(1);
        }
        let (en, fr) = words(&told.referral, first);
        let sentence = p.t(en, fr);
        let (before, after) = sentence.split_once("{}").unwrap_or((sentence, ""));
        if before.len() == sentence.len() {
            partners.clear();
        }
        let by = staff.get(&first.by).unwrap_or(&first.by);
        let after = format!("{after}{}", detail(p, &first.detail));
        Happened { at: &first.at, before, names: joined(p, &partners), after, by }
    };
    all.into_iter().map(one).collect()
}

/// Whether a step is what is said to partners because of the one before.
fn follows(first: &ReferralStep, next: &ReferralStep) -> bool {
    matches!(
        (first.code.as_str(), next.code.as_str()),
        ("offered", "offered_to")
            | ("accepted", "won" | "taken")
            | ("handed_over", "handed_over_to")
            | ("closed", "done")
            | ("withdrawn" | "taken_back", "revoked")
            | ("expired", "expired")
    )
}

fn joined<'a>(p: &Page, partners: &[&'a Named]) -> Vec<(&'static str, &'a str)> {
    let before = |at: usize| match at {
        0 => "",
        _ if at + 1 == partners.len() => p.t(" and ", " et "),
        _ => ", ",
    };
    partners.iter().enumerate().map(|(at, it)| (before(at), said(p, &it.name))).collect()
}

/// A barrier or an outcome behind a sentence; blank if there is none.
fn detail(p: &Page, code: &str) -> String {
    let labels = ["referral_outcome", "barrier"].map(|list| p.label(list, code));
    let label = labels.into_iter().find(|label| label != code);
    label.map(|label| format!("{}{label}", p.lang.pick(": ", "\u{a0}: "))).unwrap_or_default()
}

/// What happened, in both languages, with `{}` for the partners.
fn words(row: &ReferralRow, step: &ReferralStep) -> (&'static str, &'static str) {
    match (row.ours, step.code.as_str()) {
        (_, "created") => ("The referral was made", "L’aiguillage a été créé"),
        (true, "offered" | "offered_to") => ("Sent to {}", "Envoyé à {}"),
        (true, "accepted") => ("{} accepted it", "{} l’a accepté"),
        (true, "won") => ("{} has it", "{} l’a obtenu"),
        (true, "taken") => {
            ("{} was told that another has it", "{} sait qu’un autre organisme l’a obtenu")
        }
        (true, "declined") => ("{} declined it", "{} l’a refusé"),
        (true, "taken_back") => ("The offer to {} was taken back", "L’offre à {} a été reprise"),
        (true, "handed_over" | "handed_over_to") => {
            ("Contact details handed over to {}", "Coordonnées transmises à {}")
        }
        (true, "delivered") => {
            ("The contact details reached {}", "Les coordonnées sont arrivées chez {}")
        }
        (true, "opened") => ("{} opened the contact details", "{} a ouvert les coordonnées"),
        (true, "in_service") => ("{} has begun the service", "{} a commencé le service"),
        (true, "closed") if step.partner.is_some() => ("{} closed it", "{} l’a fermé"),
        (true, "done") => ("It is closed", "Il est fermé"),
        (true, "withdrawn") if row.step == "expired" => {
            ("We took it off the list", "Nous l’avons retiré de la liste")
        }
        (true, "withdrawn") => ("We withdrew it", "Nous l’avons retiré"),
        (true, "revoked") => ("{} was told that it is withdrawn", "{} sait qu’il est retiré"),
        (true, "expired") => ("Nobody answered in time", "Personne n’a répondu à temps"),
        (false, "offered") => ("{} asked us", "{} nous a sollicités"),
        (false, "accepting") => ("We accepted it", "Nous l’avons accepté"),
        (false, "won") => ("{} gave it to us", "{} nous l’a confié"),
        (false, "taken") => {
            ("Another organization was first", "Un autre organisme a été plus rapide")
        }
        (false, "declined") => ("We declined it", "Nous l’avons refusé"),
        (false, "revoked") => ("{} withdrew it", "{} l’a retiré"),
        (false, "expired") => ("The time to answer ran out", "Le délai de réponse est passé"),
        (false, "handed_over") => {
            ("{} handed over the contact details", "{} a transmis les coordonnées")
        }
        (false, "opened") => {
            ("The contact details were opened", "Les coordonnées ont été ouvertes")
        }
        (false, "in_service") => ("The service has begun", "Le service a commencé"),
        (false, "done") => ("{} has noted that it is closed", "{} a pris acte de la fermeture"),
        (_, "closed" | "closing") => ("We closed it", "Nous l’avons fermé"),
        (_, "reminded") => ("A reminder went out", "Un rappel est parti"),
        (_, "overdue") => ("The planned time ran out", "Le délai prévu est dépassé"),
        _ => ("Something happened", "Il y a eu du nouveau"),
    }
}

/// What is waited for now, and until when if there is a time for it; nothing where it is over.
pub(super) fn next(p: &Page, row: &ReferralRow) -> Option<String> {
    let (en, fr) = match (row.ours, row.step.as_str()) {
        (true, "created") => {
            ("Waits for somebody to be asked", "Attend que quelqu’un soit sollicité")
        }
        (true, "offered") => ("Waits for their answer", "Attend leur réponse"),
        (true, "unmet") => {
            ("Waits for others to be asked", "Attend que d’autres soient sollicités")
        }
        (true, "accepted") => (
            "Waits for us to hand over the contact details",
            "Attend que nous transmettions les coordonnées",
        ),
        (true, "handed_over" | "delivered") => (
            "Waits for them to open the contact details",
            "Attend que l’organisme ouvre les coordonnées",
        ),
        (true, "opened" | "in_service") => {
            ("Waits for what came of it", "Attend le résultat du service")
        }
        (false, "offered") => ("Waits for our answer", "Attend notre réponse"),
        (false, "accepting") => ("Waits for their decision", "Attend leur décision"),
        (false, "accepted") => {
            ("Waits for the contact details from them", "Attend les coordonnées de leur part")
        }
        (false, "handed_over") => {
            ("Waits for us to open the contact details", "Attend que nous ouvrions les coordonnées")
        }
        (false, "opened") => ("Waits for the service to begin", "Attend le début du service"),
        (false, "in_service") => {
            ("Waits for us to say what came of it", "Attend que nous indiquions le résultat")
        }
        (false, "closing") => ("Waits for their confirmation", "Attend leur confirmation"),
        _ => return None,
    };
    let text = p.t(en, fr);
    let until = |at: &String| format!("{text} {} {}", p.t("until", "jusqu’au"), p.at(at));
    Some(match (&row.due, &row.expires) {
        // An answer is due some time before the offer lapses, and the panel counts down to the first.
        (Some(due), Some(lapses)) if row.step == "offered" => {
            let lapse = p.t("the offer lapses on", "l’offre devient caduque le");
            format!("{}; {lapse} {}", until(due), p.at(lapses))
        }
        (due, lapses) => lapses.as_ref().or(due.as_ref()).map_or_else(|| text.to_owned(), until),
    })
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;
    use entente_node::fault::Both;

    use super::*;
    use crate::page::test_page;

    fn named(en: &str) -> Named {
        Named { id: en.to_owned(), name: Both::new(en, en) }
    }

    fn step(code: &str, partner: Option<&str>, by: &str, detail: &str) -> ReferralStep {
        ReferralStep {
            at: "2026-11-22T14:03:00Z".to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
            partner: partner.map(named),
            by: by.to_owned(),
            ours: !by.is_empty(),
            hash: None,
        }
    }

    fn told(ours: bool, at: &str, timeline: Vec<ReferralStep>) -> ReferralTold {
        let referral = ReferralRow {
            id: "0".repeat(32),
            home: named("House"),
            ours,
            record: None,
            on_behalf_of: None,
            step: at.to_owned(),
            status: None,
            outcome: None,
            barrier: None,
            needs: Vec::new(),
            urgency: None,
            area: None,
            with: None,
            asked: 0,
            since: String::new(),
            due: None,
            expires: Some("2026-11-23T14:03:00Z".to_owned()),
            overdue: false,
        };
        ReferralTold {
            done: false,
            referral,
            card: None,
            duties: Vec::new(),
            offers: Vec::new(),
            matches: Vec::new(),
            handovers: Vec::new(),
            timeline,
        }
    }

    fn sentences(lang: Lang, told: &ReferralTold) -> Vec<String> {
        let staff = BTreeMap::from([("lea".to_owned(), "Léa Tremblay".to_owned())]);
        let all = happened(&test_page(lang), told, &staff);
        let sentence = |it: &Happened<'_>| {
            let names: String =
                it.names.iter().map(|(before, name)| format!("{before}{name}")).collect();
            format!("{}{names}{} / {}", it.before, it.after, it.by)
        };
        all.iter().map(sentence).collect()
    }

    #[test]
    fn what_happened_at_once_is_one_sentence_with_the_names_that_people_read() {
        let told = told(
            true,
            "done",
            vec![
                step("created", None, "lea", ""),
                step("offered", None, "lea", ""),
                step("offered_to", Some("Prairie Office"), "lea", ""),
                step("offered_to", Some("Harbour House"), "lea", ""),
                step("accepted", Some("Prairie Office"), "", ""),
                step("won", Some("Prairie Office"), "", ""),
                step("taken", Some("Harbour House"), "", ""),
                step("closed", Some("Prairie Office"), "", "provided"),
                step("done", Some("Prairie Office"), "", ""),
            ],
        );
        assert_eq!(
            sentences(Lang::En, &told),
            [
                "The referral was made / Léa Tremblay",
                "Sent to Prairie Office and Harbour House / Léa Tremblay",
                "Prairie Office accepted it / ",
                "Prairie Office closed it: Service provided / ",
            ]
        );
        assert_eq!(
            sentences(Lang::Fr, &told)[1..3],
            [
                "Envoyé à Prairie Office et Harbour House / Léa Tremblay".to_owned(),
                "Prairie Office l’a accepté / ".to_owned(),
            ]
        );
        assert_eq!(next(&test_page(Lang::En), &told.referral), None);
    }

    #[test]
    fn whoever_was_asked_reads_what_they_did_and_what_is_waited_for() {
        let told = told(
            false,
            "accepting",
            vec![
                step("offered", Some("House"), "", ""),
                step("accepting", Some("House"), "omar", ""),
            ],
        );
        assert_eq!(sentences(Lang::En, &told), ["House asked us / ", "We accepted it / omar"]);
        let next = next(&test_page(Lang::En), &told.referral).unwrap();
        assert!(next.starts_with("Waits for their decision until November"), "{next}");
    }

    #[test]
    fn an_answer_is_waited_for_until_it_is_due_and_that_the_offer_lapses_later_is_said_apart() {
        let mut told = told(false, "offered", Vec::new());
        let (due, lapses) = ("2026-11-22T18:16:00Z", "2026-11-22T21:16:00Z");
        told.referral.due = Some(due.to_owned());
        told.referral.expires = Some(lapses.to_owned());
        let p = test_page(Lang::En);
        assert_eq!(
            next(&p, &told.referral).unwrap(),
            format!(
                "Waits for our answer until {}; the offer lapses on {}",
                p.at(due),
                p.at(lapses)
            )
        );
        let p = test_page(Lang::Fr);
        assert_eq!(
            next(&p, &told.referral).unwrap(),
            format!(
                "Attend notre réponse jusqu’au {}; l’offre devient caduque le {}",
                p.at(due),
                p.at(lapses)
            )
        );
    }
}
