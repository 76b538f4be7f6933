//! The durable state of one node.
//!
//! Everything a node must remember across a power cut goes through here: an acknowledged write is
//! on the disk, sealed, and comes back exactly once. Read the modules from the disk upwards:
//!
//! 1. [`engine`]: an ordered map of bytes with atomic, durable batches; sled, redb and memory;
//! 2. [`seal`]: how a row, an item and the node's own keys are encrypted at rest;
//! 3. [`db`]: transactions over an engine, many of them per sync;
//! 4. [`backup`]: a sealed copy of a running store, and the way back from one;
//! 5. [`migrate`]: opening a node's store, and moving it to another engine or key;
//! 6. [`tables`], [`rows`] and [`tx`]: what a node keeps, with types;
//! 7. [`statistics`] and [`sums`]: plans, the ledger, releases and secure sums, with types;
//! 8. [`overlap`]: overlap rounds, with types;
//! 9. [`referrals`] and [`handover`]: referrals, what was handed over with them and by which keys;
//! 10. [`notices`]: messages to the staff, with types;
//! 11. [`people`]: who signs in at the console;
//! 12. [`approvals`]: what waits for a second person;
//! 13. [`jobs`]: long work that staff started;
//! 14. [`log`]: Merkle logs, for feeds and the audit log.
//!
//! What the rows mean is not known up to [`migrate`]; no clock is read anywhere.

pub mod approvals;
pub mod backup;
pub mod db;
pub mod engine;
pub mod handover;
pub mod jobs;
pub mod log;
pub mod mail;
pub mod migrate;
pub mod notices;
pub mod overlap;
pub mod people;
pub mod referrals;
pub mod requests;
pub mod rows;
pub mod seal;
pub mod services;
pub mod sponsors;
pub mod statistics;
pub mod sums;
pub mod tables;
pub mod tx;
