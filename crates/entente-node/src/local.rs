//! The local door: what the node's own staff may ask of it, and in which documents.
//!
//! Every operation takes one JSON document and gives one back. The command line prints them as
//! tables, `--json` prints them as they are, and the console makes pages of them; `docs/JSON.md`
//! shows each with an example that a test reads. Who may do what is one table, in [`role`].
//!
//! This module answers nothing and opens no socket: it is the language in which the node is asked.

pub mod doc;
pub mod op;
pub mod role;
pub mod words;

pub use doc::{Ask, Progress};
pub use op::Op;
pub use role::{Role, allowed, needs_proof};
