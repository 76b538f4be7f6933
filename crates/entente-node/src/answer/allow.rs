//! Who may ask what: the one place where a role meets a question, whichever door it came through.

use std::sync::Arc;

use entente_core::audit::{Action, Actor};

use super::{Desk, Staff};
use crate::fault::Fault;
use crate::local::{Op, allowed};
use crate::node::Outcome;

impl Desk {
    /// Whether somebody may ask this. If not, that is written down, and they are told.
    pub async fn permit(self: &Arc<Self>, op: Op, staff: &Staff) -> Outcome<()> {
        if staff.may(op) {
            return Ok(());
        }
        Err(refused(self, op, staff).await)
    }
}

impl Staff {
    /// Whether one of the roles allows it.
    pub fn may(&self, op: Op) -> bool {
        self.roles.iter().any(|role| allowed(op, *role))
    }
}

/// A refusal is kept, like every other.
async fn refused(desk: &Arc<Desk>, op: Op, staff: &Staff) -> Box<Fault> {
    let (account, roles) = (staff.name.as_str(), staff.roles.as_slice());
    let (node, actor) = (Arc::clone(&desk.node), Actor::Staff(account.to_owned()));
    let roles: Vec<_> = roles.iter().map(|role| role.code().to_owned()).collect();
    let held = roles.clone();
    let keep = move || {
        let entry = node.entry(actor, Action::AccessRefused);
        node.audit(vec![entry.reasons([op.name().to_owned()].into_iter().chain(held))])
    };
    let kept = tokio::task::spawn_blocking(keep).await;
    if let Err(fault) = kept.unwrap_or_else(|_| Err(crate::answer::failed())) {
        return fault;
    }
    if roles.is_empty() {
        return Fault::new(
            1902,
            ("This account has no role at this node.", "Ce compte n’a aucun rôle à ce nœud."),
            (
                "Ask the administrator to name it under [staff] in `entente.toml`.",
                "Demandez à l’administrateur de l’inscrire sous [staff] dans `entente.toml`.",
            ),
        )
        .because(account, account);
    }
    Fault::new(
        1901,
        ("Your role does not allow this.", "Votre rôle ne le permet pas."),
        (
            "Ask somebody with the right role, or the administrator: [staff] in `entente.toml`.",
            "Demandez à une personne qui a le bon rôle, ou à l’administrateur : [staff] dans `entente.toml`.",
        ),
    )
    .because(
        format!("{account}: {}", roles.join(", ")),
        format!("{account} : {}", roles.join(", ")),
    )
}
