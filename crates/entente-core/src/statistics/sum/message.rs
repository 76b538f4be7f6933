//! What the two aggregators say to each other: three questions of the leader, three answers.
//!
//! | The leader asks | The helper answers |
//! |---|---|
//! | [`Proposal`]: these reports, and a promise | [`Agreement`]: but not these; the checksum of the rest; a number |
//! | [`Evidence`]: the promised number; what I saw of each | [`Verdicts`]: which are proven |
//! | [`Conclusion`]: this is the set | the helper's [`Outcome`](super::Outcome) |
//!
//! The key with which reports are checked is made of both numbers. Each is fixed before its maker
//! knows the other, and after all reports are in, so nobody can make a report for a known key.

use sha2::{Digest as _, Sha256};

use super::prio3::MESSAGE_LEN;
use super::wire::{Reader, put_count};
use super::{Abort, MAX_CONTRIBUTORS, Malformed, Rejection, Round, SignedReport};

const PROPOSAL: u8 = 1;
const AGREEMENT: u8 = 2;
const EVIDENCE: u8 = 3;
const VERDICTS: u8 = 4;
const CONCLUSION: u8 = 5;

/// One aggregator's part of the key.
pub(super) type Number = [u8; 32];

/// What the leader promises before it knows the helper's number.
pub(super) fn promise(context: &[u8; 32], number: &Number) -> [u8; 32] {
    hash(b"entente/v1/sum-promise\0", &[context, number])
}

/// The key of a round.
pub(super) fn verify_key(context: &[u8; 32], leader: &Number, helper: &Number) -> [u8; 32] {
    hash(b"entente/v1/sum-key\0", &[context, leader, helper])
}

fn hash(domain: &[u8], parts: &[&[u8; 32]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(domain);
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

pub(super) struct Proposal {
    pub(super) promise: [u8; 32],
    /// In the order of their numbers, each once.
    pub(super) reports: Vec<SignedReport>,
}

impl Proposal {
    pub(super) fn to_bytes(&self, context: &[u8; 32]) -> Vec<u8> {
        let mut bytes = begin(PROPOSAL, context);
        bytes.extend_from_slice(&self.promise);
        put_count(&mut bytes, self.reports.len());
        self.reports.iter().for_each(|report| report.put(&mut bytes));
        bytes
    }

    pub(super) fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let mut reader = open(bytes, PROPOSAL, round)?;
        let promise = reader.array()?;
        let n = count(&mut reader, SignedReport::LEN)?;
        let reports =
            (0..n).map(|_| SignedReport::read(&mut reader)).collect::<Result<Vec<_>, _>>()?;
        reader.end()?;
        if !reports.is_sorted_by(|a, b| a.report.id < b.report.id) {
            return Err(Abort::Malformed(Malformed));
        }
        Ok(Self { promise, reports })
    }
}

pub(super) struct Agreement {
    pub(super) number: Number,
    pub(super) rejected: Vec<(usize, Rejection)>,
    pub(super) checksum: [u8; 32],
}

impl Agreement {
    pub(super) fn to_bytes(&self, context: &[u8; 32]) -> Vec<u8> {
        let mut bytes = begin(AGREEMENT, context);
        bytes.extend_from_slice(&self.number);
        put_rejected(&mut bytes, &self.rejected);
        bytes.extend_from_slice(&self.checksum);
        bytes
    }

    pub(super) fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let mut reader = open(bytes, AGREEMENT, round)?;
        let number = reader.array()?;
        let rejected = read_rejected(&mut reader)?;
        let checksum = reader.array()?;
        reader.end()?;
        Ok(Self { number, rejected, checksum })
    }
}

pub(super) struct Evidence {
    pub(super) number: Number,
    /// For each report of the agreed set, in order: what the leader saw, or that it saw nothing.
    pub(super) verifiers: Vec<Option<Vec<u8>>>,
}

impl Evidence {
    pub(super) fn to_bytes(&self, context: &[u8; 32]) -> Vec<u8> {
        let mut bytes = begin(EVIDENCE, context);
        bytes.extend_from_slice(&self.number);
        put_count(&mut bytes, self.verifiers.len());
        for verifier in &self.verifiers {
            bytes.push(u8::from(verifier.is_some()));
            bytes.extend_from_slice(verifier.as_deref().unwrap_or_default());
        }
        bytes
    }

