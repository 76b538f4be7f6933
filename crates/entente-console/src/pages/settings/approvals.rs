//! Approvals: what waits for a second person, what it is about, and what became of it.

use askama::Template;
use axum::extract::{Path, Query, RawForm};
use axum::response::{IntoResponse as _, Redirect};
use entente_core::layout::Layout;
use entente_node::local::doc::{
    AboutLine, AccountChange, ApprovalApproveAsk, ApprovalListAsk, ApprovalListTold,
    ApprovalRefuseAsk, ApprovalRow, ApprovalState, NewAccount, SettingsEditAsk, SettingsShowAsk,
};
use entente_node::local::role::MAY_NEED_APPROVAL;
use entente_node::local::{Op, words};
use entente_node::setup::Home;
use serde::Deserialize;

use super::taken::{file_of, is_gone};
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show};
use crate::paging::Pages;
use crate::problem::Problem;

/// Which requests.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    decided: bool,
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "settings/approvals.html")]
struct ApprovalsPage<'a> {
    p: &'a Page,
    told: &'a ApprovalListTold,
    decided: bool,
    me: &'a str,
    home: &'a Home,
    pages: Pages,
}

impl ApprovalsPage<'_> {
    fn operation(&self, name: &str) -> &'static str {
        Op::parse(name).map_or("", |op| op.label(self.p.lang))
    }

    fn needed(&self) -> String {
        let labels = self.told.needed_for.iter().map(|name| self.operation(name));
        labels.collect::<Vec<_>>().join(" · ")
    }

    fn label(&self, line: &AboutLine) -> String {
        words::about_label(&line.name, self.p.lang)
    }

    /// A value; the name of a partner, and the title of a layout, in the language of the page.
    fn value(&self, line: &AboutLine) -> String {
        let p = self.p;
        match (line.name.as_str(), line.value.as_str()) {
            (_, "true") => p.t("yes", "oui").to_owned(),
            ("partner", both) => {
                let (en, fr) = both.split_once(" / ").unwrap_or((both, both));
                p.lang.pick(en, fr).to_owned()
            }
            ("layout", name) => Layout::built_in(name)
                .map_or_else(|| name.to_owned(), |layout| layout.title(p.lang).to_owned()),
            (_, value) => value.to_owned(),
        }
    }

    /// Where the thing itself can be read, or what came of it, where there is a page for it.
    fn place(&self, row: &ApprovalRow) -> Option<String> {
        let id = |name: &str| {
            let value = &row.about.iter().find(|line| line.name == name)?.value;
            // Who asked may have named the version too.
            let address = value.replace('@', "-");
            address.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-').then_some(address)
        };
        let plan = || Some((Op::PlanShow, "/statistics/plans/", id("id")?));
        let (op, path, id) = match Op::parse(&row.operation)? {
            Op::AgreementSign => (Op::AgreementShow, "/agreements/", id("agreement")?),
            Op::StatsReturn => match id("return") {
                Some(made) => (Op::ReturnShow, "/statistics/returns/", made),
                None => plan()?,
            },
            Op::PlanSign | Op::StatsRun => plan()?,
            Op::OverlapSign => {
                let round = id("id").or_else(|| id("round"))?;
                (Op::OverlapShow, "/statistics/overlap/", round)
            }
            _ => return None,
        };
        self.p.may(op).then(|| self.p.to(&format!("{path}{id}")))
    }

    /// Whether a file of theirs lies here to be taken.
    fn has_file(&self, row: &ApprovalRow) -> bool {
        self.p.may(Op::RecordExport) && file_of(row, self.me, self.home).is_some()
    }

    /// Whether a file of theirs lay here, and does not any more.
    fn is_gone(&self, row: &ApprovalRow) -> bool {
        is_gone(row, self.me, self.home)
    }

    /// What was done to an account, up to the day.
    fn done(&self, account: &NewAccount) -> &'static str {
        match account.what {
            AccountChange::Added => self.p.t("added on", "ajouté le"),
            AccountChange::Enabled => self.p.t("enabled on", "activé le"),
            AccountChange::Roles => self.p.t("given other roles on", "doté d’autres rôles le"),
            AccountChange::Reset => self.p.t("reset on", "réinitialisé le"),
            AccountChange::Restored => {
                self.p.t("restored from a backup on", "restauré d’une sauvegarde le")
            }
        }
    }

    /// Whether the account of whoever looks is too new to approve.
    fn is_new(&self) -> bool {
        let is_it = |it: &NewAccount| it.name == self.me && it.may_from.is_some();
        self.told.new_accounts.iter().any(is_it)
    }

    fn is_mine(&self, row: &ApprovalRow) -> bool {
        row.asked_by == self.me
    }

    fn is_waiting(&self, row: &ApprovalRow) -> bool {
        row.state == ApprovalState::Waiting
    }

    /// The tone and the word of a state.
    fn state(&self, row: &ApprovalRow) -> (&'static str, &'static str) {
        let p = self.p;
        match row.state {
            ApprovalState::Waiting => ("warn", p.t("waits", "en attente")),
            ApprovalState::Expired => ("", p.t("too late: ask again", "trop tard : à redemander")),
            ApprovalState::Approved => {
                ("warn", p.t("approved, not finished", "approuvé, non terminé"))
            }
            ApprovalState::Done => ("good", p.t("approved and done", "approuvé et fait")),
            ApprovalState::Failed => ("bad", p.t("could not be done", "n’a pu être fait")),
            ApprovalState::Refused => ("", p.t("refused", "refusé")),
        }
    }
}

