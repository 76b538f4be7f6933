//! Home: what waits for whoever is here, what needs somebody's attention, and what there is.

use askama::Template;
use axum::extract::Query;
use entente_node::fault::Both;
use entente_node::local::Op;
use entente_node::local::doc::{
    Check, InboxAsk, InboxTold, OverlapListAsk, PartnerRow, PartnerState, PlanListAsk, PlanRow,
    RecordImportTold, ReferralInboxAsk, ReferralListAsk, ReferralOverdueAsk, ReferralRow,
    StatusAsk, StatusTold, Step, WaitingLine, Wellness, Who,
};
use serde::Deserialize;

use super::referrals::words::{Words, said};
use super::settings::health;
use super::statistics::is_replaced;
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/home", Need::Session => home;
    GET "/waiting", Need::May(Op::Inbox) => waiting;
}

/// How many places one task leads to, at most; the rest is on the list.
const LINKS: usize = 3;

/// Something that waits, and where it is done.
struct Task {
    text: Both,
    to: String,
    tone: &'static str,
    tag: &'static str,
    // The first of what it is about, each with its page.
    links: Vec<Link>,
}

struct Link {
    to: String,
    text: String,
    // How long is left, with its tone.
    left: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    p: &'a Page,
    name: &'a str,
    status: &'a StatusTold,
    tasks: Vec<Task>,
    seen: u64,
    n_active: u64,
    n_waiting: u64,
}

impl HomePage<'_> {
    fn tone(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => "good",
            Wellness::Warning => "warn",
            Wellness::Bad => "bad",
        }
    }

    fn word(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => self.p.t("Well", "Bon état"),
            Wellness::Warning => self.p.t("Soon", "Bientôt"),
            Wellness::Bad => self.p.t("Now", "Maintenant"),
        }
    }

    fn text(&self, check: &Check) -> String {
        health::text(self.p, check)
    }

    fn place(&self, check: &Check) -> Option<(String, &'static str)> {
        health::place(self.p, check)
    }
}

/// `GET /home`.
async fn home(visit: Visit) -> Answer {
    let signed = visit.signed()?;
    let status = visit.ask(&StatusAsk {}).await?;
    let inbox = visit.ask(&InboxAsk { after: None }).await?;
    let count = |of: &dyn Fn(PartnerState) -> bool| {
        status.partners.iter().filter(|row| of(row.state)).count() as u64
    };
    let on_the_way = |state: PartnerState| {
        matches!(
            state,
            PartnerState::Invited
                | PartnerState::Connected
                | PartnerState::Verified
                | PartnerState::HalfSigned
        )
    };
    show(&HomePage {
        p: &visit.page,
        name: &signed.display,
        tasks: tasks(&visit, &inbox, &status.partners).await?,
        seen: inbox.seen,
        n_active: count(&|state| state == PartnerState::Active),
        n_waiting: count(&on_the_way),
        status: &status,
    })
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct WaitingPart<'a> {
    p: &'a Page,
    tasks: Vec<Task>,
    seen: u64,
}

/// What was seen already.
#[derive(Debug, Default, Deserialize)]
struct Seen {
    #[serde(default)]
    after: Option<u64>,
}

/// `GET /waiting`: the task list alone, as soon as something has happened.
async fn waiting(visit: Visit, Query(seen): Query<Seen>) -> Answer {
    let inbox = visit.ask(&InboxAsk { after: seen.after }).await?;
    let is_about_partners = inbox.waiting.iter().any(|line| is_of_partners(&line.matter));
    let partners = if is_about_partners {
        visit.ask(&entente_node::local::doc::PartnerListAsk { state: None }).await?.partners
    } else {
        Vec::new()
    };
    let tasks = tasks(&visit, &inbox, &partners).await?;
    show(&WaitingPart { p: &visit.page, tasks, seen: inbox.seen })
}

fn is_of_partners(matter: &str) -> bool {
    matches!(
        matter,
        "phone_checks"
            | "agreements_to_sign"
            | "agreements_ending"
            | "quarantines"
            | "receipts_overdue"
    )
}

