//! Answering the staff: each operation of the local door, in the documents of [`crate::local`].
//!
//! One function per operation, grouped as a person would look for them. A function reads an ask,
//! lets the [`Node`] do it, and tells the outcome. What needs the network is async; everything else
//! runs on a blocking thread. Whether the role allows it was decided before.

mod agreements;
mod allow;
mod approvals;
mod audit;
mod counts;
mod drill;
mod epochs;
mod exchange;
mod files;
pub(crate) mod handovers;
mod inbox;
#[cfg(test)]
mod long_work;
mod overlap;
mod overlap_run;
mod partners;
mod people;
mod plan_draft;
mod plans;
mod public;
mod records;
pub(crate) mod referrals;
mod returns;
pub(crate) mod services;
mod settings;
mod sponsors;
mod statistics;
mod status;
mod store;

pub use public::{PublicQuery, PublicService};
pub use returns::not_a_return;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use entente_core::audit::{Action, Actor};
use entente_store::seal::KeyRing;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::accounts::Account;
use crate::config::Config;
use crate::fault::{Both, Fault};
use crate::jobs::{Files, Jobs};
use crate::local::{Ask, Op, Progress, Role};
use crate::node::{Node, Outcome, unpoisoned};
use crate::notify::Ways;
use crate::oidc::Provider;
use crate::people::People;
use crate::setup::Home;
use crate::sync::Peers;
use crate::tls::LiveIdentity;

pub(crate) use inbox::waiting;
pub use store::nightly_backups;

/// The words for the code of a reason in an audit entry; the code itself if there are none.
pub fn reason_words(code: &str) -> Both {
    epochs::words::words(code)
}

/// Everything that answers need.
pub struct Desk {
    /// The node.
    pub node: Arc<Node>,
    /// The ways out to partners.
    pub peers: Arc<Peers>,
    /// The node's folder.
    pub home: Home,
    /// Its settings.
    pub config: Config,
    /// Its certificate.
    pub identity: LiveIdentity,
    /// The ways by which the staff is told that something waits.
    pub ways: Arc<Ways>,
    /// Who signs in at the console.
    pub people: People,
    /// The organization's identity provider, if it has one.
    pub provider: Option<Provider>,
    /// Long work.
    pub jobs: Jobs,
    // Where the console is, once it is open.
    console: OnceLock<ConsoleAt>,
    // Held while a backup is made, so that the passphrase does not change meanwhile.
    ring: Mutex<KeyRing>,
    started_s: i64,
    // The accounts that have come in since the node started, and as what.
    seen: Mutex<HashMap<u32, Vec<Role>>>,
    // What status showed last, for when the store cannot be read.
    last_seen: Mutex<Option<status::LastSeen>>,
    stop: CancellationToken,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

/// Where browsers find the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleAt {
    /// The address it listens on.
    pub address: std::net::SocketAddr,
    /// What a browser is given, without a slash at the end: `https://node.example.org:8443`.
    pub origin: String,
}

/// Somebody of this organization.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account.
    pub name: String,
    /// What they are there to do.
    pub roles: Vec<Role>,
}

impl Staff {
    /// As the audit log names them.
    pub fn actor(&self) -> Actor {
        Actor::Staff(self.name.clone())
    }
}

/// Where progress goes while an operation runs.
pub type Tell = Box<dyn Fn(Progress) + Send + Sync>;

/// How somebody tells an operation to stop before its end. Those that can look at it between steps.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Tells it to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How an operation says how far it is, and hears that it should stop.
pub struct Steps {
    tell: Tell,
    halt: Halt,
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Steps({:?})", self.halt)
    }
}

impl Steps {
    /// Progress that nobody looks at, of work that nobody stops.
    pub(crate) fn silent() -> Self {
        Self { tell: Box::new(|_| {}), halt: Halt::default() }
    }

    /// The fault of work that was stopped, if it was. Asked where nothing is left half done.
    pub(crate) fn go_on(&self) -> Outcome<()> {
        if self.halt.is_stopped() { Err(crate::jobs::stopped()) } else { Ok(()) }
    }
}

