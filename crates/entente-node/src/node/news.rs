//! Telling whoever waits inside this process that something happened.
//!
//! [`Node`] knows no socket and starts no task. Each of its transactions that appends to a feed or to
//! the audit log raises a flag here once it is durable; the live feeds of partners and the inbox of
//! staff wait for these flags and then look for themselves. A flag says that there is more to see,
//! never what, and raising one waits for nobody.
//!
//! What is looked at in memory follows its transaction, which may be durable before: whoever changes
//! memory then raises the flag again (`memory_followed`), or somebody would look too early and
//! wait for ever.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use entente_core::identity::OrgId;
use entente_proto::FeedPlace;
use entente_store::db::Write;
use entente_store::log::{LogKey, Logs as _};
use entente_store::tx::Reads as _;
use tokio::sync::watch;

use super::feeds::Refused;
use super::partners::Shut;
use super::{Node, Outcome, unpoisoned};

/// A flag that is raised by counting up, so that a waiter misses none and sees many as one.
pub type Flag = watch::Receiver<u64>;

/// The flags of one node.
pub struct News {
    /// Feeds that somebody waits for; at most one for each partner.
    feeds: Mutex<HashMap<OrgId, watch::Sender<u64>>>,
    /// Anything at all: every effect has an entry in the audit log.
    anything: watch::Sender<u64>,
    /// Who may come in, or may not any more.
    partners: watch::Sender<u64>,
}

impl News {
    /// Nobody waits.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            feeds: Mutex::default(),
            anything: watch::Sender::new(0),
            partners: watch::Sender::new(0),
        })
    }

    /// Raised when our feed for `partner` has become longer.
    pub fn of_feed(&self, partner: &OrgId) -> Flag {
        unpoisoned(self.feeds.lock())
            .entry(*partner)
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe()
    }

    /// Raised when anything has happened that is in the audit log.
    pub fn of_anything(&self) -> Flag {
        self.anything.subscribe()
    }

    /// Raised when a partner has come, gone, or changed where it stands.
    pub fn of_partners(&self) -> Flag {
        self.partners.subscribe()
    }

    /// How many listen for our feed for `partner`.
    pub fn n_listening(&self, partner: &OrgId) -> usize {
        unpoisoned(self.feeds.lock()).get(partner).map_or(0, watch::Sender::receiver_count)
    }

    fn feed_grew(&self, partner: &OrgId) {
        if let Some(flag) = unpoisoned(self.feeds.lock()).get(partner) {
            raise(flag);
        }
    }

    /// Raises the flag of everything: memory has followed a transaction that may have raised it before.
    pub(super) fn memory_followed(&self) {
        raise(&self.anything);
    }

    pub(super) fn partners_changed(&self) {
        raise(&self.partners);
    }
}

fn raise(flag: &watch::Sender<u64>) {
    flag.send_modify(|n| *n = n.wrapping_add(1));
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("News")
    }
}

impl Node {
    /// The flags that are raised when something happens here.
    pub fn news(&self) -> &Arc<News> {
        &self.news
    }

    /// Raises the flag of a partner's feed once this transaction is durable.
    pub(super) fn tell_of_feed(&self, tx: &mut Write<'_>, partner: OrgId) {
        let news = Arc::clone(&self.news);
        tx.when_durable(move || news.feed_grew(&partner));
    }

    /// Raises the flag of everything once this transaction is durable.
    pub(super) fn tell_of_anything(&self, tx: &mut Write<'_>) {
        let news = Arc::clone(&self.news);
        tx.when_durable(move || raise(&news.anything));
    }

    /// Where our feed for a partner ends, if that partner may be told now.
    pub fn feed_end(&self, partner: &OrgId) -> Result<FeedPlace, Refused> {
        self.db.read(|tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.open_to(&row)?;
            let head = tx.log_head(LogKey::Feed(*partner.as_bytes()))?;
            Ok(FeedPlace { epoch: head.epoch, size: head.frontier.size() })
        })
    }

    /// How far we have read what a partner said.
    pub fn read_place(&self, issuer: &OrgId) -> Outcome<FeedPlace> {
        let (epoch, size) = self.cursor(issuer)?;
        Ok(FeedPlace { epoch, size })
    }
}
