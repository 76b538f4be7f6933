//! Signing in with a password and a code, and proving once more who one is.
//!
//! An account that does not exist costs as much time and gets the same answer as a wrong password.
//! What was typed as a name is written down only if there is such an account: people type their
//! password into the wrong field.

use std::net::IpAddr;

use entente_core::audit::{Action, Actor};
use entente_store::people::{People as _, UserId, UserRow};
use entente_store::seal::{Password, digest};

use super::attempts::On;
use super::{Method, People, Refusal, Signed, Token, faults, fold, totp};
use crate::node::{Outcome, unpoisoned};

/// Where an attempt comes from.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub agent: String,
    /// The session that it brings, open or not.
    pub session: Option<Token>,
}

/// What somebody typed to sign in.
#[derive(Clone, Default)]
pub struct Typed {
    /// The name of the account.
    pub name: String,
    /// The password.
    pub password: String,
    /// The code of an app, or a recovery code.
    pub code: String,
}

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// The longest password that is looked at, in bytes: hashing more only costs time.
pub(super) const MAX_PASSWORD: usize = 1_024;

impl People {
    /// Opens a session for a name, a password and a code. `ENT-2702` for anything wrong, `ENT-2703`
    /// after too much of it.
    pub fn sign_in(&self, typed: &Typed, from: &Place) -> Outcome<Token> {
        let name = fold(&typed.name);
        let on = On::Account(&name);
        let user = self.checked(&name, on, typed, from, Action::LoggedIn)?;
        self.open(user.0, user.1, from)
    }

    /// Proves once more who is in a session, with the password and a code.
    pub fn prove_again(&self, signed: &Signed, typed: &Typed, from: &Place) -> Outcome<()> {
        let (name, key) = (signed.staff.name.as_str(), signed.key());
        let on = On::Session(&key, name);
        let (user, _) = self.checked(name, on, typed, from, Action::ProvedAgain)?;
        if user == signed.user {
            self.proved(signed);
        }
        Ok(())
    }

    /// Counts an attempt, checks it, and writes down how it ended.
    fn checked(
        &self,
        name: &str,
        on: On<'_>,
        typed: &Typed,
        from: &Place,
        action: Action,
    ) -> Outcome<(UserId, Method)> {
        let now_s = self.node.now_s();
        let begun = unpoisoned(self.attempts.lock()).begin(on, from.address, now_s);
        begun.map_err(faults::wait)?;
        let found = self.named(name)?;
        let nobodys = Password::nobodys();
        let kept = found.as_ref().and_then(|(_, row)| row.password.as_ref()).unwrap_or(&nobodys);
        let typed_password = typed.password.get(..MAX_PASSWORD).unwrap_or(&typed.password);
        let is_right = typed.password.len() <= MAX_PASSWORD && kept.is(typed_password);
        let enabled = found.filter(|(_, row)| is_right && row.enabled && row.password.is_some());
        match enabled {
            Some((user, _)) => match self.use_code(&user, &typed.code, action)? {
                Some(method) => {
                    unpoisoned(self.attempts.lock()).succeeded(on, from.address, now_s);
                    Ok((user, method))
                }
                None => Err(self.refuse(name, on)?),
            },
            None => Err(self.refuse(name, on)?),
        }
    }

    /// Uses a code up, in one transaction with what it is for. `None` if it is not right.
    fn use_code(&self, user: &UserId, code: &str, action: Action) -> Outcome<Option<Method>> {
        let now_s = self.node.now_s();
        self.node.db.write("sign in", |tx| {
            let Some(mut row) = tx.user(user)? else { return Ok(None) };
            let Some(method) = take_code(&mut row, code, now_s) else { return Ok(None) };
            row.signed_in_at_s = now_s;
            tx.put_user(user, &row)?;
            let entry = self.node.entry(Actor::Staff(row.name.clone()), action);
            let roles = row.roles.iter().cloned();
            let how = ["console".to_owned(), method.code().to_owned()];
            self.node.write_audit(tx, vec![entry.reasons(how.into_iter().chain(roles))])?;
            Ok(Some(method))
        })
    }

    /// Writes down that somebody was refused, and says what they are told.
    pub(super) fn refuse(&self, name: &str, on: On<'_>) -> Outcome<Refusal> {
        let turned_away = unpoisoned(self.attempts.lock()).take_turned_away(on);
        let (actor, why) = match self.named(name)? {
            Some((_, row)) if row.enabled => (Actor::Staff(row.name), "wrong_proof"),
            Some((_, row)) => (Actor::Staff(row.name), "account_disabled"),
            None => (Actor::Node, "unknown_account"),
        };
        let entry = self.node.entry(actor, Action::AccessRefused).n(1 + turned_away);
        let reasons = ["console", "sign_in", why].map(str::to_owned);
        self.node.audit(vec![entry.reasons(reasons)])?;
        Ok(faults::not_signed_in())
    }

    /// The account with this folded name.
    pub(super) fn named(&self, name: &str) -> Outcome<Option<(UserId, UserRow)>> {
        let all = self.node.db.read(|tx| tx.users())?;
        Ok(all.into_iter().find(|(_, row)| row.name == name))
    }
}

/// Takes the code of an app or a recovery code off a row; how, or `None` if it is neither.
fn take_code(row: &mut UserRow, typed: &str, now_s: i64) -> Option<Method> {
    if let Some(totp) = &mut row.totp
        && let Some(step) = totp::step_of(totp, typed, now_s)
    {
        totp.last_step = step;
        return Some(Method::Code);
    }
    let hash = digest(recovery_text(typed).as_bytes());
    let at = row.recovery.iter().position(|kept| *kept == hash)?;
    row.recovery.remove(at);
    Some(Method::Recovery)
}

/// A recovery code as it is hashed: without spaces and dashes, in upper case.
pub(super) fn recovery_text(typed: &str) -> String {
    let kept = typed.chars().filter(char::is_ascii_alphanumeric).take(64);
    kept.map(|c| c.to_ascii_uppercase()).collect()
}