/// `GET /settings/approvals`.
pub(super) async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&ApprovalListAsk { decided: wanted.decided }).await?;
    let address =
        if wanted.decided { "/settings/approvals?decided=true" } else { "/settings/approvals" };
    let (approvals, pages) = Pages::of(&visit.page, address, wanted.from, told.approvals);
    let told = ApprovalListTold { approvals, ..told };
    let me = visit.signed()?.staff.name.as_str();
    let home = &visit.console.desk.home;
    let decided = wanted.decided;
    show(&ApprovalsPage { p: &visit.page, told: &told, decided, me, home, pages })
}

/// Whether what was asked takes its time: it is done as a job then, and the page says how far it is.
fn takes_long(row: &ApprovalRow) -> bool {
    let op = Op::parse(&row.operation);
    matches!(op, Some(Op::EpochClose | Op::StatsRun | Op::RecordExport))
}

/// `POST /settings/approvals/{approval}/approve`.
pub(super) async fn approve(visit: Visit, Path(approval): Path<String>) -> Answer {
    let rows = visit.ask(&ApprovalListAsk { decided: false }).await?.approvals;
    let is_it = |row: &&ApprovalRow| row.id == approval && row.may_approve;
    let ask = ApprovalApproveAsk { approval: approval.clone() };
    if rows.iter().find(is_it).is_some_and(takes_long) {
        return Ok(Redirect::to(&visit.start(&ask).await?).into_response());
    }
    // What is quick is done at once; and whatever speaks against it is said here.
    visit.ask(&ask).await?;
    Ok(Redirect::to(&visit.page.to("/settings/approvals?decided=true")).into_response())
}

/// `POST /settings/approvals/{approval}/refuse`.
pub(super) async fn refuse(visit: Visit, Path(approval): Path<String>) -> Answer {
    visit.ask(&ApprovalRefuseAsk { approval }).await?;
    Ok(Redirect::to(&visit.page.to("/settings/approvals?decided=true")).into_response())
}

#[derive(Template)]
#[template(path = "settings/two.html")]
struct TwoPage<'a> {
    p: &'a Page,
    chosen: &'a [String],
    restart_needed: bool,
}

impl TwoPage<'_> {
    /// What may take two people: code, label, whether it does.
    fn operations(&self) -> Vec<(&'static str, &'static str, bool)> {
        let is_chosen = |op: &Op| self.chosen.iter().any(|name| name == op.name());
        let row = |op: &Op| (op.name(), op.label(self.p.lang), is_chosen(op));
        MAY_NEED_APPROVAL.iter().map(row).collect()
    }
}

/// `GET /settings/approvals/edit`.
pub(super) async fn ask_edit(visit: Visit) -> Answer {
    let told = visit.ask(&SettingsShowAsk {}).await?;
    let (chosen, restart_needed) = (told.written.needs_approval.as_slice(), told.restart_needed);
    show(&TwoPage { p: &visit.page, chosen, restart_needed })
}

/// `POST /settings/approvals/edit`. The audit log names what takes two people from now on.
pub(super) async fn edit(visit: Visit, RawForm(form): RawForm) -> Answer {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(&form).map_err(|_| Problem::new(failed()))?;
    let chosen = pairs.into_iter().filter(|(name, _)| name == "operation");
    let names = chosen.map(|(_, value)| value).collect();
    let ask = SettingsEditAsk { needs_approval: Some(names), ..SettingsEditAsk::default() };
    visit.ask(&ask).await?;
    Ok(Redirect::to(&visit.page.to("/settings/approvals/edit")).into_response())
}
