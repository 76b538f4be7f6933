//! How the node is: for `status`, for `doctor`, and for whoever is on call at three in the morning.

use entente_core::identity::OrgId;
use entente_store::rows::PartnerRow;
use entente_store::tx::Reads as _;

use super::agreements::Kept;
use super::{Node, Outcome, unpoisoned};

/// How long a partner may take to answer a withdrawal before it is shown as overdue.
///
/// A node that is up answers at its next sync, within minutes; three days bridge a long weekend
/// without anybody at the office.
pub const RECEIPT_DUE_S: i64 = 3 * 24 * 60 * 60;

/// What stands between us and one partner.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The partner.
    pub id: OrgId,
    /// Its row.
    pub row: PartnerRow,
    /// The agreement that counts: the one in force, or one that waits for signatures, or else the newest.
    pub agreement: Option<Kept>,
    /// The agreement in force, or else the newest that ever was.
    pub last_in_force: Option<Kept>,
    /// Summaries that it may hold of ours: released and not taken back.
    pub n_released: u64,
    /// Summaries that we took back, answered or not.
    pub n_withdrawn: u64,
    /// Of these, those with a receipt.
    pub n_receipts: u64,
    /// Of these, those without one for longer than [`RECEIPT_DUE_S`].
    pub n_overdue: u64,
    /// Summaries that we hold of theirs.
    pub n_held: u64,
    /// How far we are in their feed: epoch and cursor.
    pub cursor: (u32, u64),
    /// How long our feed for them is: epoch and size.
    pub feed: (u32, u64),
    /// How far they have read our feed, as far as we know: epoch and cursor.
    pub read: (u32, u64),
    /// How much of our audit log they have co-signed.
    pub cosigned: u64,
}

/// A receipt that a partner owes us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Where the summary is in our feed.
    pub seq: u64,
    /// The summary that was taken back.
    pub summary: [u8; 16],
    /// When it was taken back; seconds since 1970.
    pub asked_s: i64,
}

fn read_key(partner: &OrgId) -> String {
    format!("read-by:{partner}")
}

impl Node {
    /// Where we stand with every partner.
    pub fn standings(&self) -> Outcome<Vec<Standing>> {
        let due_s = self.now_s() - RECEIPT_DUE_S;
        let releases = self.told()?;
        let mut standings = Vec::new();
        for (id, row) in self.partner_rows()? {
            let told = releases.get(id.as_bytes()).cloned().unwrap_or_default();
            let n_overdue = told.due.iter().filter(|due| due.asked_s < due_s).count() as u64;
            let (epoch, size, _) = self.feed_head(&id)?;
            standings.push(Standing {
                agreement: self.db.read(|tx| self.that_counts(tx, &id))?,
                last_in_force: self.db.read(|tx| self.last_in_force(tx, &id))?,
                n_released: told.n_standing,
                n_withdrawn: told.n_withdrawn,
                n_receipts: told.n_receipts,
                n_overdue,
                n_held: self.n_held_from(&id),
                cursor: self.cursor(&id)?,
                feed: (epoch, size),
                read: self.read_by(&id)?,
                cosigned: self.cosigned_size(&id)?,
                id,
                row,
            });
        }
        Ok(standings)
    }

    /// Where we stand with one partner.
    pub fn standing(&self, partner: &OrgId) -> Outcome<Standing> {
        let found = self.standings()?.into_iter().find(|standing| standing.id == *partner);
        found.ok_or_else(|| super::partners::unknown_partner(partner))
    }

    /// How far a partner has read our feed, by its own last word: epoch and cursor.
    pub fn read_by(&self, partner: &OrgId) -> Outcome<(u32, u64)> {
        let bytes = self.db.read(|tx| tx.meta(&read_key(partner)))?.unwrap_or_default();
        let known = bytes.split_first_chunk::<4>().and_then(|(epoch, cursor)| {
            let cursor = cursor.first_chunk::<8>()?;
            Some((u32::from_be_bytes(*epoch), u64::from_be_bytes(*cursor)))
        });
        Ok(known.unwrap_or_default())
    }

    /// A partner says, by asking for what comes after, how far it has read our feed.
    ///
    /// Written only where it is news, so that an idle partner costs no commit.
    pub fn note_read(&self, partner: &OrgId, epoch: u32, cursor: u64) -> Outcome<()> {
        if self.read_by(partner)? == (epoch, cursor) {
            return Ok(());
        }
        let bytes = [epoch.to_be_bytes().as_slice(), &cursor.to_be_bytes()].concat();
        self.db.write("partner read", |tx| Ok(tx.put_meta(&read_key(partner), &bytes)?))
    }

    /// Receipts that a partner owes us: place in our feed and summary, and since when.
    pub fn receipts_due(&self, partner: &OrgId) -> Outcome<Vec<Due>> {
        let told = self.told()?;
        Ok(told.get(partner.as_bytes()).map(|told| told.due.clone()).unwrap_or_default())
    }

    /// How many records there are.
    pub fn n_records(&self) -> u64 {
        unpoisoned(self.cases.read()).n_records()
    }

    /// How many summaries are held from all partners.
    pub fn n_held(&self) -> u64 {
        unpoisoned(self.held.read()).n()
    }
}
