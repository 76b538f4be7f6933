//! A helper's two steps: its share of the key, and mixing.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::overlap::{
    Batch, Contribution, Helper, JointKey, Maker, Parcel, Role, Round, RoundId, Stage,
};
use entente_proto::OverlapMixHead;
use entente_store::db::{DbError, Rows};
use entente_store::overlap::{Overlap as _, Part};
use entente_store::rows::BadRow;
use sha2::{Digest as _, Sha256};

use super::{Handed, KeptRound, OverlapShut, joint_key, opened};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

/// A question to mix that is within terms: what its parcels may be.
#[derive(Clone, Debug)]
pub struct Mixing {
    kept: KeptRound,
    role: Role,
    joint: JointKey,
    missing: BTreeSet<OrgId>,
}

impl Mixing {
    /// How many parcels there are to be.
    pub fn n_parcels(&self) -> usize {
        match self.role {
            Role::First => {
                self.kept.round.terms().contributors.len().saturating_sub(self.missing.len())
            }
            _ => 1,
        }
    }

    /// The longest batch of one parcel, in bytes.
    pub fn max_bytes(&self) -> usize {
        Batch::max_bytes(&self.kept.round, self.stage())
    }

    fn stage(&self) -> Stage {
        match self.role {
            Role::First => Stage::Sent,
            _ => Stage::MixedOnce,
        }
    }
}

/// Our part as a helper in a round.
fn helps(round: &Round, ours: &OrgId) -> Option<Role> {
    round.role_of(ours).filter(|role| *role != Role::Coordinator)
}

impl Node {
    /// Our share of the key of a round in which we help: made once, and the same for ever.
    pub fn share_overlap(&self, partner: &OrgId, id: &RoundId) -> Result<Envelope, OverlapShut> {
        let ours = self.id();
        let kept = self.within_terms(partner, id, |round| helps(round, &ours).is_some())?;
        if kept.is_over() {
            return Err(self.refuse_step(partner, id, OverlapShut::Done));
        }
        let is_first = kept.round.role_of(&ours) == Some(Role::First);
        let made = Helper::begin(&kept.round, is_first, &mut SystemRandomness);
        let (helper, share) = made.map_err(|_| no_randomness())?;
        let document = self.signed_share(&kept.round, &share)?;
        let document = self.db.write("overlap share", |tx| {
            if let Some(kept) = tx.overlap_part(&id.0, Part::Share, ours.as_bytes())? {
                return opened(&kept);
            }
            let bytes = entente_proto::encode_envelope(&document);
            tx.put_overlap_part(&id.0, Part::Share, ours.as_bytes(), &bytes)?;
            tx.put_overlap_key(&id.0, helper.secrets().as_slice())?;
            let mut row = tx.overlap_round(&id.0)?.unwrap_or(kept.row);
            row.begun_at_s = Some(self.now_s());
            tx.put_overlap_round(&id.0, &row)?;
            let entry = self.entry(Actor::Partner(*partner), Action::OverlapKeyMade);
            self.write_audit(tx, vec![entry.partner(*partner).reference(id.0)])?;
            Ok::<_, Box<Fault>>(document)
        })?;
        Ok(document)
    }

    /// Looks a question to mix up in the terms, before any of its parcels is read.
    pub fn open_mixing(
        &self,
        partner: &OrgId,
        head: &OverlapMixHead,
    ) -> Result<Mixing, OverlapShut> {
        let (ours, id) = (self.id(), head.round);
        let kept = self.within_terms(partner, &id, |round| helps(round, &ours).is_some())?;
        let refuse = |shut| self.refuse_step(partner, &id, shut);
        if kept.is_over() {
            return Err(refuse(OverlapShut::Done));
        }
        let joint = joint_key(&kept.round, &head.shares);
        let joint = joint.map_err(|why| refuse(OverlapShut::NotValid(why)))?;
        let missing: BTreeSet<_> = head.missing.iter().copied().collect();
        let role = helps(&kept.round, &ours).unwrap_or(Role::Second);
        let are_known = missing.iter().all(|org| kept.round.list_of(org).is_some());
        if !are_known || (role == Role::Second && !missing.is_empty()) {
            return Err(refuse(OverlapShut::NotValid("missing_is_unknown")));
        }
        Ok(Mixing { kept, role, joint, missing })
    }

