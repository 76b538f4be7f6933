//! Signing in with the organization's own identity provider.
//!
//! [`crate::oidc`] says who somebody is there; here is what that means: which account, with which
//! roles. Issuer and subject are the account, and its name is only what it is called: a name that an
//! account here has is never taken over. Roles follow the groups at each sign-in, and whoever is in no
//! group that gives one is out. Such an account has no password, code or passkey of ours, so that
//! whoever leaves the organization leaves here too.
//!
//! What a browser was sent away with is kept in memory, works once, for ten minutes, and in that
//! browser alone: besides the `state` in the address it has to show the secret of its cookie.

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::lang::Lang;
use entente_store::people::{People as _, UserId, UserRow};
use entente_store::rows::Bytes32;

use super::accounts::{codes, runs_console};
use super::ceremonies::Ceremony;
use super::joining::new_row;
use super::name::{is_good, is_good_display};
use super::{Method, People, Place, Refusal, SESSION_LASTS_S, Signed, Token, faults, fold};
use crate::accounts::Account;
use crate::config::{Config, OidcConfig, StaffName};
use crate::fault::Fault;
use crate::node::{Outcome, unpoisoned};
use crate::oidc::Identity;

/// How long somebody may take at the provider, in seconds.
pub(super) const ERRAND_LASTS_S: i64 = 10 * 60;
/// How long the browser may take to fetch the page that says what was wrong, in seconds.
pub(super) const FAULT_LASTS_S: i64 = 60;
/// The longest address to go to afterwards, in bytes.
const MAX_TO: usize = 1_000;
/// What somebody runs into who is who they say, or never got as far: it does not count as an attempt.
const UNCOUNTED: [&str; 6] =
    ["ENT-2802", "ENT-2804", "ENT-2806", "ENT-2807", "ENT-2813", "ENT-2815"];

/// What becomes of somebody whom the provider has not even named. Of nobody in a session it is not written down: to go
/// there and back takes no proof of anything, so anybody could fill the log with it.
const OF_NOBODY: [&str; 2] = ["ENT-2802", "ENT-2804"];

/// What somebody goes to the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To sign in.
    SignIn,
    /// To prove once more who is in this session.
    Prove,
    /// To sign in there from now on, in place of the password of this session's account.
    Move,
}

/// What a browser is sent away with.
#[derive(Debug)]
pub struct Sent {
    /// In the address; comes back in it.
    pub state: Token,
    /// In a cookie.
    pub browser: Token,
    /// In the address; comes back in the token.
    pub nonce: Token,
    /// Stays here; its hash is in the address (PKCE).
    pub verifier: Token,
    /// The person is to be asked again, whatever session there is at the provider.
    pub fresh: bool,
}

/// The same when the browser is back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// What it went for.
    pub errand: Errand,
    /// The session that it belongs to.
    session: Option<Bytes32>,
    browser: Bytes32,
    /// What the token has to name.
    pub nonce: Token,
    /// What the code is exchanged with.
    pub verifier: Token,
    /// The person was to be asked again.
    pub fresh: bool,
    /// When it left, in seconds since 1970.
    pub begun_at_s: i64,
    /// The language of the page that it left.
    pub lang: Lang,
    /// Where to go then, behind the language.
    pub to: String,
}

/// What the settings say about accounts that the provider makes.
#[derive(Debug, Default)]
pub(super) struct Guard {
    /// Something takes two people.
    takes_two: bool,
    /// Names of accounts of the machine that the settings give roles, folded.
    staff: Vec<String>,
    /// For how many seconds a session lasts at most that the provider opened.
    session_s: Option<i64>,
}

impl Guard {
    pub(super) fn of(config: &Config) -> Self {
        let accounts = config.staff().filter_map(|(who, _)| match who {
            StaffName::Account(name) => Some(fold(name)),
            StaffName::Group(_) => None,
        });
        Self {
            takes_two: !config.approvals.needed_for.is_empty(),
            staff: accounts.collect(),
            session_s: config.oidc.as_ref().map(OidcConfig::session_s),
        }
    }

    /// For how many seconds a session lasts at most that was opened in this way.
    pub(super) fn lasts_s(&self, how: Method) -> i64 {
        let of_provider = self.session_s.filter(|_| how == Method::Provider);
        of_provider.unwrap_or(SESSION_LASTS_S)
    }