/// The words of referrals, for the lines about them.
struct Speaker<'a> {
    p: &'a Page,
    now_s: i64,
}

impl Words for Speaker<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl Speaker<'_> {
    fn link(&self, row: &ReferralRow) -> Link {
        let text = format!("{} · {}", self.needs(row), self.other(row));
        let left = row.due.is_some().then(|| (self.left(&row.due), self.left_tone(&row.due)));
        Link { to: self.p.to(&format!("/referrals/{}", row.address())), text, left }
    }
}

async fn tasks(
    visit: &Visit,
    inbox: &InboxTold,
    partners: &[PartnerRow],
) -> entente_node::node::Outcome<Vec<Task>> {
    let mut tasks = Vec::new();
    for line in &inbox.waiting {
        let links = match line.matter.as_str() {
            "plans_to_sign" => plans_to_sign(visit).await?,
            "overlaps_to_sign" => overlaps_to_sign(visit).await?,
            "rows_set_aside" => rows_set_aside(visit).await?,
            matter if is_of_partners(matter) => of_partners(&visit.page, matter, partners),
            matter => of_referrals(visit, matter).await?,
        };
        tasks.push(task(&visit.page, line, links));
    }
    Ok(tasks)
}

fn task(p: &Page, line: &WaitingLine, links: Vec<Link>) -> Task {
    let (path, tone) = place(&line.matter);
    let tag = match tone {
        "bad" => p.t("Now", "Maintenant"),
        "warn" => p.t("Today", "Aujourd’hui"),
        _ => p.t("Soon", "Bientôt"),
    };
    Task { text: line.text.clone(), to: p.to(path), tone, tag, links }
}

/// Where a matter is seen to, and how much it presses.
fn place(matter: &str) -> (&'static str, &'static str) {
    match matter {
        "referrals_to_answer" | "answers_due_soon" => ("/referrals?list=offered", "bad"),
        "handovers_to_open" => ("/referrals?list=here", "bad"),
        "acceptances" => ("/referrals?list=ours", "bad"),
        "referrals_overdue" | "referrals_lapsed" => ("/referrals?list=overdue", "bad"),
        "referrals_unmet" | "referrals_slow" => ("/referrals?list=ours", "warn"),
        "quarantines" => ("/partners", "bad"),
        "phone_checks" | "receipts_overdue" => ("/partners", "warn"),
        "agreements_to_sign" => ("/agreements", "warn"),
        "agreements_ending" => ("/agreements", "info"),
        "plans_to_sign" => ("/statistics", "warn"),
        "overlaps_to_sign" => ("/statistics/overlap", "warn"),
        "consents_ending" => ("/cases?consent=ending", "info"),
        "rows_set_aside" => ("/jobs", "info"),
        "services_to_confirm" => ("/services/ours?stale=yes", "info"),
        "approvals" => ("/settings/approvals", "warn"),
        "backup_old" => ("/settings/backups", "warn"),
        "messages_stuck" => ("/settings/notifications", "warn"),
        _ => ("/settings", "warn"),
    }
}

/// The partners that a matter is about, or their agreements.
fn of_partners(p: &Page, matter: &str, partners: &[PartnerRow]) -> Vec<Link> {
    // The step of a partnership says whose turn it is, as the counts do.
    let is_about = |row: &&PartnerRow| match matter {
        "phone_checks" => row.state == PartnerState::Connected,
        "quarantines" => row.quarantined,
        "receipts_overdue" => row.receipts_overdue > 0,
        "agreements_to_sign" => row.next_step == Step::Sign && row.next_actor != Who::Them,
        _ => row.next_step == Step::Renew,
    };
    let link = |row: &PartnerRow| {
        let to = match &row.agreement {
            Some(agreement) if matter.starts_with("agreements") => {
                format!("/agreements/{}", agreement.id)
            }
            _ => format!("/partners/{}", row.partner.id),
        };
        Link { to: p.to(&to), text: said(p, &row.partner.name).to_owned(), left: None }
    };
    partners.iter().filter(is_about).take(LINKS).map(link).collect()
}

