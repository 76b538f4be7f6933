//! The helper's stages as bytes. They hold shares: a store seals them.

use std::fmt;

use zeroize::Zeroizing;

use super::{Held, Helper, Judged, Last, Stage};
use crate::identity::OrgId;
use crate::statistics::sum::message::{begin, count, open, put_verdict, read_verdict};
use crate::statistics::sum::prio3::{HELPER_LEN, PUBLIC_LEN, Prio3};
use crate::statistics::sum::wire::{put_count, put_sized};
use crate::statistics::sum::{Abort, Malformed, Outcome, ReportId, Role, Round, SealingKey};

const OPEN: u8 = 65;
const AGREED: u8 = 66;
const JUDGED: u8 = 67;
const COLLECTED: u8 = 68;

impl Helper {
    /// To be stored.
    pub fn to_bytes(&self, round: &Round) -> Zeroizing<Vec<u8>> {
        let context = round.context();
        let mut bytes = match &self.stage {
            Stage::Open(key) => {
                let mut bytes = begin(OPEN, &context);
                bytes.extend_from_slice(key.seed().as_slice());
                bytes
            }
            Stage::Agreed { promised, number, reports } => {
                let mut bytes = begin(AGREED, &context);
                bytes.extend_from_slice(promised);
                bytes.extend_from_slice(number);
                put_count(&mut bytes, reports.len());
                for Held { contributor, id, public, share } in reports {
                    bytes.extend_from_slice(contributor.as_bytes());
                    bytes.extend_from_slice(&id.0);
                    bytes.extend_from_slice(public);
                    bytes.extend_from_slice(share);
                }
                bytes
            }
            Stage::Judged(reports) => {
                let mut bytes = begin(JUDGED, &context);
                put_count(&mut bytes, reports.len());
                for Judged { contributor, id, state, verdict } in reports {
                    bytes.extend_from_slice(contributor.as_bytes());
                    bytes.extend_from_slice(&id.0);
                    put_verdict(&mut bytes, verdict);
                    bytes.extend_from_slice(state);
                }
                bytes
            }
            Stage::Collected(outcome) => {
                let mut bytes = begin(COLLECTED, &context);
                put_sized(&mut bytes, &outcome.to_bytes());
                bytes
            }
        };
        if let Some(Last { question, answer }) = &self.last {
            bytes.extend_from_slice(question);
            put_sized(&mut bytes, answer);
        }
        Zeroizing::new(bytes)
    }

    /// The reverse of [`Helper::to_bytes`], for the same round.
    pub fn parse(bytes: &[u8], round: &Round) -> Result<Self, Abort> {
        let tag = bytes.first().copied().ok_or(Malformed)?;
        let mut reader = open(bytes, tag, round)?;
        let prio3 = Prio3::new(round.shape(), &round.context())?;
        let stage = match tag {
            OPEN => Stage::Open(SealingKey::from_seed(&reader.array()?)),
            AGREED => {
                let (promised, number) = (reader.array()?, reader.array()?);
                let n = count(&mut reader, OrgId::LEN + 16 + PUBLIC_LEN + HELPER_LEN)?;
                let reports = (0..n).map(|_| {
                    Ok(Held {
                        contributor: OrgId::from_bytes(&reader.array()?).map_err(|_| Malformed)?,
                        id: ReportId(reader.array()?),
                        public: reader.array()?,
                        share: Zeroizing::new(reader.slice(HELPER_LEN)?.to_vec()),
                    })
                });
                let reports = reports.collect::<Result<_, Malformed>>()?;
                Stage::Agreed { promised, number, reports }
            }
            JUDGED => {
                let n = count(&mut reader, OrgId::LEN + 16 + 1)?;
                let reports = (0..n).map(|_| {
                    let contributor = OrgId::from_bytes(&reader.array()?).map_err(|_| Malformed)?;
                    let id = ReportId(reader.array()?);
                    let verdict = read_verdict(&mut reader)?;
                    let len = if verdict.is_ok() { prio3.state_len(Role::Helper) } else { 0 };
                    let state = Zeroizing::new(reader.slice(len)?.to_vec());
                    Ok(Judged { contributor, id, state, verdict })
                });
                Stage::Judged(reports.collect::<Result<_, Malformed>>()?)
            }
            COLLECTED => Stage::Collected(Outcome::parse(reader.sized()?, round)?),
            _ => return Err(Abort::Malformed(Malformed)),
        };
        let last = match tag {
            OPEN => None,
            _ => Some(Last { question: reader.array()?, answer: reader.sized()?.to_vec() }),
        };
        reader.end()?;
        Ok(Self { stage, last })
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Agreed { .. } => "Agreed",
            Self::Judged(_) => "Judged",
            Self::Collected(_) => "Collected",
        })
    }
}

impl fmt::Debug for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Last").field("n_bytes", &self.answer.len()).finish_non_exhaustive()
    }
}
