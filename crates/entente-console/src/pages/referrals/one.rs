//! One referral: where it stands, what can be done now, its card, who might take it, what happened.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    HandoverEntry, InboxAsk, MatchReasonRow, MatchRow, NeedCardRow, OpenerListAsk,
    ReferralInboxAsk, ReferralListAsk, ReferralRow, ReferralShowAsk, ReferralTold,
};
use entente_node::local::words as lists;

use serde::Deserialize;

use super::banner::Banner;
use super::progress::{self, Stage};
use super::timeline::{self, Happened};
use super::words::{self, Words};
use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// Somebody to ask: a partner, and its services that were ranked.
struct Candidate<'a> {
    best: &'a MatchRow,
    others: Vec<&'a MatchRow>,
    is_ticked: bool,
    // Nobody who may be asked ranks higher.
    is_best: bool,
    // Its service was found before, in the directory.
    is_found: bool,
}

#[derive(Template)]
#[template(path = "referrals/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    now_s: i64,
    told: &'a ReferralTold,
    fault: Option<&'a Fault>,
    candidates: Vec<Candidate<'a>>,
    // The service that was found before, if any, and whether it is not among them.
    found: &'a str,
    lacks_found: bool,
    // The names that people read, by account.
    staff: BTreeMap<String, String>,
    // Whether contact details could reach us.
    has_opener: bool,
    // For what tells that it has moved on.
    id: &'a str,
    path: String,
    has_moved: bool,
}

impl Words for OnePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl OnePage<'_> {
    /// What is shown above everything else.
    fn banner(&self) -> Banner {
        Banner::of(self.p, self.told.referral.ours, &self.told.referral.step)
    }

    fn row(&self) -> &ReferralRow {
        &self.told.referral
    }

    /// Whether it is ours or not, and at one of these steps.
    fn is(&self, ours: bool, steps: &[&str]) -> bool {
        let row = &self.told.referral;
        row.ours == ours && steps.contains(&row.step.as_str())
    }

    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        lists::list(list, self.p.lang).unwrap_or_default()
    }

    fn can_withdraw(&self) -> bool {
        let row = &self.told.referral;
        row.ours && !matches!(row.step.as_str(), "done" | "revoked" | "expired")
    }

    /// Whether it is one that nobody took in time, and that still stands on the list of those.
    fn is_lapsed(&self) -> bool {
        let row = &self.told.referral;
        let is_aside = self.told.timeline.iter().any(|entry| entry.code == "withdrawn");
        row.ours && row.step == "expired" && !is_aside
    }

    /// The card as rows: what, and in words.
    fn card_rows(&self, card: &NeedCardRow) -> Vec<(&'static str, String)> {
        card_rows(self.p, card)
    }

    /// What decides at a glance whether to take it on: tags, each with its tone.
    fn matters(&self, card: &NeedCardRow) -> Vec<(&'static str, String)> {
        let p = self.p;
        let needs = card.needs.iter().map(|need| ("", p.label("need", need)));
        let urgency = Some(card.urgency.clone());
        let urgency = (self.urgency_tone(&urgency), p.label_or_dash("urgency", &urgency));
        let age = match card.age.as_str() {
            "adult" => ("", p.t("Adult", "Personne adulte").to_owned()),
            "minor" => ("warn", format!("⚠\u{a0}{}", p.t("Minor", "Personne mineure"))),
            _ => ("warn", format!("⚠\u{a0}{}", p.t("Age not known", "Âge inconnu"))),
        };
        let language = card.language.iter().map(|tag| ("", words::language(p, tag)));
        let area = card.area.iter().map(|code| ("", words::area(p, code)));
        let label = |code: &String| format!("⚠\u{a0}{}", p.label("safety_flag", code));
        let safety = card.safety.iter().map(|code| ("bad", label(code)));
        needs.chain([urgency, age]).chain(language).chain(area).chain(safety).collect()
    }

    /// What became of contact details, in one line each.
    fn receipts(&self, entry: &HandoverEntry) -> Vec<(&'static str, String)> {
        receipts(self.p, entry)
    }

    /// How far it is.
    fn progress(&self) -> Vec<Stage> {
        progress::stages(self.p, self.told, &self.step(&self.told.referral.step))
    }

    fn happened(&self) -> Vec<Happened<'_>> {
        timeline::happened(self.p, self.told, &self.staff)
    }

    fn next(&self) -> Option<String> {
        timeline::next(self.p, &self.told.referral)
    }

    fn has_receipts(&self) -> bool {
        !self.told.handovers.is_empty()
    }

    fn points(&self, points: &Option<i32>) -> String {
        points.map_or_else(|| "✗".to_owned(), |points| format!("{points:+}"))
    }

    /// A reason in a few words: the tone of its tag, its sign, and what it says.
    fn reason(&self, reason: &MatchReasonRow) -> (&'static str, &'static str, String) {
        let (tone, sign) = match reason.points {
            Some(0) => ("", ""),
            Some(points) if points > 0 => ("good", "✓\u{a0}"),
            _ => ("warn", "⚠\u{a0}"),
        };
        (tone, sign, reason_words(self.p, self.told.card.as_ref(), reason))
    }

    /// Who alone is ticked, if nobody else may be asked.
    fn only(&self) -> Option<&str> {
        let mut all = self.candidates.iter().filter(|it| it.best.may_ask);
        let first = all.next().filter(|it| it.is_ticked)?;
        all.next().is_none().then(|| self.named(&first.best.partner))
    }
}

