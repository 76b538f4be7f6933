//! Organizations without a node, with types: those that we sponsor, and those that partners do.
//!
//! Both are kept under the organization alone, since it has one history, whoever carries it. What is
//! known of its newest document stays when the document goes, so that an older one never comes back.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::{BadRow, Bytes32};
use crate::tables::{CARRIED, SPONSORED};
use crate::tx::RowsExt;

/// An organization that we sponsor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsoredRow {
    /// Its name in English.
    pub name_en: String,
    /// Its name in French.
    pub name_fr: String,
    /// Number of its newest document.
    pub seq: u64,
    /// Hash of that document.
    pub hash: Bytes32,
    /// The document with both signatures.
    pub document: Vec<u8>,
    /// How many documents we never got.
    pub n_missing: u64,
    /// When an officer compared its fingerprint, in seconds since 1970.
    pub added_at_s: i64,
    /// When the newest document was signed here, in seconds since 1970.
    pub taken_at_s: i64,
    /// When the sponsorship ended, in seconds since 1970.
    pub ended_at_s: Option<i64>,
    /// The partners that were told, with the hash of the document that each was told.
    pub said: Vec<(Bytes32, Bytes32)>,
}

/// An organization that a partner sponsors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedRow {
    /// Its name in English.
    pub name_en: String,
    /// Its name in French.
    pub name_fr: String,
    /// Who carried its newest document.
    pub sponsor: Bytes32,
    /// Number of that document.
    pub seq: u64,
    /// Hash of that document.
    pub hash: Bytes32,
    /// The document with both signatures; nothing if it was taken back.
    pub document: Vec<u8>,
    /// How many documents never came.
    pub n_missing: u64,
}

/// Reading organizations without a node.
pub trait Sponsors: Rows {
    /// An organization that we sponsor, or did.
    fn sponsored(&self, org: &Bytes32) -> Result<Option<SponsoredRow>, DbError> {
        self.row(SPONSORED, org)
    }

    /// All organizations that we sponsor, or did.
    fn all_sponsored(&self) -> Result<Vec<(Bytes32, SponsoredRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(SPONSORED, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What a partner carried of an organization.
    fn carried(&self, org: &Bytes32) -> Result<Option<CarriedRow>, DbError> {
        self.row(CARRIED, org)
    }

    /// What partners carried of all organizations.
    fn all_carried(&self) -> Result<Vec<(Bytes32, CarriedRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(CARRIED, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Sponsors for T {}

impl Write<'_> {
    /// Keeps an organization that we sponsor.
    pub fn put_sponsored(&mut self, org: &Bytes32, row: &SponsoredRow) -> Result<(), DbError> {
        self.put_row(SPONSORED, org, row)
    }

    /// Keeps what a partner carried.
    pub fn put_carried(&mut self, org: &Bytes32, row: &CarriedRow) -> Result<(), DbError> {
        self.put_row(CARRIED, org, row)
    }

    /// Forgets the documents that a partner carried, and not how far they had come. Returns whose
    /// they were.
    pub fn forget_carried_by(&mut self, sponsor: &Bytes32) -> Result<Vec<Bytes32>, DbError> {
        let mut gone = Vec::new();
        for (org, mut row) in self.all_carried()? {
            if row.sponsor == *sponsor && !row.document.is_empty() {
                row.document.clear();
                self.put_carried(&org, &row)?;
                gone.push(org);
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    #[test]
    fn what_a_partner_carried_goes_and_how_far_it_had_come_stays() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let row = |sponsor| CarriedRow {
            sponsor: [sponsor; 32],
            seq: 3,
            document: vec![1],
            ..CarriedRow::default()
        };
        let gone = db.write("test", |tx| {
            tx.put_carried(&[1; 32], &row(8))?;
            tx.put_carried(&[2; 32], &row(9))?;
            tx.forget_carried_by(&[8; 32])
        });
        assert_eq!(gone.map_err(|error: DbError| error.to_string()), Ok(vec![[1; 32]]));
        let all = db.read(|tx| tx.all_carried()).map_err(|error: DbError| error.to_string());
        let all: Vec<_> = all.unwrap().into_iter().map(|(_, row)| row).collect();
        assert_eq!(all, [CarriedRow { document: Vec::new(), ..row(8) }, row(9)]);
    }
}
