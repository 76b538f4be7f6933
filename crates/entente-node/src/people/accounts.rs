//! Accounts: making, changing, disabling.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_store::people::{People as _, UserId, UserRow};

use super::joining::new_row;
use super::name::{is_good, is_good_display};
use super::{People, Token, faults, fold, id_text};
use crate::local::Role;
use crate::node::Outcome;

/// A way to sign in that an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Password and code.
    Password,
    /// A passkey.
    Passkey,
    /// The identity provider.
    Provider,
}

impl Way {
    /// The stable text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Provider => "identity_provider",
        }
    }
}

/// An account, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Its id, as a UUID.
    pub id: String,
    /// What they type to sign in.
    pub name: String,
    /// What others read.
    pub display: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Whether they may sign in.
    pub enabled: bool,
    /// How they can.
    pub ways: Vec<Way>,
    /// How many recovery codes are left.
    pub n_recovery: u64,
    /// How many sessions are open.
    pub n_sessions: u64,
    /// When the account was made, in seconds since 1970.
    pub made_at_s: i64,
    /// When they last signed in; 0 if never.
    pub signed_in_at_s: i64,
}

impl People {
    /// Adds an account, and makes the link with which its owner sets up their way in.
    pub fn add(
        &self,
        by: &Actor,
        name: &str,
        display: &str,
        roles: &[Role],
    ) -> Outcome<(Person, Token, i64)> {
        let (name, display) = (fold(name), display.trim());
        let display = if display.is_empty() { name.as_str() } else { display };
        if !is_good(&name) || !is_good_display(display) {
            return Err(faults::bad_name());
        }
        let (user, now_s) = (self.node.new_id()?, self.node.now_s());
        let row = new_row(&name, display, codes(roles), now_s);
        self.node.db.write("user added", |tx| {
            if tx.users()?.iter().any(|(_, other)| other.name == name) {
                return Err(faults::name_is_taken());
            }
            tx.put_user(&user, &row)?;
            let entry = self.node.entry(by.clone(), Action::UserAdded).reference(user);
            self.node.write_audit(tx, vec![entry.reasons(row.roles.clone())])
        })?;
        let (token, until_s) = self.link_for(by, user)?;
        Ok((self.person(&user, row), token, until_s))
    }

