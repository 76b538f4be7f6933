//! Overlap rounds between nodes: terms that everybody signs, and then each step once.
//!
//! Nothing is answered outside of terms that our own officer signed, and only to whoever coordinates
//! by them. Read on in the order of a round: [`terms`]; [`helping`] for the two who mix;
//! [`persons`] and [`contributing`] for those who send; [`driving`] for the coordinator; [`result`]
//! is what everybody hears in the end.
//!
//! What a step made is stored before it is sent, so the same question has the same answer; another
//! question for the same step is refused. A helper's secret is destroyed in the transaction that
//! stores what it mixed, the coordinator's in the one that stores what it counted, and both when the
//! round is given up or has lain for [`KEPT_DAYS`].

pub mod contributing;
pub mod driving;
pub mod helping;
pub mod persons;
pub mod result;
pub mod terms;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::overlap::{
    JointKey, Maker, Parcel, PublicShare, Role, Round, RoundId,
};
use entente_store::db::{DbError, Rows, Write};
use entente_store::overlap::{Overlap as _, Part};
use entente_store::rows::{BadRow, OverlapRow};
use entente_store::tx::Reads as _;

use crate::fault::Fault;
use crate::node::partners::Shut;
use crate::node::{Node, Outcome};

pub use driving::{Heard, Progress};
pub use terms::KeptRound;

/// How long a round may take from a helper's key to its end. Then keys and batches are destroyed.
pub const KEPT_DAYS: i64 = 30;

/// Somebody signed two different answers to one step. Code of the evidence.
pub const DONE_TWICE: &str = "done_twice";

/// Why a step of a round is not done for a partner.
#[derive(Debug, thiserror::Error)]
pub enum OverlapShut {
    /// The partner may not ask now.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// Outside of every round that we signed: the same words for all of it.
    #[error("nothing outside signed terms is answered")]
    OutsideTerms,
    /// It was done with other content, or the round is over.
    #[error("the step was done, or the round is over")]
    Done,
    /// We do not contribute, by our own rules. Which one is in our audit log and not said.
    #[error("declined: {0}")]
    Declined(&'static str),
    /// What was sent is not what an honest node sends.
    #[error("not valid: {0}")]
    NotValid(&'static str),
    /// Our own store failed.
    #[error("{0}")]
    Fault(#[from] Box<Fault>),
}

impl From<DbError> for OverlapShut {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

/// What one organization hands on: its signed parcel and the bytes of the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The signed parcel.
    pub parcel: Envelope,
    /// The batch.
    pub batch: Vec<u8>,
}

impl Handed {
    /// What is kept of an organization's step.
    fn kept<R: Rows>(tx: &R, round: &RoundId, org: &OrgId) -> Outcome<Option<Self>> {
        let document = tx.overlap_part(&round.0, Part::Parcel, org.as_bytes())?;
        let batch = tx.overlap_part(&round.0, Part::Batch, org.as_bytes())?;
        let Some((document, batch)) = document.zip(batch) else { return Ok(None) };
        Ok(Some(Self { parcel: opened(&document)?, batch }))
    }

    /// Keeps it, unless something else is kept.
    fn keep(&self, tx: &mut Write<'_>, round: &RoundId, org: &OrgId) -> Outcome<bool> {
        let document = entente_proto::encode_envelope(&self.parcel);
        let org = org.as_bytes();
        let is_parcel = tx.put_overlap_part(&round.0, Part::Parcel, org, &document)?;
        Ok(is_parcel && tx.put_overlap_part(&round.0, Part::Batch, org, &self.batch)?)
    }

    /// What the parcel says, if `org` signed it, it belongs to this round, key and place, and the
    /// batch is its batch.
    fn checked(
        &self,
        round: &Round,
        joint: &JointKey,
        org: &OrgId,
    ) -> Result<Parcel, &'static str> {
        let payload = self.parcel.verify(payload_type::OVERLAP_PARCEL, &[*org]);
        let payload = payload.map_err(|_| "parcel_not_signed")?;
        let parcel = entente_proto::decode_overlap_parcel(payload.bytes());
        let parcel = parcel.map_err(|_| "parcel_unreadable")?;
        let is_in_place = match parcel.maker {
            Maker::Contributor(..) => round.list_of(org).is_some(),
            Maker::First => round.role_of(org) == Some(Role::First),
            Maker::Second => round.role_of(org) == Some(Role::Second),
        };
        if parcel.round != round.id() || parcel.joint != joint.digest() || !is_in_place {
            return Err("parcel_of_others");
        }
        if !parcel.holds(&self.batch) {
            return Err("batch_is_another");
        }
        Ok(parcel)
    }
}

/// A document that we kept.
fn opened(document: &[u8]) -> Outcome<Envelope> {
    entente_proto::decode_envelope(document).map_err(|_| DbError::from(BadRow).into())
}

/// Who holds the share of each role, in the order of the roles.
fn holders(round: &Round) -> [OrgId; 3] {
    let terms = round.terms();
    [terms.helpers[0], terms.helpers[1], terms.coordinator]
}

/// The share in a document, if the organization that holds its role signed it and proves it.
fn share_of(round: &Round, role: Role, document: &Envelope) -> Result<PublicShare, &'static str> {
    let [first, second, coordinator] = holders(round);
    let holder = match role {
        Role::First => first,
        Role::Second => second,
        Role::Coordinator => coordinator,
    };
    let payload = document.verify(payload_type::OVERLAP_SHARE, &[holder]);
    let payload = payload.map_err(|_| "share_not_signed")?;
    let (id, share) = payload.bytes().split_first_chunk::<32>().ok_or("share_unreadable")?;
    if *id != round.id().0 {
        return Err("share_of_others");
    }
    let share = PublicShare::parse(share, round).map_err(|_| "share_not_proven")?;
    if share.role() == role { Ok(share) } else { Err("share_of_others") }
}

/// The joint key of three documents, in the order of the roles.
fn joint_key(round: &Round, shares: &[Envelope; 3]) -> Result<JointKey, &'static str> {
    let [first, second, coordinator] = shares;
    let shares = [
        share_of(round, Role::First, first)?,
        share_of(round, Role::Second, second)?,
        share_of(round, Role::Coordinator, coordinator)?,
    ];
    JointKey::new(round, shares).map_err(|_| "share_of_others")
}

