//! A node: what one organization keeps, decides, says and accepts.
//!
//! [`Node`] is synchronous. The doors, the sync loop and the command line are thin shells that
//! call it on a blocking thread; a simulation calls it in a loop. Every effect and its audit entry
//! are one transaction of the store: if the entry cannot be written, nothing happened.
//!
//! Read on in the order of a node's life: [`pairing`], [`agreements`], [`records`], [`epochs`],
//! [`feeds`], [`counts`], [`statistics`], [`services`].

pub mod about;
pub mod agreements;
pub mod approvals;
pub mod audit;
pub mod bundles;
mod card;
pub mod counts;
pub mod documents;
pub mod endings;
pub mod epochs;
pub mod feeds;
pub mod handovers;
pub mod index;
pub mod news;
pub mod notices;
pub mod pairing;
pub mod partners;
pub mod records;
pub mod referrals;
mod releases;
pub mod restarts;
pub mod retention;
pub mod services;
pub mod sponsors;
pub mod statistics;
pub mod status;
pub mod waiting;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::codes::OrgType;
use entente_core::identity::{OrgId, OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_core::service::Directory;
use entente_core::statistics::release::ReleaseId;
use entente_proto::About;
use entente_store::db::{Db, DbError};
use entente_store::engine::EngineError;
use jiff::civil::Date;

use crate::clock::Clock;
use crate::doors::Admissions;
use crate::fault::Fault;
use crate::people::Attempts;

use index::{Cases, HeldIndex};
use news::News;
use referrals::ReferralRules;

/// What a node's function gives, or the fault that a person is told of.
pub type Outcome<T> = Result<T, Box<Fault>>;

/// What an organization says about itself to partners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in both languages.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// Where partners reach it: `host:port`. Empty if it accepts no connections.
    pub address: String,
}

/// The secrets of a node, as its key ring holds them.
pub struct Secrets {
    /// The identity key.
    pub key: OrgKey,
    /// The key that makes the names of cases towards partners.
    pub pseudonyms: PseudonymKey,
    /// The key under which rows of imported files are recognized again.
    pub import_key: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.key.id().short())
    }
}

/// One organization's node.
pub struct Node {
    pub(crate) profile: Profile,
    pub(crate) secrets: Secrets,
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    /// Who may come in at the partner door. Follows the partner table.
    pub admissions: Arc<Admissions>,
    // Raised after transactions; see `news`.
    pub(crate) news: Arc<News>,
    // In memory, rebuilt at start, changed with the store.
    pub(crate) cases: RwLock<Cases>,
    pub(crate) held: RwLock<HeldIndex>,
    // Read when somebody first looks at them, or for a person.
    noted: Mutex<audit::noted::Noted>,
    holdings: feeds::holding::Holds,
    identified: records::identified::Identified,
    // What partners were told, read when it is first asked for after a change.
    releases: releases::Releases,
    // Candidates of closes that somebody asked about.
    groups: epochs::Groups,
    // Built when it is first asked for.
    pub(crate) directory: RwLock<Option<Directory>>,
    /// Who heard "not yet" to which release since something was drawn last.
    pub(crate) awaited: Mutex<BTreeSet<(ReleaseId, OrgId)>>,
    /// Wrong passphrases of openers, by who tried them. Held while one is tried.
    guesses: Mutex<Attempts>,
    /// What the settings say that the organization does; set once, before the node is used.
    about: OnceLock<About>,
    /// What the settings say about referrals; set once, before the node is used.
    referral_rules: OnceLock<ReferralRules>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.id().short())
    }
}

