//! Reports: what a contributor makes of its cells, and how it is carried.
//!
//! A [`Contribution`] goes to the leader. It holds the leader's share, sealed to the leader, and a
//! small [`Report`] that the contributor signed: the helper's share, sealed to the helper, and the
//! hash of the leader's. The leader passes the report on, and the helper checks the contributor's
//! own signature. So the leader can invent no contributor, a carrier can read nothing, and an
//! organization needs a way to one of the two aggregators only.

use std::fmt;

use rand::TryCryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::prio3::{HELPER_LEN, PUBLIC_LEN, Prio3, Split};
use super::seal::OVERHEAD;
use super::wire::Reader;
use super::{Malformed, Rejection, Role, Round, SealingKey, SealingPublic};
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::{NoRandomness, OrgId, OrgKey, Signature};
use crate::statistics::random::fill;

/// The number of a report: random, and the nonce of its proof.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(pub [u8; 16]);

impl fmt::Debug for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportId({})", hex::encode(self.0))
    }
}

/// What a contributor signs.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// The round it is for.
    pub context: [u8; 32],
    /// Its number.
    pub id: ReportId,
    /// What all may see.
    pub public: [u8; PUBLIC_LEN],
    /// SHA-256 of the leader's sealed share.
    pub for_leader: [u8; 32],
    /// The helper's share, sealed.
    pub for_helper: [u8; HELPER_LEN + OVERHEAD],
}

impl Report {
    const LEN: usize = 32 + 16 + PUBLIC_LEN + 32 + HELPER_LEN + OVERHEAD;

    fn to_bytes(&self) -> Vec<u8> {
        let Self { context, id, public, for_leader, for_helper } = self;
        [context.as_slice(), &id.0, public, for_leader, for_helper].concat()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            context: reader.array()?,
            id: ReportId(reader.array()?),
            public: reader.array()?,
            for_leader: reader.array()?,
            for_helper: reader.array()?,
        })
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A report and whose it claims to be. Nothing here is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReport {
    /// Who contributes.
    pub contributor: OrgId,
    /// Over the report, as the one signature of an envelope.
    pub signature: Signature,
    /// The report.
    pub report: Report,
}

impl SignedReport {
    /// Bytes of a signed report.
    pub const LEN: usize = OrgId::LEN + Signature::LEN + Report::LEN;

    /// SHA-256 of the signed report: what its contributor says that it sent.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(Self::LEN);
        self.put(&mut bytes);
        Sha256::digest(&bytes).into()
    }

    pub(super) fn sign(report: Report, org: &OrgKey) -> Result<Self, EnvelopeError> {
        let envelope = Envelope::seal(payload_type::SUM_REPORT, report.to_bytes(), org)?;
        let signature = envelope.signatures.first().map(|(_, it)| *it);
        let signature = signature.ok_or(EnvelopeError::NotSigned)?;
        Ok(Self { contributor: org.id(), signature, report })
    }

    /// Why this is no report of a contributor to `round`, if it is none.
    pub(super) fn check(&self, round: &Round) -> Result<(), Rejection> {
        if !round.contributors().contains_key(&self.contributor) {
            return Err(Rejection::NoContributor);
        }
        if self.report.context != round.context() {
            return Err(Rejection::WrongRound);
        }
        let envelope = Envelope {
            payload_type: payload_type::SUM_REPORT.to_owned(),
            payload: self.report.to_bytes(),
            signatures: vec![(self.contributor, self.signature)],
        };
        let verified = envelope.verify(payload_type::SUM_REPORT, &[self.contributor]);
        verified.map(|_| ()).map_err(|_| Rejection::BadSignature)
    }

    /// Opens and reads the share for one aggregator.
    pub(super) fn open(
        &self,
        prio3: &Prio3,
        role: Role,
        key: &SealingKey,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Rejection> {
        let Report { context, id, public, .. } = &self.report;
        let bound = bound(&self.contributor, id, public);
        let opened = key.open(&info(context, role), &bound, sealed);
        let share = opened.map_err(|_| Rejection::NotSealedToUs)?;
        if prio3.is_readable(role, public, &share) { Ok(share) } else { Err(Rejection::Unreadable) }
    }

    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.contributor.as_bytes());
        bytes.extend_from_slice(self.signature.as_bytes());
        bytes.extend_from_slice(&self.report.to_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let contributor = OrgId::from_bytes(&reader.array()?).map_err(|_| Malformed)?;
        let signature = Signature::from_bytes(reader.array()?);
        Ok(Self { contributor, signature, report: Report::read(reader)? })
    }
}

