//! What browsers were asked about passkeys: in memory, once, for five minutes.
//!
//! Anybody may have something asked without being signed in, so what is kept is bounded, and one
//! address cannot push out what another was asked.

use std::collections::HashMap;
use std::net::IpAddr;

use entente_store::people::UserId;
use entente_store::rows::Bytes32;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration,
};

/// How long a person has to find a key and touch it, in seconds (WebAuthn level 3 recommends as much).
const LASTS_S: i64 = 5 * 60;
/// The most of one address: an office may share one.
const MAX_OF_ADDRESS: usize = 50;
/// The most at all: some megabytes.
const MAX: usize = 5_000;

/// What a browser was asked.
#[derive(Debug)]
pub(super) struct Ceremony {
    pub(super) doing: Doing,
    /// When, in seconds since 1970.
    pub(super) begun_at_s: i64,
    /// Whose browser.
    pub(super) from: IpAddr,
}

/// For what.
#[derive(Debug)]
pub(super) enum Doing {
    /// To make a passkey for this account.
    Add { user: UserId, state: Box<PasskeyRegistration> },
    /// To show any passkey.
    SignIn(Box<DiscoverableAuthentication>),
    /// To show one of this account.
    Prove { user: UserId, state: Box<PasskeyAuthentication> },
}

/// All of them, by the hash of their names.
#[derive(Debug, Default)]
pub(super) struct Ceremonies(HashMap<Bytes32, Ceremony>);

impl Ceremonies {
    /// Keeps one. If there are too many, the oldest of the same address goes, or the oldest of all.
    pub(super) fn keep(&mut self, name: Bytes32, ceremony: Ceremony) {
        let now_s = ceremony.begun_at_s;
        self.0.retain(|_, it| !is_over(it, now_s));
        let is_near = |it: &Ceremony| it.from == ceremony.from;
        if self.0.values().filter(|it| is_near(it)).count() >= MAX_OF_ADDRESS {
            self.forget_oldest(is_near);
        }
        if self.0.len() >= MAX {
            self.forget_oldest(|_| true);
        }
        self.0.insert(name, ceremony);
    }

    /// Takes one out; `None` if there is none of this name, or its time is over.
    pub(super) fn take(&mut self, name: &Bytes32, now_s: i64) -> Option<Doing> {
        let taken = self.0.remove(name)?;
        (!is_over(&taken, now_s)).then_some(taken.doing)
    }

    fn forget_oldest(&mut self, of: impl Fn(&Ceremony) -> bool) {
        let oldest = self.0.iter().filter(|(_, it)| of(it)).min_by_key(|(_, it)| it.begun_at_s);
        if let Some(name) = oldest.map(|(name, _)| *name) {
            self.0.remove(&name);
        }
    }
}

fn is_over(ceremony: &Ceremony, now_s: i64) -> bool {
    now_s - ceremony.begun_at_s >= LASTS_S
}
