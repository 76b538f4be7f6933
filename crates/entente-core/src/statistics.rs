//! Statistics that protect people: noise, and sums in which nobody sees a single contribution.
//!
//! 1. [`noise`]: how much is added to a count, and how it is drawn;
//! 2. [`overlap`]: how many persons are on which lists, without anybody comparing names;
//! 3. [`mse`]: how many persons no list has, estimated from how lists overlap.

pub mod mse;
pub mod noise;
pub mod overlap;
mod random;