    /// Everybody, by name.
    pub fn all(&self) -> Outcome<Vec<Person>> {
        let rows = self.node.db.read(|tx| tx.users())?;
        let mut all: Vec<_> = rows.into_iter().map(|(id, row)| self.person(&id, row)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The account with this name or id.
    pub fn find(&self, text: &str) -> Outcome<(UserId, Person)> {
        let folded = fold(text);
        let rows = self.node.db.read(|tx| tx.users())?;
        let found = rows.into_iter().find(|(id, row)| row.name == folded || id_text(id) == folded);
        let (id, row) = found.ok_or_else(faults::no_such_user)?;
        let person = self.person(&id, row);
        Ok((id, person))
    }

    /// Gives an account these roles in place of those it has. Its sessions go on with them. `ENT-2814` if
    /// they follow the groups at the identity provider.
    pub fn set_roles(&self, by: &Actor, user: &str, roles: &[Role]) -> Outcome<Person> {
        let (id, person) = self.find(user)?;
        if person.ways.contains(&Way::Provider) {
            return Err(faults::roles_follow_groups());
        }
        let roles = codes(roles);
        let row = self.change(
            &id,
            |row| row.roles.clone_from(&roles),
            |node| node.entry(by.clone(), Action::UserChanged).reasons(roles.clone()).reference(id),
        )?;
        Ok(self.person(&id, row))
    }

    /// Disables an account, ends its sessions and stops its links, or enables it again.
    pub fn set_enabled(&self, by: &Actor, user: &str, enabled: bool) -> Outcome<Person> {
        let (id, _) = self.find(user)?;
        let action = if enabled { Action::UserEnabled } else { Action::UserDisabled };
        let row = self.change(
            &id,
            |row| row.enabled = enabled,
            |node| node.entry(by.clone(), action).reference(id),
        )?;
        if !enabled {
            self.end_sessions_of(&id);
        }
        Ok(self.person(&id, row))
    }

    /// Ends every session of an account, and changes nothing else.
    pub fn sign_out_all(&self, by: &Actor, user: &str) -> Outcome<Person> {
        let (id, person) = self.find(user)?;
        let n_ended = self.end_sessions_of(&id);
        if n_ended > 0 {
            let entry = self.node.entry(by.clone(), Action::SignedOut).reference(id);
            self.node.audit(vec![entry.n(n_ended)])?;
        }
        Ok(Person { n_sessions: 0, ..person })
    }

    /// Takes away every way to sign in, ends the sessions, and makes a new link. `ENT-2816` if the account is disabled
    /// and of the identity provider, which would then know somebody new.
    pub fn reset(&self, by: &Actor, user: &str) -> Outcome<(Person, Token, i64)> {
        let (id, _) = self.find(user)?;
        let forget = |row: &mut UserRow| {
            (row.password, row.totp, row.federated) = (None, None, None);
            row.recovery.clear();
            row.passkeys.clear();
        };
        // Whoever is reset gets a link at once, so the last administrator may be reset too.
        let row = self.node.db.write("user reset", |tx| {
            let mut row = tx.user(&id)?.ok_or_else(faults::no_such_user)?;
            if !row.enabled && row.federated.is_some() {
                return Err(faults::disabled_at_provider());
            }
            forget(&mut row);
            tx.put_user(&id, &row)?;
            let entry = self.node.entry(by.clone(), Action::CredentialRemoved).reference(id);
            self.node.write_audit(tx, vec![entry.reasons(["reset".to_owned()])])?;
            Ok::<_, super::Refusal>(row)
        })?;
        self.end_sessions_of(&id);
        let (token, until_s) = self.link_for(by, id)?;
        Ok((self.person(&id, row), token, until_s))
    }

    /// Changes a row in one transaction with its entry. Refused if nobody who can run the console
    /// would be left.
    fn change(
        &self,
        id: &UserId,
        change: impl Fn(&mut UserRow),
        entry: impl Fn(&crate::node::Node) -> entente_core::audit::AuditEntry,
    ) -> Outcome<UserRow> {
        self.node.db.write("user changed", |tx| {
            let all = tx.users()?;
            let mut row = tx.user(id)?.ok_or_else(faults::no_such_user)?;
            let was_one = runs_console(&row);
            change(&mut row);
            let others = all.iter().filter(|(other, _)| other != id);
            if was_one && !runs_console(&row) && !others.into_iter().any(|(_, it)| runs_console(it))
            {
                return Err(faults::last_administrator());
            }
            tx.put_user(id, &row)?;
            if !row.enabled {
                for (hash, link) in tx.links()? {
                    if link.user == Some(*id) {
                        tx.delete_link(&hash)?;
                    }
                }
            }
            self.node.write_audit(tx, vec![entry(&self.node)])?;
            Ok(row)
        })
    }

    /// Whether somebody with the role of administrator may sign in.
    pub fn has_administrator(&self) -> Outcome<bool> {
        let rows = self.node.db.read(|tx| tx.users())?;
        Ok(rows.iter().any(|(_, row)| runs_console(row)))
    }

    fn person(&self, id: &UserId, row: UserRow) -> Person {
        let ways = [
            (Way::Passkey, !row.passkeys.is_empty()),
            (Way::Password, row.password.is_some()),
            (Way::Provider, row.federated.is_some()),
        ];
        Person {
            id: id_text(id),
            name: row.name,
            display: row.display,
            roles: row.roles.iter().filter_map(|code| Role::parse(code)).collect(),
            enabled: row.enabled,
            ways: ways.into_iter().filter(|(_, has)| *has).map(|(way, _)| way).collect(),
            n_recovery: row.recovery.len() as u64,
            n_sessions: self.sessions_of(id).len() as u64,
            made_at_s: row.made_at_s,
            signed_in_at_s: row.signed_in_at_s,
        }
    }
}

/// Whether somebody may sign in as administrator.
pub(super) fn runs_console(row: &UserRow) -> bool {
    row.enabled && row.roles.iter().any(|code| code == Role::Administrator.code())
}

/// Codes of roles, in order and each once.
pub(super) fn codes(roles: &[Role]) -> Vec<String> {
    let set: BTreeSet<Role> = roles.iter().copied().collect();
    set.into_iter().map(|role| role.code().to_owned()).collect()
}
