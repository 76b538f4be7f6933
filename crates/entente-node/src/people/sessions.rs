//! Sessions: who is signed in, since when, how, and until when.

use std::collections::HashMap;
use std::net::IpAddr;

use entente_core::audit::Action;
use entente_store::people::{LinkRow, People as _, UserId};
use entente_store::rows::Bytes32;

use super::{People, Place, Token};
use crate::answer::Staff;
use crate::local::Role;
use crate::node::{Outcome, unpoisoned};

/// A session that nobody uses ends after so many seconds.
pub const SESSION_IDLE_S: i64 = 20 * 60;
/// A session ends after so many seconds, used or not: a working day.
pub const SESSION_LASTS_S: i64 = 12 * 3_600;
/// For so many seconds after a proof of who is there, what needs a fresh one is allowed.
pub const PROOF_LASTS_S: i64 = 5 * 60;
/// The most sessions of one account; the oldest ends when there is one more.
const MAX_OF_ONE: usize = 10;
/// The longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 120;

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With the link of a new or reset account.
    Link,
    /// Password, and the code of an app.
    Code,
    /// Password, and a recovery code.
    Recovery,
    /// A passkey.
    Passkey,
    /// The organization's identity provider.
    Provider,
}

impl Method {
    /// As it stands in the audit log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "password_code",
            Self::Recovery => "password_recovery_code",
            Self::Passkey => "passkey",
            Self::Provider => "identity_provider",
        }
    }
}

#[derive(Clone, Debug)]
struct Session {
    id: [u8; 8],
    user: UserId,
    how: Method,
    made_at_s: i64,
    seen_at_s: i64,
    proved_at_s: i64,
    lasts_s: i64,
    from: IpAddr,
    agent: String,
    // A link that its owner made for themselves, under the hash of its secret.
    renewal: Option<(Bytes32, LinkRow)>,
}

impl Session {
    fn is_over(&self, now_s: i64) -> bool {
        now_s - self.seen_at_s >= SESSION_IDLE_S || now_s - self.made_at_s >= self.lasts_s
    }
}

/// Everybody who is signed in. The keys are hashes of the secrets that browsers hold.
#[derive(Debug, Default)]
pub(super) struct Sessions(HashMap<Bytes32, Session>);

impl Sessions {
    /// Ends every session that is one of these; how many there were.
    fn end(&mut self, is_one: impl Fn(&Bytes32, &Session) -> bool) -> u64 {
        let n_before = self.0.len();
        self.0.retain(|key, session| !is_one(key, session));
        (n_before - self.0.len()) as u64
    }
}

/// Somebody who is signed in, as looked up for this request.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The account.
    pub user: UserId,
    /// Its name, and what it may do.
    pub staff: Staff,
    /// What others read.
    pub display: String,
    /// How the session was opened.
    pub how: Method,
    /// When the person last proved who they are, in seconds since 1970.
    pub proved_at_s: i64,
    /// Until when the session lasts if nobody uses it, in seconds since 1970.
    pub idle_until_s: i64,
    /// Until when it lasts at most.
    pub until_s: i64,
    /// The public name of the session.
    pub session: String,
    key: Bytes32,
}

impl Signed {
    /// Until when the session lasts if nobody uses it, and at most.
    pub fn ends_s(&self) -> i64 {
        self.idle_until_s.min(self.until_s)
    }

    /// What the session is kept under.
    pub(super) fn key(&self) -> Bytes32 {
        self.key
    }
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its public name: sixteen hex digits.
    pub id: String,
    /// How it was opened.
    pub how: Method,
    /// When, in seconds since 1970.
    pub made_at_s: i64,
    /// When it was last used.
    pub seen_at_s: i64,
    /// From which address.
    pub from: IpAddr,
    /// What the browser calls itself.
    pub agent: String,
}

impl People {
    /// Opens a session, in place of that which the browser brings. That somebody signed in was written down before.
    pub(super) fn open(&self, user: UserId, how: Method, from: &Place) -> Outcome<Token> {
        self.open_proved(user, how, from, self.node.now_s())
    }

