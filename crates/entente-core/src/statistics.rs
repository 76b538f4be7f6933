//! Statistics that protect people: noise, and sums in which nobody sees a single contribution.
//!
//! 1. [`noise`]: how much is added to a count, and how it is drawn;
//! 2. [`mse`]: how many persons no list has, estimated from how lists overlap.

pub mod mse;
pub mod noise;
