//! `entente`: the one program. A node, the command line of its staff, and a demonstration.
//!
//! A command is parsed in English or French, becomes a document, goes to the running node through
//! its socket, and comes back as a page or as the document itself ([`cli`], [`render`]). What
//! cannot go through a running node (making one, running it, restoring a backup) is in [`setup`]; what needs a file and no
//! node at all, in [`stats`] and [`sponsored`].

mod cli;
mod demo;
mod render;
mod setup;
mod sponsored;
mod stats;

use std::process::ExitCode;

/// Memory comes from mimalloc: nodes allocate many small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect()).into()
}
