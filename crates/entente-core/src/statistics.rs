//! Statistics that protect people: counting, noise, and sums in which nobody sees a contribution.
//!
//! 1. [`columns`]: exact counts over coded rows;
//! 2. [`noise`]: how much is added to a count, and how it is drawn;
//! 3. [`sum`]: a sum over organizations that two aggregators add up without seeing a part of it.

pub mod columns;
pub mod noise;
mod random;
pub mod sum;