impl Node {
    /// Our share as we sign it.
    fn signed_share(&self, round: &Round, share: &PublicShare) -> Outcome<Envelope> {
        let payload = [round.id().0.as_slice(), &share.to_bytes()].concat();
        self.sealed(payload_type::OVERLAP_SHARE, payload)
    }

    /// A parcel as we sign it.
    fn signed_parcel(&self, parcel: &Parcel) -> Outcome<Envelope> {
        self.sealed(payload_type::OVERLAP_PARCEL, entente_proto::encode_overlap_parcel(parcel))
    }

    fn sealed(&self, kind: &str, payload: Vec<u8>) -> Outcome<Envelope> {
        let sealed = Envelope::seal(kind, payload, &self.secrets.key);
        sealed.map_err(|_| crate::node::audit::no_randomness())
    }

    /// The round, if our officer signed it, the partner coordinates it, and we have the part that is
    /// asked of. An audit entry says so if not.
    fn within_terms(
        &self,
        partner: &OrgId,
        id: &RoundId,
        is_our_part: impl Fn(&Round) -> bool,
    ) -> Result<KeptRound, OverlapShut> {
        let found = self.db.read(|tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.open_to(&row)?;
            let row = tx.overlap_round(&id.0)?.filter(|row| row.signed_at_s.is_some());
            let kept = row.map(|row| KeptRound::of(tx, row)).transpose()?;
            Ok::<_, OverlapShut>(kept.filter(|kept| {
                kept.round.terms().coordinator == *partner && is_our_part(&kept.round)
            }))
        })?;
        match found {
            Some(kept) => Ok(kept),
            None => {
                self.audit(vec![self.refused_step(partner, id, "outside_terms")])?;
                Err(OverlapShut::OutsideTerms)
            }
        }
    }

    fn refused_step(&self, partner: &OrgId, id: &RoundId, why: &str) -> AuditEntry {
        let entry = self.entry(Actor::Partner(*partner), Action::OverlapDeclined);
        entry.partner(*partner).reference(id.0).reasons([why.to_owned()])
    }

    /// Writes down that we refused a step, and gives the refusal.
    fn refuse_step(&self, partner: &OrgId, id: &RoundId, shut: OverlapShut) -> OverlapShut {
        let why = match &shut {
            OverlapShut::Done => "done",
            OverlapShut::Declined(why) | OverlapShut::NotValid(why) => why,
            _ => return shut,
        };
        match self.audit(vec![self.refused_step(partner, id, why)]) {
            Ok(()) => shut,
            Err(fault) => fault.into(),
        }
    }

    /// Ends a round for us: its key and batches are destroyed. Returns `false` if it was over.
    fn end_round(
        &self,
        tx: &mut Write<'_>,
        id: &RoundId,
        mut row: OverlapRow,
        entry: AuditEntry,
    ) -> Outcome<bool> {
        if row.ended_at_s.is_some() {
            return Ok(false);
        }
        row.ended_at_s = Some(self.now_s());
        tx.put_overlap_round(&id.0, &row)?;
        tx.destroy_overlap_key(&id.0)?;
        tx.destroy_overlap_batches(&id.0)?;
        self.write_audit(tx, vec![entry.reference(id.0)])?;
        Ok(true)
    }

    /// The coordinator says that a round is over.
    pub fn close_overlap(&self, partner: &OrgId, id: &RoundId) -> Result<(), OverlapShut> {
        let ours = self.id();
        let kept = self.within_terms(partner, id, |round| round.parties().contains(&ours))?;
        self.db.write("close overlap", |tx| {
            let row = tx.overlap_round(&id.0)?.unwrap_or(kept.row);
            let entry = self.entry(Actor::Partner(*partner), Action::OverlapEnded);
            self.end_round(tx, id, row, entry.partner(*partner))?;
            Ok(())
        })
    }

    /// Gives a round up on our own: whatever part we have in it, nothing is answered any more.
    pub fn end_overlap(&self, actor: Actor, id: &RoundId) -> Outcome<KeptRound> {
        self.db.write("end overlap", |tx| {
            let row = tx.overlap_round(&id.0)?.ok_or_else(terms::unknown_round)?;
            self.end_round(tx, id, row, self.entry(actor, Action::OverlapEnded))
        })?;
        self.overlap_by_id(id)
    }

    /// Ends the rounds in which this store has a secret, because it was set back: the secret may have
    /// been used and destroyed since, and using it again on other content would show the difference.
    pub(crate) fn end_overlaps_set_back(&self, tx: &mut Write<'_>) -> Outcome<()> {
        for id in tx.overlap_keys()? {
            if let Some(row) = tx.overlap_round(&id)? {
                let entry = self.entry(Actor::Node, Action::OverlapEnded);
                let entry = entry.reasons(["restored".to_owned()]);
                self.end_round(tx, &RoundId(id), row, entry)?;
            }
        }
        Ok(())
    }

    /// Destroys keys and batches of rounds that were never finished. Returns how many rounds.
    pub fn end_stale_overlaps(&self) -> Outcome<u64> {
        let oldest_s = self.now_s() - KEPT_DAYS * 24 * 60 * 60;
        self.db.write("stale overlaps", |tx| {
            let mut n = 0;
            for (id, row) in tx.overlap_rounds()? {
                let is_stale = row.begun_at_s.is_some_and(|at_s| at_s < oldest_s);
                if is_stale && row.ended_at_s.is_none() {
                    let entry = self.entry(Actor::Node, Action::OverlapEnded);
                    let entry = entry.reasons(["retention".to_owned()]);
                    n += u64::from(self.end_round(tx, &RoundId(id), row, entry)?);
                }
            }
            Ok(n)
        })
    }
}
