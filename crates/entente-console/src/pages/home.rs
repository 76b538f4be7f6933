//! Home: what waits for whoever is here, what needs somebody's attention, and what there is.

use askama::Template;
use axum::extract::Query;
use entente_node::fault::Both;
use entente_node::local::Op;
use entente_node::local::doc::{
    Check, InboxAsk, InboxTold, OverlapListAsk, PartnerListAsk, PartnerRow, PartnerState,
    PlanListAsk, PlanRow, RecordImportTold, ReferralInboxAsk, ReferralListAsk, ReferralOverdueAsk,
    ReferralRow, ServiceListAsk, ServiceRow, StatusAsk, StatusTold, Step, WaitingLine, Wellness,
    Who,
};
use serde::Deserialize;

use super::jobs::Bar;
use super::referrals::words::{Words, said};
use super::services::rows::Rows;
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

/// How many of our own services say on this page what is free, at most; the rest is on the list.
const SERVICES: usize = 5;

/// Among how many of them those that are running are looked for.
const LOOKED_AT: u32 = 50;

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

/// A word for one thing and for several.
type Forms = (&'static str, &'static str);

/// A figure, and what it counts.
struct Figure {
    n: u64,
    to: String,
    words: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    p: &'a Page,
    now_s: i64,
    status: &'a StatusTold,
    tasks: Vec<Task>,
    seen: u64,
    is_well: bool,
    bars: Vec<Bar>,
    services: Vec<ServiceRow>,
    has_more_services: bool,
    figures: Vec<Figure>,
}

impl Rows for HomePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl HomePage<'_> {
    /// What whoever is here does most, the first of it most of all.
    fn actions(&self) -> Vec<(String, &'static str)> {
        let p = self.p;
        let find = (Op::ServiceSearch, "/services", p.t("Find a service", "Trouver un service"));
        let all = if p.may(Op::ReferralCreate) {
            vec![
                (
                    Op::ReferralCreate,
                    "/referrals/add",
                    p.t("Make a referral", "Créer un aiguillage"),
                ),
                (Op::RecordAdd, "/cases/add", p.t("Record a case", "Inscrire un dossier")),
                find,
            ]
        } else {
            vec![
                (
                    Op::BackupList,
                    "/settings/backups",
                    p.t("See the backups", "Voir les sauvegardes"),
                ),
                (
                    Op::PartnerInvite,
                    "/partners/invite",
                    p.t("Invite a partner", "Inviter un partenaire"),
                ),
                (Op::AuditVerify, "/audit/verify", p.t("Verify the log", "Vérifier le journal")),
                find,
            ]
        };
        let open = all.into_iter().filter(|(op, ..)| p.may(*op));
        open.map(|(_, path, text)| (p.to(path), text)).collect()
    }

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

    fn next(&self, check: &Check) -> Option<(String, &'static str)> {
        health::place(self.p, check)
    }
}

/// `GET /home`.
async fn home(visit: Visit) -> Answer {
    let p = &visit.page;
    let staff = visit.signed()?.staff.clone();
    let status = visit.ask(&StatusAsk {}).await?;
    let inbox = visit.ask(&InboxAsk { after: None }).await?;
    let jobs = visit.console.jobs(move |jobs| jobs.all(&staff)).await?;
    let (services, has_more_services) = services(&visit).await?;
    show(&HomePage {
        p,
        now_s: visit.console.desk.node.now_s(),
        tasks: tasks(&visit, &inbox, &status.partners).await?,
        seen: inbox.seen,
        is_well: status.health.is_empty(),
        bars: jobs.iter().filter_map(|job| Bar::of(p, job)).collect(),
        services,
        has_more_services,
        figures: figures(&visit, &status, &inbox).await?,
        status: &status,
    })
}

