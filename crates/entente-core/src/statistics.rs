//! Statistics that protect people: noise, and sums in which nobody sees a single contribution.
//!
//! 1. [`noise`]: how much is added to a count, and how it is drawn;
//! 2. [`sum`]: a sum over organizations that two aggregators add up without seeing a part of it.

pub mod noise;
mod random;
pub mod sum;
