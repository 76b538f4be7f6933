//! Accounts that somebody made, let in again, gave other roles or reset a short while ago: whoever did it may hold both
//! hands of what takes two.
//!
//! Read from the audit log, into which every such change goes in one transaction with itself.

use std::collections::HashMap;
use std::ops::ControlFlow;

use entente_core::audit::{Action, AuditEntry};
use entente_store::people::{People as _, UserId};

use super::People;
use crate::local::Role;
use crate::node::Outcome;
use crate::node::audit::actor_name;

/// Entries read at a time on the way back from the newest.
const WINDOW: u64 = 2_048;

/// An account that somebody changed, and what they did last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The name of the account.
    pub(crate) name: String,
    /// What it may do now.
    pub(crate) roles: Vec<Role>,
    /// What was done.
    pub(crate) action: Action,
    /// By whom.
    pub(crate) by: String,
    /// When, in seconds since 1970.
    pub(crate) at_s: i64,
}

impl People {
    /// The accounts that were changed so since then and may sign in, by name.
    pub(crate) fn changed_since(&self, since_s: i64) -> Outcome<Vec<Changed>> {
        let mut last: HashMap<UserId, AuditEntry> = HashMap::new();
        let mut end = self.node.audit_length()?;
        while end > 0 {
            let start = end.saturating_sub(WINDOW);
            let (mut window, mut is_before) = (Vec::new(), false);
            self.node.audit_entries(start, &mut |position, entry| {
                if position >= end {
                    return ControlFlow::Break(());
                }
                if entry.at_s < since_s {
                    is_before = true;
                } else if let Some(user) = account_of(&entry) {
                    window.push((user, entry));
                }
                ControlFlow::Continue(())
            })?;
            for (user, entry) in window.into_iter().rev() {
                last.entry(user).or_insert(entry);
            }
            end = if is_before { 0 } else { start };
        }
        let rows = self.node.db.read(|tx| tx.users())?.into_iter().filter(|(_, row)| row.enabled);
        let changed = rows.filter_map(|(id, row)| {
            let entry = last.remove(&id)?;
            Some(Changed {
                roles: row.roles.iter().filter_map(|code| Role::parse(code)).collect(),
                name: row.name,
                action: entry.action,
                by: actor_name(&entry.actor),
                at_s: entry.at_s,
            })
        });
        let mut changed: Vec<_> = changed.collect();
        changed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(changed)
    }
}

/// The account of which an entry says that somebody made it, let it in again, gave it other roles or reset it.
fn account_of(entry: &AuditEntry) -> Option<UserId> {
    let is_one = match entry.action {
        Action::UserAdded | Action::UserEnabled | Action::UserChanged | Action::RolesFollowed => {
            true
        }
        Action::CredentialRemoved => entry.reasons.iter().any(|reason| reason == "reset"),
        _ => false,
    };
    is_one.then(|| UserId::try_from(entry.reference.as_slice()).ok()).flatten()
}
