//! The rules of sharing, with no I/O, no clock and no async.
//!
//! Read the modules in the order in which a case passes through them:
//!
//! 1. [`codes`]: the closed vocabularies, in English and French;

pub mod codes;
pub mod consent;
pub mod country;
pub mod envelope;
pub mod identity;
pub mod lang;
pub mod period;
pub mod record;