    pub(super) fn parse(bytes: &[u8], round: &Round, verifier_len: usize) -> Result<Self, Abort> {
        let mut reader = open(bytes, EVIDENCE, round)?;
        let number = reader.array()?;
        let n = count(&mut reader, 1)?;
        let verifiers = (0..n).map(|_| match reader.u8()? {
            0 => Ok(None),
            1 => reader.slice(verifier_len).map(|it| Some(it.to_vec())),
            _ => Err(Malformed),
        });
        let verifiers = verifiers.collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { number, verifiers })
    }
}

pub(super) struct Verdicts {
    /// For each report of the agreed set, in order.
    pub(super) each: Vec<Result<[u8; MESSAGE_LEN], Rejection>>,
}

impl Verdicts {
    pub(super) fn to_bytes(&self, context: &[u8; 32]) -> Vec<u8> {
        let mut bytes = begin(VERDICTS, context);
        put_count(&mut bytes, self.each.len());
        for verdict in &self.each {
            put_verdict(&mut bytes, verdict);
        }
        bytes
    }

    pub(super) fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let mut reader = open(bytes, VERDICTS, round)?;
        let n = count(&mut reader, 1)?;
        let each = (0..n).map(|_| read_verdict(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self { each })
    }
}

pub(super) struct Conclusion {
    /// Of the agreed set.
    pub(super) rejected: Vec<(usize, Rejection)>,
    pub(super) checksum: [u8; 32],
}

impl Conclusion {
    pub(super) fn to_bytes(&self, context: &[u8; 32]) -> Vec<u8> {
        let mut bytes = begin(CONCLUSION, context);
        put_rejected(&mut bytes, &self.rejected);
        bytes.extend_from_slice(&self.checksum);
        bytes
    }

    pub(super) fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let mut reader = open(bytes, CONCLUSION, round)?;
        let rejected = read_rejected(&mut reader)?;
        let checksum = reader.array()?;
        reader.end()?;
        Ok(Self { rejected, checksum })
    }
}

/// A verdict on one report: 0 and the message, or why not.
pub(super) fn put_verdict(bytes: &mut Vec<u8>, verdict: &Result<[u8; MESSAGE_LEN], Rejection>) {
    bytes.push(Rejection::to_wire(verdict.as_ref().err().copied()));
    bytes.extend_from_slice(verdict.as_ref().map(<[u8; 32]>::as_slice).unwrap_or_default());
}

pub(super) fn read_verdict(
    reader: &mut Reader<'_>,
) -> Result<Result<[u8; MESSAGE_LEN], Rejection>, Malformed> {
    match Rejection::from_wire(reader.u8()?)? {
        Some(why) => Ok(Err(why)),
        None => reader.array().map(Ok),
    }
}

/// Places and reasons, the places rising.
pub(super) fn put_rejected(bytes: &mut Vec<u8>, rejected: &[(usize, Rejection)]) {
    put_count(bytes, rejected.len());
    for (place, why) in rejected {
        put_count(bytes, *place);
        bytes.push(Rejection::to_wire(Some(*why)));
    }
}

pub(super) fn read_rejected(reader: &mut Reader<'_>) -> Result<Vec<(usize, Rejection)>, Malformed> {
    let n = count(reader, 5)?;
    let rejected = (0..n).map(|_| {
        let place = usize::try_from(reader.u32()?).map_err(|_| Malformed)?;
        Ok((place, Rejection::from_wire(reader.u8()?)?.ok_or(Malformed)?))
    });
    let rejected = rejected.collect::<Result<Vec<_>, _>>()?;
    if rejected.is_sorted_by(|(a, _), (b, _)| a < b) { Ok(rejected) } else { Err(Malformed) }
}

/// A number of reports.
pub(super) fn count(reader: &mut Reader<'_>, least: usize) -> Result<usize, Malformed> {
    let n = reader.count(least)?;
    if n <= MAX_CONTRIBUTORS { Ok(n) } else { Err(Malformed) }
}

/// Begins a message or a stored stage of a round.
pub(super) fn begin(tag: u8, context: &[u8; 32]) -> Vec<u8> {
    [&[tag], context.as_slice()].concat()
}

/// Opens a message or a stored stage of this round.
pub(super) fn open<'a>(bytes: &'a [u8], tag: u8, round: &Round) -> Result<Reader<'a>, Abort> {
    let mut reader = Reader::tagged(bytes, tag)?;
    if reader.array()? == round.context() { Ok(reader) } else { Err(Abort::WrongRound) }
}