/// A reason for a rank in as few words as a tag has.
fn reason_words(p: &Page, card: Option<&NeedCardRow>, reason: &MatchReasonRow) -> String {
    let text = words::said(p, &reason.text);
    let area = card.and_then(|card| card.area.as_deref()).filter(|code| *code != "anywhere");
    let language = card.and_then(|card| card.language.as_deref());
    match (reason.code.as_str(), area, language) {
        // The need is what stands behind the colon.
        ("answers_need", ..) => text.rsplit_once(": ").map_or(text, |(_, need)| need).to_owned(),
        ("serves_area", Some(code), _) => {
            format!("{} {}", p.t("serves", "dessert\u{a0}:"), words::area(p, code))
        }
        ("speaks_language", _, Some(tag)) => words::language(p, tag),
        ("has_places", ..) => p.t("has room", "a de la place").to_owned(),
        ("open_now", ..) => p.t("open now", "ouvert en ce moment").to_owned(),
        ("closed_now", ..) => p.t("closed now", "fermé en ce moment").to_owned(),
        _ => text.to_owned(),
    }
}

/// A need card in words. What does not matter is left out.
pub(super) fn card_rows(p: &Page, card: &NeedCardRow) -> Vec<(&'static str, String)> {
    let one = |list: &str, code: &Option<String>| {
        code.as_ref().map(|code| p.label(list, code)).unwrap_or_default()
    };
    let but = |nothing: &str, list: &str, code: &str| {
        if code == nothing { String::new() } else { p.label(list, code) }
    };
    let yes = |it: bool| if it { p.t("Yes", "Oui").to_owned() } else { String::new() };
    let language = card.language.as_ref().map(|tag| words::language(p, tag)).unwrap_or_default();
    let rows = [
        (p.t("Needs", "Besoins"), p.labels("need", &card.needs)),
        (p.t("Urgency", "Urgence"), p.label("urgency", &card.urgency)),
        (p.t("Risk", "Risque"), but("unknown", "risk", &card.risk)),
        (p.t("Age group", "Groupe d’âge"), p.label("majority", &card.age)),
        (p.t("Gender", "Genre"), one("gender_shared", &card.gender)),
        (p.t("Language", "Langue"), language),
        (p.t("Interpreter needed", "Interprétation requise"), yes(card.interpreter)),
        (p.t("Where", "Où"), words::area(p, card.area.as_deref().unwrap_or_default())),
        (p.t("Accessibility", "Accessibilité"), p.labels("access_need", &card.access)),
        (p.t("Comes with", "Accompagnée de"), but("none", "dependants", &card.dependants)),
        (p.t("For safety", "Pour la sécurité"), p.labels("safety_flag", &card.safety)),
        (p.t("Immigration status", "Statut d’immigration"), one("status_group", &card.status)),
        (
            p.t("Indigenous service wanted", "Service autochtone souhaité"),
            yes(card.indigenous_service),
        ),
    ];
    rows.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// What is known of contact details that were handed over.
pub(super) fn receipts(p: &Page, entry: &HandoverEntry) -> Vec<(&'static str, String)> {
    let at = |instant: &Option<String>| instant.as_ref().map(|it| p.at(it)).unwrap_or_default();
    let opened = match (&entry.opened_at, &entry.opened_by) {
        (Some(at), Some(by)) => format!("{} · {by}", p.at(at)),
        (opened, _) => at(opened),
    };
    let kept = match (&entry.kept_until, &entry.destroyed_at) {
        (Some(until), None) => {
            format!("{} {}", p.t("at the latest", "au plus tard le"), p.at(until))
        }
        (None, None) => {
            let days = p.count(
                &entry.kept_days.into(),
                &("day after the referral is closed", "days after the referral is closed"),
                &(
                    "jour après la fermeture de l’aiguillage",
                    "jours après la fermeture de l’aiguillage",
                ),
            );
            format!("{days}{}", p.t("; at once if it is withdrawn", "; aussitôt s’il est retiré",))
        }
        _ => String::new(),
    };
    let came = if entry.sent { p.t("Handed over", "Transmises") } else { p.t("Came", "Reçues") };
    let rows = [
        (came, p.at(&entry.at)),
        (p.t("Arrived", "Arrivées"), at(&entry.delivered_at)),
        (p.t("Opened", "Ouvertes"), opened),
        (p.t("Refused there", "Refusées là-bas"), at(&entry.refused_at)),
        (
            p.t("Opens until (the key was replaced)", "S’ouvrent jusqu’au (clé remplacée)"),
            at(&entry.opens_until),
        ),
        (p.t("Will be destroyed", "Seront détruites"), kept),
        (p.t("Destroyed here", "Détruites ici"), at(&entry.destroyed_at)),
        (p.t("Destroyed there", "Détruites là-bas"), at(&entry.destroyed_there_at)),
    ];
    rows.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// Partners with the services that were ranked, the best first. Ticked is who fits, may be asked and
/// was not yet; somebody of whose services nothing is known only if nobody else fits. Whose service was
/// `found` before stands first, and is ticked alone.
fn candidates<'a>(told: &'a ReferralTold, found: &str) -> Vec<Candidate<'a>> {
    let mut all: Vec<Candidate<'_>> = Vec::new();
    let is_open = |found: &MatchRow| {
        let asked = told.offers.iter().find(|offer| offer.partner.id == found.partner.id);
        found.fits && found.may_ask && asked.is_none()
    };
    let any_known = told.matches.iter().any(|it| is_open(it) && !it.service.is_empty());
    for it in &told.matches {
        match all.iter_mut().find(|known| known.best.partner.id == it.partner.id) {
            Some(known) => known.others.push(it),
            None => {
                let is_ticked = is_open(it) && (!any_known || !it.service.is_empty());
                let others = Vec::new();
                let candidate =
                    Candidate { best: it, others, is_ticked, is_best: false, is_found: false };
                all.push(candidate);
            }
        }
    }
    if let Some(first) = all.iter_mut().find(|it| it.best.fits && it.best.may_ask) {
        first.is_best = true;
    }
    let is_found = |it: &MatchRow| !found.is_empty() && it.service == found;
    let at = all
        .iter()
        .position(|it| is_found(it.best) || it.others.iter().any(|other| is_found(other)));
    if let Some(at) = at {
        let mut first = all.remove(at);
        if let Some(other) = first.others.iter_mut().find(|other| is_found(other)) {
            std::mem::swap(&mut first.best, other);
        }
        first.is_found = true;
        if is_open(first.best) {
            all.iter_mut().for_each(|it| it.is_ticked = false);
            first.is_ticked = true;
        }
        all.insert(0, first);
    }
    all
}

