//! The directory of services, with types.
//!
//! What an organization says is under its own name in every key, so that nobody's row is another's. An
//! older claim never replaces a newer one ([`Write::put_capacity`]).

use std::ops::ControlFlow;

use crate::db::{DbError, Keys, Rows, Write};
use crate::rows::{BadRow, Bytes32, CapacityRow, ServiceRow};
use crate::tables::{CAPACITIES, HELD_SERVICES, OWN_SERVICES, SERVICES_SAID};
use crate::tx::RowsExt;

/// A service's id.
pub type ServiceKey = [u8; 16];

/// Which places of a service a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Who claims it.
    pub issuer: Bytes32,
    /// The service.
    pub service: ServiceKey,
    /// Number of the unit.
    pub unit: u8,
    /// Bits of the groups.
    pub whom: u32,
}

impl Claimed {
    fn key(&self) -> Vec<u8> {
        let Self { issuer, service, unit, whom } = self;
        [issuer.as_slice(), service, &[*unit], &whom.to_be_bytes()].concat()
    }
}

/// Reading the directory.
pub trait Services: Rows {
    /// A service of our own.
    fn own_service(&self, id: &ServiceKey) -> Result<Option<ServiceRow>, DbError> {
        self.row(OWN_SERVICES, id)
    }

    /// All services of our own.
    fn own_services(&self) -> Result<Vec<(ServiceKey, ServiceRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(OWN_SERVICES, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What a partner said of a service: the signed document.
    fn held_service(&self, issuer: &Bytes32, id: &ServiceKey) -> Result<Option<Vec<u8>>, DbError> {
        self.get(HELD_SERVICES, &service_key(issuer, id))
    }

    /// All services that partners told of, as their issuers and the signed documents.
    fn held_services(&self, visit: &mut dyn FnMut(Bytes32, &[u8])) -> Result<(), DbError> {
        self.scan(HELD_SERVICES, Keys::All, &mut |key, document| {
            if let Some(issuer) = key.first_chunk() {
                visit(*issuer, document);
            }
            ControlFlow::Continue(())
        })
    }

    /// The signed documents in which a partner told of its services.
    fn held_services_of(
        &self,
        issuer: &Bytes32,
        visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), DbError> {
        self.scan(HELD_SERVICES, Keys::Prefix(issuer), &mut |_, document| visit(document))
    }

    /// All claims, as who made them and what they say.
    fn capacities(&self) -> Result<Vec<(Bytes32, CapacityRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(CAPACITIES, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The claims of an organization about one service.
    fn capacities_of(
        &self,
        issuer: &Bytes32,
        id: &ServiceKey,
        visit: &mut dyn FnMut(CapacityRow) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.rows(CAPACITIES, &service_key(issuer, id), &mut |_, row| visit(row))
    }

    /// The hash of what a partner was last told of a service.
    fn service_said(&self, partner: &Bytes32, id: &ServiceKey) -> Result<Option<Bytes32>, DbError> {
        let hash = self.get(SERVICES_SAID, &service_key(partner, id))?;
        Ok(hash.map(|hash| hash.first_chunk().copied().ok_or(BadRow)).transpose()?)
    }

    /// The services that a partner was told of, with the hashes of what was said.
    fn services_said(&self, partner: &Bytes32) -> Result<Vec<(ServiceKey, Bytes32)>, DbError> {
        let mut all = Vec::new();
        self.scan(SERVICES_SAID, Keys::Prefix(partner), &mut |key, hash| {
            all.extend(key.last_chunk().copied().zip(hash.first_chunk().copied()));
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Services for T {}

fn service_key(org: &Bytes32, id: &ServiceKey) -> Vec<u8> {
    [org.as_slice(), id].concat()
}

impl Write<'_> {
    /// Keeps a service of our own.
    pub fn put_own_service(&mut self, id: &ServiceKey, row: &ServiceRow) -> Result<(), DbError> {
        self.put_row(OWN_SERVICES, id, row)
    }

    /// Deletes a service of our own.
    pub fn delete_own_service(&mut self, id: &ServiceKey) -> Result<(), DbError> {
        self.delete(OWN_SERVICES, id)
    }

    /// Keeps what a partner said of a service.
    pub fn put_held_service(
        &mut self,
        issuer: &Bytes32,
        id: &ServiceKey,
        document: &[u8],
    ) -> Result<(), DbError> {
        self.put(HELD_SERVICES, &service_key(issuer, id), document)
    }

    /// Deletes what an organization said of a service, with what it claimed of it.
    pub fn delete_held_service(
        &mut self,
        issuer: &Bytes32,
        id: &ServiceKey,
    ) -> Result<(), DbError> {
        self.delete(HELD_SERVICES, &service_key(issuer, id))?;
        self.delete_capacities(issuer, Some(id))
    }

    /// Deletes everything that an organization said of services. Returns how many services it was.
    pub fn delete_services_of(&mut self, issuer: &Bytes32) -> Result<u64, DbError> {
        let mut keys = Vec::new();
        self.scan_keys(HELD_SERVICES, Keys::Prefix(issuer), &mut |key| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        for key in &keys {
            self.delete(HELD_SERVICES, key)?;
        }
        self.delete_capacities(issuer, None)?;
        Ok(keys.len() as u64)
    }

    /// Deletes what an organization claimed, of one service or of all.
    pub fn delete_capacities(
        &mut self,
        issuer: &Bytes32,
        id: Option<&ServiceKey>,
    ) -> Result<(), DbError> {
        let prefix = id.map_or(issuer.to_vec(), |id| service_key(issuer, id));
        let mut keys = Vec::new();
        self.scan_keys(CAPACITIES, Keys::Prefix(&prefix), &mut |key| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
        keys.iter().try_for_each(|key| self.delete(CAPACITIES, key))
    }

    /// Keeps a claim, unless a newer one about the same places is there. Says whether it was kept.
    pub fn put_capacity(&mut self, at: &Claimed, row: &CapacityRow) -> Result<bool, DbError> {
        let key = at.key();
        let before: Option<CapacityRow> = self.row(CAPACITIES, &key)?;
        if before.is_some_and(|before| before.said_at_s > row.said_at_s) {
            return Ok(false);
        }
        self.put_row(CAPACITIES, &key, row)?;
        Ok(true)
    }

    /// Deletes claims that are over. Returns how many.
    pub fn delete_capacities_over(&mut self, now_s: i64) -> Result<u64, DbError> {
        let mut keys = Vec::new();
        self.rows(CAPACITIES, &[], &mut |key, row: CapacityRow| {
            if row.until_s <= now_s {
                keys.push(key.to_vec());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for key in &keys {
            self.delete(CAPACITIES, key)?;
        }
        Ok(keys.len() as u64)
    }

    /// Notes what a partner was told of a service; `None` that it was taken back.
    pub fn put_service_said(
        &mut self,
        partner: &Bytes32,
        id: &ServiceKey,
        hash: Option<&Bytes32>,
    ) -> Result<(), DbError> {
        let key = service_key(partner, id);
        match hash {
            Some(hash) => self.put(SERVICES_SAID, &key, hash),
            None => self.delete(SERVICES_SAID, &key),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    const A: Bytes32 = [1; 32];
    const B: Bytes32 = [2; 32];
    const S: ServiceKey = [3; 16];

    fn db() -> Db {
        Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap()
    }

    fn write<T>(db: &Db, body: impl FnOnce(&mut Write<'_>) -> Result<T, DbError>) -> T {
        db.write("test", body).unwrap()
    }

    fn claim(said_at_s: i64) -> CapacityRow {
        CapacityRow { claim: vec![1], said_at_s, until_s: said_at_s + 10 }
    }

    #[test]
    fn what_one_organization_says_is_not_another_s() {
        let db = db();
        for issuer in [A, B] {
            write(&db, |tx| tx.put_held_service(&issuer, &S, &issuer));
            let at = Claimed { issuer, service: S, unit: 0, whom: 0 };
            assert!(write(&db, |tx| tx.put_capacity(&at, &claim(1))));
        }
        assert_eq!(write(&db, |tx| tx.delete_services_of(&A)), 1);
        let left = db.read(|tx| tx.held_service(&B, &S)).unwrap();
        assert_eq!(left.as_deref(), Some(B.as_slice()));
        assert_eq!(db.read(|tx| tx.held_service(&A, &S)).unwrap(), None);
        let claims = db.read(|tx| tx.capacities()).unwrap();
        assert_eq!(claims.iter().map(|(org, _)| *org).collect::<Vec<_>>(), [B]);
    }

    #[test]
    fn an_older_claim_never_replaces_a_newer_one_and_what_is_over_goes() {
        let db = db();
        let at = Claimed { issuer: A, service: S, unit: 0, whom: 0 };
        assert!(write(&db, |tx| tx.put_capacity(&at, &claim(5))));
        assert!(!write(&db, |tx| tx.put_capacity(&at, &claim(4))));
        let other = Claimed { whom: 1, ..at };
        assert!(write(&db, |tx| tx.put_capacity(&other, &claim(20))));
        assert_eq!(write(&db, |tx| tx.delete_capacities_over(15)), 1);
        let claims = db.read(|tx| tx.capacities()).unwrap();
        assert_eq!(claims, [(A, claim(20))]);
        write(&db, |tx| tx.delete_held_service(&A, &S));
        assert!(db.read(|tx| tx.capacities()).unwrap().is_empty());
    }

    #[test]
    fn what_a_partner_was_told_is_noted_and_forgotten() {
        let db = db();
        write(&db, |tx| tx.put_service_said(&A, &S, Some(&B)));
        assert_eq!(db.read(|tx| tx.services_said(&A)).unwrap(), [(S, B)]);
        assert_eq!(db.read(|tx| tx.service_said(&A, &S)).unwrap(), Some(B));
        write(&db, |tx| tx.put_service_said(&A, &S, None));
        assert!(db.read(|tx| tx.services_said(&A)).unwrap().is_empty());
    }
}
