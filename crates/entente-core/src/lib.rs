//! The rules of sharing, with no I/O, no clock and no async.
//!
//! Read the modules in the order in which a case passes through them:
//!
//! 1. [`codes`], [`country`], [`period`]: the closed vocabularies, in English and French;
//! 2. [`record`]: a case as its own organization knows it, with [`definition`] and [`screening`];
//! 3. [`consent`]: what the person allows;
//! 4. [`agreement`]: what both organizations signed;
//! 5. [`summary`] and [`disclose`]: the coarser view that a partner may see, in large enough groups;
//! 6. [`policy`]: whether it may go to that partner;
//! 7. [`statement`], [`envelope`] and [`feed`]: what is signed, and in which order it was said;
//! 8. [`count`]: protected counts under an agreement;
//! 9. [`statistics`]: noisy figures about many, for a fixed list of questions;
//! 10. [`service`]: who helps with what, where and when, and how many places are free;
//! 11. [`referral`]: from an anonymized need to a service that takes it on, and what came of it;
//! 12. [`handover`]: contact details, sealed to one recipient;
//! 13. [`sponsor`]: what an organization without a node signs, and its sponsor carries;
//! 14. [`audit`]: what was done, so that it cannot be rewritten in silence.
//!
//! [`layout`], [`duplicates`] and [`synthetic`] serve the people who enter cases; [`identity`],
//! [`merkle`] and [`lang`] serve all.

pub mod agreement;
pub mod audit;
pub mod codes;
pub mod consent;
pub mod count;
pub mod country;
pub mod definition;
pub mod disclose;
pub mod duplicates;
pub mod envelope;
pub mod feed;
pub mod handover;
pub mod identity;
pub mod lang;
pub mod layout;
pub mod merkle;
pub mod pairing;
pub mod period;
pub mod policy;
pub mod record;
pub mod referral;
pub mod screening;
pub mod service;
pub mod sponsor;
pub mod statement;
pub mod statistics;
pub mod summary;
pub mod synthetic;
