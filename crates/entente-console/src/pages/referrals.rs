//! Referrals: made here and offered to us.
//!
//! [`list`] and [`one`] show, [`act`] is what can be done about one, [`add`] makes one, [`contact`] hands
//! contact details over and opens them, and [`openers`] says who may open.

use askama::Template;
use axum::extract::Query;
use entente_node::local::Op;
use entente_node::local::doc::{
    ReferralInboxAsk, ReferralListAsk, ReferralOverdueAsk, ReferralRow,
};
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::paging::Pages;
use crate::route::area;

mod act;
mod add;
mod banner;
mod contact;
mod one;
mod openers;
mod progress;
mod timeline;
mod typed;
pub(crate) mod words;

use words::{Words, most_urgent_first};

area! {
    GET "/referrals", Need::May(Op::ReferralOverdue) => list;
    GET "/referrals/add", Need::May(Op::ReferralCreate) => add::ask;
    POST "/referrals/add", Need::May(Op::ReferralCreate) => add::add;
    GET "/referrals/{referral}", Need::May(Op::ReferralShow) => one::one;
    GET "/referrals/{referral}/news", Need::May(Op::ReferralShow) => one::news;
    POST "/referrals/{referral}/offer", Need::May(Op::ReferralOffer) => act::offer;
    POST "/referrals/{referral}/accept", Need::May(Op::ReferralAccept) => act::accept;
    POST "/referrals/{referral}/decline", Need::May(Op::ReferralDecline) => act::decline;
    POST "/referrals/{referral}/start", Need::May(Op::ReferralStart) => act::start;
    POST "/referrals/{referral}/close", Need::May(Op::ReferralClose) => act::close;
    POST "/referrals/{referral}/withdraw", Need::May(Op::ReferralWithdraw) => act::withdraw;
    GET "/referrals/{referral}/contact", Need::May(Op::ReferralHandover) => contact::ask;
    POST "/referrals/{referral}/contact", Need::May(Op::ReferralHandover) => contact::hand_over;
    GET "/referrals/{referral}/open", Need::May(Op::ReferralOpen) => contact::ask_passphrase;
    POST "/referrals/{referral}/open", Need::May(Op::ReferralOpen) => contact::open;
    GET "/openers", Need::May(Op::OpenerList) => openers::list;
    POST "/openers/add", Need::May(Op::OpenerAdd) => openers::add;
    POST "/openers/remove", Need::May(Op::OpenerRemove) => openers::remove;
    POST "/openers/rotate", Need::May(Op::OpenerRotate) => openers::rotate;
}

/// Which list, and from where, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    // One of the lists alone; all of them if empty.
    #[serde(default)]
    list: String,
    #[serde(default)]
    from: usize,
}

/// One list.
struct Section {
    name: &'static str,
    title: &'static str,
    nothing: &'static str,
    rows: Vec<ReferralRow>,
    pages: Pages,
}

impl Section {
    fn new(
        page: &Page,
        wanted: &Wanted,
        name: &'static str,
        (title, nothing): (&'static str, &'static str),
        all: Vec<ReferralRow>,
    ) -> Self {
        let address = format!("/referrals?list={name}");
        let (rows, pages) = Pages::of(page, &address, wanted.from, all);
        Self { name, title, nothing, rows, pages }
    }

    fn pages(&self) -> &Pages {
        &self.pages
    }
}

#[derive(Template)]
#[template(path = "referrals/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    now_s: i64,
    sections: Vec<Section>,
    is_one: bool,
    coordinator: String,
}

impl Words for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl ListPage<'_> {
    /// What stands on top: how many are to answer, open and late, with the list of each and whether it is there.
    fn figures(&self) -> Vec<(String, &'static str, &'static str, bool)> {
        let p = self.p;
        let all = [
            ("offered", p.t("To answer", "À traiter")),
            ("ours", p.t("Open", "En cours")),
            ("overdue", p.t("Late", "En retard")),
        ];
        let figure = |(name, words): (&'static str, &'static str)| {
            let section = self.sections.iter().find(|it| it.name == name);
            // Where nothing is late there is no list of it; the other lists are not for everybody.
            let n = section.map(|it| it.pages.total).or((name == "overdue").then_some(0))?;
            Some((p.n(&n), name, words, section.is_some()))
        };
        all.into_iter().filter_map(figure).collect()
    }
}

/// `GET /referrals`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let wants = |name: &str| wanted.list.is_empty() || wanted.list == name;
    let section = |name, words, all| Section::new(p, &wanted, name, words, all);
    let mut overdue = visit.ask(&ReferralOverdueAsk {}).await?;
    most_urgent_first(&mut overdue.referrals);
    let mut sections = Vec::new();
    if wants("overdue") && (!overdue.referrals.is_empty() || wanted.list == "overdue") {
        let words =
            (p.t("Overdue", "En retard"), p.t("Nothing is overdue.", "Rien n’est en retard."));
        sections.push(section("overdue", words, overdue.referrals));
    }
    if p.may(Op::ReferralInbox) && (wants("offered") || wants("here")) {
        let mut all = visit.ask(&ReferralInboxAsk { all: false }).await?.referrals;
        most_urgent_first(&mut all);
        let (offered, here): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|row| matches!(row.step.as_str(), "offered" | "accepting"));
        if wants("offered") {
            let words = (
                p.t("Offered to us", "Proposés à nous"),
                p.t(
                    "No partner is waiting for an answer from us.",
                    "Aucun partenaire n’attend de réponse de notre part.",
                ),
            );
            sections.push(section("offered", words, offered));
        }
        if wants("here") && (!here.is_empty() || wanted.list == "here") {
            let words = (
                p.t("With us", "Confiés à notre organisme"),
                p.t("We have none from partners.", "Aucun ne vient de partenaires."),
            );
            sections.push(section("here", words, here));
        }
    }
    if p.may(Op::ReferralList) && (wants("ours") || wanted.list == "over") {
        let all = visit.ask(&ReferralListAsk { all: true, record: None }).await?.referrals;
        let is_over =
            |row: &ReferralRow| matches!(row.step.as_str(), "done" | "revoked" | "expired");
        let (over, mut open): (Vec<_>, Vec<_>) = all.into_iter().partition(is_over);
        most_urgent_first(&mut open);
        let (words, all, name) = if wanted.list == "over" {
            let nothing = p.t("None of ours is over.", "Aucun des nôtres n’est terminé.");
            let title = p.t("Sent by us, finished", "Envoyés par nous, terminés");
            ((title, nothing), over, "over")
        } else {
            let nothing = p.t(
                "None of ours is open. Make one from a case, or with the button above.",
                "Aucun des nôtres n’est ouvert. Créez-en un depuis un dossier ou avec le bouton ci-dessus.",
            );
            let title = p.t("Sent by us, still open", "Envoyés par nous, en cours");
            ((title, nothing), open, "ours")
        };
        sections.push(section(name, words, all));
    }
    show(&ListPage {
        p,
        now_s: visit.console.desk.node.now_s(),
        sections,
        is_one: !wanted.list.is_empty(),
        coordinator: overdue.coordinator,
    })
}
