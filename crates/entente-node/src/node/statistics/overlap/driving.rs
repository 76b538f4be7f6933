//! The coordinator's part: it carries what the others make, and counts.
//!
//! Nothing here asks anybody; that is for `sync`. Each answer is checked and kept, so that a round
//! goes on where it stopped. Who is missing is decided once, before the first helper mixes.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::audit::{Action, Actor};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::overlap::{
    Batch, Contribution, Coordinator, Histogram, JointKey, LinkageFigures, Maker, Role, RoundId,
    Stage,
};
use entente_proto::{MAX_OVERLAP_RECEIPTS, OverlapContribute, OverlapMixHead};
use entente_store::db::{DbError, Rows, Write};
use entente_store::overlap::{Overlap as _, Part};
use entente_store::rows::BadRow;

use super::terms::unknown_round;
use super::{DONE_TWICE, Handed, KeptRound, holders, joint_key, opened, share_of};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is kept, or was kept before.
    Kept,
    /// It is not what an honest node answers; the word says why.
    NotValid(&'static str),
    /// It is another one than was kept: the same step was done twice.
    Contradicts,
}

/// How far a round has come at its coordinator.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Whose share of the key we have.
    pub shares: BTreeSet<OrgId>,
    /// Who contributed, and what each says of how well its persons could be matched.
    pub given: BTreeMap<OrgId, LinkageFigures>,
    /// Who dropped out, once that is decided.
    pub missing: Option<BTreeSet<OrgId>>,
    /// Which helpers have mixed.
    pub mixed: BTreeSet<OrgId>,
    /// What was counted. How many persons the noise does not cover is known to the coordinator alone.
    pub counted: Option<Histogram>,
}

impl Node {
    /// The round, if we coordinate it, our officer signed it, and it is not over.
    pub fn overlap_to_run(&self, wanted: &str) -> Outcome<KeptRound> {
        let kept = self.find_overlap(wanted)?;
        if kept.round.terms().coordinator != self.id() || !kept.is_signed() {
            return Err(Fault::new(
                2125,
                (
                    "This organization cannot run the overlap round.",
                    "Cet organisme ne peut pas mener le recoupement.",
                ),
                (
                    "Its coordinator runs it once its officer has signed: `entente stats overlap sign`.",
                    "Le coordonnateur le mène une fois signé\u{a0}: `entente stats overlap sign`.",
                ),
            ));
        }
        Ok(kept)
    }

    /// Makes our share of the key, unless we have one.
    pub fn begin_overlap(&self, actor: Actor, id: &RoundId) -> Outcome<()> {
        let (kept, ours) = (self.overlap_by_id(id)?, self.id());
        if kept.is_over() {
            return Err(over());
        }
        let made = Coordinator::begin(&kept.round, &mut SystemRandomness);
        let (coordinator, share) = made.map_err(|_| no_randomness())?;
        let document = entente_proto::encode_envelope(&self.signed_share(&kept.round, &share)?);
        self.db.write("begin overlap", |tx| {
            if tx.overlap_part(&id.0, Part::Share, ours.as_bytes())?.is_some() {
                return Ok(());
            }
            tx.put_overlap_part(&id.0, Part::Share, ours.as_bytes(), &document)?;
            tx.put_overlap_key(&id.0, coordinator.secret().as_slice())?;
            let mut row = tx.overlap_round(&id.0)?.ok_or_else(unknown_round)?;
            row.begun_at_s = Some(self.now_s());
            tx.put_overlap_round(&id.0, &row)?;
            let entry = self.entry(actor, Action::OverlapKeyMade).reference(id.0);
            self.write_audit(tx, vec![entry])
        })
    }

    /// Keeps a helper's share of the key.
    pub fn keep_overlap_share(
        &self,
        helper: &OrgId,
        id: &RoundId,
        document: &Envelope,
    ) -> Outcome<Heard> {
        let kept = self.overlap_by_id(id)?;
        let Some(role) = kept.round.role_of(helper) else {
            return Ok(Heard::NotValid("no_helper"));
        };
        if let Err(why) = share_of(&kept.round, role, document) {
            return Ok(Heard::NotValid(why));
        }
        let bytes = entente_proto::encode_envelope(document);
        self.keep_heard(helper, id, ("share", Part::Share), document, |tx| {
            Ok(tx.put_overlap_part(&id.0, Part::Share, helper.as_bytes(), &bytes)?)
        })
    }

