//! Counting wrong attempts, for each account, each session, each passkey, each address, and all addresses that one
//! customer can have.
//!
//! Passwords, codes and recovery codes count into the same numbers, and every way to write a name into
//! the same account. An attempt is counted before it is checked, so that many at once do not slip
//! through together. Kept in memory: a restart of the node, which an attacker cannot cause, begins
//! anew.
//!
//! A name is known to many, so wrong attempts on it make only those wait who bring nothing but the name. Whoever
//! is in a session waits for what was wrong in it, and whoever shows a passkey for what was wrong with that one.

use std::collections::HashMap;
use std::net::IpAddr;

use entente_store::rows::Bytes32;

use crate::subscriber::{site, subscriber};

/// Wrong attempts on one account, in one session or with one passkey before the next one has to wait.
const FREE_FOR_ACCOUNT: u32 = 5;
/// Wrong attempts from one address before the next one has to wait: an office may share one.
const FREE_FOR_ADDRESS: u32 = 20;
/// The same from a site of IPv6, whose 65,536 halves would be as many addresses: ten offices may be beside each other.
const FREE_FOR_SITE: u32 = 200;
/// The longest wait, in seconds. Longer would let anybody keep somebody out for a day.
const MAX_WAIT_S: i64 = 900;
/// After so many seconds without a wrong attempt, all is forgotten.
const FORGET_S: i64 = 3_600;
/// How many accounts and addresses are watched at most: about a megabyte.
const MAX_WATCHED: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Watched {
    Account(String),
    Session(Bytes32),
    Passkey(Bytes32),
    Address(IpAddr),
    Site(IpAddr),
}

