//! The audit log: what was done, by whom and when; one entry in full; whether the log is whole.

mod disclosures;
mod export;
mod said;

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::audit::Action;
use entente_node::fault::Fault;
use entente_node::local::doc::{
    AuditListAsk, AuditListTold, AuditRow, AuditShowAsk, AuditShowTold, AuditVerifyAsk,
    AuditVerifyTold, Named, PartnerListAsk, PartnerRow, UserListAsk, UserRow,
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

/// What only looks for something, and may find nothing.
const LOOKS: [Action; 2] = [Action::RecordsListed, Action::AuditRead];

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
    // `all`: with the entries that say that the log was read.
    #[serde(default)]
    reads: String,
    // Those before this entry.
    #[serde(default)]
    before: String,
}

impl Wanted {
    fn ask(&self) -> AuditListAsk {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        AuditListAsk {
            action: some(&self.action),
            except: self.hides_readings().then(|| Action::AuditRead.code().to_owned()),
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

    /// Whether readings of the log are left out: most entries are that, unless one asks for an action.
    fn hides_readings(&self) -> bool {
        self.reads.is_empty() && self.action.is_empty()
    }

    /// What narrows the list, by the names of its fields.
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let pairs = [
            ("by", &self.by),
            ("action", &self.action),
            ("partner", &self.partner),
            ("record", &self.record),
            ("agreement", &self.agreement),
            ("from", &self.from),
            ("until", &self.until),
            ("reads", &self.reads),
        ];
        let named = pairs.into_iter().map(|(name, value)| (name, value.as_str()));
        named.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The address of the list with these filters, and `more`: `before=12`.
    fn address(&self, more: &str) -> String {
        let pairs = self.pairs().into_iter();
        let pairs = pairs.map(|(name, value)| format!("&{name}={}", encoded(value)));
        format!("/audit?{more}{}", pairs.collect::<String>())
    }

    fn is_narrowed(&self) -> bool {
        let Self { by, action, partner, record, agreement, from, until, .. } = self;
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

    /// Why, or how: in words.
    fn said(&self, row: &AuditRow) -> String {
        let p = self.page();
        row.reasons.iter().map(|code| said::reason(p, code)).collect::<Vec<_>>().join(", ")
    }

    /// How many things it is about, unless that is one.
    fn times(&self, row: &AuditRow) -> Option<String> {
        let p = self.page();
        match row.n {
            0 if LOOKS.iter().any(|it| it.code() == row.action) => {
                Some(p.t("found nothing", "rien trouvé").to_owned())
            }
            0 | 1 => None,
            n => Some(format!("×\u{a0}{}", p.n(&n))),
        }
    }

    /// The beginning of an agreement's id or of a digest.
    fn start<'r>(&self, id: &'r str) -> &'r str {
        id.get(..12).unwrap_or(id)
    }
}

impl Shown for Page {
    fn page(&self) -> &Page {
        self
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
    // The accounts, for whoever may list them.
    users: &'a [UserRow],
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

    /// The same list with readings of the log.
    fn with_readings(&self) -> String {
        self.p.to(&self.wanted.address("reads=all"))
    }

    /// The first page of the same list.
    fn newest(&self) -> String {
        self.p.to(&self.wanted.address(""))
    }

    /// What is shown, of how many.
    fn caption(&self) -> String {
        let (p, wanted) = (self.p, self.wanted);
        let mut narrowed: Vec<String> = Vec::new();
        if wanted.hides_readings() {
            let text = p.t("without readings of the log", "sans les consultations du journal");
            narrowed.push(text.to_owned());
        }
        let partner = self.partners.iter().find(|row| row.partner.id == wanted.partner);
        let partner = partner.map_or("", |row| self.name(&row.partner));
        for (before, value) in [
            (p.t("by", "par"), wanted.by.clone()),
            ("", words::action(&wanted.action, p.lang)),
            (p.t("about", "à propos de"), partner.to_owned()),
            (p.t("from", "du"), p.day(&wanted.from)),
            (p.t("until", "au"), p.day(&wanted.until)),
        ] {
            if !value.is_empty() {
                narrowed.push(format!("{before} {value}").trim_start().to_owned());
            }
        }
        if !wanted.record.is_empty() {
            narrowed.push(p.t("about one case", "sur un dossier").to_owned());
        }
        if !wanted.agreement.is_empty() {
            narrowed.push(p.t("about one agreement", "sur une entente").to_owned());
        }
        let narrowed = match narrowed.is_empty() {
            true => String::new(),
            false => format!(" ({})", narrowed.join("; ")),
        };
        let n = self.told.entries.len() as u64;
        let shown = p.count(
            &n,
            &("entry shown", "entries shown"),
            &("entrée affichée", "entrées affichées"),
        );
        let all = p.count(&self.told.length, &("entry", "entries"), &("entrée", "entrées"));
        p.lang.pick(
            format!("{shown}{narrowed}, the newest first; the log has {all}"),
            format!("{shown}{narrowed}, les plus récentes d’abord; le journal compte {all}"),
        )
    }
}

/// `GET /audit`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let mut partners = visit.ask(&PartnerListAsk { state: None }).await?.partners;
    // Who was invited and has not connected has no id to be found by.
    partners.retain(|row| !row.partner.id.is_empty());
    let mut users = Vec::new();
    if visit.page.may(Op::UserList) {
        users = visit.ask(&UserListAsk {}).await?.users;
    }
    let page = |told: &AuditListTold, fault: Option<&Fault>, next| {
        let (p, wanted, partners) = (&visit.page, &wanted, partners.as_slice());
        let page = ListPage { p, fault, wanted, told, partners, users: &users, next };
        fault.map_or_else(|| show(&page), |fault| show_wrong(fault, &page))
    };
    match visit.ask(&wanted.ask()).await {
        Ok(mut told) => {
            let is_more = told.entries.len() > ROWS;
            told.entries.truncate(ROWS);
            let last = told.entries.last().filter(|_| is_more).map(|row| row.sequence);
            page(
                &told,
                None,
                last.map(|last| visit.page.to(&wanted.address(&format!("before={last}")))),
            )
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

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn only_what_looks_for_something_says_that_it_found_nothing() {
        let times = |action: Action, n: u64| {
            let row = AuditRow {
                sequence: 1,
                at: String::new(),
                actor: "lea".to_owned(),
                action: action.code().to_owned(),
                record: None,
                partner: None,
                agreement: None,
                reasons: Vec::new(),
                n,
            };
            test_page(Lang::En).times(&row)
        };
        assert_eq!(times(Action::RecordsListed, 0).as_deref(), Some("found nothing"));
        assert_eq!(times(Action::Restored, 0), None);
        assert_eq!(times(Action::CapacitySet, 0), None);
        assert_eq!(times(Action::CapacitySet, 2).as_deref(), Some("×\u{a0}2"));
    }
}
