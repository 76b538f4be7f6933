//! What can still be said when the store cannot be read either.
//!
//! Once one of its writes has failed, sled may read nothing until it is opened again, and just then
//! somebody asks what is wrong. So what status showed last is kept, and is shown with its time.

use super::health::{beside_the_store, found};
use crate::answer::{Desk, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::{Check, PartnerRow, RecordTally, SumRound, Wellness};
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
    /// The secure sums that were not finished.
    pub(super) sums: Vec<SumRound>,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use entente_store::engine::{Batch, Engine, EngineError, Memory, View, Visit};

    use super::*;
    use crate::answer::records::fixture::{case, desk_on, staff, steps};
    use crate::answer::status::{doctor, status};
    use crate::local::doc::{DoctorAsk, StatusAsk, StatusTold};
    use crate::setup::Home;

    /// An engine that reads nothing more once a write has failed: as sled does it.
    #[derive(Debug, Default)]
    struct Filling {
        rows: Memory,
        is_full: AtomicBool,
        has_failed: AtomicBool,
    }

    impl Filling {
        fn check(&self) -> Result<(), EngineError> {
            if self.has_failed.load(Ordering::Relaxed) { Err(EngineError::Full) } else { Ok(()) }
        }
    }

    impl Engine for Filling {
        fn name(&self) -> &'static str {
            "filling"
        }

        fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
            self.check().and_then(|()| self.rows.durable())
        }

        fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
            self.check().and_then(|()| self.rows.latest())
        }

        fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
            self.has_failed.fetch_or(self.is_full.load(Ordering::Relaxed), Ordering::Relaxed);
            self.check().and_then(|()| self.rows.commit(batch))
        }

        fn export(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
            self.check().and_then(|()| self.rows.export(from, to, visit))
        }

        fn size_on_disk(&self) -> Result<u64, EngineError> {
            Ok(0)
        }
    }

    struct Full {
        desk: Arc<Desk>,
        _folder: tempfile::TempDir,
    }

    /// A node with one case whose disk has filled up; somebody asked for status before, or not.
    fn full(asked_before: bool) -> Full {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("node"));
        crate::setup::make_private(home.path()).unwrap();
        std::fs::create_dir(home.store()).unwrap();
        let engine = Arc::new(Filling::default());
        let desk = desk_on(2, Arc::clone(&engine) as _, home);
        case(&desk, &[]);
        if asked_before {
            assert_eq!(codes(&asked(&desk).health), ["backup"]);
        }
        engine.is_full.store(true, Ordering::Relaxed);
        let entry = desk.node.entry(staff().actor(), entente_core::audit::Action::LoggedIn);
        assert_eq!(desk.node.audit(vec![entry]).unwrap_err().code, "ENT-1705");
        Full { desk, _folder: folder }
    }

    fn asked(desk: &Desk) -> StatusTold {
        status(desk, &staff(), StatusAsk {}, &steps()).unwrap()
    }

    fn codes(checks: &[Check]) -> Vec<&str> {
        let bad = checks.iter().filter(|check| check.wellness != Wellness::Good);
        // How much is free here says nothing about this.
        bad.map(|check| check.code.as_str()).filter(|code| *code != "disk").collect()
    }

    #[test]
    fn status_shows_what_it_showed_last_and_from_when() {
        let full = full(true);
        let told = asked(&full.desk);
        assert_eq!((told.records.own, told.records.with_consent), (1, 1));
        assert_eq!(codes(&told.health), ["store", "reading", "backup"]);
        let reading = told.health.iter().find(|check| check.code == "reading").unwrap();
        assert!(reading.text.en.contains(&told.now), "{reading:?}");
        let store = told.health.iter().find(|check| check.code == "store").unwrap();
        assert!(store.text.fr.ends_with("le disque est plein."), "{store:?}");
    }

    #[test]
    fn status_that_nobody_asked_for_before_still_counts_the_records() {
        let full = full(false);
        let told = asked(&full.desk);
        assert_eq!((told.records.own, told.partners.len()), (1, 0));
        assert_eq!(codes(&told.health), ["store", "reading", "backup"]);
    }

    #[tokio::test]
    async fn doctor_says_what_it_can_see_without_the_store() {
        let full = full(true);
        let told = doctor(Arc::clone(&full.desk), staff(), DoctorAsk::default(), steps()).await;
        let checks = told.unwrap().checks;
        assert_eq!(codes(&checks), ["store", "backup", "reading"]);
    }
}