/// One question of the staff.
pub struct Asked {
    op: Op,
    staff: Staff,
    // May hold a passphrase, or how to reach a person.
    body: Zeroizing<String>,
    steps: Steps,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({})", self.op.name())
    }
}

impl Asked {
    /// A question for `op` with the JSON document `body`.
    pub fn new(op: Op, staff: Staff, body: String, tell: Tell) -> Self {
        let steps = Steps { tell, halt: Halt::default() };
        Self { op, staff, body: Zeroizing::new(body), steps }
    }

    /// The same, until `halt` stops it.
    #[must_use]
    pub fn until(self, halt: Halt) -> Self {
        Self { steps: Steps { halt, ..self.steps }, ..self }
    }
}

/// Says how far an operation has come.
pub(crate) fn step(steps: &Steps, done: u64, total: u64, en: &str, fr: &str) {
    (steps.tell)(Progress { done, total, note: Both::new(en, fr) });
}

impl Desk {
    /// A desk for a running node. Cancelling `stop` stops the node.
    pub fn new(
        node: Arc<Node>,
        peers: Arc<Peers>,
        home: Home,
        config: Config,
        identity: LiveIdentity,
        ring: KeyRing,
        stop: CancellationToken,
    ) -> Self {
        let started_s = node.now_s();
        Self {
            people: People::new(Arc::clone(&node)).guarded(&config),
            jobs: Jobs::new(Arc::clone(&node), Files::new(home.jobs())),
            console: OnceLock::new(),
            node,
            peers,
            home,
            config,
            identity,
            ways: Arc::default(),
            provider: None,
            ring: Mutex::new(ring),
            started_s,
            seen: Mutex::default(),
            last_seen: Mutex::default(),
            stop,
        }
    }

    /// The same desk, whose staff is told over these ways that something waits.
    #[must_use]
    pub fn telling(mut self, ways: Arc<Ways>) -> Self {
        self.ways = ways;
        self
    }

    /// The same desk, whose people may sign in at this identity provider.
    #[must_use]
    pub fn trusting(mut self, provider: Option<Provider>) -> Self {
        self.provider = provider;
        self
    }

    /// Who has this account of the machine, and what they may do.
    ///
    /// The node's own account and root may do everything; others need a line in `[staff]`.
    pub fn staff(&self, uid: u32) -> Staff {
        let own = rustix::process::geteuid().as_raw();
        let account = Account::of(uid);
        let all = uid == own || uid == 0;
        let roles = if all { Role::ALL.to_vec() } else { account.roles(&self.config) };
        Staff { name: account.name, roles }
    }

    /// Says where the console is. Once; a second one is not heard.
    pub fn console_is_at(&self, at: ConsoleAt) {
        let _ = self.console.set(at);
    }

    /// Cancelled when the node stops.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Where the console is, if it is open.
    pub fn console(&self) -> Option<&ConsoleAt> {
        self.console.get()
    }

    /// Writes down that somebody came in, and as what: once per account, roles and start of the
    /// node.
    pub fn note_login(&self, uid: u32, staff: &Staff) -> Outcome<()> {
        let mut seen = unpoisoned(self.seen.lock());
        if seen.get(&uid) != Some(&staff.roles) {
            let entry = self.node.entry(staff.actor(), Action::LoggedIn);
            let roles = staff.roles.iter().map(|role| role.code().to_owned());
            self.node.audit(vec![entry.reasons(roles)])?;
            seen.insert(uid, staff.roles.clone());
        }
        Ok(())
    }

    /// Answers one question of somebody whose role allows it; a refusal is kept in the audit log. What takes two
    /// people is kept until the second approves it.
    ///
    /// The only way to the answers: the local door and the console both come through here.
    pub async fn ask(self: &Arc<Self>, asked: Asked) -> Outcome<String> {
        self.permit(asked.op, &asked.staff).await?;
        if self.takes_two(asked.op, &asked.body) {
            return Err(approvals::keep(self, asked).await);
        }
        self.answer(asked).await
    }