    /// The question for a contributor, with what we hold of its own.
    pub fn overlap_question(
        &self,
        id: &RoundId,
        contributor: &OrgId,
    ) -> Outcome<OverlapContribute> {
        self.db.read(|tx| {
            let kept = kept_round(tx, id)?;
            let mut receipts = Vec::new();
            for (other, _) in tx.overlap_rounds()? {
                let parcel = tx.overlap_part(&other, Part::Parcel, contributor.as_bytes())?;
                receipts.extend(parcel.map(|it| opened(&it)).transpose()?);
            }
            let charge = |receipt: &Envelope| {
                let parcel = entente_proto::decode_overlap_parcel(&receipt.payload);
                match parcel.map(|parcel| parcel.maker) {
                    Ok(Maker::Contributor(paid, _)) => paid.number,
                    _ => 0,
                }
            };
            receipts.sort_by_key(charge);
            let receipts = receipts.split_off(receipts.len().saturating_sub(MAX_OVERLAP_RECEIPTS));
            Ok(OverlapContribute { round: *id, shares: shares(tx, &kept)?, receipts })
        })
    }

    /// Keeps a contribution.
    pub fn keep_overlap_contribution(
        &self,
        contributor: &OrgId,
        id: &RoundId,
        handed: &Handed,
    ) -> Outcome<Heard> {
        let (kept, joint) = self.round_and_key(id)?;
        let parcel = match handed.checked(&kept.round, &joint, contributor) {
            Ok(parcel) => parcel,
            Err(why) => return Ok(Heard::NotValid(why)),
        };
        let Maker::Contributor(paid, _) = parcel.maker else {
            return Ok(Heard::NotValid("parcel_of_others"));
        };
        let is_ours = paid.period == kept.round.terms().period;
        if !is_ours || Contribution::parse(&handed.batch, &kept.round, *contributor).is_err() {
            return Ok(Heard::NotValid("batch_unreadable"));
        }
        let what = ("contribution", Part::Parcel);
        self.keep_heard(contributor, id, what, &handed.parcel, |tx| {
            handed.keep(tx, id, contributor)
        })
    }

    /// Decides who dropped out. What was decided before stays.
    pub fn close_gathering(&self, id: &RoundId, missing: &BTreeSet<OrgId>) -> Outcome<()> {
        let ours = self.id();
        let bytes: Vec<u8> = missing.iter().flat_map(|org| *org.as_bytes()).collect();
        // An empty part has no rows, so the list begins with a byte that says nothing.
        let bytes = [&[0], bytes.as_slice()].concat();
        self.db.write("close gathering", |tx| {
            tx.put_overlap_part(&id.0, Part::Missing, ours.as_bytes(), &bytes)?;
            Ok(())
        })
    }

    /// The question for a helper: what it is to mix.
    pub fn overlap_mixing(
        &self,
        id: &RoundId,
        role: Role,
    ) -> Outcome<(OverlapMixHead, Vec<Handed>)> {
        self.db.read(|tx| {
            let kept = kept_round(tx, id)?;
            let shares = shares(tx, &kept)?;
            let progress = progress(tx, &kept, &self.id())?;
            let missing = progress.missing.unwrap_or_default();
            let first = kept.round.terms().helpers[0];
            let (missing, from): (Vec<_>, Vec<_>) = match role {
                Role::First => {
                    let there = progress.given.into_keys().filter(|org| !missing.contains(org));
                    let there = there.collect();
                    (missing.into_iter().collect(), there)
                }
                _ => (Vec::new(), vec![first]),
            };
            let mut parcels = Vec::with_capacity(from.len());
            for org in from {
                parcels.extend(Handed::kept(tx, id, &org)?);
            }
            Ok((OverlapMixHead { round: *id, shares, missing }, parcels))
        })
    }