    /// Whether a folded name is that of an account of the machine, whose name stands in the log too, or looks like
    /// the id of an account here.
    fn reserves(&self, name: &str) -> bool {
        let own = Account::of(rustix::process::geteuid().as_raw()).name;
        name == "root"
            || name == fold(&own)
            || self.staff.iter().any(|it| it == name)
            || uuid::Uuid::parse_str(name).is_ok()
            || (is_good(name) && Account::named(name).is_some())
    }
}

/// How looking an identity up ended.
enum Found {
    /// This account, with what was written down.
    In(UserId),
    /// Nobody who may come in; the sessions of the account, if there is one, end.
    Out(Option<UserId>, Option<String>, Box<Fault>),
}

impl People {
    /// Sends a browser to the provider. `signed` is whoever goes to prove or to move; they are asked again there, and so is
    /// whoever signs in where `was_left`: in a browser that somebody has just left.
    pub fn send_to_provider(
        &self,
        errand: Errand,
        signed: Option<&Signed>,
        was_left: bool,
        (lang, to): (Lang, &str),
        from: &Place,
    ) -> Outcome<Sent> {
        let sent = Sent {
            state: Token::new()?,
            browser: Token::new()?,
            nonce: Token::new()?,
            verifier: Token::new()?,
            fresh: was_left || errand != Errand::SignIn,
        };
        let begun_at_s = self.node.now_s();
        let returned = Returned {
            errand,
            session: signed.map(Signed::key),
            browser: sent.browser.hash(),
            nonce: sent.nonce.clone(),
            verifier: sent.verifier.clone(),
            fresh: sent.fresh,
            begun_at_s,
            lang,
            to: if to.len() <= MAX_TO { to.to_owned() } else { "/home".to_owned() },
        };
        let ceremony = Ceremony { doing: returned, begun_at_s, from: from.address };
        unpoisoned(self.errands.lock()).keep(sent.state.hash(), ceremony);
        Ok(sent)
    }

    /// The browser is back with a `state` and its cookie. If it was sent away with them, it counts as a wrong
    /// attempt of its address until somebody [is in](Self::sign_in_with_provider). Anything else is neither
    /// counted nor written down, and uses nothing up: any page can send a browser here.
    ///
    /// `ENT-2703` after too many, `ENT-2805` if nothing of this browser is known.
    pub fn back_from_provider(
        &self,
        state: &str,
        browser: Option<&str>,
        from: &Place,
    ) -> Outcome<Returned> {
        let now_s = self.node.now_s();
        let state = Token::parse(state).map(|token| token.hash());
        let browser = browser.and_then(Token::parse).map(|token| token.hash());
        let taken = {
            let mut errands = unpoisoned(self.errands.lock());
            let known = state.filter(|state| {
                errands.see(state, now_s).is_some_and(|it| Some(it.browser) == browser)
            });
            known.and_then(|state| errands.take(&state, now_s))
        };
        let returned = taken.ok_or_else(faults::provider_too_late)?;
        let begun = unpoisoned(self.attempts.lock()).begin_at(from.address, now_s);
        begun.map_err(faults::wait)?;
        Ok(returned)
    }

    /// Writes down that nobody came in, and gives back what they are told. For faults of the provider.
    /// What is no sign of guessing does not count for the address; what is of nobody is not written down.
    pub fn refuse_provider(
        &self,
        name: Option<&str>,
        fault: Box<Fault>,
        from: &Place,
    ) -> Outcome<Refusal> {
        if UNCOUNTED.contains(&fault.code.as_str()) {
            unpoisoned(self.attempts.lock()).succeeded_at(from.address);
        }
        if name.is_none() && OF_NOBODY.contains(&fault.code.as_str()) {
            return Ok(fault);
        }
        let actor = name.map_or(Actor::Node, |name| Actor::Staff(name.to_owned()));
        let entry = self.node.entry(actor, Action::AccessRefused);
        let words = ["console", "sign_in", Method::Provider.code(), fault.code.as_str()];
        self.node.audit(vec![entry.reasons(words.map(str::to_owned))])?;
        Ok(fault)
    }

    /// Opens a session for somebody whom the provider knows. Makes their account at the first time.
    ///
    /// `ENT-2807` without a group that gives a role, `ENT-2808` if the name is an account's here,
    /// `ENT-2809` if it can be none's, `ENT-2810` if the account is disabled, `ENT-2815` if it was not enabled yet.
    pub fn sign_in_with_provider(&self, who: &Identity, from: &Place) -> Outcome<Token> {
        let user = self.admitted(who, Action::LoggedIn, from)?;
        self.open_proved(user, Method::Provider, from, who.proved_at_s)
    }