    /// Whether a second person has to approve this.
    pub(crate) fn takes_two(&self, op: Op, body: &str) -> bool {
        approvals::is_needed(self, op, body)
    }

    /// Answers what a second person has just approved. In a box, since an answer is in an answer.
    fn answer_again<'a>(
        self: &'a Arc<Self>,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Outcome<String>> + Send + 'a>> {
        Box::pin(self.answer(asked))
    }

    /// Answers one question: a JSON document, or the fault to show.
    async fn answer(self: &Arc<Self>, asked: Asked) -> Outcome<String> {
        let it = self;
        match asked.op {
            Op::Status => it.now(asked, status::status).await,
            Op::Inbox => it.soon(asked, inbox::inbox).await,
            Op::Doctor => it.soon(asked, status::doctor).await,
            Op::NodeStop => it.now(asked, status::node_stop).await,
            Op::PartnerInvite => it.now(asked, partners::invite).await,
            Op::PartnerOpen => it.soon(asked, partners::open).await,
            Op::PartnerDigits => it.now(asked, partners::digits).await,
            Op::PartnerVerify => it.soon(asked, partners::verify).await,
            Op::PartnerTest => it.soon(asked, partners::test).await,
            Op::PartnerList => it.now(asked, partners::list).await,
            Op::PartnerShow => it.now(asked, partners::show).await,
            Op::PartnerSuspend => it.now(asked, partners::suspend).await,
            Op::PartnerResume => it.now(asked, partners::resume).await,
            Op::PartnerEnd => it.now(asked, partners::end).await,
            Op::PartnerDecline => it.now(asked, partners::decline).await,
            Op::AgreementDraft => it.now(asked, agreements::draft).await,
            Op::AgreementPropose => it.now(asked, agreements::propose).await,
            Op::AgreementList => it.now(asked, agreements::list).await,
            Op::AgreementShow => it.now(asked, agreements::show).await,
            Op::AgreementDiff => it.now(asked, agreements::diff).await,
            Op::AgreementSign => it.now(asked, agreements::sign).await,
            Op::AgreementDecline => it.now(asked, agreements::decline).await,
            Op::AgreementAmend => it.now(asked, agreements::amend).await,
            Op::AgreementSuspend => it.now(asked, agreements::suspend).await,
            Op::AgreementResume => it.now(asked, agreements::resume).await,
            Op::AgreementEnd => it.now(asked, agreements::end).await,
            Op::AgreementExplain => it.now(asked, agreements::explain).await,
            Op::RecordAdd => it.now(asked, records::add).await,
            Op::RecordShow => it.now(asked, records::show).await,
            Op::RecordList => it.now(asked, records::list).await,
            Op::RecordSearch => it.now(asked, records::search).await,
            Op::RecordEdit => it.now(asked, records::edit).await,
            Op::RecordHistory => it.now(asked, records::history).await,
            Op::RecordWithdraw => it.now(asked, records::withdraw).await,
            Op::RecordImport => it.now(asked, files::import).await,
            Op::RecordExport => it.now(asked, files::export).await,
            Op::RecordDuplicates => it.now(asked, records::duplicates).await,
            Op::RecordLink => it.now(asked, records::link).await,
            Op::RecordSteward => it.now(asked, records::steward).await,
            Op::ConsentGive => it.now(asked, records::consent_give).await,
            Op::ConsentWithdraw => it.now(asked, records::consent_withdraw).await,
            Op::ConsentList => it.now(asked, records::consent_list).await,
            Op::EpochClose => it.now(asked, epochs::close).await,
            Op::EpochPreview => it.now(asked, epochs::preview).await,
            Op::EpochList => it.now(asked, epochs::list).await,
            Op::Sync => it.soon(asked, exchange::sync).await,
            Op::HeldList => it.now(asked, exchange::held_list).await,
            Op::HeldShow => it.now(asked, exchange::held_show).await,
            Op::FeedList => it.now(asked, exchange::feed_list).await,
            Op::QuarantineList => it.now(asked, exchange::quarantine_list).await,
            Op::QuarantineRelease => it.now(asked, exchange::quarantine_release).await,
            Op::BundleExport => it.now(asked, exchange::bundle_export).await,
            Op::BundleImport => it.now(asked, exchange::bundle_import).await,
            Op::OpenerAdd => it.now(asked, handovers::add).await,
            Op::OpenerList => it.now(asked, handovers::list).await,
            Op::OpenerRemove => it.now(asked, handovers::remove).await,
            Op::OpenerRotate => it.now(asked, handovers::rotate).await,
            Op::ReferralHandover => it.now(asked, handovers::hand_over).await,
            Op::ReferralOpen => it.now(asked, handovers::open).await,
            Op::Count => it.soon(asked, counts::count).await,
            Op::CountOwn => it.now(asked, counts::count_own).await,
            Op::PlanDraft => it.now(asked, plan_draft::draft).await,
            Op::PlanSign => it.now(asked, plans::sign).await,
            Op::PlanShow => it.now(asked, plans::show).await,
            Op::PlanList => it.now(asked, plans::list).await,
            Op::StatsRun => it.soon(asked, statistics::run).await,
            Op::StatsStatus => it.now(asked, statistics::status).await,
            Op::StatsShow => it.now(asked, statistics::show).await,
            Op::StatsReturn => it.now(asked, statistics::national).await,
            Op::ReturnList => it.now(asked, returns::list).await,
            Op::ReturnShow => it.now(asked, returns::show).await,
            Op::ReturnPublish => it.now(asked, returns::publish).await,
            Op::ReturnUnpublish => it.now(asked, returns::unpublish).await,
            Op::OverlapDraft => it.now(asked, overlap::draft).await,
            Op::OverlapSign => it.now(asked, overlap::sign).await,
            Op::OverlapList => it.now(asked, overlap::list).await,
            Op::OverlapRun => it.soon(asked, overlap_run::run).await,
            Op::OverlapShow => it.now(asked, overlap::show).await,
            Op::OverlapEnd => it.soon(asked, overlap_run::end).await,
            Op::ServiceImport => it.now(asked, services::import).await,
            Op::ServiceAdd => it.now(asked, services::add).await,
            Op::ServiceList => it.now(asked, services::list).await,
            Op::ServiceShow => it.now(asked, services::show).await,
            Op::ServiceSearch => it.now(asked, services::search).await,
            Op::ServiceConfirm => it.now(asked, services::confirm).await,
            Op::ServiceClose => it.now(asked, services::close).await,
            Op::ServiceExport => it.now(asked, services::export).await,
            Op::CapacitySet => it.now(asked, services::capacity_set).await,
            Op::CapacityShow => it.now(asked, services::capacity_show).await,
            Op::SponsorAdd => it.now(asked, sponsors::add).await,
            Op::SponsorTake => it.now(asked, sponsors::take).await,
            Op::SponsorList => it.now(asked, sponsors::list).await,
            Op::SponsorGive => it.now(asked, sponsors::give).await,
            Op::SponsorMail => it.now(asked, sponsors::mail).await,
            Op::SponsorEnd => it.now(asked, sponsors::end).await,
            Op::ReferralCreate => it.now(asked, referrals::create).await,
            Op::ReferralOffer => it.now(asked, referrals::offer).await,
            Op::ReferralInbox => it.now(asked, referrals::inbox).await,
            Op::ReferralAccept => it.now(asked, referrals::accept).await,
            Op::ReferralDecline => it.now(asked, referrals::decline).await,
            Op::ReferralStart => it.now(asked, referrals::start).await,
            Op::ReferralClose => it.now(asked, referrals::close).await,
            Op::ReferralWithdraw => it.now(asked, referrals::withdraw).await,
            Op::ReferralShow => it.now(asked, referrals::show).await,
            Op::ReferralList => it.now(asked, referrals::list).await,
            Op::ReferralOverdue => it.now(asked, referrals::overdue).await,
            Op::ReferralGaps => it.now(asked, referrals::gaps).await,
            Op::Budget => it.now(asked, statistics::budget).await,
            Op::AuditList => it.now(asked, audit::list).await,
            Op::AuditShow => it.now(asked, audit::show).await,
            Op::AuditVerify => it.now(asked, audit::verify).await,
            Op::AuditDisclosures => it.now(asked, audit::disclosures).await,
            Op::AuditExport => it.now(asked, audit::export).await,
            Op::NotifyTest => it.soon(asked, inbox::notify_test).await,
            Op::BackupCreate => it.now(asked, store::backup_create).await,
            Op::BackupList => it.now(asked, store::backup_list).await,
            Op::BackupDrill => it.now(asked, drill::backup_drill).await,
            Op::StoreSize => it.now(asked, store::size).await,
            Op::Passphrase => it.now(asked, store::passphrase).await,
            Op::SettingsShow => it.now(asked, settings::show).await,
            Op::SettingsEdit => it.now(asked, settings::edit).await,
            Op::ApprovalList => it.now(asked, approvals::list).await,
            Op::ApprovalApprove => it.soon(asked, approvals::approve).await,
            Op::ApprovalRefuse => it.now(asked, approvals::refuse).await,
            Op::UserAdd => it.now(asked, people::add).await,
            Op::UserList => it.now(asked, people::list).await,
            Op::UserRoles => it.now(asked, people::roles).await,
            Op::UserDisable => it.now(asked, people::disable).await,
            Op::UserEnable => it.now(asked, people::enable).await,
            Op::UserReset => it.now(asked, people::reset).await,
            Op::UserSignOut => it.now(asked, people::sign_out).await,
            Op::ConsoleLink => it.now(asked, people::first_link).await,
        }
    }