    /// Keeps what a helper mixed.
    pub fn keep_overlap_mixed(
        &self,
        helper: &OrgId,
        id: &RoundId,
        handed: &Handed,
    ) -> Outcome<Heard> {
        let (kept, joint) = self.round_and_key(id)?;
        let parcel = match handed.checked(&kept.round, &joint, helper) {
            Ok(parcel) => parcel,
            Err(why) => return Ok(Heard::NotValid(why)),
        };
        let is_mixed = parcel.stage() != Stage::Sent;
        if !is_mixed || Batch::parse(&handed.batch, &kept.round, parcel.stage()).is_err() {
            return Ok(Heard::NotValid("batch_unreadable"));
        }
        let what = ("mixed", Part::Parcel);
        self.keep_heard(helper, id, what, &handed.parcel, |tx| handed.keep(tx, id, helper))
    }

    /// Counts, and destroys our key and all batches in the same transaction.
    pub fn count_overlap(&self, actor: Actor, id: &RoundId) -> Outcome<Histogram> {
        let (kept, ours) = (self.overlap_by_id(id)?, self.id());
        let second = kept.round.terms().helpers[1];
        let (secret, handed) = self.db.read(|tx| {
            Ok::<_, Box<Fault>>((tx.overlap_key(&id.0)?, Handed::kept(tx, id, &second)?))
        })?;
        let (Some(secret), Some(handed)) = (secret, handed) else { return Err(over()) };
        let bad = || Box::<Fault>::from(DbError::from(BadRow));
        let coordinator = Coordinator::resume(&kept.round, &secret).ok_or_else(bad)?;
        let batch = Batch::parse(&handed.batch, &kept.round, Stage::MixedTwice);
        let histogram = batch.and_then(|batch| coordinator.count(&batch)).map_err(|_| bad())?;
        let bytes = histogram_bytes(&histogram);
        self.db.write("count overlap", |tx| {
            tx.put_overlap_part(&id.0, Part::Counted, ours.as_bytes(), &bytes)?;
            self.hand_out(tx, &kept, &histogram)?;
            let row = tx.overlap_round(&id.0)?.ok_or_else(unknown_round)?;
            self.end_round(tx, id, row, self.entry(actor, Action::OverlapCounted))?;
            Ok::<_, Box<Fault>>(())
        })?;
        Ok(histogram)
    }

    /// How far a round has come.
    pub fn overlap_progress(&self, id: &RoundId) -> Outcome<Progress> {
        self.db.read(|tx| progress(tx, &kept_round(tx, id)?, &self.id()))
    }

    fn round_and_key(&self, id: &RoundId) -> Outcome<(KeptRound, JointKey)> {
        self.db.read(|tx| {
            let kept = kept_round(tx, id)?;
            let joint = joint_key(&kept.round, &shares(tx, &kept)?);
            let joint = joint.map_err(|_| Box::<Fault>::from(DbError::from(BadRow)))?;
            Ok((kept, joint))
        })
    }

