//! Hand-overs, their keys and who may open them, with types.
//!
//! A hand-over that came is sealed by its sender, and here once more under a key of its own in a table of
//! its own: deleting that row destroys it. A hand-over that was sent lies in the feed alone. Team keys
//! are kept wrapped for each opener, and an opener's own key is sealed under a passphrase: nothing in
//! these tables opens a hand-over.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::{BadRow, Bytes32};
use crate::seal::{ItemKey, open_item, seal_items};
use crate::tables::{HANDOVER_ITEM_KEYS, HANDOVER_KEYS, HANDOVERS, OPENERS};
use crate::tx::RowsExt;

/// A person who may open hand-overs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenerRow {
    /// What the person is called: a name, unique in the node.
    pub name: String,
    /// The account that added the opener.
    pub account: String,
    /// The public half of the opener's key.
    #[serde(with = "serde_bytes")]
    pub public: Vec<u8>,
    /// The secret half, sealed under the person's passphrase.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
    /// When; seconds since 1970.
    pub added_at_s: i64,
}

/// A team key: our own, or a partner's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamKeyRow {
    /// What its organization says of it, as it is signed.
    #[serde(with = "serde_bytes")]
    pub document: Vec<u8>,
    /// When it was made, and when it came here; seconds since 1970.
    pub at_s: (i64, i64),
    /// When another replaced it.
    pub replaced_at_s: Option<i64>,
    /// Our own, wrapped for each opener. Empty for a partner's, and once it is destroyed.
    pub wraps: Vec<([u8; 16], Vec<u8>)>,
    /// To which partners our own was said.
    pub said_to: Vec<Bytes32>,
}

/// Which way a hand-over went. The number is in the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// We handed over.
    Sent = 1,
    /// It was handed over to us.
    Received = 2,
    /// It is for an organization without a node that we sponsor; we carry it and open nothing.
    Carried = 3,
}

/// Which hand-over a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandoverAt {
    /// Which way it went.
    pub way: Way,
    /// The other organization.
    pub partner: Bytes32,
    /// The referral.
    pub referral: [u8; 16],
    /// The place of its message in the chain of the referral.
    pub step: u32,
}

impl HandoverAt {
    fn key(&self) -> Vec<u8> {
        let Self { way, partner, referral, step } = self;
        [&[*way as u8][..], partner, referral, &step.to_be_bytes()].concat()
    }

    fn from_key(key: &[u8]) -> Result<Self, BadRow> {
        let (way, rest) = key.split_first().ok_or(BadRow)?;
        let (partner, rest) = rest.split_first_chunk::<32>().ok_or(BadRow)?;
        let (referral, rest) = rest.split_first_chunk::<16>().ok_or(BadRow)?;
        let step = u32::from_be_bytes(*rest.first_chunk::<4>().ok_or(BadRow)?);
        let way = match way {
            1 => Way::Sent,
            2 => Way::Received,
            3 => Way::Carried,
            _ => return Err(BadRow),
        };
        Ok(Self { way, partner: *partner, referral: *referral, step })
    }
}

/// A hand-over. Instants are seconds since 1970.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRow {
    /// The agreement it rests on: id and version.
    pub agreement: ([u8; 16], u32),
    /// The key it is sealed to.
    pub key: Bytes32,
    /// SHA-256 of the payload that carried it.
    pub digest: Bytes32,
    /// SHA-256 of the home's message before it, and of the last message of the recipient that the home
    /// had read.
    pub chain: (Bytes32, Bytes32),
    /// How long the sealed contact details are, in bytes.
    pub n_bytes: u32,
    /// When it was sealed.
    pub sealed_at_s: i64,
    /// When it was said, or came.
    pub at_s: i64,
    /// Where it lies in our feed: epoch and place. Of one that was sent.
    pub said_at: Option<(u32, u64)>,
    /// When the other side had it. Of one that was sent.
    pub delivered_at_s: Option<i64>,
    /// When it was first opened, and by whom; nobody's name if that was on the other side, or by another way
    /// before the person was served. The agreement's days count from then at the latest.
    pub opened: Option<(i64, String)>,
    /// When the other side refused it, and why: a code. Of one that was sent.
    pub refused: Option<(i64, String)>,
    /// When it was destroyed here, and why: a code.
    pub shredded: Option<(i64, String)>,
    /// When the other side destroyed it.
    pub shredded_there_at_s: Option<i64>,
    /// When the referral was closed: the agreement's days count from then.
    pub closed_at_s: Option<i64>,
    /// The sealed bytes as they came, sealed once more under a key of its own. Of one that was received.
    #[serde(with = "serde_bytes")]
    pub item: Vec<u8>,
}

impl std::fmt::Debug for HandoverRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HandoverRow({} bytes)", self.n_bytes)
    }
}

