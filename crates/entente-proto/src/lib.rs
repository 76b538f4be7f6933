//! What travels between organizations: messages, and the types of the core that they mean.
//!
//! The messages are specified in `proto/`, in prose, so that a node can be written in another
//! language from it.

/// The messages and services of version 1, as generated from `proto/entente/v1`.
///
/// They can say things that make no sense, so nothing but this crate reads their fields; what is
/// public of them is for the gRPC shells, which pass them here.
pub mod v1 {
    tonic::include_proto!("entente.v1");
}
