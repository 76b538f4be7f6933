//! Real nodes on loopback: a folder, a store, two doors and sync each, in one process.
//!
//! Every node listens on an address of its own in 127.0.0.0/8, so that tests that run beside each
//! other never fight for a port. The doors live in the time of the machine, as certificates do; what
//! nodes decide lives in a clock that stands at [`START_S`], so that no test depends on the day.
//! Nothing happens by itself: a node asks its partners for news when a test says so.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use entente_core::agreement::AgreementId;
use entente_core::audit::Action;
use entente_core::codes::OrgType;
use entente_core::envelope::Envelope;
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::pairing::Digits;
use entente_core::period::{Period, Quarter};
use entente_core::record::RecordId;
use entente_node::answer::Desk;
use entente_node::clock::{ManualClock, SystemClock};
use entente_node::config::Config;
use entente_node::doors::{self, PartnerChannel};
use entente_node::node::Node;
use entente_node::node::pairing::Ticket;
use entente_node::run::{self, Running};
use entente_node::setup::{Home, InitOptions};
use entente_node::sync::{Missed, Peers, Round};
use entente_node::tls::LiveIdentity;
use entente_proto::Card;
use entente_store::engine::Kind;
use entente_store::rows::{EvidenceRow, PartnerState};
use entente_store::seal::KdfParams;
use entente_store::tx::Reads as _;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::federation::{START_S, consent, plain_case, staff};

/// What never takes long is waited for this long before a test fails.
pub const BOUND: Duration = Duration::from_secs(20);

/// Waits for something that never takes long.
pub async fn soon<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(BOUND, what).await.expect("it took too long")
}

/// The passphrase of every node here.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// An address of loopback that nothing else uses: the process in the host part, and a port that
/// counts up.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    // A process id of Linux has 22 bits.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, 64 | (high & 0x3f), middle, low);
    SocketAddr::from((host, NEXT.fetch_add(1, Ordering::SeqCst)))
}

/// An organization with a running node.
#[derive(Debug)]
pub struct Site {
    running: Running,
    /// The identity key once more, to sign by hand.
    pub key: Arc<OrgKey>,
    /// What partners dial.
    pub address: SocketAddr,
    /// The clock of its decisions.
    pub clock: ManualClock,
    folder: TempDir,
}

impl Site {
    /// Makes a node and starts it.
    pub async fn start(name: &str, kind: OrgType, engine: Kind) -> Self {
        Self::start_with(name, kind, engine, |_| {}).await
    }

    /// A provincial office that listens to its partners all the time.
    pub async fn listening(name: &str) -> Self {
        let live = |config: &mut Config| config.sync.live = true;
        Self::start_with(name, OrgType::Provincial, Kind::Redb, live).await
    }

    /// Makes a node with changed settings and starts it.
    pub async fn start_with(
        name: &str,
        kind: OrgType,
        engine: Kind,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::make(name, kind, engine, |_| String::new(), change).await
    }

    /// Makes a node and starts it; partners are told to dial what `public` makes of its address.
    pub async fn start_behind(
        name: &str,
        kind: OrgType,
        engine: Kind,
        public: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        Self::make(name, kind, engine, public, |_| {}).await
    }

    async fn make(
        name: &str,
        kind: OrgType,
        engine: Kind,
        public: impl FnOnce(SocketAddr) -> String,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let (address, folder) = (free_address(), tempfile::tempdir().expect("a folder"));
        let home = Home::new(folder.path().join("node"));
        let options = InitOptions {
            name_en: name.to_owned(),
            name_fr: format!("{name} (fr)"),
            kind,
            listen: address,
            public_address: public(address),
            engine,
            kdf: KdfParams::WEAK_FOR_TESTS,
        };
        home.init(&options, PASSPHRASE).expect("a new node");
        let mut config = home.read_config().expect("settings");
        config.sync.interval_s = 86_400;
        config.sync.live = false;
        config.backup.every_h = 0;
        change(&mut config);
        std::fs::write(home.config(), config.to_text()).expect("settings are written");
        Self::again(folder, address, ManualClock::new(START_S)).await
    }

