//! What partners say of their services.
//!
//! A partner speaks for itself alone: a document that names another publisher is refused. It is
//! believed only while an agreement in force grants us its directory; a withdrawal always is.

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::service::{Capacity, Directory, Entry, ServiceId};
use entente_store::db::Write;
use entente_store::rows::CapacityRow;
use entente_store::services::Services as _;

use super::capacity::claimed;
use super::{MAX_SERVICES, is_told_by};
use crate::node::documents::Used;
use crate::node::{Node, Outcome, unpoisoned};

/// What a partner's documents did to the directory, until the transaction is over.
#[derive(Debug)]
pub(crate) enum Change {
    /// A service was told of.
    Put(Box<Entry>),
    /// A service was taken back.
    Remove(ServiceId),
    /// Something is free.
    Capacity(Capacity),
}

/// What is gathered of services while leaves are read.
#[derive(Debug, Default)]
pub(crate) struct ServicesRead {
    changes: Vec<Change>,
    /// Whether the issuer may tell us of services; looked up once for a run of documents.
    granted: Option<bool>,
    /// How many were told of or taken back.
    n: u64,
    /// Whether what a partner said is gone as a whole.
    pub(crate) forget: bool,
}

impl ServicesRead {
    /// Another document may change what is granted.
    pub(crate) fn ask_again(&mut self) {
        self.granted = None;
    }
}

impl Node {
    /// Reads a listing, a withdrawal or a capacity from a partner's feed. It was verified.
    pub(crate) fn read_service_document(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        read: &mut ServicesRead,
    ) -> Outcome<Used> {
        let bytes = &envelope.payload;
        match envelope.payload_type.as_str() {
            payload_type::SERVICE => self.read_listing(tx, issuer, envelope, read),
            payload_type::SERVICE_WITHDRAWAL => {
                let Ok((publisher, id)) = entente_proto::decode_service_withdrawal(bytes) else {
                    return Ok(Err("document_unreadable"));
                };
                if publisher != *issuer {
                    return Ok(Err("service_of_others"));
                }
                tx.delete_held_service(issuer.as_bytes(), &id.0)?;
                read.n += 1;
                read.changes.push(Change::Remove(id));
                Ok(Ok(()))
            }
            _ => self.read_capacity(tx, issuer, bytes, read),
        }
    }

    fn read_listing(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        read: &mut ServicesRead,
    ) -> Outcome<Used> {
        let Ok((publisher, service)) = entente_proto::decode_service(&envelope.payload) else {
            return Ok(Err("document_unreadable"));
        };
        if publisher != *issuer {
            return Ok(Err("service_of_others"));
        }
        if !self.is_granted(tx, issuer, read)? {
            return Ok(Err("no_agreement"));
        }
        // Not built for this: reading the store within a transaction would wait for itself.
        let n_known = unpoisoned(self.directory.read()).as_ref().map_or(0, |it| it.n_from(issuer));
        if n_known >= MAX_SERVICES && tx.held_service(issuer.as_bytes(), &service.id.0)?.is_none() {
            return Ok(Err("too_many_services"));
        }
        let document = entente_proto::encode_envelope(envelope);
        tx.put_held_service(issuer.as_bytes(), &service.id.0, &document)?;
        read.n += 1;
        read.changes.push(Change::Put(Box::new(Entry { issuer: *issuer, sponsor: None, service })));
        Ok(Ok(()))
    }

    fn read_capacity(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        bytes: &[u8],
        read: &mut ServicesRead,
    ) -> Outcome<Used> {
        let Ok((publisher, capacity)) = entente_proto::decode_capacity(bytes) else {
            return Ok(Err("document_unreadable"));
        };
        if publisher != *issuer {
            return Ok(Err("service_of_others"));
        }
        if !self.is_granted(tx, issuer, read)? {
            return Ok(Err("no_agreement"));
        }
        let listed = tx.held_service(issuer.as_bytes(), &capacity.service.0)?;
        let listed = listed.and_then(|document| listed_in(&document));
        if !listed.is_some_and(|entry| entry.service.is_active()) {
            return Ok(Err("service_unknown"));
        }
        if !capacity.holds(self.now()) {
            // It was on its way for too long. That is nobody's fault.
            return Ok(Ok(()));
        }
        if capacity.check(self.now()).is_err() {
            return Ok(Err("capacity_impossible"));
        }
        let row = CapacityRow {
            claim: bytes.to_vec(),
            said_at_s: capacity.said_at.as_second(),
            until_s: capacity.until.as_second(),
        };
        if tx.put_capacity(&claimed(issuer, &capacity), &row)? {
            read.changes.push(Change::Capacity(capacity));
        }
        Ok(Ok(()))
    }

    fn is_granted(&self, tx: &Write<'_>, issuer: &OrgId, read: &mut ServicesRead) -> Outcome<bool> {
        if let Some(granted) = read.granted {
            return Ok(granted);
        }
        Ok(*read.granted.insert(is_told_by(self, tx, issuer)?))
    }

    /// The audit entries for what was read.
    pub(crate) fn services_entries(&self, issuer: &OrgId, read: &ServicesRead) -> Vec<AuditEntry> {
        let entry = |action, n: u64| {
            let entry = self.entry(Actor::Partner(*issuer), action).partner(*issuer);
            (n > 0).then(|| entry.n(n))
        };
        let is_capacity = |change: &&Change| matches!(change, Change::Capacity(_));
        let n_capacities = read.changes.iter().filter(is_capacity).count() as u64;
        [entry(Action::ServicesHeld, read.n), entry(Action::CapacityHeld, n_capacities)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Lets the directory in memory follow the transaction that is over.
    pub(crate) fn remember_services(&self, issuer: &OrgId, read: ServicesRead) {
        if read.forget {
            self.forget_directory();
        }
        let apply = |directory: &mut Directory| {
            for change in read.changes {
                match change {
                    Change::Put(entry) => directory.put(*entry),
                    Change::Remove(id) => directory.remove(issuer, id),
                    Change::Capacity(capacity) => directory.put_capacity(issuer, capacity),
                }
            }
        };
        self.in_directory(apply);
    }
}

/// The service in a signed document that we keep.
pub(crate) fn listed_in(document: &[u8]) -> Option<Entry> {
    let envelope = entente_proto::decode_envelope(document).ok()?;
    let (issuer, service) = entente_proto::decode_service(&envelope.payload).ok()?;
    Some(Entry { issuer, sponsor: None, service })
}