/// The service that was found before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Came {
    #[serde(default)]
    service: String,
}

/// `GET /referrals/{referral}`.
pub(super) async fn one(visit: Visit, Path(id): Path<String>, Query(came): Query<Came>) -> Answer {
    show_one(&visit, &id, &came.service, None).await
}

/// The page of a referral, with what was wrong with what somebody wanted to do.
async fn show_one(visit: &Visit, id: &str, found: &str, fault: Option<&Fault>) -> Answer {
    let told = visit.ask(&ReferralShowAsk { referral: id.to_owned() }).await?;
    let is_coming = !told.referral.ours
        && matches!(
            told.referral.step.as_str(),
            "offered" | "accepting" | "accepted" | "handed_over"
        );
    let has_opener = if is_coming && visit.page.may(Op::OpenerList) {
        !visit.ask(&OpenerListAsk {}).await?.openers.is_empty()
    } else {
        true
    };
    let people = visit.console.people(|people| people.all()).await?;
    let address = told.referral.address();
    let candidates = candidates(&told, found);
    let page = OnePage {
        p: &visit.page,
        now_s: visit.console.desk.node.now_s(),
        found,
        lacks_found: !found.is_empty() && !candidates.iter().any(|it| it.is_found),
        candidates,
        told: &told,
        fault,
        staff: people.into_iter().map(|person| (person.name, person.display)).collect(),
        has_opener,
        id: &address,
        path: news_path(&visit.page, &address, &told.referral.step, None),
        has_moved: false,
    };
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &page)
}

