//! Private statistics: plans that this organization signed, what it answers, and what it asked.
//!
//! Nothing outside a plan that our own officer signed is answered. A release is charged before it
//! is drawn, drawn once, stored before it is sent, and the same for ever. Read on in that order:
//! [`plans`], [`ledger`], [`releases`], [`drawing`]; [`asking`] and [`returns`] are the other side of it; [`sum`] is
//! what is added up in secret, on all sides, and [`overlap`] a round in which lists are compared.

pub mod asking;
pub mod drawing;
pub mod ledger;
pub mod overlap;
pub mod plans;
pub mod releases;
pub mod returns;
mod signed;
pub mod sum;

pub use asking::{AnswerKept, Asking, Voice};
pub use ledger::{Odometer, YearSpent};
pub use plans::KeptPlan;
pub use releases::ReleaseShut;
