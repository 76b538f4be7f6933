//! Private statistics: figures about many that say nothing about one.
//!
//! Thresholds and rounding do not protect people: each of them is broken by a script in seconds.
//! What holds is noise of a known size, drawn once per answer, for a fixed list of questions, with a
//! ledger of what every person in the figures has paid. Read in the order of a figure's life:
//!
//! 1. [`plan`]: the fixed list of cubes that may be answered at all, signed by whoever takes part;
//! 2. [`tally`]: one organization's exact cells of a cube, each person counted once;
//! 3. [`budget`]: what a release costs the persons in it, and whether there is enough left;
//! 4. [`noise`]: how much is added to a count, and how it is drawn;
//! 5. [`release`]: the answer, drawn once and signed, and how a figure is shown;
//! 6. [`national`]: all answers of a period with their proofs, for anybody to check.
//!
//! Nothing outside a plan is answered: there are no predicates, no filters and no free questions.

pub mod budget;
pub mod national;
pub mod noise;
pub mod plan;
pub mod release;
pub mod tally;