    /// Starts the node that is in this folder.
    pub async fn again(folder: TempDir, address: SocketAddr, clock: ManualClock) -> Self {
        let home = Home::new(folder.path().join("node"));
        let open = home.open(PASSPHRASE, Arc::new(clock.clone())).expect("the node opens");
        let key = Arc::clone(&open.key);
        let running = soon(run::start(open)).await.expect("the node starts");
        Self { running, key, address, clock, folder }
    }

    /// A provincial office on redb, which is made quickly.
    pub async fn office(name: &str) -> Self {
        Self::start(name, OrgType::Provincial, Kind::Redb).await
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.running.desk.node
    }

    /// What its staff ask.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.running.desk
    }

    /// Its ways out.
    pub fn peers(&self) -> &Peers {
        &self.running.desk.peers
    }

    /// What it shows at doors.
    pub fn identity(&self) -> &LiveIdentity {
        &self.running.desk.identity
    }

    /// Its organization.
    pub fn id(&self) -> OrgId {
        self.node().id()
    }

    /// Where its certificate is, for clients in other languages.
    pub fn certificate(&self) -> std::path::PathBuf {
        Home::new(self.folder.path().join("node")).certificate()
    }

    /// Its folder.
    pub fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("node")
    }

    /// Stops the node as its operator does. Its folder stays until the value goes.
    pub async fn stop(self) -> TempDir {
        self.running.stop();
        soon(self.running.wait()).await;
        self.folder
    }

    /// Asks one partner for news.
    pub async fn round(&self, partner: &OrgId) -> Result<Round, Missed> {
        soon(self.peers().round(partner)).await
    }

    /// Where a partner stands with this node.
    pub fn state(&self, partner: &OrgId) -> PartnerState {
        self.node().partner_row(partner).expect("a partner").state
    }

    /// Whether anything of this partner has stopped the exchange with it.
    pub fn is_quarantined(&self, partner: &OrgId) -> bool {
        self.node().partner_row(partner).expect("a partner").quarantined.is_some()
    }

    /// How often this action is in the audit log.
    pub fn n_audited(&self, action: Action) -> usize {
        n_audited(self.node(), action)
    }

    /// Waits until `is_so` of this node. It looks whenever something happened here, and never in
    /// intervals.
    pub async fn until(&self, is_so: impl Fn(&Node) -> bool) {
        let mut anything = self.node().news().of_anything();
        soon(async {
            while !is_so(self.node()) {
                anything.changed().await.expect("the node is there");
            }
        })
        .await;
    }

    /// A client of `caller` at this node's door.
    pub fn dialled_by(&self, caller: &LiveIdentity) -> PartnerChannel {
        dial(self.address, self.id(), caller)
    }

    /// Adds `n` cases whose people consent; all look alike.
    pub fn add_cases(&self, n: usize) -> Vec<RecordId> {
        add_cases(self.node(), n)
    }

    /// Releases what may go to `partner`; says how many summaries went into the feed.
    pub fn close(&self, partner: &OrgId) -> u64 {
        close(self.node(), partner)
    }
}

/// How often this action is in a node's audit log.
pub fn n_audited(node: &Node, action: Action) -> usize {
    let mut n = 0;
    let mut count = |_, entry: entente_core::audit::AuditEntry| {
        n += usize::from(entry.action == action);
        std::ops::ControlFlow::Continue(())
    };
    node.audit_entries(0, &mut count).expect("an audit log");
    n
}

/// Adds `n` cases whose people consent; all look alike.
pub fn add_cases(node: &Node, n: usize) -> Vec<RecordId> {
    let add = || {
        let mut record = node.blank_record().expect("an id");
        node.fill(&mut record, &plain_case()).expect("a whole record");
        node.add_record(staff(), record, vec![consent(1)]).expect("added")
    };
    (0..n).map(|_| add()).collect()
}

/// Releases what may go to `partner`; says how many summaries went into the feed.
pub fn close(node: &Node, partner: &OrgId) -> u64 {
    let epoch = Period::Quarter(Quarter::new(2026, 3).expect("a quarter"));
    node.close_epoch(&staff(), epoch, partner, true).expect("the epoch is over").n_released
}

/// What a node keeps against a partner.
pub fn evidence(node: &Node, partner: &OrgId) -> Vec<EvidenceRow> {
    node.db().read(|tx| tx.evidence(partner.as_bytes())).expect("evidence")
}