/// The plans that nobody here has signed: the newest of each name.
async fn plans_to_sign(visit: &Visit) -> entente_node::node::Outcome<Vec<Link>> {
    let p = &visit.page;
    let plans = visit.ask(&PlanListAsk {}).await?.plans;
    let waits = |it: &&PlanRow| it.signed_at.is_none() && !is_replaced(it, &plans);
    let open = plans.iter().filter(waits).take(LINKS);
    let link = |plan: &PlanRow| {
        let text = format!("{} · {}–{}", said(p, &plan.title), plan.first_year, plan.last_year);
        Link { to: p.to(&format!("/statistics/plans/{}", plan.id)), text, left: None }
    };
    Ok(open.map(link).collect())
}

/// The rounds that nobody here has signed or declined.
async fn overlaps_to_sign(visit: &Visit) -> entente_node::node::Outcome<Vec<Link>> {
    let p = &visit.page;
    let rounds = visit.ask(&OverlapListAsk {}).await?.rounds;
    let open = rounds.iter().filter(|it| it.state == "proposed").take(LINKS);
    let links = open.map(|it| {
        let text = format!("{} · {}", it.period, it.lists.join(", "));
        Link { to: p.to(&format!("/statistics/overlap/{}", it.id)), text, left: None }
    });
    Ok(links.collect())
}

/// The imports that set rows aside, each with its rows.
async fn rows_set_aside(visit: &Visit) -> entente_node::node::Outcome<Vec<Link>> {
    let p = &visit.page;
    let Some(signed) = &p.signed else { return Ok(Vec::new()) };
    let staff = signed.staff.clone();
    let jobs = visit.console.jobs(move |jobs| jobs.with_rows_aside(&staff)).await?;
    let link = |job: &entente_node::jobs::Job| {
        let told = job.told.as_deref().and_then(|told| serde_json::from_str(told).ok());
        let n = told.map_or(0, |it: RecordImportTold| it.quarantined);
        let rows = p.count(&n, &("row", "rows"), &("ligne", "lignes"));
        let text = format!("{rows} · {}", p.at(&job.started_at));
        Link { to: p.to(&format!("/jobs/{}/rows", job.id)), text, left: None }
    };
    Ok(jobs.iter().take(LINKS).map(link).collect())
}

/// The referrals that a matter is about, what is due first at the top.
async fn of_referrals(visit: &Visit, matter: &str) -> entente_node::node::Outcome<Vec<Link>> {
    let p = &visit.page;
    let inbox = ReferralInboxAsk { all: false };
    let mut rows = match matter {
        _ if !p.may(Op::ReferralShow) => Vec::new(),
        "referrals_overdue" | "referrals_lapsed" => {
            visit.ask(&ReferralOverdueAsk {}).await?.referrals
        }
        "referrals_to_answer" | "answers_due_soon" | "handovers_to_open" => {
            visit.ask(&inbox).await?.referrals
        }
        "referrals_slow" => visit.ask(&ReferralListAsk::default()).await?.referrals,
        "acceptances" | "referrals_unmet" => {
            visit.ask(&ReferralListAsk { all: true, record: None }).await?.referrals
        }
        _ => Vec::new(),
    };
    let step = match matter {
        "referrals_to_answer" | "answers_due_soon" => "offered",
        "handovers_to_open" => "handed_over",
        "acceptances" => "accepted",
        "referrals_unmet" => "unmet",
        "referrals_lapsed" => "expired",
        _ => "",
    };
    rows.retain(|row| step.is_empty() || row.step == step);
    // What is overdue is a matter of its own.
    if matches!(matter, "answers_due_soon" | "referrals_slow") {
        rows.retain(|row| row.due.is_some() && !row.overdue);
    }
    rows.sort_by(|a, b| (a.due.is_none(), &a.due).cmp(&(b.due.is_none(), &b.due)));
    let speaker = Speaker { p, now_s: visit.console.desk.node.now_s() };
    Ok(rows.iter().take(LINKS).map(|row| speaker.link(row)).collect())
}
