//! Who may ask what: the one place where a role meets a question, whichever door it came through.

use std::sync::Arc;

use entente_core::audit::{Action, AuditEntry};

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

    /// Writes down that somebody asked for what is not there, or is not theirs: which of the two is nobody's to
    /// know, and whoever looks for things by guessing leaves a trail. `route` is the pattern of what was asked,
    /// never what was put into it: people type names into addresses.
    pub async fn note_nothing_there(self: &Arc<Self>, route: &str, staff: &Staff) -> Outcome<()> {
        let entry = self.node.entry(staff.actor(), Action::NothingThere);
        self.note(entry.reasons([route.to_owned()])).await
    }

    /// Writes down that somebody asked for what takes a fresh proof, and had none. `asked` is the pattern of a route, or
    /// an operation.
    pub async fn note_no_proof(self: &Arc<Self>, asked: &str, staff: &Staff) -> Outcome<()> {
        let entry = self.node.entry(staff.actor(), Action::AccessRefused);
        self.note(entry.reasons(["no_fresh_proof".to_owned(), asked.to_owned()])).await
    }

    /// Writes down that another site made the browser of somebody who is signed in ask for something.
    pub async fn note_elsewhere(self: &Arc<Self>, staff: &Staff) -> Outcome<()> {
        let entry = self.node.entry(staff.actor(), Action::AccessRefused);
        self.note(entry.reasons(["console".to_owned(), "another_site".to_owned()])).await
    }

    async fn note(self: &Arc<Self>, entry: AuditEntry) -> Outcome<()> {
        let node = Arc::clone(&self.node);
        let kept = tokio::task::spawn_blocking(move || node.audit(vec![entry])).await;
        kept.unwrap_or_else(|_| Err(crate::answer::failed()))
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
    let account = staff.name.as_str();
    let roles: Vec<_> = staff.roles.iter().map(|role| role.code().to_owned()).collect();
    let entry = desk.node.entry(staff.actor(), Action::AccessRefused);
    let why = [op.name().to_owned()].into_iter().chain(roles.iter().cloned());
    if let Err(fault) = desk.note(entry.reasons(why)).await {
        return fault;
    }
    if roles.is_empty() {
        return Fault::new(
            1902,
            ("This account has no role at this node.", "Ce compte n’a aucun rôle à ce nœud."),
            (
                "Ask the administrator to name it under [staff] in `entente.toml`.",
                "Demandez à la personne qui administre le nœud de l’inscrire sous [staff] dans `entente.toml`.",
            ),
        )
        .because(account, account);
    }
    Fault::new(
        1901,
        ("Your role does not allow this.", "Votre rôle ne le permet pas."),
        (
            "Ask somebody with the right role, or the administrator: [staff] in `entente.toml`.",
            "Demandez à une personne qui a le bon rôle, ou à celle qui administre le nœud\u{a0}: [staff] dans `entente.toml`.",
        ),
    )
    .because(
        format!("{account}: {}", roles.join(", ")),
        format!("{account}\u{a0}: {}", roles.join(", ")),
    )
}
