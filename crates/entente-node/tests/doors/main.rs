//! The doors over real sockets: who comes in, who does not, and what each is told.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;
mod handshake;
mod local;
mod partners;
