//! Referrals that organizations without a node asked us for, with types: what they signed, and what we
//! have to show them.
//!
//! The referral itself lies among our own ([`crate::referrals`]), under the same name. As long as the
//! organization is told of it, a key beside it finds it by the organization; after that, only what knows a
//! word again is left.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::db::{DbError, Keys, Rows, Write};
use crate::rows::{BadRow, Bytes32, ChainRow};
use crate::tables::REQUESTS;
use crate::tx::RowsExt;

/// A referral that an organization which we sponsor asked for. Instants are seconds since 1970.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Who asked.
    pub org: Bytes32,
    /// What it said about it, to us.
    pub theirs: ChainRow,
    /// SHA-256 of the payloads that were taken.
    pub heard: Vec<Bytes32>,
    /// The request, as it was signed by the organization and by us. An encoded `Document`.
    pub signed: ByteBuf,
    /// Its last word if that was to take the referral back, signed by both; else empty.
    pub withdrawal: ByteBuf,
    /// The acceptance, as whoever has the referral signed it; empty before.
    pub acceptance: ByteBuf,
    /// SHA-256 of the payload of the last contact details that were handed on.
    pub handed: Option<Bytes32>,
    /// How many standings were written into mail.
    pub n_told: u64,
    /// The steps of the referral's timeline when the last one was written.
    pub told_at: Option<u32>,
}

impl RequestRow {
    /// Whether what was signed is destroyed, and only its place in the chain is known.
    pub fn is_forgotten(&self) -> bool {
        self.signed.is_empty()
    }

    /// What is left of it then: whose it is, how many words were read, and the hashes of the first and the
    /// last of them.
    fn forgotten(self) -> Self {
        let heard = self.heard.into_iter().take(1).collect();
        Self { org: self.org, theirs: self.theirs, heard, ..Self::default() }
    }
}

// A card comes close to a person.
impl std::fmt::Debug for RequestRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestRow({})", self.theirs.steps)
    }
}

/// That the first word about a referral was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRow {
    /// SHA-256 of the request.
    pub request: Bytes32,
    /// The number of the reason.
    pub why: u8,
    /// When it was refused; seconds since 1970.
    pub at_s: i64,
    /// Whether it was written into mail.
    pub is_told: bool,
}

fn request_key(referral: &[u8; 16]) -> Vec<u8> {
    [&[1], referral.as_slice()].concat()
}

fn key_key(org: &Bytes32) -> Vec<u8> {
    [&[2], org.as_slice()].concat()
}

/// The key that finds a request by its organization; without a referral the beginning of all of them.
fn told_key(org: &Bytes32, referral: &[u8]) -> Vec<u8> {
    [&[3], org.as_slice(), referral].concat()
}

/// The key of a refusal; without a referral the beginning of all those of an organization.
fn refusal_key(org: &Bytes32, referral: &[u8]) -> Vec<u8> {
    [&[4], org.as_slice(), referral].concat()
}

/// Reading requests.
pub trait Requests: Rows {
    /// Who asked for a referral of ours, and what was signed; `None` if it is our own.
    fn request(&self, referral: &[u8; 16]) -> Result<Option<RequestRow>, DbError> {
        self.row(REQUESTS, &request_key(referral))
    }

    /// The referrals that an organization asked for and is still told of.
    fn requested_by(&self, org: &Bytes32) -> Result<Vec<[u8; 16]>, DbError> {
        let mut ids = Vec::new();
        self.scan_keys(REQUESTS, Keys::Prefix(&told_key(org, &[])), &mut |key| {
            ids.extend(key.last_chunk::<16>().copied());
            ControlFlow::Continue(())
        })?;
        Ok(ids)
    }

    /// The same, with what was signed.
    fn requests_of(&self, org: &Bytes32) -> Result<Vec<([u8; 16], RequestRow)>, DbError> {
        let mut all = Vec::new();
        for id in self.requested_by(org)? {
            all.push((id, self.request(&id)?.ok_or(BadRow)?));
        }
        Ok(all)
    }

    /// That the first word of an organization about a referral was not taken.
    fn refusal(&self, org: &Bytes32, referral: &[u8; 16]) -> Result<Option<RefusalRow>, DbError> {
        self.row(REQUESTS, &refusal_key(org, referral))
    }

