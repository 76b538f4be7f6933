//! Runs that take longer than a check may: the benchmarks, the red team, and the tests with larger
//! numbers.
//!
//! The tests are the ones that `cargo xtask test` runs. The number comes in the environment, and
//! each prints the seed with which a failure can be seen again.

use std::process::Command;

use crate::{
    metadata::{Metadata, cargo},
    run::run,
    tools,
};

/// Tests that can be asked for more.
pub(crate) struct LongRun {
    option: &'static str,
    /// What a release is tested with.
    usual: u32,
    tests: &'static [Asked],
}

/// A test, and the variable in which it finds the number.
struct Asked {
    package: &'static str,
    test: &'static str,
    variable: &'static str,
}

/// The whole federation in one thread.
pub(crate) const SIMULATE: LongRun = LongRun {
    option: "--seeds",
    usual: 10_000,
    tests: &[
        Asked { package: "entente-tests", test: "simulation", variable: "ENTENTE_SEEDS" },
        Asked { package: "entente-tests", test: "referrals", variable: "ENTENTE_SEEDS" },
    ],
};

/// Kill -9: of a process that only writes, on each engine, and of the real binary.
pub(crate) const STORM: LongRun = LongRun {
    option: "--kills",
    usual: 300,
    tests: &[
        Asked { package: "entente-store", test: "kill_nine", variable: "ENTENTE_KILL_ROUNDS" },
        Asked { package: "entente", test: "storm", variable: "ENTENTE_KILLS" },
    ],
};

/// Power cuts at points of a recorded run, on both engines.
pub(crate) const POWER_LOSS: LongRun = LongRun {
    option: "--points",
    usual: 200,
    tests: &[Asked {
        package: "entente-store",
        test: "power_loss",
        variable: "ENTENTE_POWER_POINTS",
    }],
};

impl LongRun {
    pub(crate) fn start(&self, arguments: &[String]) -> Result<(), String> {
        let times = self.times(arguments)?;
        for asked in self.tests {
            println!("{}: {} {times}", asked.test, self.option);
            run(Command::new(cargo())
                .args(["test", "--release", "--locked", "--package", asked.package])
                .args(["--test", asked.test, "--", "--nocapture"])
                .env(asked.variable, times.to_string()))?;
        }
        Ok(())
    }

    fn times(&self, arguments: &[String]) -> Result<u32, String> {
        let usage = || format!("expected {} N, a whole number of 1 or more", self.option);
        match arguments {
            [] => Ok(self.usual),
            [option, times] if option == self.option => {
                times.parse().ok().filter(|times| *times > 0).ok_or_else(usage)
            }
            _ => Err(usage()),
        }
    }
}

/// Starts the benchmarks: a program of `entente-tests` that prints a table and JSON.
pub(crate) fn bench(arguments: &[String]) -> Result<(), String> {
    run(program("bench").args(arguments))
}

/// Starts the red team: every attack on private statistics, in fresh worlds.
pub(crate) fn redteam(arguments: &[String]) -> Result<(), String> {
    let mut program = program("redteam");
    if std::env::var_os("ENTENTE_PYTHON").is_none() {
        let metadata = Metadata::read(None)?;
        let python = tools::python_packages(metadata.root(), &metadata.target_directory)?;
        program.env("ENTENTE_PYTHON", python);
    }
    run(program.args(arguments))
}

/// A program of `entente-tests`, in release.
fn program(name: &str) -> Command {
    let mut command = Command::new(cargo());
    let package = ["run", "--release", "--locked", "--package", "entente-tests", "--bin"];
    command.args(package).args([name, "--"]);
    command
}

#[cfg(test)]
mod tests {
    use super::SIMULATE;

    fn times(words: &[&str]) -> Option<u32> {
        SIMULATE.times(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).ok()
    }

    #[test]
    fn the_number_is_optional_and_must_make_sense() {
        assert_eq!(times(&[]), Some(10_000));
        assert_eq!(times(&["--seeds", "7"]), Some(7));
        for wrong in [vec!["--seeds"], vec!["--seeds", "0"], vec!["--kills", "7"], vec!["7"]] {
            assert_eq!(times(&wrong), None, "{wrong:?}");
        }
    }
}
