//! The result of a round, for everybody with a part in it.
//!
//! The coordinator signs it and says it in its feeds, in the transaction in which it counts. Who has
//! signed the terms keeps it if it is right; a second one that says something else is evidence.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::overlap::{Counted, Histogram, Round, RoundId};
use entente_proto::MAX_DOCUMENT;
use entente_store::db::{DbError, Rows, Write};
use entente_store::overlap::{Overlap as _, Part};
use entente_store::rows::BadRow;

use super::driving::{Progress, kept_round, progress};
use super::{DONE_TWICE, KeptRound, opened};
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

impl Node {
    /// Signs what was counted, keeps it, and says it to everybody with a part in the round.
    pub(super) fn hand_out(
        &self,
        tx: &mut Write<'_>,
        kept: &KeptRound,
        histogram: &Histogram,
    ) -> Outcome<()> {
        let (round, ours) = (&kept.round, self.id());
        let missing = progress(tx, kept, &ours)?.missing.unwrap_or_default();
        let contributors = round.terms().contributors.iter().map(|(org, _)| *org);
        let there = contributors.filter(|org| !missing.contains(org));
        let mut parcels = Vec::new();
        for org in there.chain(round.terms().helpers) {
            let document = tx.overlap_part(&round.id().0, Part::Parcel, org.as_bytes())?;
            let envelope = opened(&document.ok_or(DbError::from(BadRow))?)?;
            let parcel = entente_proto::decode_overlap_parcel(&envelope.payload);
            parcels.push((envelope, parcel.map_err(|_| DbError::from(BadRow))?));
        }
        let payload = entente_proto::encode_overlap_result(&Counted {
            round: round.clone(),
            counts: histogram.counts.values().copied().collect(),
            parcels,
            missing: missing.into_iter().collect(),
            counted_at_s: self.now_s(),
        });
        if payload.len() > MAX_DOCUMENT {
            tracing::warn!("the result of an overlap round is too long to be sent");
            return Ok(());
        }
        let signed = self.sealed(payload_type::OVERLAP_RESULT, payload.clone())?;
        let document = entente_proto::encode_envelope(&signed);
        tx.put_overlap_part(&round.id().0, Part::Result, ours.as_bytes(), &document)?;
        self.say_to_parties(tx, round.parties(), payload_type::OVERLAP_RESULT, &payload)
    }

    /// The signed result of a round, if it is here.
    pub fn overlap_result(&self, id: &RoundId) -> Outcome<Option<Envelope>> {
        self.db.read(|tx| signed_result(tx, &kept_round(tx, id)?.round))
    }

    /// Reads a result from the feed of a coordinator.
    pub(crate) fn read_overlap_result(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok(counted) = entente_proto::decode_overlap_result(&envelope.payload) else {
            return Ok(Err("document_unreadable"));
        };
        let id = counted.round.id();
        let row = tx.overlap_round(&id.0)?.filter(|row| row.signed_at_s.is_some());
        if row.is_none() || !counted.round.parties().contains(&self.id()) {
            return Ok(Err("overlap_of_others"));
        }
        if !counted.faults(issuer).is_empty() {
            return Ok(Err("overlap_not_right"));
        }
        let document = entente_proto::encode_envelope(envelope);
        let org = issuer.as_bytes();
        let entry = self.entry(Actor::Partner(*issuer), Action::OverlapCounted).partner(*issuer);
        if !tx.put_overlap_part(&id.0, Part::Result, org, &document)? {
            let before = tx.overlap_part(&id.0, Part::Result, org)?;
            let proof = before.into_iter().chain([document]).collect();
            self.keep_evidence(tx, issuer, DONE_TWICE, proof, true)?;
            return Ok(Err(DONE_TWICE));
        }
        gathered.entries.push(entry.reference(id.0));
        Ok(Ok(()))
    }
}

fn signed_result<R: Rows>(tx: &R, round: &Round) -> Outcome<Option<Envelope>> {
    let coordinator = round.terms().coordinator;
    let document = tx.overlap_part(&round.id().0, Part::Result, coordinator.as_bytes())?;
    document.map(|document| opened(&document)).transpose()
}

/// What the coordinator signed, as it was checked when it was kept.
pub(super) fn result<R: Rows>(tx: &R, round: &Round) -> Outcome<Option<Counted>> {
    let Some(signed) = signed_result(tx, round)? else { return Ok(None) };
    let counted = entente_proto::decode_overlap_result(&signed.payload);
    Ok(Some(counted.map_err(|_| DbError::from(BadRow))?))
}

/// How a round went, as far as its result says.
pub(super) fn told(counted: &Counted) -> Progress {
    let helpers: BTreeSet<_> = counted.round.terms().helpers.into();
    Progress {
        shares: helpers.clone(),
        given: counted.given().collect(),
        missing: Some(counted.missing.iter().copied().collect()),
        mixed: helpers,
        counted: counted.histogram(),
    }
}
