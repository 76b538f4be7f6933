//! Statistics that protect people: noise, and sums in which nobody sees a single contribution.
//!
//! 1. [`noise`]: how much is added to a count, and how it is drawn.

pub mod noise;
