//! The audit log: what was done, by whom and when; one entry in full; whether the log is whole.

mod disclosures;
mod export;

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::audit::Action;
use entente_node::fault::Fault;
use entente_node::local::doc::{
    AuditListAsk, AuditListTold, AuditRow, AuditShowAsk, AuditShowTold, AuditVerifyAsk,
    AuditVerifyTold, Named, PartnerListAsk, PartnerRow,
};
use entente_node::local::{Op, words};
use serde::Deserialize;

use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show};
use crate::problem::{Problem, show_wrong};
use crate::route::area;

area! {
    GET "/audit", Need::May(Op::AuditList) => list;
    GET "/audit/verify", Need::May(Op::AuditVerify) => verify;
    POST "/audit/export", Need::May(Op::AuditExport) => export::export;
    GET "/audit/disclosures", Need::May(Op::AuditDisclosures) => disclosures::ask;
    POST "/audit/disclosures", Need::May(Op::AuditDisclosures) => disclosures::account;
    GET "/audit/{entry}", Need::May(Op::AuditShow) => one;
}

/// How many rows one page has.
const ROWS: usize = 50;

/// Which entries, as the address says: codes, ids and names of accounts.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    by: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    partner: String,
    #[serde(default)]
    record: String,
    #[serde(default)]
    agreement: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    // Those before this entry.
    #[serde(default)]
    before: String,
}

impl Wanted {
    fn ask(&self) -> AuditListAsk {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        AuditListAsk {
            action: some(&self.action),
            record: some(&self.record),
            partner: some(&self.partner),
            agreement: some(&self.agreement),
            actor: some(&self.by),
            from: some(&self.from),
            until: some(&self.until),
            // One more than is shown says whether there is another page.
            limit: u32::try_from(ROWS + 1).unwrap_or(u32::MAX),
            before: self.before.parse().ok(),
        }
    }

    /// The address of the page of those before an entry.
    fn next(&self, last: u64) -> String {
        let pairs = [
            ("by", &self.by),
            ("action", &self.action),
            ("partner", &self.partner),
            ("record", &self.record),
            ("agreement", &self.agreement),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let mut address = format!("/audit?before={last}");
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            address.push_str(&format!("&{name}={}", encoded(value)));
        }
        address
    }

    fn is_narrowed(&self) -> bool {
        let Self { by, action, partner, record, agreement, from, until, before: _ } = self;
        [by, action, partner, record, agreement, from, until].iter().any(|it| !it.is_empty())
    }
}

/// What every page about entries shows of them.
trait Shown {
    fn page(&self) -> &Page;

    fn what(&self, row: &AuditRow) -> String {
        words::action(&row.action, self.page().lang)
    }

    /// Who did it. A partner has a name, beside the short id that acts.
    fn who<'r>(&'r self, row: &'r AuditRow) -> &'r str {
        let partner = row.partner.as_ref().filter(|partner| partner.short() == row.actor);
        match (partner, row.actor.as_str()) {
            (Some(partner), _) => partner.name(self.page().lang),
            (None, "node") => self.page().t("the node itself", "le nœud lui-même"),
            (None, name) => name,
        }
    }

    fn name<'r>(&self, named: &'r Named) -> &'r str {
        named.name(self.page().lang)
    }

    /// The partner that it is about, unless that is who did it.
    fn about<'r>(&self, row: &'r AuditRow) -> Option<&'r Named> {
        row.partner.as_ref().filter(|partner| partner.short() != row.actor)
    }

    /// The end of a record's id: the beginning is the time, which many share.
    fn end<'r>(&self, id: &'r str) -> &'r str {
        id.get(id.len().saturating_sub(8)..).unwrap_or(id)
    }

    /// The beginning of an agreement's id or of a digest.
    fn start<'r>(&self, id: &'r str) -> &'r str {
        id.get(..12).unwrap_or(id)
    }
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    wanted: &'a Wanted,
    told: &'a AuditListTold,
    partners: &'a [PartnerRow],
    next: Option<String>,
}

impl Shown for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl ListPage<'_> {
    /// Everything that can be done, in the order of the alphabet.
    fn actions(&self) -> Vec<(&'static str, &'static str)> {
        let action = |it: &Action| (it.code(), it.label(self.p.lang));
        let mut all: Vec<_> = Action::ALL.iter().map(action).collect();
        all.sort_by_key(|(_, label)| label.to_lowercase());
        all
    }
}

/// `GET /audit`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let mut partners = visit.ask(&PartnerListAsk { state: None }).await?.partners;
    // Who was invited and has not connected has no id to be found by.
    partners.retain(|row| !row.partner.id.is_empty());
    let page = |told: &AuditListTold, fault: Option<&Fault>, next| {
        let (p, wanted, partners) = (&visit.page, &wanted, partners.as_slice());
        let page = ListPage { p, fault, wanted, told, partners, next };
        fault.map_or_else(|| show(&page), |fault| show_wrong(fault, &page))
    };
    match visit.ask(&wanted.ask()).await {
        Ok(mut told) => {
            let is_more = told.entries.len() > ROWS;
            told.entries.truncate(ROWS);
            let last = told.entries.last().filter(|_| is_more).map(|row| row.sequence);
            page(&told, None, last.map(|last| visit.page.to(&wanted.next(last))))
        }
        // What the filters name is not there, or is no date.
        Err(fault) if wanted.is_narrowed() && !fault.code.starts_with("ENT-17") => {
            page(&AuditListTold { length: 0, entries: Vec::new() }, Some(&fault), None)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

#[derive(Template)]
#[template(path = "audit/entry.html")]
struct EntryPage<'a> {
    p: &'a Page,
    told: &'a AuditShowTold,
}

impl Shown for EntryPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl EntryPage<'_> {
    /// A digest in groups of eight, as two people compare it.
    fn groups(&self, hex: &str) -> String {
        let digits: Vec<char> = hex.chars().collect();
        digits.chunks(8).map(|group| group.iter().collect()).collect::<Vec<String>>().join(" ")
    }
}

/// `GET /audit/{entry}`.
async fn one(visit: Visit, Path(entry): Path<String>) -> Answer {
    // What is no number is an entry that is not there.
    let sequence = entry.parse().unwrap_or_default();
    let told = visit.ask(&AuditShowAsk { sequence }).await?;
    show(&EntryPage { p: &visit.page, told: &told })
}

#[derive(Template)]
#[template(path = "audit/verify.html")]
struct VerifyPage<'a> {
    p: &'a Page,
    told: &'a AuditVerifyTold,
    since: Option<String>,
}

impl VerifyPage<'_> {
    fn name<'r>(&self, named: &'r Named) -> &'r str {
        named.name(self.p.lang)
    }
}

/// `GET /audit/verify`.
async fn verify(visit: Visit) -> Answer {
    let told = visit.ask(&AuditVerifyAsk {}).await?;
    let first = AuditListAsk { before: Some(2), limit: 1, ..Wanted::default().ask() };
    let since =
        visit.ask(&first).await.ok().and_then(|list| Some(list.entries.first()?.at.clone()));
    show(&VerifyPage { p: &visit.page, told: &told, since })
}