    /// Keeps an answer with its audit entry. One that contradicts what is kept is evidence: both are
    /// kept, and who signed them is in quarantine until a person has looked.
    fn keep_heard(
        &self,
        from: &OrgId,
        id: &RoundId,
        (what, part): (&str, Part),
        document: &Envelope,
        keep: impl FnOnce(&mut Write<'_>) -> Outcome<bool>,
    ) -> Outcome<Heard> {
        let heard = self.db.write("keep overlap", |tx| {
            let is_over = tx.overlap_round(&id.0)?.is_some_and(|row| row.ended_at_s.is_some());
            if is_over {
                return Err(over());
            }
            let before = tx.overlap_part(&id.0, part, from.as_bytes())?;
            let is_kept = keep(tx)?;
            let reason = if is_kept { what } else { DONE_TWICE };
            let entry = self.entry(Actor::Partner(*from), Action::OverlapReceived);
            let entry = entry.partner(*from).reference(id.0).reasons([reason.to_owned()]);
            self.write_audit(tx, vec![entry])?;
            if is_kept {
                return Ok(Heard::Kept);
            }
            let proof = before.into_iter().chain([entente_proto::encode_envelope(document)]);
            self.keep_evidence(tx, from, DONE_TWICE, proof.collect(), true)?;
            Ok::<_, Box<Fault>>(Heard::Contradicts)
        })?;
        if heard == Heard::Contradicts {
            self.refresh_admissions()?;
        }
        Ok(heard)
    }
}

pub(super) fn kept_round<R: Rows>(tx: &R, id: &RoundId) -> Outcome<KeptRound> {
    KeptRound::of(tx, tx.overlap_round(&id.0)?.ok_or_else(unknown_round)?)
}

/// The three shares, in the order of the roles.
fn shares<R: Rows>(tx: &R, kept: &KeptRound) -> Outcome<[Envelope; 3]> {
    let mut shares = Vec::with_capacity(3);
    for holder in holders(&kept.round) {
        let share = tx.overlap_part(&kept.round.id().0, Part::Share, holder.as_bytes())?;
        shares.push(opened(&share.ok_or_else(incomplete)?)?);
    }
    shares.try_into().map_err(|_| incomplete())
}

pub(super) fn progress<R: Rows>(tx: &R, kept: &KeptRound, ours: &OrgId) -> Outcome<Progress> {
    let (id, round) = (kept.round.id().0, &kept.round);
    if round.terms().coordinator != *ours
        && let Some(counted) = super::result::result(tx, round)?
    {
        return Ok(super::result::told(&counted));
    }
    let orgs = |all: Vec<[u8; 32]>| -> BTreeSet<OrgId> {
        all.iter().filter_map(|org| OrgId::from_bytes(org).ok()).collect()
    };
    let (mut given, mut mixed) = (BTreeMap::new(), BTreeSet::new());
    for org in orgs(tx.overlap_parts_of(&id, Part::Parcel)?) {
        let Some(document) = tx.overlap_part(&id, Part::Parcel, org.as_bytes())? else { continue };
        let parcel = entente_proto::decode_overlap_parcel(&opened(&document)?.payload);
        match parcel.map_err(|_| DbError::from(BadRow))?.maker {
            Maker::Contributor(_, linkage) => drop(given.insert(org, linkage)),
            Maker::First | Maker::Second => drop(mixed.insert(org)),
        }
    }
    let missing = tx.overlap_part(&id, Part::Missing, ours.as_bytes())?;
    let missing = missing.map(|bytes| {
        let (_, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        orgs(bytes.as_chunks::<32>().0.to_vec())
    });
    let counted = tx.overlap_part(&id, Part::Counted, ours.as_bytes())?;
    Ok(Progress {
        shares: orgs(tx.overlap_parts_of(&id, Part::Share)?),
        given,
        missing,
        mixed,
        counted: counted.and_then(|bytes| {
            let mut numbers = bytes.as_chunks::<8>().0.iter().map(|it| i64::from_be_bytes(*it));
            let n_uncovered = u64::try_from(numbers.next()?).ok()?;
            Histogram::restore(round, &numbers.collect::<Vec<_>>(), n_uncovered)
        }),
    })
}

/// The uncovered, then the counts in their order, 8 bytes each.
fn histogram_bytes(histogram: &Histogram) -> Vec<u8> {
    let n_uncovered = i64::try_from(histogram.n_uncovered).unwrap_or(i64::MAX);
    let numbers = std::iter::once(n_uncovered).chain(histogram.counts.values().copied());
    numbers.flat_map(i64::to_be_bytes).collect()
}

pub(crate) fn over() -> Box<Fault> {
    Fault::new(
        2126,
        (
            "The overlap round is over, and its keys are destroyed.",
            "Le recoupement est terminé, et ses clés sont détruites.",
        ),
        (
            "A new one needs terms of its own: `entente stats overlap draft`.",
            "Un nouveau exige ses propres conditions\u{a0}: `entente stats overlap draft`.",
        ),
    )
}

fn incomplete() -> Box<Fault> {
    Fault::new(
        2127,
        (
            "The overlap round has not come that far: shares of its key are missing.",
            "Le recoupement n’en est pas là\u{a0}: il manque des parts de sa clé.",
        ),
        (
            "Both helpers have to sign and answer: `entente stats overlap run`.",
            "Les deux mélangeurs doivent signer et répondre\u{a0}: `entente stats overlap run`.",
        ),
    )
}