    /// Proves once more who is in a session. `ENT-2811` if it is somebody else.
    pub fn prove_with_provider(
        &self,
        signed: &Signed,
        returned: &Returned,
        who: &Identity,
        from: &Place,
    ) -> Outcome<()> {
        let row = self.node.db.read(|tx| tx.user(&signed.user))?;
        let is_same = row.is_some_and(|row| is(&row, who));
        if !is_same || returned.session != Some(signed.key()) {
            return Err(self.refuse_provider(
                Some(&signed.staff.name),
                faults::somebody_else_at_provider(),
                from,
            )?);
        }
        self.admitted(who, Action::ProvedAgain, from)?;
        self.proved_at(signed, who.proved_at_s);
        Ok(())
    }

    /// From now on, whoever is signed in does so at the provider, and with nothing else. Ends their
    /// sessions and opens one.
    pub fn move_to_provider(
        &self,
        signed: &Signed,
        returned: &Returned,
        who: &Identity,
        from: &Place,
    ) -> Outcome<Token> {
        let name = Some(signed.staff.name.as_str());
        if returned.session != Some(signed.key()) {
            return Err(self.refuse_provider(name, faults::somebody_else_at_provider(), from)?);
        }
        if who.roles.is_empty() {
            return Err(self.refuse_provider(name, faults::no_group(), from)?);
        }
        let moved = self.node.db.write("moved to the provider", |tx| {
            let all = tx.users()?;
            if all.iter().any(|(_, row)| is(row, who)) {
                return Err(faults::somebody_else_at_provider());
            }
            let mut row = tx.user(&signed.user)?.ok_or_else(faults::no_such_user)?;
            let runs_now = runs_console(&row);
            (row.password, row.totp) = (None, None);
            row.recovery.clear();
            row.passkeys.clear();
            row.federated = Some((who.issuer.clone(), who.subject.clone()));
            row.signed_in_at_s = self.node.now_s();
            let followed = self.follow(&signed.user, &mut row, who);
            let others = all.iter().filter(|(other, _)| *other != signed.user);
            if runs_now
                && !runs_console(&row)
                && !others.into_iter().any(|(_, it)| runs_console(it))
            {
                return Err(faults::last_administrator());
            }
            for (hash, link) in tx.links()? {
                if link.user == Some(signed.user) {
                    tx.delete_link(&hash)?;
                }
            }
            tx.put_user(&signed.user, &row)?;
            let entry = |action, word: &str| {
                let entry = self.node.entry(signed.staff.actor(), action).reference(signed.user);
                entry.reasons([word.to_owned()])
            };
            let gone = entry(Action::CredentialRemoved, "moved");
            let set = entry(Action::CredentialSet, Method::Provider.code());
            let came = self.came(&row, Action::LoggedIn);
            let entries = [gone, set].into_iter().chain(followed).chain([came]).collect();
            self.node.write_audit(tx, entries)
        });
        if let Err(fault) = moved {
            return Err(self.refuse_provider(name, fault, from)?);
        }
        unpoisoned(self.attempts.lock()).succeeded_at(from.address);
        self.end_sessions_of(&signed.user);
        self.open_proved(signed.user, Method::Provider, from, who.proved_at_s)
    }

    /// Keeps what was wrong for the page that the browser fetches next. Gives the secret of its cookie.
    pub fn keep_fault(&self, fault: Box<Fault>, from: &Place) -> Outcome<Token> {
        let token = Token::new()?;
        let ceremony = Ceremony { doing: fault, begun_at_s: self.node.now_s(), from: from.address };
        unpoisoned(self.kept_faults.lock()).keep(token.hash(), ceremony);
        Ok(token)
    }

    /// What was kept for this browser: once more in the other language too.
    pub fn kept_fault(&self, browser: &str) -> Option<Box<Fault>> {
        let hash = Token::parse(browser)?.hash();
        unpoisoned(self.kept_faults.lock()).see(&hash, self.node.now_s()).cloned()
    }

    /// Whether this account signs in at the provider.
    pub fn is_provided(&self, user: &UserId) -> Outcome<bool> {
        let row = self.node.db.read(|tx| tx.user(user))?;
        Ok(row.is_some_and(|row| row.federated.is_some()))
    }