/// What an attempt is on, beside the address from which it comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum On<'a> {
    /// An account, by its folded name.
    Account(&'a str),
    /// The same from within one of its sessions, to prove once more who is there.
    Session(&'a Bytes32, &'a str),
    /// A passkey, by the hash of its id.
    Passkey(&'a Bytes32),
    /// Nothing that anybody could name.
    Nothing,
}

impl On<'_> {
    /// What a wrong one makes wait, beside the address.
    fn watched(self) -> Option<Watched> {
        match self {
            Self::Account(name) => Some(account(name)),
            Self::Session(key, _) => Some(Watched::Session(*key)),
            Self::Passkey(id) => Some(Watched::Passkey(*id)),
            Self::Nothing => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    n: u32,
    last_s: i64,
    // When the one before the last was.
    before_s: i64,
    // Those that had to wait and were not even checked, since the last entry in the audit log.
    n_turned_away: u64,
}

/// Wrong attempts so far.
#[derive(Debug, Default)]
pub struct Attempts {
    tries: HashMap<Watched, Tries>,
}

impl Attempts {
    /// Begins an attempt from `from`; it counts as wrong until it [succeeds](Self::succeeded). In the way: how many
    /// seconds to wait.
    ///
    /// From within a session it counts for account and address too, and waits for neither.
    pub(super) fn begin(&mut self, on: On<'_>, from: IpAddr, now_s: i64) -> Result<(), i64> {
        let mut watched: Vec<_> = on.watched().into_iter().chain(places(from)).collect();
        let On::Session(_, name) = on else { return self.begin_all(&watched, now_s) };
        let wait = watched.first().map_or(0, |session| self.wait(session, now_s));
        watched.push(account(name));
        self.begin_after(wait, &watched, now_s)
    }

    /// The same where nobody says which account it is.
    pub fn begin_at(&mut self, from: IpAddr, now_s: i64) -> Result<(), i64> {
        self.begin_all(&places(from).collect::<Vec<_>>(), now_s)
    }

    /// The same where somebody who is known, by this folded name, tries what only a colleague knows.
    pub fn begin_by(&mut self, name: &str, now_s: i64) -> Result<(), i64> {
        self.begin_all(&[account(name)], now_s)
    }

    fn begin_all(&mut self, watched: &[Watched], now_s: i64) -> Result<(), i64> {
        let wait = watched.iter().map(|it| self.wait(it, now_s)).max().unwrap_or(0);
        self.begin_after(wait, watched, now_s)
    }

    fn begin_after(&mut self, wait: i64, watched: &[Watched], now_s: i64) -> Result<(), i64> {
        self.tries.retain(|_, tries| now_s - tries.last_s < FORGET_S);
        // One that is turned away is told of once: with what comes first.
        let n = if wait > 0 { 1 } else { watched.len() };
        for it in watched.iter().take(n) {
            self.make_room(it);
            let fresh = Tries { n: 0, last_s: now_s, before_s: now_s, n_turned_away: 0 };
            let tries = self.tries.entry(it.clone()).or_insert(fresh);
            if wait > 0 {
                tries.n_turned_away += 1;
            } else {
                tries.n = tries.n.saturating_add(1);
                tries.before_s = std::mem::replace(&mut tries.last_s, now_s);
            }
        }
        if wait > 0 { Err(wait) } else { Ok(()) }
    }

    /// The attempt that began at `begun_s` was right.
    pub(super) fn succeeded(&mut self, on: On<'_>, from: IpAddr, begun_s: i64) {
        if let Some(watched) = on.watched() {
            self.tries.remove(&watched);
        }
        if let On::Session(_, name) = on {
            // It does not excuse what strangers tried on the account.
            self.take_back(&account(name), Some(begun_s));
        }
        // One right account does not excuse what the address tried on others.
        for place in places(from) {
            self.take_back(&place, Some(begun_s));
        }
    }

    /// The attempt of somebody who is known was right.
    pub fn succeeded_by(&mut self, name: &str) {
        self.tries.remove(&account(name));
    }

    /// The attempt where nobody said which account it is was right.
    pub fn succeeded_at(&mut self, from: IpAddr) {
        for place in places(from) {
            self.take_back(&place, None);
        }
    }

    fn take_back(&mut self, watched: &Watched, begun_s: Option<i64>) {
        if let Some(tries) = self.tries.get_mut(watched) {
            tries.n = tries.n.saturating_sub(1);
            // Nor does it make others wait longer; whoever tried meanwhile stays the last.
            if begun_s == Some(tries.last_s) {
                tries.last_s = tries.before_s;
            }
        }
    }

    /// How many such attempts were turned away without a look since this was last asked.
    pub(super) fn take_turned_away(&mut self, on: On<'_>) -> u64 {
        let tries = on.watched().and_then(|watched| self.tries.get_mut(&watched));
        tries.map_or(0, |tries| std::mem::take(&mut tries.n_turned_away))
    }

    fn wait(&self, watched: &Watched, now_s: i64) -> i64 {
        let Some(tries) = self.tries.get(watched) else { return 0 };
        let free = match watched {
            Watched::Account(_) | Watched::Session(_) | Watched::Passkey(_) => FREE_FOR_ACCOUNT,
            Watched::Address(_) => FREE_FOR_ADDRESS,
            Watched::Site(_) => FREE_FOR_SITE,
        };
        let Some(beyond) = tries.n.checked_sub(free) else { return 0 };
        let wait = 2_i64.checked_pow(beyond + 1).unwrap_or(MAX_WAIT_S).min(MAX_WAIT_S);
        (tries.last_s + wait - now_s).max(0)
    }

    /// Somebody who invents names must not fill the memory: the one that was tried the least is
    /// forgotten.
    fn make_room(&mut self, newcomer: &Watched) {
        if self.tries.len() < MAX_WATCHED || self.tries.contains_key(newcomer) {
            return;
        }
        let least = self.tries.iter().min_by_key(|(_, tries)| (tries.n, tries.last_s));
        if let Some(least) = least.map(|(it, _)| it.clone()) {
            self.tries.remove(&least);
        }
    }
}

fn account(name: &str) -> Watched {
    Watched::Account(name.to_owned())
}

fn places(from: IpAddr) -> impl Iterator<Item = Watched> {
    [Watched::Address(subscriber(from))].into_iter().chain(site(from).map(Watched::Site))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn the_sixth_wrong_attempt_waits_and_each_further_one_twice_as_long() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            assert_eq!(attempts.begin(On::Account("lea"), HERE, 100), Ok(()));
        }
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 100), Err(2));
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 102), Ok(()));
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 102), Err(4));
        // Waiting attempts do not make it longer.
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 103), Err(3));
        assert_eq!(attempts.take_turned_away(On::Account("lea")), 3);
        assert_eq!(attempts.take_turned_away(On::Account("lea")), 0);
        // Nobody waits for more than a quarter of an hour.
        let mut now_s = 106;
        for _ in 0..20 {
            assert_eq!(attempts.begin(On::Account("lea"), HERE, now_s), Ok(()));
            let Err(wait) = attempts.begin(On::Account("lea"), HERE, now_s) else {
                panic!("no wait")
            };
            assert!(wait <= MAX_WAIT_S, "{wait}");
            now_s += wait;
        }
    }

    #[test]
    fn another_account_from_another_address_is_not_held_up() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(On::Account("lea"), HERE, 0).unwrap();
        }
        assert!(attempts.begin(On::Account("lea"), HERE, 0).is_err());
        assert_eq!(attempts.begin(On::Account("omar"), HERE, 0), Ok(()));
        assert!(attempts.begin(On::Account("lea"), "198.51.100.1".parse().unwrap(), 0).is_err());
    }

    #[test]
    fn an_address_that_tries_many_accounts_waits_too() {
        let mut attempts = Attempts::default();
        for n in 0..20 {
            attempts.begin(On::Account(&format!("user{n}")), HERE, 0).unwrap();
        }
        assert!(attempts.begin(On::Account("another"), HERE, 0).is_err());
        assert!(
            attempts.begin(On::Account("another"), "::ffff:192.0.2.7".parse().unwrap(), 0).is_err()
        );
        // Nor does it help to have many addresses.
        for n in 0..20 {
            let from = format!("2001:db8:1:2::{n:x}").parse().unwrap();
            attempts.begin(On::Account(&format!("user{n}")), from, 0).unwrap();
        }
        assert!(
            attempts
                .begin(On::Account("another"), "2001:db8:1:2:ffff::9".parse().unwrap(), 0)
                .is_err()
        );
    }

    #[test]
    fn a_site_that_tries_from_all_its_halves_waits_and_the_one_beside_it_does_not() {
        let mut attempts = Attempts::default();
        let from = |half: u32| format!("2001:db8:1:{half:x}::1").parse().unwrap();
        for n in 0..FREE_FOR_SITE {
            attempts.begin(On::Account(&format!("user{n}")), from(n), 0).unwrap();
        }
        assert!(attempts.begin(On::Account("another"), from(FREE_FOR_SITE), 0).is_err());
        assert!(attempts.begin_at(from(FREE_FOR_SITE + 1), 0).is_err());
        assert_eq!(attempts.begin(On::Account("lea"), "2001:db8:2::1".parse().unwrap(), 0), Ok(()));
        // Whoever gets in takes nothing of it away but their own.
        attempts.succeeded(On::Account("user0"), from(0), 0);
        assert_eq!(attempts.begin(On::Account("another"), from(FREE_FOR_SITE), 0), Ok(()));
        assert!(attempts.begin(On::Account("another"), from(FREE_FOR_SITE), 0).is_err());
    }

    #[test]
    fn signing_in_clears_the_account_and_an_hour_clears_everything() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(On::Account("lea"), HERE, 0).unwrap();
        }
        attempts.succeeded(On::Account("lea"), HERE, 0);
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 0), Ok(()));
        for _ in 0..4 {
            attempts.begin(On::Account("lea"), HERE, 0).unwrap();
        }
        assert!(attempts.begin(On::Account("lea"), HERE, 0).is_err());
        assert_eq!(attempts.begin(On::Account("lea"), HERE, FORGET_S), Ok(()));
    }

    #[test]
    fn invented_names_do_not_fill_the_memory_nor_push_out_a_watched_account() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(On::Account("lea"), HERE, 0).unwrap();
        }
        for n in 0..u32::try_from(MAX_WATCHED).unwrap() + 100 {
            let from = IpAddr::V4((0x0a00_0000 + n).into());
            let _ = attempts.begin(On::Account(&format!("invented{n}")), from, 1);
        }
        assert!(attempts.tries.len() <= MAX_WATCHED + 1);
        assert!(attempts.begin(On::Account("lea"), "203.0.113.5".parse().unwrap(), 1).is_err());
    }

    #[test]
    fn strangers_who_know_a_name_hold_up_neither_a_session_nor_a_passkey_of_that_account() {
        let mut attempts = Attempts::default();
        let (session, passkey) = (On::Session(&[1; 32], "lea"), On::Passkey(&[2; 32]));
        for _ in 0..50 {
            let _ = attempts.begin(On::Account("lea"), HERE, 0);
        }
        assert!(attempts.begin(On::Account("lea"), HERE, 0).is_err());
        // From the same address too, where it is a session.
        assert_eq!(attempts.begin(session, HERE, 0), Ok(()));
        attempts.succeeded(session, HERE, 0);
        assert_eq!(attempts.begin(passkey, "198.51.100.1".parse().unwrap(), 0), Ok(()));
        // Nor did the proof excuse what they tried.
        assert!(attempts.begin(On::Account("lea"), HERE, 0).is_err());
    }

    #[test]
    fn a_proof_that_was_right_makes_nobody_else_wait_longer() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(On::Account("lea"), HERE, 0).unwrap();
        }
        let session = On::Session(&[1; 32], "lea");
        attempts.begin(session, HERE, 1).unwrap();
        attempts.succeeded(session, HERE, 1);
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 1), Err(1));
        assert_eq!(attempts.begin(On::Account("lea"), HERE, 2), Ok(()));
    }

    #[test]
    fn what_is_wrong_in_a_session_waits_there_and_counts_for_the_account_as_well() {
        let mut attempts = Attempts::default();
        let from = |n: usize| format!("198.51.100.{n}").parse().unwrap();
        let [session, passkey] = [On::Session(&[1; 32], "lea"), On::Passkey(&[2; 32])];
        for n in 0..5 {
            attempts.begin(session, from(n), 0).unwrap();
            attempts.begin(passkey, from(n), 0).unwrap();
        }
        assert_eq!(attempts.begin(session, from(9), 0), Err(2));
        assert_eq!(attempts.begin(passkey, from(9), 0), Err(2));
        assert_eq!(attempts.take_turned_away(session), 1);
        assert_eq!(attempts.take_turned_away(On::Account("lea")), 0, "told of twice");
        assert_eq!(attempts.begin(On::Account("lea"), from(9), 0), Err(2));
        // Another session and another passkey do not wait.
        assert_eq!(attempts.begin(On::Session(&[3; 32], "omar"), from(9), 0), Ok(()));
        assert_eq!(attempts.begin(On::Passkey(&[4; 32]), from(9), 0), Ok(()));
    }
}
