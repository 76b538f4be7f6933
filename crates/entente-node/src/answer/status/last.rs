//! What can still be said when the store cannot be read either.
//!
//! Once one of its writes has failed, sled reads nothing until it is opened again, and just then
//! somebody asks what is wrong. So what status showed last is kept, and is shown with its time.

use super::health::{beside_the_store, found};
use crate::answer::{Desk, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::{Check, PartnerRow, RecordTally, Wellness};
use crate::node::{Outcome, unpoisoned};

/// What status told of the store, and when.
#[derive(Clone, Debug, Default)]
pub(in crate::answer) struct LastSeen {
    /// When it was read.
    pub(super) at_s: i64,
    /// The partners.
    pub(super) partners: Vec<PartnerRow>,
    /// The records.
    pub(super) records: RecordTally,
}

/// What was seen last, and how everything is that is not in the store; `fault` if the store can be
/// read, and it is about something else.
pub(super) fn known(desk: &Desk, fault: Box<Fault>) -> Outcome<(LastSeen, Vec<Check>)> {
    let checks = checks(desk, fault)?;
    let last = unpoisoned(desk.last_seen.lock()).clone();
    // If nobody has asked before: how many there are is known without the store.
    let node = &desk.node;
    let counted =
        || RecordTally { own: node.n_records(), held: node.n_held(), ..RecordTally::default() };
    Ok((last.unwrap_or_else(|| LastSeen { records: counted(), ..LastSeen::default() }), checks))
}

/// How everything is that is not in the store.
pub(super) fn checks(desk: &Desk, fault: Box<Fault>) -> Outcome<Vec<Check>> {
    if desk.node.db().poison().is_none() {
        return Err(fault);
    }
    let mut checks = beside_the_store(desk)?;
    let last_s = unpoisoned(desk.last_seen.lock()).as_ref().map(|seen| seen.at_s);
    checks.push(unreadable(last_s));
    Ok(checks)
}

fn unreadable(last_s: Option<i64>) -> Check {
    let since = match last_s.map(instant) {
        Some(at) => Both::new(
            format!("Partners and records are shown as they were at {at}."),
            format!("Les partenaires et les dossiers sont montrés tels qu’ils étaient à {at}."),
        ),
        None => Both::new(
            "Partners are not shown until then.",
            "Les partenaires ne sont pas montrés d’ici là.",
        ),
    };
    let text = Both::new(
        format!("The store cannot be read until the node is started again. {}", since.en),
        format!("Le dépôt ne peut pas être lu avant le redémarrage du nœud. {}", since.fr),
    );
    let next = "entente node stop; entente node run";
    found("reading", Wellness::Bad, text, (next, next))
}