/// An organization without a node: a stranger, an attacker, a program in another language.
pub fn identity(seed: u8) -> LiveIdentity {
    let key = Arc::new(OrgKey::from_seed(&[seed; 32]));
    LiveIdentity::new(key, Arc::new(SystemClock)).expect("a certificate")
}

/// What such an organization says of itself.
pub fn card(org: OrgId) -> Card {
    Card {
        org,
        name: Text::new("Another organization", "Un autre organisme"),
        kind: OrgType::Ngo,
        address: String::new(),
    }
}

/// The way of `caller` to the node of `expected` at `address`.
pub fn dial(address: SocketAddr, expected: OrgId, caller: &LiveIdentity) -> PartnerChannel {
    let cut = CancellationToken::new();
    doors::connect(address.to_string(), expected, caller, cut).expect("a channel")
}

/// First contact over the wire: invitation, opening, joining. The digits are not typed yet.
pub async fn join(inviter: &Site, invitee: &Site) {
    let ticket = inviter.node().invite(staff(), "the other", "", 14).expect("invited");
    join_with(&ticket.envelope, invitee).await.expect("joined");
}

/// Opens this invitation and joins whoever made it.
pub async fn join_with(invitation: &Envelope, invitee: &Site) -> Result<(), Missed> {
    let opened = invitee.node().open_invitation(invitation).expect("an invitation");
    soon(invitee.peers().join(staff(), opened)).await
}

/// Both officers type what the other one reads.
pub fn type_digits(a: &Site, b: &Site) {
    let read = |from: &Site, to: &Site| from.node().digits_to_read(&to.id()).expect("digits");
    let (read_a, read_b) = (read(a, b), read(b, a));
    a.node().type_digits(staff(), &b.id(), &read_b).expect("right digits");
    b.node().type_digits(staff(), &a.id(), &read_a).expect("right digits");
}

/// Makes two sites partners, over the wire.
pub async fn pair(inviter: &Site, invitee: &Site) {
    join(inviter, invitee).await;
    type_digits(inviter, invitee);
    // A round with a partner that is not verified yet only asks whether it is.
    invitee.round(&inviter.id()).await.expect("confirmed");
    assert_eq!(invitee.state(&inviter.id()), PartnerState::Verified);
    assert_eq!(inviter.state(&invitee.id()), PartnerState::Verified);
}

/// Makes an organization without a node a partner, by function calls: invited, joined, and
/// verified on the side of the node. Returns the ticket.
pub fn admit(node: &Node, partner: &Card) -> Ticket {
    let ticket = node.invite(staff(), "the other", "", 14).expect("invited");
    node.join(&partner.org, &ticket.id, partner, &[9; 32]).expect("joined");
    verify(node, &partner.org);
    ticket
}

/// Both phone checks of a partner that has joined.
pub fn verify(node: &Node, partner: &OrgId) {
    let row = node.partner_row(partner).expect("a partner");
    let digits = Digits::parse(&row.digits).expect("digits");
    node.type_digits(staff(), partner, &digits.to_read(!row.inviter)).expect("right digits");
    node.confirmed_by(partner).expect("confirmed");
}

/// The draft of an agreement under which groups of `k` go from a province to the centre.
pub fn summaries_and_counts(k: u32) -> String {
    include_str!("../../config/agreements/province-federal.toml")
        .replace("min_group_persons = 11", &format!("min_group_persons = {k}"))
}

/// The same without counts.
pub fn summaries_only(k: u32) -> String {
    let draft = summaries_and_counts(k);
    let (before, counts) = draft.split_once("[we_send.counts]").expect("a table of counts");
    let (_, after) = counts.split_once("[we_send.forbid]").expect("what is forbidden");
    format!("{before}[we_send.forbid]{after}")
}

/// Puts an agreement in force between two partners, over the wire.
pub async fn agree(from: &Site, to: &Site, draft: &str) -> AgreementId {
    let draft = from.node().read_draft(draft, &to.id(), None).expect("a draft");
    let name = format!("{}@{}", draft.id, draft.version);
    from.node().propose(staff(), &draft).expect("proposed");
    to.round(&from.id()).await.expect("heard of it");
    for (signer, other) in [(to, from), (from, to)] {
        let kept = signer.node().find_agreement(&name).expect("there");
        signer.node().sign_agreement(staff(), &kept).expect("signed");
        other.round(&signer.id()).await.expect("heard of the signature");
    }
    draft.id
}