/// What a contributor sends to the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// What the helper will see too.
    pub report: SignedReport,
    /// The leader's share, sealed.
    pub for_leader: Vec<u8>,
}

impl Contribution {
    /// The signed report, then the leader's share.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SignedReport::LEN + self.for_leader.len());
        self.report.put(&mut bytes);
        bytes.extend_from_slice(&self.for_leader);
        bytes
    }

    /// The reverse of [`Contribution::to_bytes`]. A contribution to `round` has one length.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let report = SignedReport::read(&mut reader)?;
        let for_leader = reader.slice(leader_len(round)?)?.to_vec();
        reader.end()?;
        Ok(Self { report, for_leader })
    }

    /// Bytes of a contribution to `round`: what a door needs to allow.
    pub fn len(round: &Round) -> Result<usize, Malformed> {
        Ok(SignedReport::LEN + leader_len(round)?)
    }
}

/// Splits `counts`, the cells of the organization that has `org`, for the two aggregators of
/// `round`, seals each share to its aggregator and signs the report.
///
/// `keys` are those of the verified openings, the leader's first. Made anew for every round, and
/// never twice for one: a contributor stores what it made and sends the same again.
pub fn contribute<R>(
    round: &Round,
    keys: [&SealingPublic; 2],
    org: &OrgKey,
    counts: &[u64],
    rng: &mut R,
) -> Result<Contribution, NotContributed>
where
    R: TryCryptoRng + ?Sized,
{
    if !round.contributors().contains_key(&org.id()) {
        return Err(NotContributed::NoContributor);
    }
    if counts.len() != round.shape().n_cells() {
        return Err(NotContributed::Cells);
    }
    if let Some(cell) = counts.iter().position(|it| *it > u64::from(round.shape().max())) {
        return Err(NotContributed::OutOfRange { cell });
    }

    let context = round.context();
    let prio3 = Prio3::new(round.shape(), &context).map_err(|_| NotContributed::Cells)?;
    let mut id = [0; 16];
    fill(rng, &mut id)?;
    let split = prio3.split(&id, counts, rng)?;
    carry(&context, keys, org, ReportId(id), split, rng)
}

/// Seals the shares of a split contribution and signs the report.
pub(super) fn carry<R>(
    context: &[u8; 32],
    keys: [&SealingPublic; 2],
    org: &OrgKey,
    id: ReportId,
    split: Split,
    rng: &mut R,
) -> Result<Contribution, NotContributed>
where
    R: TryCryptoRng + ?Sized,
{
    let contributor = org.id();
    let public = split.public.try_into().map_err(|_| NotContributed::Cells)?;
    let bound = bound(&contributor, &id, &public);
    let [leader, helper] = keys;
    let for_leader = leader.seal(&info(context, Role::Leader), &bound, &split.for_leader, rng)?;
    let for_helper = helper.seal(&info(context, Role::Helper), &bound, &split.for_helper, rng)?;
    let report = Report {
        context: *context,
        id,
        public,
        for_leader: Sha256::digest(&for_leader).into(),
        for_helper: for_helper.try_into().map_err(|_| NotContributed::Cells)?,
    };
    let report = SignedReport::sign(report, org).map_err(|_| NotContributed::Cells)?;
    Ok(Contribution { report, for_leader })
}

/// Why an organization does not contribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotContributed {
    /// It is none of the round's contributors.
    #[error("the organization is no contributor of this round")]
    NoContributor,
    /// The number of cells is not that of the round.
    #[error("the number of cells is not that of the round")]
    Cells,
    /// A cell holds more than the round allows. Which, and not what.
    #[error("cell {cell} holds more than the round allows")]
    OutOfRange {
        /// From 0.
        cell: usize,
    },
    /// There is no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

fn leader_len(round: &Round) -> Result<usize, Malformed> {
    let prio3 = Prio3::new(round.shape(), &round.context())?;
    Ok(prio3.share_len(Role::Leader) + OVERHEAD)
}

/// What a share is sealed for: one aggregator of one round.
fn info(context: &[u8; 32], role: Role) -> Vec<u8> {
    [b"entente/v1/sum-share\0".as_slice(), context, &[role.number()]].concat()
}

/// What a sealed share belongs to. Nobody can send another's share as their own.
fn bound(contributor: &OrgId, id: &ReportId, public: &[u8; PUBLIC_LEN]) -> Vec<u8> {
    [contributor.as_bytes().as_slice(), &id.0, public].concat()
}
