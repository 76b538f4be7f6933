//! The workshop: `cargo xtask test` checks everything, and a few longer runs have a command each.
//!
//! One idea: a developer and the build server type the same command and see the same result on a
//! bare Debian or Ubuntu machine with Rust and a C compiler. Whatever else a check needs is
//! installed and named, or the check says that it was skipped and why.
//!
//! It builds nothing that is shipped, and no crate of the product depends on it.

#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod browser;
mod deny;
mod fault_codes;
mod licences;
mod long_runs;
mod metadata;
mod repository;
mod run;
mod spdx;
mod steps;
mod tally;
mod tools;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", Default::default()),
    };
    let outcome = match command {
        "test" => steps::test(rest),
        "licences" => licences::command(rest),
        "browser" => steps::test(&["browser".to_owned()]),
        "bench" => long_runs::bench(rest),
        "redteam" => long_runs::redteam(rest),
        "simulate" => long_runs::SIMULATE.start(rest),
        "storm" => long_runs::STORM.start(rest),
        "power-loss" => long_runs::POWER_LOSS.start(rest),
        "help" | "--help" | "-h" => {
            println!("{}", usage());
            Ok(())
        }
        other => Err(format!("there is no command `{other}`\n\n{}", usage())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    format!(
        "\
usage: cargo xtask COMMAND

  test [STEP …]         every check, or only the steps named ({})
  browser               the console in a browser; writes pictures to docs/screens
  bench [ARGUMENT …]    the benchmarks, in release
  redteam [ARGUMENT …]  every attack on private statistics, in fresh worlds, in release
  simulate --seeds N    whole federations in one thread, from N seeds, in release
  storm --kills N       kill -9 the real binary N times, in release
  power-loss --points N cut the power at N points of a recorded run, in release
  licences [--check]    write docs/LICENCES.md from Cargo.lock, or say whether it is current
  licences --texts FILE the licence texts of everything in the binary, for a package",
        steps::names()
    )
}