impl Node {
    /// Opens a node over its store.
    ///
    /// After a restore from a backup this opens new epochs of its feeds before anything is said,
    /// so that it never says two things at one place. `remembered` is the file that
    /// [`Node::remember`] wrote, which may be missing or old.
    pub fn open(
        profile: Profile,
        secrets: Secrets,
        db: Db,
        clock: Arc<dyn Clock>,
        remembered: Option<&Path>,
    ) -> Outcome<Self> {
        let (cases, held) = index::open(&db, &secrets.key.id(), remembered)?;
        let node = Self {
            profile,
            secrets,
            db,
            clock,
            admissions: Arc::new(Admissions::nobody()),
            news: News::new(),
            cases: RwLock::new(cases),
            held: RwLock::new(held),
            noted: Mutex::default(),
            holdings: Mutex::default(),
            identified: records::identified::Identified::default(),
            releases: releases::Releases::default(),
            groups: epochs::Groups::default(),
            directory: RwLock::new(None),
            awaited: Mutex::default(),
            guesses: Mutex::default(),
            about: OnceLock::new(),
            referral_rules: OnceLock::new(),
        };
        node.reopen_feeds_after_restore()?;
        node.count_open_referrals()?;
        node.find_requests_by_org()?;
        node.db.write("node started", |tx| {
            node.write_audit(tx, vec![node.entry(Actor::Node, Action::NodeStarted)])
        })?;
        node.tell_card(&node.card())?;
        node.refresh_admissions()?;
        Ok(node)
    }

    /// Writes into a sealed file what memory holds, for the next start. Nothing else may be going on.
    pub fn remember(&self, path: &Path) -> Outcome<()> {
        let bytes = {
            let (mut cases, held) = (unpoisoned(self.cases.write()), unpoisoned(self.held.read()));
            index::to_bytes(&mut cases, &held)
        };
        Ok(self.db.remember(path, &bytes)?)
    }

    /// Waits until every transaction before this is on the disk.
    pub(crate) fn settle(&self) -> Outcome<()> {
        // A transaction that writes nothing waits for nothing.
        self.db.write("settle", |tx| Ok(tx.put_meta("settled", b"")?))
    }

    /// The organization this node belongs to.
    pub fn id(&self) -> OrgId {
        self.secrets.key.id()
    }

    /// What the organization says about itself.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The store, for backups and sizes.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The time, in seconds since 1970.
    pub fn now_s(&self) -> i64 {
        self.clock.now_s()
    }

    /// The day.
    pub fn today(&self) -> Date {
        self.clock.today()
    }

    /// Takes over what the settings say about referrals. Counts once.
    pub fn set_referral_rules(&self, rules: ReferralRules) {
        // Whoever comes second changes nothing.
        let _set = self.referral_rules.set(rules);
    }

    pub(crate) fn referral_rules(&self) -> ReferralRules {
        self.referral_rules.get().cloned().unwrap_or_default()
    }

    pub(crate) fn entry(&self, actor: Actor, action: Action) -> AuditEntry {
        AuditEntry::new(self.now_s(), actor, action)
    }
}

/// A lock whose holder panicked still guards a value that every transaction leaves whole.
pub(crate) fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl From<DbError> for Box<Fault> {
    fn from(error: DbError) -> Self {
        let error = match error {
            // A full disk is said as such, whichever step finds it out.
            DbError::Engine(error @ (EngineError::Full | EngineError::Corrupt { .. })) => {
                return crate::setup::engine_fault(error);
            }
            error => error,
        };
        let fault = match &error {
            DbError::Poisoned(_) => Fault::new(
                1702,
                (
                    "The store refuses writes since one failed.",
                    "Le dépôt refuse toute écriture depuis un échec.",
                ),
                (
                    "Free space on the disk, check it, and restart the node: `entente node run`.",
                    "Libérez de l’espace, vérifiez le disque, puis relancez\u{a0}: `entente node run`.",
                ),
            ),
            DbError::Damaged { .. } => Fault::new(
                1703,
                ("A row of the store is damaged.", "Une ligne du dépôt est endommagée."),
                (
                    "Restore the last backup: `entente backup restore FILE`.",
                    "Restaurez la dernière sauvegarde\u{a0}: `entente backup restore FICHIER`.",
                ),
            ),
            _ => Fault::new(
                1701,
                ("The store failed.", "Une erreur s’est produite dans le dépôt."),
                ("Run `entente doctor`.", "Lancez `entente doctor`."),
            ),
        };
        fault.in_detail(&error)
    }
}
