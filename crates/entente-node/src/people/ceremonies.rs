//! What browsers were asked, or sent away with: in memory, once, for some minutes.
//!
//! Anybody may have something asked without being signed in, so what is kept is bounded, and one
//! subscriber cannot push out what another was asked.

use std::collections::HashMap;
use std::net::IpAddr;

use entente_store::people::UserId;
use entente_store::rows::Bytes32;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration,
};

use crate::subscriber::subscriber;

/// How long a person has to find a key and touch it, in seconds (WebAuthn level 3 recommends as much).
pub(super) const PASSKEY_LASTS_S: i64 = 5 * 60;
/// The most of one subscriber: an office may share an address.
const MAX_OF_SUBSCRIBER: usize = 50;
/// The most at all: some megabytes.
const MAX: usize = 5_000;

/// What a browser was asked.
#[derive(Debug)]
pub(super) struct Ceremony<T> {
    pub(super) doing: T,
    /// When, in seconds since 1970.
    pub(super) begun_at_s: i64,
    /// Whose browser.
    pub(super) from: IpAddr,
}

/// For what, of passkeys.
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
#[derive(Debug)]
pub(super) struct Ceremonies<T> {
    lasts_s: i64,
    all: HashMap<Bytes32, Ceremony<T>>,
}

impl<T> Ceremonies<T> {
    /// None yet; each will last so many seconds.
    pub(super) fn lasting(lasts_s: i64) -> Self {
        Self { lasts_s, all: HashMap::new() }
    }

    /// Keeps one. If there are too many, the oldest of the same subscriber goes, or the oldest of all.
    pub(super) fn keep(&mut self, name: Bytes32, ceremony: Ceremony<T>) {
        let (now_s, lasts_s) = (ceremony.begun_at_s, self.lasts_s);
        self.all.retain(|_, it| !it.is_over(now_s, lasts_s));
        let near = subscriber(ceremony.from);
        let is_near = |it: &Ceremony<T>| subscriber(it.from) == near;
        if self.all.values().filter(|it| is_near(it)).count() >= MAX_OF_SUBSCRIBER {
            self.forget_oldest(is_near);
        }
        if self.all.len() >= MAX {
            self.forget_oldest(|_| true);
        }
        self.all.insert(name, ceremony);
    }

    /// Takes one out; `None` if there is none of this name, or its time is over.
    pub(super) fn take(&mut self, name: &Bytes32, now_s: i64) -> Option<T> {
        let taken = self.all.remove(name)?;
        (!taken.is_over(now_s, self.lasts_s)).then_some(taken.doing)
    }

    /// Looks at one; it stays until its time is over.
    pub(super) fn see(&self, name: &Bytes32, now_s: i64) -> Option<&T> {
        let kept = self.all.get(name)?;
        (!kept.is_over(now_s, self.lasts_s)).then_some(&kept.doing)
    }

    fn forget_oldest(&mut self, of: impl Fn(&Ceremony<T>) -> bool) {
        let oldest = self.all.iter().filter(|(_, it)| of(it)).min_by_key(|(_, it)| it.begun_at_s);
        if let Some(name) = oldest.map(|(name, _)| *name) {
            self.all.remove(&name);
        }
    }
}

impl<T> Ceremony<T> {
    fn is_over(&self, now_s: i64, lasts_s: i64) -> bool {
        now_s - self.begun_at_s >= lasts_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(from: &str) -> Ceremony<()> {
        Ceremony { doing: (), begun_at_s: 0, from: from.parse().unwrap() }
    }

    /// How many are kept after many of these and one of somebody else, whose is still there.
    #[track_caller]
    fn check(near: impl Fn(usize) -> String, other: &str) {
        let (mut all, first) = (Ceremonies::lasting(60), [0xff; 32]);
        all.keep(first, begun(other));
        for n in 0..2 * MAX_OF_SUBSCRIBER {
            all.keep([u8::try_from(n).unwrap(); 32], begun(&near(n)));
        }
        assert_eq!(all.all.len(), MAX_OF_SUBSCRIBER + 1);
        assert!(all.see(&first, 0).is_some());
    }

    #[test]
    fn whoever_has_many_addresses_pushes_out_only_what_they_were_asked_themselves() {
        check(|n| format!("2001:db8:1:2:{n:x}::1"), "2001:db8:1:3::1");
        let one = ["192.0.2.7", "::ffff:192.0.2.7"];
        check(|n| one[n % 2].to_owned(), "192.0.2.8");
    }
}
