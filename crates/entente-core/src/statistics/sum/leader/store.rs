//! The leader's stages as bytes. They hold shares: a store seals them.

use std::fmt;

use zeroize::Zeroizing;

use super::{Agreed, Begun, Collected, Concluded, Intake, Leader, Proposed, Taken};
use crate::identity::OrgId;
use crate::statistics::sum::message::{begin, count, open};
use crate::statistics::sum::prio3::Prio3;
use crate::statistics::sum::wire::{Reader, put_count, put_sized};
use crate::statistics::sum::{
    Abort, Malformed, Outcome, Rejection, ReportId, Role, Round, SignedReport,
};

const PROPOSED: u8 = 33;
const AGREED: u8 = 34;
const CONCLUDED: u8 = 35;
const COLLECTED: u8 = 36;

impl Leader {
    /// To be stored.
    pub fn to_bytes(&self, round: &Round) -> Zeroizing<Vec<u8>> {
        let context = round.context();
        Zeroizing::new(match self {
            Self::Proposed(Proposed { number, taken }) => {
                let mut bytes = begin(PROPOSED, &context);
                bytes.extend_from_slice(number);
                put_count(&mut bytes, taken.len());
                for Taken { report, share } in taken {
                    report.put(&mut bytes);
                    bytes.extend_from_slice(share);
                }
                bytes
            }
            Self::Agreed(Agreed { number, reports, left_out }) => {
                let mut bytes = begin(AGREED, &context);
                bytes.extend_from_slice(number);
                put_count(&mut bytes, reports.len());
                reports.iter().for_each(|report| report.put(&mut bytes));
                put_left_out(&mut bytes, left_out);
                bytes
            }
            Self::Concluded(Concluded { conclusion, own, left_out }) => {
                let mut bytes = begin(CONCLUDED, &context);
                put_sized(&mut bytes, conclusion);
                put_sized(&mut bytes, &own.to_bytes());
                put_left_out(&mut bytes, left_out);
                bytes
            }
            Self::Collected(Collected { own, helpers, left_out }) => {
                let mut bytes = begin(COLLECTED, &context);
                put_sized(&mut bytes, &own.to_bytes());
                put_sized(&mut bytes, &helpers.to_bytes());
                put_left_out(&mut bytes, left_out);
                bytes
            }
        })
    }

    /// The reverse of [`Leader::to_bytes`], for the same round.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let tag = bytes.first().copied().ok_or(Malformed)?;
        let mut reader = open(bytes, tag, round)?;
        let prio3 = Prio3::new(round.shape(), &round.context())?;
        let leader = match tag {
            PROPOSED => {
                let number = reader.array()?;
                let share_len = prio3.share_len(Role::Leader);
                let n = count(&mut reader, SignedReport::LEN + share_len)?;
                let taken = (0..n).map(|_| {
                    let report = SignedReport::read(&mut reader)?;
                    let share = Zeroizing::new(reader.slice(share_len)?.to_vec());
                    Ok(Taken { report, share })
                });
                Self::Proposed(Proposed { number, taken: taken.collect::<Result<_, Malformed>>()? })
            }
            AGREED => {
                let number = reader.array()?;
                let n = count(&mut reader, Begun::LEAST)?;
                let reports = (0..n).map(|_| Begun::read(&mut reader, &prio3));
                let reports = reports.collect::<Result<_, _>>()?;
                Self::Agreed(Agreed { number, reports, left_out: read_left_out(&mut reader)? })
            }
            CONCLUDED => Self::Concluded(Concluded {
                conclusion: reader.sized()?.to_vec(),
                own: Outcome::parse(reader.sized()?, round)?,
                left_out: read_left_out(&mut reader)?,
            }),
            COLLECTED => Self::Collected(Collected {
                own: Outcome::parse(reader.sized()?, round)?,
                helpers: Outcome::parse(reader.sized()?, round)?,
                left_out: read_left_out(&mut reader)?,
            }),
            _ => return Err(Abort::Malformed(Malformed)),
        };
        reader.end()?;
        Ok(leader)
    }
}

impl Begun {
    const LEAST: usize = OrgId::LEN + 16 + 1;

    fn put(&self, bytes: &mut Vec<u8>) {
        let Self { contributor, id, begun } = self;
        bytes.extend_from_slice(contributor.as_bytes());
        bytes.extend_from_slice(&id.0);
        bytes.push(u8::from(begun.is_some()));
        if let Some((state, verifier)) = begun {
            bytes.extend_from_slice(state);
            bytes.extend_from_slice(verifier);
        }
    }

    fn read(reader: &mut Reader<'_>, prio3: &Prio3) -> Result<Self, Malformed> {
        let contributor = OrgId::from_bytes(&reader.array()?).map_err(|_| Malformed)?;
        let id = ReportId(reader.array()?);
        let begun = match reader.u8()? {
            0 => None,
            1 => {
                let state = reader.slice(prio3.state_len(Role::Leader))?.to_vec();
                let verifier = reader.slice(prio3.verifier_len())?.to_vec();
                Some((Zeroizing::new(state), verifier))
            }
            _ => return Err(Malformed),
        };
        Ok(Self { contributor, id, begun })
    }
}

fn put_left_out(bytes: &mut Vec<u8>, left_out: &[(OrgId, Rejection)]) {
    put_count(bytes, left_out.len());
    for (org, why) in left_out {
        bytes.extend_from_slice(org.as_bytes());
        bytes.push(Rejection::to_wire(Some(*why)));
    }
}

fn read_left_out(reader: &mut Reader<'_>) -> Result<Vec<(OrgId, Rejection)>, Malformed> {
    let n = count(reader, OrgId::LEN + 1)?;
    let left_out = (0..n).map(|_| {
        let org = OrgId::from_bytes(&reader.array()?).map_err(|_| Malformed)?;
        Ok((org, Rejection::from_wire(reader.u8()?)?.ok_or(Malformed)?))
    });
    left_out.collect()
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("n", &self.taken.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Proposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposed").field("n", &self.taken.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agreed").field("n", &self.reports.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Concluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concluded").field("own", &self.own).finish_non_exhaustive()
    }
}
