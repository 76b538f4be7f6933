//! Statistics that protect people: counting, noise, and sums in which nobody sees a contribution.
//!
//! 1. [`columns`]: exact counts over coded rows;
//! 2. [`noise`]: how much is added to a count, and how it is drawn;
//! 3. [`sum`]: a sum over organizations that two aggregators add up without seeing a part of it;
//! 4. [`overlap`]: how many persons are on which lists, without anybody comparing names;
//! 5. [`mse`]: how many persons no list has, estimated from how lists overlap.

pub mod columns;
pub mod mse;
pub mod noise;
pub mod overlap;
mod random;
pub mod sum;