/// Our services that are running, for whoever may say what is free, and whether there are more.
async fn services(visit: &Visit) -> entente_node::node::Outcome<(Vec<ServiceRow>, bool)> {
    if !visit.page.may(Op::CapacitySet) {
        return Ok((Vec::new(), false));
    }
    let told = visit.ask(&ServiceListAsk { stale: false, limit: LOOKED_AT }).await?;
    let mut running = told.services;
    running.retain(|row| row.status == "active");
    let has_more = running.len() > SERVICES || told.total > u64::from(LOOKED_AT);
    running.truncate(SERVICES);
    Ok((running, has_more))
}

/// What there is, for whoever can go and look at it.
async fn figures(
    visit: &Visit,
    status: &StatusTold,
    inbox: &InboxTold,
) -> entente_node::node::Outcome<Vec<Figure>> {
    let p = &visit.page;
    let mut figures = Vec::new();
    let mut add = |op: Op, path: &str, n: u64, en: Forms, fr: Forms| {
        if p.may(op) {
            figures.push(Figure { n, to: p.to(path), words: p.word(&n, &en, &fr) });
        }
    };
    add(
        Op::RecordList,
        "/cases",
        status.records.own,
        ("case of our own", "cases of our own"),
        ("dossier de l’organisme", "dossiers de l’organisme"),
    );
    let ending = inbox.waiting.iter().find(|line| line.matter == "consents_ending");
    add(
        Op::RecordList,
        "/cases?consent=ending",
        ending.map_or(0, |line| line.n),
        ("consent that ends within 30 days", "consents that end within 30 days"),
        (
            "consentement qui prend fin d’ici 30 jours",
            "consentements qui prennent fin d’ici 30 jours",
        ),
    );
    let ours = if p.may(Op::ReferralList) {
        visit.ask(&ReferralListAsk::default()).await?.referrals
    } else {
        Vec::new()
    };
    add(
        Op::ReferralList,
        "/referrals?list=ours",
        ours.iter().filter(|row| row.step != "expired").count() as u64,
        ("open referral of ours", "open referrals of ours"),
        ("de nos aiguillages est ouvert", "de nos aiguillages sont ouverts"),
    );
    add(
        Op::HeldList,
        "/held",
        status.records.held,
        ("summary that a partner shared with us", "summaries that partners shared with us"),
        (
            "résumé qu’un partenaire nous a communiqué",
            "résumés que des partenaires nous ont communiqués",
        ),
    );
    let count = |of: &dyn Fn(PartnerState) -> bool| {
        status.partners.iter().filter(|row| of(row.state)).count() as u64
    };
    // Whoever works with cases is told of partners where something is to be done.
    if !p.may(Op::RecordList) {
        add(
            Op::PartnerList,
            "/partners?state=active",
            count(&|state| state == PartnerState::Active),
            ("active partner", "active partners"),
            ("partenaire actif", "partenaires actifs"),
        );
    }
    let n_on_the_way = count(&|state| {
        matches!(
            state,
            PartnerState::Invited
                | PartnerState::Connected
                | PartnerState::Verified
                | PartnerState::HalfSigned
        )
    });
    if n_on_the_way > 0 {
        add(
            Op::PartnerList,
            "/partners",
            n_on_the_way,
            ("partner on the way", "partners on the way"),
            ("partenaire en voie de l’être", "partenaires en voie de l’être"),
        );
    }
    Ok(figures)
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct WaitingPart<'a> {
    p: &'a Page,
    tasks: Vec<Task>,
    seen: u64,
    // Whether nothing of the system needs care either.
    is_well: bool,
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
        visit.ask(&PartnerListAsk { state: None }).await?.partners
    } else {
        Vec::new()
    };
    let tasks = tasks(&visit, &inbox, &partners).await?;
    let is_well = !tasks.is_empty() || visit.ask(&StatusAsk {}).await?.health.is_empty();
    show(&WaitingPart { p: &visit.page, tasks, seen: inbox.seen, is_well })
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
        "agreements_to_sign" => ("/agreements?state=turn", "warn"),
        "agreements_ending" => ("/agreements?state=ending", "info"),
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