    /// All that was not taken of an organization.
    fn refusals_of(&self, org: &Bytes32) -> Result<Vec<([u8; 16], RefusalRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(REQUESTS, &refusal_key(org, &[]), &mut |key, row| {
            all.push((*key.last_chunk::<16>().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// A partner's key for hand-overs, as it signed it: an encoded `Document`.
    fn signed_key(&self, org: &Bytes32) -> Result<Option<Vec<u8>>, DbError> {
        Ok(self.get(REQUESTS, &key_key(org))?.map(|bytes| bytes.to_vec()))
    }
}

impl<T: Rows + ?Sized> Requests for T {}

impl Write<'_> {
    /// Keeps a request, and finds it by its organization from now on.
    pub fn put_request(&mut self, referral: &[u8; 16], row: &RequestRow) -> Result<(), DbError> {
        let told = told_key(&row.org, referral);
        if self.get(REQUESTS, &told)?.is_none() {
            self.put(REQUESTS, &told, &[])?;
        }
        self.put_row(REQUESTS, &request_key(referral), row)
    }

    /// Destroys what was signed about a referral. Its name stays taken, and words that were read are known
    /// again.
    pub fn forget_request(&mut self, referral: &[u8; 16], row: RequestRow) -> Result<(), DbError> {
        self.delete(REQUESTS, &told_key(&row.org, referral))?;
        self.put_row(REQUESTS, &request_key(referral), &row.forgotten())
    }

    /// Keeps that the first word about a referral was not taken.
    pub fn put_refusal(
        &mut self,
        org: &Bytes32,
        referral: &[u8; 16],
        row: &RefusalRow,
    ) -> Result<(), DbError> {
        self.put_row(REQUESTS, &refusal_key(org, referral), row)
    }

    /// Forgets that it was not taken.
    pub fn delete_refusal(&mut self, org: &Bytes32, referral: &[u8; 16]) -> Result<(), DbError> {
        self.delete(REQUESTS, &refusal_key(org, referral))
    }

    /// Finds by their organizations the requests of a store in which they were not.
    pub fn find_requests_by_org(&mut self) -> Result<(), DbError> {
        let mut all: Vec<([u8; 16], Bytes32)> = Vec::new();
        self.rows(REQUESTS, &[1], &mut |key, row: RequestRow| {
            let id = key.get(1..).and_then(|id| id.try_into().ok()).ok_or(BadRow)?;
            if !row.is_forgotten() {
                all.push((id, row.org));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        for (id, org) in all {
            self.put(REQUESTS, &told_key(&org, &id), &[])?;
        }
        Ok(())
    }

    /// Keeps a partner's key for hand-overs as it signed it, instead of the one before.
    pub fn put_signed_key(&mut self, org: &Bytes32, document: &[u8]) -> Result<(), DbError> {
        self.put(REQUESTS, &key_key(org), document)
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
    fn a_request_is_found_by_its_referral_and_a_key_by_its_organization() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let row = |org: u8| RequestRow { org: [org; 32], ..RequestRow::default() };
        db.write("test", |tx| {
            tx.put_request(&[2; 16], &row(5))?;
            tx.put_request(&[1; 16], &row(6))?;
            tx.put_signed_key(&[1; 32], b"first")?;
            tx.put_signed_key(&[1; 32], b"second")
        })
        .map_err(|error: DbError| error.to_string())
        .unwrap();
        db.read(|tx| {
            assert_eq!(tx.request(&[2; 16])?, Some(row(5)));
            assert_eq!(tx.request(&[3; 16])?, None);
            assert_eq!(tx.requests_of(&[5; 32])?, [([2; 16], row(5))]);
            assert_eq!(tx.requests_of(&[7; 32])?, []);
            assert_eq!(tx.signed_key(&[1; 32])?.as_deref(), Some(b"second".as_slice()));
            assert_eq!(tx.signed_key(&[2; 32])?, None);
            Ok::<_, DbError>(())
        })
        .unwrap();
    }

    #[test]
    fn what_was_signed_goes_and_what_was_read_is_known_again() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let theirs = ChainRow { steps: 3, last: Some([3; 32]) };
        let row = RequestRow {
            org: [5; 32],
            theirs: theirs.clone(),
            heard: vec![[1; 32], [2; 32], [3; 32]],
            signed: b"a card".to_vec().into(),
            acceptance: b"yes".to_vec().into(),
            ..RequestRow::default()
        };
        db.write("test", |tx| {
            tx.put_request(&[1; 16], &row)?;
            tx.put_request(&[2; 16], &row)?;
            tx.forget_request(&[1; 16], row.clone())
        })
        .map_err(|error: DbError| error.to_string())
        .unwrap();
        let left = RequestRow { org: [5; 32], theirs, heard: vec![[1; 32]], ..Default::default() };
        let check = || {
            db.read(|tx| {
                assert_eq!(tx.request(&[1; 16])?, Some(left.clone()));
                assert_eq!(tx.requests_of(&[5; 32])?, [([2; 16], row.clone())]);
                Ok::<_, DbError>(())
            })
            .unwrap();
        };
        check();
        assert!(left.is_forgotten() && !row.is_forgotten());
        db.write("test", |tx| tx.find_requests_by_org())
            .map_err(|error: DbError| error.to_string())
            .unwrap();
        check();
    }

    #[test]
    fn a_refusal_is_kept_under_its_organization_until_it_is_forgotten() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let row = |why| RefusalRow { why, ..RefusalRow::default() };
        db.write("test", |tx| {
            tx.put_refusal(&[5; 32], &[1; 16], &row(1))?;
            tx.put_refusal(&[5; 32], &[2; 16], &row(2))?;
            tx.put_refusal(&[6; 32], &[1; 16], &row(3))?;
            tx.delete_refusal(&[5; 32], &[1; 16])
        })
        .map_err(|error: DbError| error.to_string())
        .unwrap();
        db.read(|tx| {
            assert_eq!(tx.refusal(&[5; 32], &[1; 16])?, None);
            assert_eq!(tx.refusals_of(&[5; 32])?, [([2; 16], row(2))]);
            assert_eq!(tx.refusal(&[6; 32], &[1; 16])?, Some(row(3)));
            Ok::<_, DbError>(())
        })
        .unwrap();
    }
}
