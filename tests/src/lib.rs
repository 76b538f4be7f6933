//! Whole federations: simulated, over sockets, on real data.
//!
//! [`federation`] makes nodes in memory that speak with each other by function calls: no sockets,
//! no clock but the one that is moved by hand.

pub mod federation;
pub mod simulation;