    /// The same for somebody who proved who they are at another moment than now.
    pub(super) fn open_proved(
        &self,
        user: UserId,
        how: Method,
        from: &Place,
        proved_at_s: i64,
    ) -> Outcome<Token> {
        let (token, id, now_s) = (Token::new()?, Token::new()?, self.node.now_s());
        // The browser forgets the one before, which nobody would end.
        if let Some(before) = &from.session
            && let Some(signed) = self.signed(before, false)?
        {
            self.sign_out(&signed)?;
        }
        let agent = from.agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT).collect();
        let session = Session {
            id: *id.0.first_chunk().unwrap_or(&[0; 8]),
            user,
            how,
            made_at_s: now_s,
            seen_at_s: now_s,
            proved_at_s,
            lasts_s: self.guard.lasts_s(how),
            from: from.address,
            agent,
            renewal: None,
        };
        let mut sessions = unpoisoned(self.sessions.lock());
        sessions.0.retain(|_, session| !session.is_over(now_s));
        let of_user = sessions.0.iter().filter(|(_, session)| session.user == user);
        if of_user.clone().count() >= MAX_OF_ONE
            && let Some(oldest) = of_user.min_by_key(|(_, it)| it.seen_at_s).map(|(key, _)| *key)
        {
            sessions.0.remove(&oldest);
        }
        sessions.0.insert(token.hash(), session);
        Ok(token)
    }

    /// Who holds this session, if it is open and its account may still sign in.
    ///
    /// `uses` says whether a person did something, or a page only looked by itself.
    pub fn signed(&self, token: &Token, uses: bool) -> Outcome<Option<Signed>> {
        let (key, now_s) = (token.hash(), self.node.now_s());
        let session = {
            let mut sessions = unpoisoned(self.sessions.lock());
            let Some(session) = sessions.0.get_mut(&key) else { return Ok(None) };
            if session.is_over(now_s) {
                sessions.0.remove(&key);
                return Ok(None);
            }
            if uses {
                session.seen_at_s = now_s;
            }
            session.clone()
        };
        let row = self.node.db.read(|tx| tx.user(&session.user))?;
        let Some(row) = row.filter(|row| row.enabled) else {
            unpoisoned(self.sessions.lock()).0.remove(&key);
            return Ok(None);
        };
        let roles = row.roles.iter().filter_map(|code| Role::parse(code)).collect();
        Ok(Some(Signed {
            user: session.user,
            staff: Staff { name: row.name, roles },
            display: row.display,
            how: session.how,
            proved_at_s: session.proved_at_s,
            idle_until_s: session.seen_at_s + SESSION_IDLE_S,
            until_s: session.made_at_s + session.lasts_s,
            session: hex::encode(session.id),
            key,
        }))
    }

    /// Keeps a link that somebody made for themselves in their session, in place of the one before; whether the session
    /// is still there.
    pub(super) fn keep_renewal(&self, signed: &Signed, link: Bytes32, row: LinkRow) -> bool {
        let now_s = self.node.now_s();
        let mut sessions = unpoisoned(self.sessions.lock());
        let session = sessions.0.get_mut(&signed.key).filter(|session| !session.is_over(now_s));
        let Some(session) = session else { return false };
        session.renewal = Some((link, row));
        true
    }

    /// The link of this hash, if it is in the session that the browser brings.
    pub(super) fn renewal(&self, link: &Bytes32, from: &Place) -> Option<LinkRow> {
        let (key, now_s) = (from.session.as_ref()?.hash(), self.node.now_s());
        let sessions = unpoisoned(self.sessions.lock());
        let session = sessions.0.get(&key).filter(|session| !session.is_over(now_s))?;
        let (_, row) = session.renewal.as_ref().filter(|(hash, _)| hash == link)?;
        Some(row.clone())
    }

    /// Uses that link up; whether it was there.
    pub(super) fn use_renewal(&self, link: &Bytes32, from: &Place) -> bool {
        let Some(token) = &from.session else { return false };
        let mut sessions = unpoisoned(self.sessions.lock());
        let session = sessions.0.get_mut(&token.hash());
        session.is_some_and(|it| it.renewal.take_if(|(hash, _)| *hash == *link).is_some())
    }

    /// Whether somebody proved who they are a short while ago.
    pub fn is_fresh(&self, signed: &Signed) -> bool {
        self.node.now_s() - signed.proved_at_s < PROOF_LASTS_S
    }

    /// Notes that somebody proved once more who they are.
    pub(super) fn proved(&self, signed: &Signed) {
        self.proved_at(signed, self.node.now_s());
    }

    /// The same for a proof at another moment than now. An older one takes nothing back.
    pub(super) fn proved_at(&self, signed: &Signed, at_s: i64) {
        if let Some(session) = unpoisoned(self.sessions.lock()).0.get_mut(&signed.key) {
            session.proved_at_s = session.proved_at_s.max(at_s);
        }
    }

    /// Ends the session that somebody is in.
    pub fn sign_out(&self, signed: &Signed) -> Outcome<()> {
        let ended = unpoisoned(self.sessions.lock()).0.remove(&signed.key);
        if ended.is_none() {
            return Ok(());
        }
        self.node.audit(vec![self.node.entry(signed.staff.actor(), Action::SignedOut)])
    }

    /// The sessions of an account, the last used first.
    pub fn sessions_of(&self, user: &UserId) -> Vec<SessionRow> {
        let now_s = self.node.now_s();
        let sessions = unpoisoned(self.sessions.lock());
        let open = sessions.0.values().filter(|it| it.user == *user && !it.is_over(now_s));
        let mut rows: Vec<_> = open
            .map(|it| SessionRow {
                id: hex::encode(it.id),
                how: it.how,
                made_at_s: it.made_at_s,
                seen_at_s: it.seen_at_s,
                from: it.from,
                agent: it.agent.clone(),
            })
            .collect();
        rows.sort_by(|a, b| b.seen_at_s.cmp(&a.seen_at_s).then_with(|| a.id.cmp(&b.id)));
        rows
    }

    /// Ends another session of the same account; whether there was one. Nothing happens if it is over already.
    pub fn end_session(&self, signed: &Signed, id: &str) -> Outcome<bool> {
        let is_it = |_: &Bytes32, it: &Session| it.user == signed.user && hex::encode(it.id) == id;
        Ok(self.end_own(signed, is_it)? > 0)
    }

    /// Ends every other session of the same account; how many there were.
    pub fn end_others(&self, signed: &Signed) -> Outcome<u64> {
        self.end_own(signed, |key, it| it.user == signed.user && *key != signed.key)
    }

    fn end_own(
        &self,
        signed: &Signed,
        is_one: impl Fn(&Bytes32, &Session) -> bool,
    ) -> Outcome<u64> {
        let n_ended = unpoisoned(self.sessions.lock()).end(is_one);
        if n_ended > 0 {
            let entry = self.node.entry(signed.staff.actor(), Action::SignedOut);
            self.node.audit(vec![entry.n(n_ended)])?;
        }
        Ok(n_ended)
    }

    /// Ends every session of an account; how many there were.
    pub(super) fn end_sessions_of(&self, user: &UserId) -> u64 {
        unpoisoned(self.sessions.lock()).end(|_, session| session.user == *user)
    }
}
