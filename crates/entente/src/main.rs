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

use std::io::Write as _;
use std::process::ExitCode;

/// Memory comes from mimalloc: nodes allocate many small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    say_only_where();
    cli::run(std::env::args_os().collect()).into()
}

/// From now on a panic says where it happened, and nothing else: what a library writes into its text may quote a cell.
fn say_only_where() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // To panic here would end the process.
        let _ = writeln!(std::io::stderr(), "entente panicked at {place}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_where_it_happened_and_not_with_what() {
        const HERE: &str = "tests::a_panic_says_where_it_happened_and_not_with_what";
        const PANICS: &str = "ENTENTE_TEST_PANICS";
        if std::env::var_os(PANICS).is_some() {
            say_only_where();
            let thread = std::thread::spawn(|| panic!("Exemple-Tremblay"));
            assert!(thread.join().is_err());
            return;
        }
        // In a process of its own: the hook is one for all tests.
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", HERE, "--nocapture"]).env(PANICS, "1").env("RUST_BACKTRACE", "full");
        let ended = again.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
        assert!(said.contains("entente panicked at ") && said.contains("main.rs:"), "{said}");
        assert!(!said.contains("Tremblay") && !said.contains("backtrace"), "{said}");
    }
}