    /// The account of somebody, made or changed as their groups say, in one transaction with what is
    /// written down of it.
    fn admitted(&self, who: &Identity, action: Action, from: &Place) -> Outcome<UserId> {
        let new = self.node.new_id()?;
        // Asked before: the name service of the machine may take its time.
        let is_reserved = self.guard.reserves(&fold(&who.name));
        let found = self.node.db.write("provider", |tx| {
            let all = tx.users()?;
            let known = all.iter().find(|(_, row)| is(row, who));
            let (user, mut row, mut entries) = match known {
                Some((user, row)) => (*user, row.clone(), Vec::new()),
                None if who.roles.is_empty() => {
                    return Ok(Found::Out(None, None, faults::no_group()));
                }
                None => match self.made(&new, who, &all, is_reserved) {
                    Ok((row, entry)) => (new, row, vec![entry]),
                    Err(fault) => return Ok(Found::Out(None, None, fault)),
                },
            };
            let name = Some(row.name.clone());
            if !row.enabled {
                // Whoever was never in has not been let in yet.
                let waits = row.signed_in_at_s == 0;
                if !entries.is_empty() {
                    tx.put_user(&user, &row)?;
                    self.node.write_audit(tx, entries)?;
                }
                let fault = if waits { faults::not_enabled_yet() } else { faults::disabled_here() };
                return Ok(Found::Out(Some(user), name, fault));
            }
            entries.extend(self.follow(&user, &mut row, who));
            if who.roles.is_empty() {
                tx.put_user(&user, &row)?;
                self.node.write_audit(tx, entries)?;
                return Ok(Found::Out(Some(user), name, faults::no_group()));
            }
            row.signed_in_at_s = self.node.now_s();
            entries.push(self.came(&row, action));
            tx.put_user(&user, &row)?;
            self.node.write_audit(tx, entries)?;
            Ok::<_, Refusal>(Found::In(user))
        })?;
        match found {
            Found::In(user) => {
                unpoisoned(self.attempts.lock()).succeeded_at(from.address);
                Ok(user)
            }
            Found::Out(user, name, fault) => {
                if let Some(user) = user {
                    self.end_sessions_of(&user);
                }
                Err(self.refuse_provider(name.as_deref(), fault, from)?)
            }
        }
    }

    /// A new account for somebody whom nobody here knows. Disabled, where something takes two people: somebody
    /// with a password here would be two.
    fn made(
        &self,
        user: &UserId,
        who: &Identity,
        all: &[(UserId, UserRow)],
        is_reserved: bool,
    ) -> Result<(UserRow, AuditEntry), Box<Fault>> {
        let name = fold(&who.name);
        if !is_good(&name) {
            return Err(faults::bad_name_at_provider());
        }
        if is_reserved || all.iter().any(|(_, row)| row.name == name) {
            return Err(faults::name_is_of_an_account());
        }
        let display = Some(who.display.trim()).filter(|it| is_good_display(it)).unwrap_or(&name);
        let mut row = new_row(&name, display, codes(&who.roles), self.node.now_s());
        row.federated = Some((who.issuer.clone(), who.subject.clone()));
        row.enabled = !self.guard.takes_two;
        let entry = self.node.entry(Actor::Staff(name), Action::UserAdded).reference(*user);
        let reasons = [Method::Provider.code().to_owned()].into_iter().chain(row.roles.clone());
        Ok((row, entry.reasons(reasons)))
    }

    /// Gives an account the roles of its groups; what is to be written down if they are others than before.
    fn follow(&self, user: &UserId, row: &mut UserRow, who: &Identity) -> Option<AuditEntry> {
        let roles = codes(&who.roles);
        if row.roles == roles {
            return None;
        }
        row.roles.clone_from(&roles);
        let entry = self.node.entry(Actor::Staff(row.name.clone()), Action::RolesFollowed);
        Some(entry.reference(*user).reasons(roles))
    }

    fn came(&self, row: &UserRow, action: Action) -> AuditEntry {
        let how = ["console".to_owned(), Method::Provider.code().to_owned()];
        let entry = self.node.entry(Actor::Staff(row.name.clone()), action);
        entry.reasons(how.into_iter().chain(row.roles.iter().cloned()))
    }
}

fn is(row: &UserRow, who: &Identity) -> bool {
    row.federated
        .as_ref()
        .is_some_and(|(issuer, subject)| *issuer == who.issuer && *subject == who.subject)
}
