//! One organization's node: its brain, its doors, and what it does by itself.
//!
//! Start with [`node`], which is synchronous and knows no sockets. Around it: [`doors`] and
//! [`tls`] let partners and staff in, [`grpc`] turns their calls into calls of [`node::Node`],
//! [`sync`] asks partners for news, [`notify`] tells the staff that something waits, [`people`] knows who
//! signs in at the console, [`answer`] answers the staff in the documents of [`local`], [`jobs`] does what
//! takes long, and [`oidc`] asks the organization's identity provider who somebody is.

pub mod accounts;
pub mod answer;
pub mod clock;
pub mod config;
pub mod doors;
pub mod fault;
pub mod grpc;
pub mod hsds;
pub mod jobs;
pub mod local;
mod named;
pub mod node;
pub mod notify;
pub mod oidc;
pub mod people;
pub mod returned;
pub mod run;
pub mod setup;
pub mod sponsored;
mod subscriber;
pub mod sync;
pub mod tabular;
pub mod tls;
