//! Private statistics: figures about many that say nothing about one.
//!
//! Thresholds and rounding do not protect people: each of them is broken by a script in seconds.
//! What holds is noise of a known size, drawn once per answer, for a fixed list of questions, with a
//! ledger of what every person in the figures has paid. Read in the order of a figure's life:
//!
//! 1. [`plan`]: the fixed list of cubes that may be answered at all, signed by whoever takes part;
//! 2. [`columns`]: exact counts over coded rows, and [`tally`]: one organization's exact cells of a
//!    cube, each person counted once; [`referrals`]: the same for what was needed and came of it;
//! 3. [`budget`]: what a release costs the persons in it, and whether there is enough left;
//! 4. [`noise`]: how much is added to a count, and how it is drawn;
//! 5. [`sum`]: a sum over organizations that two aggregators add up without seeing a part of it;
//! 6. [`release`]: the answer, drawn once and signed, and how a figure is shown;
//! 7. [`national`]: all answers of a period with their proofs, for anybody to check.
//!
//! Beside them, for persons known to several or to nobody: [`overlap`], how many are on which lists
//! without anybody comparing names; [`mse`], how many no list has.
//!
//! Nothing outside a plan is answered: there are no predicates, no filters and no free questions.

pub mod budget;
pub mod columns;
pub mod mse;
pub mod national;
pub mod noise;
pub mod overlap;
pub mod plan;
mod random;
pub mod referrals;
pub mod release;
pub mod sum;
pub mod tally;