    /// Mixes what came, once, and destroys our key. The same question has the same answer.
    pub fn mix_overlap(
        &self,
        partner: &OrgId,
        mixing: &Mixing,
        parcels: &[Handed],
    ) -> Result<Handed, OverlapShut> {
        let (ours, round) = (self.id(), &mixing.kept.round);
        let id = round.id();
        let asked = asked(mixing, parcels);
        if let Some(before) = self.db.read(|tx| mixed_before(tx, &id, &ours, &asked))? {
            return before.map_err(|shut| self.refuse_step(partner, &id, shut));
        }
        let batch = batch_of(mixing, parcels);
        let batch =
            batch.map_err(|why| self.refuse_step(partner, &id, OverlapShut::NotValid(why)))?;
        // Without a key it was mixed, given up or restored from a backup: it is done, whatever for.
        let Some(secret) = self.db.read(|tx| tx.overlap_key(&id.0))? else {
            return Err(self.refuse_step(partner, &id, OverlapShut::Done));
        };
        let is_first = mixing.role == Role::First;
        let helper = Helper::resume(round, is_first, &secret).ok_or(DbError::from(BadRow))?;
        let mixed = helper.mix(&mixing.joint, &batch, &mut SystemRandomness);
        let mixed = mixed.map_err(|_| {
            self.refuse_step(partner, &id, OverlapShut::NotValid("batch_cannot_be_mixed"))
        })?;
        let handed = self.hand_on(mixing, mixed.to_bytes())?;
        self.db.write("mix overlap", |tx| {
            if let Some(before) = mixed_before(tx, &id, &ours, &asked)? {
                return before;
            }
            tx.put_overlap_part(&id.0, Part::Asked, ours.as_bytes(), &asked)?;
            handed.keep(tx, &id, &ours)?;
            tx.destroy_overlap_key(&id.0)?;
            let entry = self.entry(Actor::Partner(*partner), Action::OverlapMixed);
            let entry = entry.partner(*partner).reference(id.0).n(parcels.len() as u64);
            self.write_audit(tx, vec![entry])?;
            Ok(handed.clone())
        })
    }

    fn hand_on(&self, mixing: &Mixing, batch: Vec<u8>) -> Outcome<Handed> {
        let parcel = Parcel {
            round: mixing.kept.round.id(),
            joint: mixing.joint.digest(),
            sha256: Parcel::digest(&batch),
            maker: if mixing.role == Role::First { Maker::First } else { Maker::Second },
        };
        Ok(Handed { parcel: self.signed_parcel(&parcel)?, batch })
    }
}

/// What was asked, as a hash: the key, everybody's parcel, and who is missing.
fn asked(mixing: &Mixing, parcels: &[Handed]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"question to mix of an overlap round v1");
    hash.update(mixing.joint.digest());
    let mut payloads: Vec<_> =
        parcels.iter().map(|it| Sha256::digest(&it.parcel.payload)).collect();
    payloads.sort_unstable();
    hash.update((payloads.len() as u64).to_be_bytes());
    for payload in payloads {
        hash.update(payload);
    }
    for org in &mixing.missing {
        hash.update(org.as_bytes());
    }
    hash.finalize().into()
}

/// What we mixed, if we did; refused if it was something else, or is destroyed.
fn mixed_before<R: Rows>(
    tx: &R,
    id: &RoundId,
    ours: &OrgId,
    asked: &[u8; 32],
) -> Result<Option<Result<Handed, OverlapShut>>, OverlapShut> {
    let Some(before) = tx.overlap_part(&id.0, Part::Asked, ours.as_bytes())? else {
        return Ok(None);
    };
    let same = Handed::kept(tx, id, ours)?.filter(|_| before == asked);
    Ok(Some(same.ok_or(OverlapShut::Done)))
}

/// The batch to be mixed, if everything about it is as the terms say.
fn batch_of(mixing: &Mixing, parcels: &[Handed]) -> Result<Batch, &'static str> {
    let round = &mixing.kept.round;
    match mixing.role {
        Role::First => gathered(mixing, round, parcels),
        _ => {
            let [handed] = parcels else { return Err("not_one_parcel") };
            let parcel = handed.checked(round, &mixing.joint, &round.terms().helpers[0])?;
            if parcel.maker != Maker::First {
                return Err("parcel_of_others");
            }
            Batch::parse(&handed.batch, round, Stage::MixedOnce).map_err(|_| "batch_unreadable")
        }
    }
}

/// Everybody's contribution together. Each signed its own, nobody is there twice, and whoever is not
/// there is named as missing.
fn gathered(mixing: &Mixing, round: &Round, parcels: &[Handed]) -> Result<Batch, &'static str> {
    let mut there = mixing.missing.clone();
    let mut contributions = Vec::new();
    for handed in parcels {
        let [(signer, _)] = handed.parcel.signatures.as_slice() else {
            return Err("parcel_not_signed");
        };
        let parcel = handed.checked(round, &mixing.joint, signer)?;
        if !matches!(parcel.maker, Maker::Contributor(..)) {
            return Err("parcel_of_others");
        }
        if !there.insert(*signer) {
            return Err("contributor_twice");
        }
        let contribution = Contribution::parse(&handed.batch, round, *signer);
        contributions.push(contribution.map_err(|_| "batch_unreadable")?);
    }
    if there.len() != round.terms().contributors.len() {
        return Err("contributor_missing");
    }
    Batch::gather(round, contributions).map_err(|_| "batches_do_not_go_together")
}
