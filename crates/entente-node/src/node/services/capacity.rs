//! Capacity: what our services have free, said to the partners that may know.

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::service::capacity::BadCapacity;
use entente_core::service::{Capacity, ServiceId};
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{BadRow, CapacityRow};
use entente_store::services::{Claimed, Services as _};
use entente_store::tx::Reads as _;
use jiff::Timestamp;

use super::{service_of, unknown_service};
use crate::fault::Fault;
use crate::node::{Node, Outcome};

impl Node {
    /// Says what a service of ours has free. Returns the partners that are told.
    ///
    /// It is in their feeds with the transaction that keeps it, or nothing happened.
    pub fn set_capacity(&self, actor: Actor, capacity: Capacity) -> Outcome<Vec<OrgId>> {
        capacity.check(self.now()).map_err(bad_capacity)?;
        let told = self.db.write("capacity", |tx| {
            let row = tx.own_service(&capacity.service.0)?.ok_or_else(unknown_service)?;
            if !service_of(&row.listing)?.is_active() {
                return Err(closed());
            }
            let ours = self.id();
            if !tx.put_capacity(&claimed(&ours, &capacity), &self.capacity_row(&capacity))? {
                return Err(bad_capacity(BadCapacity::NotYetSaid));
            }
            let mut told = Vec::new();
            for (partner, _) in tx.partners()? {
                let Ok(partner) = OrgId::from_bytes(&partner) else { continue };
                if self.say_capacity(tx, &partner, capacity)? {
                    told.push(partner);
                }
            }
            let entry = self.entry(actor, Action::CapacitySet).reference(capacity.service.0);
            self.write_audit(tx, vec![entry.n(told.len() as u64)])?;
            Ok::<_, Box<Fault>>(told)
        })?;
        self.in_directory(|directory| directory.put_capacity(&self.id(), capacity));
        Ok(told)
    }

    fn say_capacity(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        capacity: Capacity,
    ) -> Outcome<bool> {
        let Some(row) = tx.partner(partner.as_bytes())? else { return Ok(false) };
        let Some(kept) = self.newest(tx, partner)? else { return Ok(false) };
        let knows = tx.service_said(partner.as_bytes(), &capacity.service.0)?.is_some();
        if self.open_to(&row).is_err() || !knows {
            return Ok(false);
        }
        let policy = self.policy(&kept)?;
        let Ok(permitted) = policy.decide_capacity(capacity, kept.state, self.today()) else {
            return Ok(false);
        };
        let statement = self.sealed_news(permitted)?;
        self.say(tx, partner, Some(kept.reference()), vec![statement])?;
        Ok(true)
    }

    /// What a service of ours has free now.
    pub(super) fn own_capacities<R: Rows>(
        &self,
        tx: &R,
        service: ServiceId,
    ) -> Outcome<Vec<Capacity>> {
        let mut all = Vec::new();
        let (ours, now) = (self.id(), self.now());
        tx.capacities_of(ours.as_bytes(), &service.0, &mut |row| {
            let (_, capacity) =
                entente_proto::decode_capacity(&row.claim).map_err(|_| DbError::from(BadRow))?;
            if capacity.holds(now) {
                all.push(capacity);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    pub(super) fn capacity_row(&self, capacity: &Capacity) -> CapacityRow {
        CapacityRow {
            claim: entente_proto::encode_capacity(&self.id(), capacity),
            said_at_s: capacity.said_at.as_second(),
            until_s: capacity.until.as_second(),
        }
    }

    /// Deletes claims that are over. Returns how many.
    pub fn forget_capacities_over(&self) -> Outcome<u64> {
        let now_s = self.now_s();
        Ok(self.db.write("capacities over", |tx| tx.delete_capacities_over(now_s))?)
    }

    /// The instant.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now_s()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

pub(super) fn claimed(issuer: &OrgId, capacity: &Capacity) -> Claimed {
    Claimed {
        issuer: *issuer.as_bytes(),
        service: capacity.service.0,
        unit: capacity.unit.number(),
        whom: capacity.whom.bits(),
    }
}

/// `ENT-2206`.
pub(crate) fn bad_capacity(bad: BadCapacity) -> Box<Fault> {
    Fault::new(
        2206,
        (
            "This cannot be said of a capacity; nobody was told.",
            "Cela ne peut pas être dit d’une capacité; personne n’en a été avisé.",
        ),
        (
            "Say how many, and until when: `entente capacity set SERVICE 2 --until 18:00`.",
            "Dites combien, et jusqu’à quand\u{a0}: `entente capacity set SERVICE 2 --until 18:00`.",
        ),
    )
    .because(bad.text(Lang::En), bad.text(Lang::Fr))
}

/// `ENT-2207`.
pub(crate) fn closed() -> Box<Fault> {
    Fault::new(
        2207,
        (
            "The service is closed; nobody was told.",
            "Le service est fermé; personne n’en a été avisé.",
        ),
        (
            "Open it first: `entente service close SERVICE --open-again`.",
            "Rouvrez-le d’abord\u{a0}: `entente service close SERVICE --open-again`.",
        ),
    )
}