/// The page of a referral with a fault; other faults have their own page. `found` is the service that was found before.
pub(super) async fn show_fault(visit: &Visit, id: &str, found: &str, fault: Box<Fault>) -> Answer {
    // What is not there, and what needs another page first, is no mistake in a form.
    if matches!(fault.code.as_str(), "ENT-2301" | "ENT-2302" | "ENT-2711" | "ENT-1901" | "ENT-1902")
    {
        return Err(Problem::new(fault));
    }
    show_one(visit, id, found, Some(&fault)).await
}

/// Where to hear that a referral has moved on from a step.
fn news_path(p: &Page, id: &str, step: &str, after: Option<u64>) -> String {
    let after = after.map(|n| format!("&after={n}")).unwrap_or_default();
    p.to(&format!("/referrals/{id}/news?step={step}{after}"))
}

/// The step that a page shows, and what was seen when.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    step: String,
    #[serde(default)]
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "referrals/news.html")]
struct NewsPart<'a> {
    p: &'a Page,
    id: &'a str,
    path: String,
    has_moved: bool,
}

/// `GET /referrals/{referral}/news`: whether it has moved on, as soon as something has happened. Reads
/// lists alone, which are no reading of the card.
pub(super) async fn news(
    visit: Visit,
    Path(id): Path<String>,
    Query(shown): Query<Shown>,
) -> Answer {
    let seen = visit.ask(&InboxAsk { after: shown.after }).await?.seen;
    let ours = visit.ask(&ReferralListAsk { all: true, record: None }).await?.referrals;
    let theirs = visit.ask(&ReferralInboxAsk { all: true }).await?.referrals;
    let is_it = |row: &ReferralRow| row.address() == id || row.id == id;
    let row = ours.into_iter().chain(theirs).find(is_it);
    let row = row.ok_or_else(|| Problem::new(nothing_there()))?;
    let path = news_path(&visit.page, &id, &shown.step, Some(seen));
    show(&NewsPart { p: &visit.page, id: &id, path, has_moved: row.step != shown.step })
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;
    use entente_node::fault::Both;

    use super::*;
    use crate::page::test_page;

    /// What somebody in Manitoba needs, in French.
    fn card() -> NeedCardRow {
        NeedCardRow {
            needs: vec!["legal".to_owned()],
            urgency: "3h".to_owned(),
            risk: "unknown".to_owned(),
            age: "adult".to_owned(),
            gender: None,
            language: Some("fr".to_owned()),
            interpreter: false,
            area: Some("46".to_owned()),
            access: Vec::new(),
            dependants: "none".to_owned(),
            safety: vec!["do_not_leave_message".to_owned()],
            status: None,
            indigenous_service: false,
        }
    }

    #[test]
    fn what_is_not_assessed_and_nobody_who_comes_along_are_no_rows_of_the_card() {
        let labels = |card: &NeedCardRow| {
            let rows = card_rows(&test_page(Lang::En), card).into_iter();
            rows.map(|(label, _)| label).collect::<Vec<_>>()
        };
        let (nothing, all) = (
            card(),
            NeedCardRow { risk: "high".to_owned(), dependants: "1-2".to_owned(), ..card() },
        );
        for label in ["Risk", "Comes with"] {
            assert!(!labels(&nothing).contains(&label), "{label}");
            assert!(labels(&all).contains(&label), "{label}");
        }
    }

    #[test]
    fn a_reason_says_in_few_words_which_need_which_place_and_which_language() {
        let reason = |code: &str, text: &str| MatchReasonRow {
            code: code.to_owned(),
            text: Both::new(text, text),
            points: Some(1),
        };
        let page = test_page(Lang::En);
        for (code, text, said) in [
            ("answers_need", "answers: Legal help", "Legal help"),
            ("serves_area", "serves the area", "serves Manitoba"),
            ("speaks_language", "speaks the language", "French"),
            ("closed_now", "is closed now", "closed now"),
            ("stale", "was not confirmed", "was not confirmed"),
        ] {
            assert_eq!(reason_words(&page, Some(&card()), &reason(code, text)), said);
        }
        // Nothing of the card is known any more.
        let area = reason("serves_area", "serves the area");
        assert_eq!(reason_words(&page, None, &area), "serves the area");
    }
}
