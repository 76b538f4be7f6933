//! Rows with types: what transactions read and write, in the words of the domain.
//!
//! Everything a node keeps goes through these functions; nobody above this crate sees a key or a
//! table. A missing row is `None`; a row that cannot be read is an error.

use std::ops::ControlFlow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{DbError, Keys, Rows, Table, Write};
use crate::rows::{self, *};
use crate::tables::*;

type Visit<'a, T> = &'a mut dyn FnMut(&[u8], T) -> Result<ControlFlow<()>, DbError>;

/// Reading rows with types.
pub(crate) trait RowsExt: Rows {
    /// One row.
    fn row<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, DbError> {
        let bytes = self.get(table, key)?;
        Ok(bytes.map(|bytes| rows::decode(&bytes)).transpose()?)
    }

    /// All rows whose key begins with `prefix`, in order, until `visit` breaks.
    fn rows<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        visit: Visit<'_, T>,
    ) -> Result<(), DbError> {
        self.rows_from(table, prefix, prefix, visit)
    }

    /// The same from the key `from` on.
    fn rows_from<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        visit: Visit<'_, T>,
    ) -> Result<(), DbError> {
        let mut outcome = Ok(());
        let end = crate::engine::end_of_prefix(prefix);
        let keys = end.as_deref().map_or(Keys::From(from), |end| Keys::Between(from, end));
        self.scan(table, keys, &mut |key, bytes| {
            let step = rows::decode(bytes).map_err(DbError::from);
            match step.and_then(|row| visit(key, row)) {
                Ok(flow) => flow,
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        outcome
    }

    /// The last row at or before the key `to`, among those that begin with `prefix`.
    fn last_row_to<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        to: &[u8],
    ) -> Result<Option<(Vec<u8>, T)>, DbError> {
        let mut found = None;
        // A range ends before its end, and `to` itself counts.
        let end = [to, &[0]].concat();
        self.scan_rev(table, Keys::Between(prefix, &end), &mut |key, bytes| {
            found = Some((key.to_vec(), rows::decode(bytes)));
            ControlFlow::Break(())
        })?;
        let Some((key, row)) = found else { return Ok(None) };
        Ok(Some((key, row?)))
    }
}

impl<T: Rows + ?Sized> RowsExt for T {}

fn two(a: &[u8], b: &[u8]) -> Vec<u8> {
    [a, b].concat()
}

fn place(issuer: &Bytes32, epoch: u32, n: u64) -> Vec<u8> {
    [issuer.as_slice(), &epoch.to_be_bytes(), &n.to_be_bytes()].concat()
}

/// Reading what a node keeps.
pub trait Reads: Rows {
    /// A fact about the node itself.
    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, DbError> {
        self.get(META, name.as_bytes())
    }

    /// A record.
    fn record(&self, id: &[u8; 16]) -> Result<Option<RecordRow>, DbError> {
        self.row(RECORDS, id)
    }

    /// All records, in the order of their ids, until `visit` breaks.
    fn records(
        &self,
        visit: &mut dyn FnMut([u8; 16], RecordRow) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.rows(RECORDS, &[], &mut |key, row| visit(id16(key)?, row))
    }

    /// The earlier versions of a record, the oldest first.
    fn record_history(&self, id: &[u8; 16]) -> Result<Vec<RecordRow>, DbError> {
        let mut versions = Vec::new();
        self.rows(RECORD_HISTORY, id, &mut |_, row| {
            versions.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(versions)
    }

    /// The record that an imported row became.
    fn imported(&self, row: &[u8; 16]) -> Result<Option<[u8; 16]>, DbError> {
        self.get(IMPORTED, row)?.map(|id| id16(&id)).transpose()
    }

    /// A partner.
    fn partner(&self, id: &Bytes32) -> Result<Option<PartnerRow>, DbError> {
        self.row(PARTNERS, id)
    }

    /// All partners.
    fn partners(&self) -> Result<Vec<(Bytes32, PartnerRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(PARTNERS, &[], &mut |key, row| {
            all.push((id32(key)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// An invitation that we made.
    fn ticket(&self, id: &[u8; 16]) -> Result<Option<TicketRow>, DbError> {
        self.row(TICKETS, id)
    }

    /// All invitations that we made.
    fn tickets(&self) -> Result<Vec<([u8; 16], TicketRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(TICKETS, &[], &mut |key, row| {
            all.push((id16(key)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// One version of an agreement.
    fn agreement(&self, id: &[u8; 16], version: u32) -> Result<Option<AgreementRow>, DbError> {
        self.row(AGREEMENTS, &two(id, &version.to_be_bytes()))
    }

    /// All versions of all agreements.
    fn agreements(&self) -> Result<Vec<([u8; 16], u32, AgreementRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(AGREEMENTS, &[], &mut |key, row| {
            let version = key.last_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            all.push((id16(key)?, version, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// All versions of the agreements with one partner, in the order of their ids and versions.
    fn agreements_with(&self, partner: &Bytes32) -> Result<Vec<AgreementRow>, DbError> {
        let (mut all, mut outcome) = (Vec::new(), Ok(()));
        self.scan(AGREEMENTS, Keys::All, &mut |_, bytes| {
            // A row begins with its partner, so those of others need not be decoded.
            if bytes.starts_with(partner) {
                match rows::decode(bytes) {
                    Ok(row) => all.push(row),
                    Err(error) => outcome = Err(error),
                }
            }
            ControlFlow::Continue(())
        })?;
        outcome?;
        Ok(all)
    }

    /// The feed of an issuer, as far as we followed it.
    fn followed(&self, issuer: &Bytes32) -> Result<Option<FollowedRow>, DbError> {
        self.row(FOLLOWED, issuer)
    }

    /// Everything held from one issuer: epoch, place of the batch, batch and keys.
    fn held(
        &self,
        issuer: &Bytes32,
        visit: &mut dyn FnMut(HeldAt, HeldBatch, HeldKeys) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.rows(HELD, issuer, &mut |key, batch| {
            let at = HeldAt::from_key(key)?;
            let keys = self.row(HELD_KEYS, key)?.ok_or(BadRow)?;
            visit(at, batch, keys)
        })
    }

    /// One batch of held summaries.
    fn held_batch(&self, at: &HeldAt) -> Result<Option<(HeldBatch, HeldKeys)>, DbError> {
        let Some(batch) = self.row(HELD, &at.key())? else { return Ok(None) };
        let keys = self.row(HELD_KEYS, &at.key())?.ok_or(BadRow)?;
        Ok(Some((batch, keys)))
    }

    /// Whether an issuer took this summary back.
    fn is_taken_back(&self, issuer: &Bytes32, summary: &[u8; 16]) -> Result<bool, DbError> {
        Ok(self.get(TAKEN_BACK, &two(issuer, summary))?.is_some())
    }

    /// Whether an issuer took any summary back.
    fn has_taken_back(&self, issuer: &Bytes32) -> Result<bool, DbError> {
        let mut any = false;
        self.scan_keys(TAKEN_BACK, Keys::Prefix(issuer), &mut |_| {
            any = true;
            ControlFlow::Break(())
        })?;
        Ok(any)
    }

    /// What was released of a record, by partner.
    fn releases(&self, record: &[u8; 16]) -> Result<Vec<(Bytes32, ReleaseRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(RELEASES, record, &mut |key, row| {
            all.push((key.last_chunk().copied().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// What was released of a record to one partner.
    fn release(&self, record: &[u8; 16], partner: &Bytes32) -> Result<Option<ReleaseRow>, DbError> {
        self.row(RELEASES, &two(record, partner))
    }

    /// Everything that was ever released, until `visit` breaks: record, partner, release.
    fn all_releases(
        &self,
        visit: &mut dyn FnMut([u8; 16], Bytes32, ReleaseRow) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        self.rows(RELEASES, &[], &mut |key, row| {
            visit(id16(key)?, key.last_chunk().copied().ok_or(BadRow)?, row)
        })
    }

    /// The record that a partner knows by this summary.
    fn released_as(
        &self,
        partner: &Bytes32,
        summary: &[u8; 16],
    ) -> Result<Option<[u8; 16]>, DbError> {
        self.get(RELEASED_AS, &two(partner, summary))?.map(|id| id16(&id)).transpose()
    }

    /// Evidence kept against a partner, the oldest first.
    fn evidence(&self, partner: &Bytes32) -> Result<Vec<EvidenceRow>, DbError> {
        let mut all = Vec::new();
        self.rows(EVIDENCE, partner, &mut |_, row| {
            all.push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// How much evidence is kept against a partner.
    fn n_evidence(&self, partner: &Bytes32) -> Result<u64, DbError> {
        let last = self.last(EVIDENCE, partner)?;
        let number =
            last.map(|(key, _)| key.last_chunk::<8>().copied().ok_or(BadRow)).transpose()?;
        Ok(number.map_or(0, |number| u64::from_be_bytes(number) + 1))
    }

    /// Evidence against a partner whose number, from 0, is below `before`, the newest first, until
    /// `visit` breaks.
    fn evidence_before(
        &self,
        partner: &Bytes32,
        before: u64,
        visit: &mut dyn FnMut(u64, EvidenceRow) -> ControlFlow<()>,
    ) -> Result<(), DbError> {
        for number in (0..before.min(self.n_evidence(partner)?)).rev() {
            let row = self.row(EVIDENCE, &place(partner, 0, number))?.ok_or(BadRow)?;
            if visit(number, row).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The last checkpoint of a partner's audit log that we co-signed.
    fn witnessed(&self, partner: &Bytes32) -> Result<Option<WitnessRow>, DbError> {
        self.row(WITNESSED, partner)
    }

    /// A partner's last co-signature on our audit log.
    fn cosigned(&self, partner: &Bytes32) -> Result<Option<WitnessRow>, DbError> {
        self.row(COSIGNED, partner)
    }

    /// What a partner was told in counts about a period, as the core writes it.
    fn answered(&self, partner: &Bytes32, period: u32) -> Result<Option<Vec<u8>>, DbError> {
        self.get(ANSWERED, &two(partner, &period.to_be_bytes()))
    }

    /// The epochs that were closed: period, partner, report.
    fn epochs(&self) -> Result<Vec<(u32, Bytes32, EpochRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(EPOCHS, &[], &mut |key, row| {
            let period = key.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            all.push((period, key.last_chunk().copied().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> Reads for T {}

/// Where a batch of held summaries is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HeldAt {
    /// Who said them.
    pub issuer: Bytes32,
    /// In which epoch of their feed.
    pub epoch: u32,
    /// After how many leaves.
    pub first: u64,
}

impl HeldAt {
    fn key(&self) -> Vec<u8> {
        place(&self.issuer, self.epoch, self.first)
    }

    fn from_key(key: &[u8]) -> Result<Self, BadRow> {
        let (issuer, rest) = key.split_first_chunk::<32>().ok_or(BadRow)?;
        let (epoch, first) = rest.split_first_chunk::<4>().ok_or(BadRow)?;
        let first = first.first_chunk::<8>().ok_or(BadRow)?;
        let (epoch, first) = (u32::from_be_bytes(*epoch), u64::from_be_bytes(*first));
        Ok(Self { issuer: *issuer, epoch, first })
    }
}

fn id16(key: &[u8]) -> Result<[u8; 16], DbError> {
    Ok(key.first_chunk().copied().ok_or(BadRow)?)
}

fn id32(key: &[u8]) -> Result<Bytes32, DbError> {
    Ok(key.first_chunk().copied().ok_or(BadRow)?)
}

impl Write<'_> {
    /// Encodes and writes a row.
    pub(crate) fn put_row<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        row: &T,
    ) -> Result<(), DbError> {
        let bytes = rows::encode(row)?;
        self.put(table, key, &bytes)
    }

    /// Keeps a fact about the node itself.
    pub fn put_meta(&mut self, name: &str, value: &[u8]) -> Result<(), DbError> {
        self.put(META, name.as_bytes(), value)
    }

    /// Forgets a fact about the node itself.
    pub fn delete_meta(&mut self, name: &str) -> Result<(), DbError> {
        self.delete(META, name.as_bytes())
    }

    /// Keeps a record; what was there goes to its history.
    pub fn put_record(&mut self, id: &[u8; 16], row: &RecordRow) -> Result<(), DbError> {
        if let Some(before) = self.get(RECORDS, id)? {
            let version = row.version.saturating_sub(1);
            self.put(RECORD_HISTORY, &two(id, &version.to_be_bytes()), &before)?;
        }
        self.put_row(RECORDS, id, row)
    }

    /// Keeps a record that is known to be new, without looking whether it is.
    pub fn put_new_record(&mut self, id: &[u8; 16], row: &RecordRow) -> Result<(), DbError> {
        self.put_row(RECORDS, id, row)
    }

    /// Remembers which record an imported row became.
    pub fn put_imported(&mut self, row: &[u8; 16], record: &[u8; 16]) -> Result<(), DbError> {
        self.put(IMPORTED, row, record)
    }

    /// Keeps a partner.
    pub fn put_partner(&mut self, id: &Bytes32, row: &PartnerRow) -> Result<(), DbError> {
        self.put_row(PARTNERS, id, row)
    }

    /// Keeps an invitation.
    pub fn put_ticket(&mut self, id: &[u8; 16], row: &TicketRow) -> Result<(), DbError> {
        self.put_row(TICKETS, id, row)
    }

    /// Keeps a version of an agreement.
    pub fn put_agreement(
        &mut self,
        id: &[u8; 16],
        version: u32,
        row: &AgreementRow,
    ) -> Result<(), DbError> {
        self.put_row(AGREEMENTS, &two(id, &version.to_be_bytes()), row)
    }

    /// Moves the cursor of a feed that we follow, and keeps the checkpoint it rests on.
    pub fn put_followed(
        &mut self,
        issuer: &Bytes32,
        size: u64,
        row: &FollowedRow,
    ) -> Result<(), DbError> {
        self.put(CHECKPOINTS, &place(issuer, row.epoch, size), &row.checkpoint)?;
        self.put_row(FOLLOWED, issuer, row)
    }

    /// Keeps summaries that came together, and their keys.
    pub fn put_held(
        &mut self,
        at: &HeldAt,
        batch: &HeldBatch,
        keys: &HeldKeys,
    ) -> Result<(), DbError> {
        self.put_row(HELD, &at.key(), batch)?;
        self.put_row(HELD_KEYS, &at.key(), keys)
    }

    /// Destroys the keys at these positions of a held batch, and the sealed bytes with them.
    ///
    /// Returns how many were there.
    pub fn shred_held(&mut self, at: &HeldAt, positions: &[usize]) -> Result<usize, DbError> {
        let Some((mut batch, mut keys)) = self.held_batch(at)? else { return Ok(0) };
        let mut n_shredded = 0;
        for position in positions {
            let Some(key) = keys.keys.get_mut(*position) else { continue };
            n_shredded += usize::from(key.take().is_some());
            if let Some((_, _, sealed)) = batch.items.get_mut(*position) {
                sealed.clear();
            }
        }
        self.put_held(at, &batch, &keys)?;
        Ok(n_shredded)
    }

    /// Remembers that a summary was taken back, for ever.
    pub fn put_taken_back(
        &mut self,
        issuer: &Bytes32,
        summary: &[u8; 16],
        at_s: i64,
    ) -> Result<(), DbError> {
        self.put(TAKEN_BACK, &two(issuer, summary), &at_s.to_be_bytes())
    }

    /// Remembers a release.
    pub fn put_release(
        &mut self,
        record: &[u8; 16],
        partner: &Bytes32,
        row: &ReleaseRow,
    ) -> Result<(), DbError> {
        self.put(RELEASED_AS, &two(partner, &row.summary), record)?;
        self.put_row(RELEASES, &two(record, partner), row)
    }

    /// Keeps evidence against a partner.
    pub fn put_evidence(&mut self, partner: &Bytes32, row: &EvidenceRow) -> Result<(), DbError> {
        let n = self.n_evidence(partner)?;
        self.put_row(EVIDENCE, &place(partner, 0, n), row)
    }

    /// Remembers what we co-signed for a partner.
    pub fn put_witnessed(&mut self, partner: &Bytes32, row: &WitnessRow) -> Result<(), DbError> {
        self.put_row(WITNESSED, partner, row)
    }

    /// Remembers what a partner co-signed for us.
    pub fn put_cosigned(&mut self, partner: &Bytes32, row: &WitnessRow) -> Result<(), DbError> {
        self.put_row(COSIGNED, partner, row)
    }

    /// Remembers what a partner was told in counts.
    pub fn put_answered(
        &mut self,
        partner: &Bytes32,
        period: u32,
        answered: &[u8],
    ) -> Result<(), DbError> {
        self.put(ANSWERED, &two(partner, &period.to_be_bytes()), answered)
    }

    /// Keeps the report of a closed epoch.
    pub fn put_epoch(
        &mut self,
        period: u32,
        partner: &Bytes32,
        row: &EpochRow,
    ) -> Result<(), DbError> {
        self.put_row(EPOCHS, &two(&period.to_be_bytes(), partner), row)
    }
}
