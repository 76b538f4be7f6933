//! Accounts that somebody made, let in again, gave other roles or reset a short while ago: whoever did it may hold both
//! hands of what takes two.
//!
//! Read from the audit log, into which every such change goes in one transaction with itself: the entries of these
//! changes alone. The log begins anew after a restore, and then nobody knows what was done before: every account counts
//! as changed then.

use std::collections::HashMap;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_store::people::{People as _, UserId};

use super::People;
use crate::local::Role;
use crate::node::Outcome;
use crate::node::audit::actor_name;
use crate::node::audit::noted::Sought;

/// What is done to an account by somebody else.
const CHANGES: [Action; 5] = [
    Action::UserAdded,
    Action::UserEnabled,
    Action::UserChanged,
    Action::RolesFollowed,
    Action::CredentialRemoved,
];

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
        let done = |action| {
            let sought =
                Sought { action: Some(action), from_s: Some(since_s), ..Sought::default() };
            self.node.newest_entries(&sought, u64::MAX, usize::MAX)
        };
        let mut last: HashMap<UserId, (u64, AuditEntry)> = HashMap::new();
        for action in CHANGES {
            for (place, entry) in done(action)? {
                let Some(user) = account_of(&entry) else { continue };
                if last.get(&user).is_none_or(|(known, _)| *known < place) {
                    last.insert(user, (place, entry));
                }
            }
        }
        // Partners that began anew, and our own feeds, are written down under the same name.
        let is_ours = |entry: &AuditEntry| entry.actor == Actor::Node && entry.partner.is_none();
        let restored = done(Action::Restored)?.into_iter().map(|(_, entry)| entry).find(is_ours);
        let rows = self.node.db.read(|tx| tx.users())?.into_iter().filter(|(_, row)| row.enabled);
        let changed = rows.filter_map(|(id, row)| {
            let known = last.remove(&id).map(|(_, entry)| entry);
            let entry = known.or_else(|| restored.clone())?;
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

/// The account of which an entry of [`CHANGES`] says that somebody made it, let it in again, gave it other roles or
/// reset it.
fn account_of(entry: &AuditEntry) -> Option<UserId> {
    let is_one = entry.action != Action::CredentialRemoved
        || entry.reasons.iter().any(|reason| reason == "reset");
    is_one.then(|| UserId::try_from(entry.reference.as_slice()).ok()).flatten()
}
