//! Whole federations: simulated, over sockets, on real data.
//!
//! [`federation`] makes nodes in memory that speak with each other by function calls: no sockets,
//! no clock but the one that is moved by hand. [`net`] makes nodes with folders and doors.
//! [`referrals`] has a model of referrals beside them, [`sponsored`] a sponsor and a folder. [`redteam`] attacks private statistics. [`python`] finds the interpreter for programs that share no code with ours.

pub mod federation;
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a share that is not as it was made fails the attack, as it should"
)]
pub mod forge;
pub mod handovers;
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "an office that is not there fails the attack, as it should"
)]
pub mod liar;
pub mod net;
pub mod overlap;
pub mod python;
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a world that is not as it was made fails the attack, as it should"
)]
pub mod redteam;
#[expect(
    clippy::indexing_slicing,
    reason = "a node that is not there fails the test, as it should"
)]
pub mod referrals;
pub mod requests;
#[expect(
    clippy::indexing_slicing,
    reason = "a case that is not there fails the test, as it should"
)]
pub mod simulation;
pub mod sponsored;
#[expect(
    clippy::indexing_slicing,
    reason = "an office that is not there fails the test, as it should"
)]
pub mod sums;