/// Reading hand-overs.
pub trait Handovers: Rows {
    /// Who may open hand-overs, in the order of their ids.
    fn openers(&self) -> Result<Vec<([u8; 16], OpenerRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(OPENERS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The team keys of one organization, in the order of their ids.
    fn team_keys(&self, org: &Bytes32) -> Result<Vec<(Bytes32, TeamKeyRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(HANDOVER_KEYS, org, &mut |key, row| {
            all.push((*key.last_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// One team key of an organization.
    fn team_key(&self, org: &Bytes32, id: &Bytes32) -> Result<Option<TeamKeyRow>, DbError> {
        self.row(HANDOVER_KEYS, &[org.as_slice(), id].concat())
    }

    /// The team key of an organization that nothing has replaced.
    fn current_team_key(&self, org: &Bytes32) -> Result<Option<(Bytes32, TeamKeyRow)>, DbError> {
        let keys = self.team_keys(org)?.into_iter();
        Ok(keys.filter(|(_, row)| row.replaced_at_s.is_none()).max_by_key(|(_, row)| row.at_s.1))
    }

    /// One hand-over.
    fn handover(&self, at: &HandoverAt) -> Result<Option<HandoverRow>, DbError> {
        self.row(HANDOVERS, &at.key())
    }

    /// All hand-overs that went one way, by partner, referral and step.
    fn handovers(&self, way: Way) -> Result<Vec<(HandoverAt, HandoverRow)>, DbError> {
        self.handovers_from(&[way as u8])
    }

    /// All hand-overs of one referral, the first first.
    fn handovers_of(
        &self,
        way: Way,
        partner: &Bytes32,
        referral: &[u8; 16],
    ) -> Result<Vec<(HandoverAt, HandoverRow)>, DbError> {
        self.handovers_from(&[&[way as u8][..], partner, referral].concat())
    }

    /// Those whose key begins like this.
    fn handovers_from(&self, prefix: &[u8]) -> Result<Vec<(HandoverAt, HandoverRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(HANDOVERS, prefix, &mut |key, row| {
            all.push((HandoverAt::from_key(key)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The sealed bytes of a hand-over that was received; `None` once it was destroyed.
    fn handover_sealed(&self, at: &HandoverAt) -> Result<Option<Vec<u8>>, DbError> {
        let Some(row) = self.handover(at)? else { return Ok(None) };
        let Some(key) = self.get(HANDOVER_ITEM_KEYS, &at.key())? else { return Ok(None) };
        let key = ItemKey::from_bytes(key.first_chunk().ok_or(BadRow)?);
        Ok(Some(open_item(&key, &at.key(), &row.item).map_err(|_| BadRow)?))
    }
}

impl<T: Rows + ?Sized> Handovers for T {}

impl Write<'_> {
    /// Keeps an opener.
    pub fn put_opener(&mut self, id: &[u8; 16], row: &OpenerRow) -> Result<(), DbError> {
        self.put_row(OPENERS, id, row)
    }

    /// Forgets an opener, with the sealed key.
    pub fn delete_opener(&mut self, id: &[u8; 16]) -> Result<(), DbError> {
        self.delete(OPENERS, id)
    }

    /// Keeps a team key.
    pub fn put_team_key(
        &mut self,
        org: &Bytes32,
        id: &Bytes32,
        row: &TeamKeyRow,
    ) -> Result<(), DbError> {
        self.put_row(HANDOVER_KEYS, &[org.as_slice(), id].concat(), row)
    }

    /// Forgets a team key.
    pub fn delete_team_key(&mut self, org: &Bytes32, id: &Bytes32) -> Result<(), DbError> {
        self.delete(HANDOVER_KEYS, &[org.as_slice(), id].concat())
    }

    /// Keeps what is known of a hand-over. What it holds stays as it is.
    pub fn put_handover(&mut self, at: &HandoverAt, row: &HandoverRow) -> Result<(), DbError> {
        self.put_row(HANDOVERS, &at.key(), row)
    }

    /// Keeps a hand-over that came, its bytes sealed once more under a fresh key.
    pub fn hold_handover(
        &mut self,
        at: &HandoverAt,
        mut row: HandoverRow,
        sealed: &[u8],
    ) -> Result<(), DbError> {
        let key = at.key();
        let mut item_key = None;
        let items = [(key.as_slice(), sealed)];
        seal_items(items.into_iter(), |made, sealed| {
            row.item = sealed;
            item_key = Some(made);
        })
        .map_err(|_| DbError::NoRandomness)?;
        let item_key = item_key.ok_or(BadRow)?;
        self.put(HANDOVER_ITEM_KEYS, &key, item_key.as_bytes())?;
        self.put_row(HANDOVERS, &key, &row)
    }

    /// Destroys what a hand-over holds here. That there was one stays.
    pub fn shred_handover(
        &mut self,
        at: &HandoverAt,
        mut row: HandoverRow,
        at_s: i64,
        why: &str,
    ) -> Result<(), DbError> {
        row.item = Vec::new();
        row.shredded = Some((at_s, why.to_owned()));
        self.delete(HANDOVER_ITEM_KEYS, &at.key())?;
        self.put_row(HANDOVERS, &at.key(), &row)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    const AT: HandoverAt =
        HandoverAt { way: Way::Received, partner: [1; 32], referral: [2; 16], step: 1 };

    #[test]
    fn a_hand_over_is_read_until_it_is_destroyed_and_known_after_that() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let row = HandoverRow { digest: [9; 32], ..HandoverRow::default() };
        let second = HandoverAt { step: 2, ..AT };
        db.write("test", |tx| {
            tx.hold_handover(&AT, row.clone(), b"one")?;
            tx.hold_handover(&second, row.clone(), b"two")
        })
        .unwrap();
        let document = |at| db.read(|tx| tx.handover_sealed(at)).unwrap();
        assert_eq!(document(&AT), Some(b"one".to_vec()));
        db.write("test", |tx| {
            let row = tx.handover(&AT)?.unwrap();
            tx.shred_handover(&AT, row, 5, "retention")
        })
        .unwrap();
        assert_eq!(document(&AT), None);
        assert_eq!(document(&second), Some(b"two".to_vec()));
        let all = db.read(|tx| tx.handovers_of(Way::Received, &[1; 32], &[2; 16])).unwrap();
        let shredded: Vec<_> =
            all.iter().map(|(at, row)| (at.step, row.shredded.clone())).collect();
        assert_eq!(shredded, [(1, Some((5, "retention".to_owned()))), (2, None)]);
        assert!(db.read(|tx| tx.handovers(Way::Sent)).unwrap().is_empty());
    }
}
