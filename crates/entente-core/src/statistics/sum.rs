//! Secure sum: the total over many organizations, of which nobody sees a part.
//!
//! Each contributor splits its cells into two shares, one for each of two aggregators, which
//! different organizations run. A share alone is random bytes. The aggregators check with each
//! other, without seeing them, that the cells of each contribution are in range (Prio3SumVec,
//! [draft-irtf-cfrg-vdaf-18]), each adds up its shares and full noise, and only the two noisy sums
//! together say something. The rules are those of DAP ([draft-ietf-ppm-dap-17]): a report belongs
//! to one [`Round`] and counts once, both aggregators name the same set, and a set is collected
//! once. Read in the order of a round:
//!
//! 1. [`Round`]: everything all parties must agree on before it begins;
//! 2. [`Opening`]: each aggregator's fresh key, signed; [`contribute`]: what a contributor sends;
//! 3. [`Intake`] -> [`Proposed`] -> [`Agreed`] -> [`Concluded`] -> [`Collected`], the leader's
//!    stages, and [`Helper`] for the other aggregator. Everything between them is bytes;
//! 4. [`total`]: the noisy figures, from both [`AggregateShare`]s;
//! 5. [`hub`]: the same for regions, which pass on shares and never counts.
//!
//! What is trusted: the two aggregators do not put their shares together. One that does all it can
//! alone learns nothing but the noisy total, and can spoil it; the noise of the other protects
//! everybody all the same. Nobody outside can see whether an aggregator left its own noise out.
//!
//! These are state machines with no network, no clock and no store. A node stores each stage
//! before it answers; a request that comes again gets the same bytes again.
//!
//! [draft-irtf-cfrg-vdaf-18]: https://datatracker.ietf.org/doc/draft-irtf-cfrg-vdaf/18/
//! [draft-ietf-ppm-dap-17]: https://datatracker.ietf.org/doc/draft-ietf-ppm-dap/17/

use crate::identity::NoRandomness;

mod helper;
pub mod hub;
mod leader;
mod message;
mod prio3;
mod rejection;
mod report;
mod round;
mod seal;
mod set;
mod share;
#[cfg(test)]
mod tests;
mod wire;

pub use helper::Helper;
pub use leader::{Agreed, Collected, Concluded, Intake, Leader, Proposed, Receipt};
pub use rejection::Rejection;
pub use report::{Contribution, NotContributed, Report, ReportId, SignedReport, contribute};
pub use round::{
    MAX_CELLS, MAX_CONTRIBUTORS, MAX_RELEASE, MIN_CONTRIBUTORS, MIN_OUTSIDE, Minimum, NoRound,
    Round, Shape,
};
pub(crate) use seal::OVERHEAD as SEALING_OVERHEAD;
pub use seal::{BadOpening, Opening, SealingKey, SealingPublic};
pub use set::{AgreedSet, TooFew};
pub use share::{AggregateShare, NoTotal, Outcome, Total, Verified, total};
pub use wire::Malformed;

/// Which of the two aggregators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Takes the contributions in, and asks.
    Leader,
    /// Answers.
    Helper,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Leader, Self::Helper];

    /// The number that the protocol knows it by.
    pub fn number(self) -> u8 {
        match self {
            Self::Leader => 0,
            Self::Helper => 1,
        }
    }

    fn from_number(number: u8) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|role| role.number() == number).ok_or(Malformed)
    }
}

/// Why a round stops, or a request is not answered. Nothing is revealed then, and nothing changes:
/// whoever stored the stage before still has it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Abort {
    /// Too few organizations are left for a figure that may be seen.
    #[error(transparent)]
    TooFew(#[from] TooFew),
    /// The message is of another round.
    #[error("the message belongs to another round")]
    WrongRound,
    /// This was asked before, with other content, or is not asked at this stage. A second set for
    /// the same round would show the difference between both.
    #[error("the other aggregator asks again with other content, or out of turn")]
    OutOfTurn,
    /// The two aggregators do not name the same set of reports.
    #[error("the two aggregators do not name the same set of reports")]
    SetsDiffer,
    /// The leader showed another number than it had promised.
    #[error("the other aggregator's number is not the promised one")]
    BrokenPromise,
    /// The message cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// There is no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