    /// Runs an operation that blocks.
    async fn now<A>(
        self: &Arc<Self>,
        asked: Asked,
        f: fn(&Self, &Staff, A, &Steps) -> Outcome<A::Told>,
    ) -> Outcome<String>
    where
        A: Ask + Send + 'static,
    {
        let desk = Arc::clone(self);
        let Asked { staff, body, steps, .. } = asked;
        let work = move || {
            let told = f(&desk, &staff, read::<A>(&body)?, &steps)?;
            write(&told)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(failed()))
    }

    /// Runs an operation that waits for partners.
    async fn soon<A, F>(
        self: &Arc<Self>,
        asked: Asked,
        f: fn(Arc<Self>, Staff, A, Steps) -> F,
    ) -> Outcome<String>
    where
        A: Ask,
        F: Future<Output = Outcome<A::Told>>,
    {
        let Asked { staff, body, steps, .. } = asked;
        let told = f(Arc::clone(self), staff, read::<A>(&body)?, steps).await?;
        write(&told)
    }
}

fn read<A: Ask>(body: &str) -> Outcome<A> {
    let body = if body.trim().is_empty() { "{}" } else { body };
    serde_json::from_str(body).map_err(|error| {
        // Serde's own text can quote a value; only where the mistake is may be said.
        let place = format!("{}:{}", error.line(), error.column());
        Fault::new(
            1009,
            (
                "The document that was asked with is not valid.",
                "Le document de la demande n’est pas valide.",
            ),
            ("See docs/JSON.md for its form.", "Voyez docs/JSON.md pour sa forme."),
        )
        .because(place.clone(), place)
    })
}

fn write<T: serde::Serialize>(told: &T) -> Outcome<String> {
    serde_json::to_string(told).map_err(|_| failed())
}

pub(crate) fn failed() -> Box<Fault> {
    Fault::new(
        1006,
        ("The node failed at this.", "Le nœud a échoué à cette étape."),
        ("Run `entente doctor`.", "Lancez `entente doctor`."),
    )
}

/// An instant as documents write it: `2026-11-22T14:03:00Z`.
pub(crate) fn instant(at_s: i64) -> String {
    jiff::Timestamp::from_second(at_s).map(|at| at.to_string()).unwrap_or_default()
}
