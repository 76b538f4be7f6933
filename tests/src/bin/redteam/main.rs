//! The red team: every attack on private statistics, with the numbers of the design.
//!
//! `cargo xtask redteam` runs all of them in release and prints a table: what an attack got, the line
//! it must not cross, and from how many worlds. Names run only those; `--small` takes the numbers
//! of the tests; `--json` makes everything the last line. It ends with an error if a line is crossed.

#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

use std::process::ExitCode;

use entente_tests::redteam::{ATTACKS, Attack, Finding, Sizes, short};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let (mut sizes, mut is_json, mut named) = (Sizes::FULL, false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--small" => sizes = Sizes::SMALL,
            "--json" => is_json = true,
            name => match ATTACKS.iter().find(|attack| attack.name == name) {
                Some(attack) => named.push(attack),
                None => {
                    let names: Vec<_> = ATTACKS.iter().map(|attack| attack.name).collect();
                    eprintln!("redteam: there is no `{name}`; there are: {}", names.join(" "));
                    return ExitCode::FAILURE;
                }
            },
        }
    }
    let attacks: Vec<&Attack> = if named.is_empty() { ATTACKS.iter().collect() } else { named };
    let mut findings = Vec::new();
    println!("| attack | figure | measured | line | | of | seconds |");
    println!("|---|---|---|---|---|---|---|");
    for attack in attacks {
        let finding = attack.conduct(&sizes);
        print(&finding);
        findings.push(finding);
    }
    let crossed: Vec<_> = findings.iter().filter(|it| !it.passed()).map(|it| it.attack).collect();
    match crossed.as_slice() {
        [] => println!("\nNo attack crossed its line."),
        names => println!("\nCROSSED: {}", names.join(", ")),
    }
    if is_json {
        let all: Vec<_> = findings.iter().map(as_json).collect();
        println!("{}", json!({ "passed": crossed.is_empty(), "attacks": all }));
    }
    if crossed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(finding: &Finding) {
    let Finding { attack, measures, n_runs, seconds } = finding;
    if measures.is_empty() {
        println!("| {attack} | skipped: there is no Python | | | | | |");
    }
    for measure in measures {
        let verdict = if measure.passed() { "holds" } else { "CROSSED" };
        let (what, figure, line) = (&measure.what, short(measure.figure), measure.line);
        println!(
            "| {attack} | {what} | {figure} | {line} | {verdict} | {} | {seconds:.0} |",
            measure.n
        );
    }
    if *n_runs > 1 {
        println!("| {attack} | run {n_runs} times, the last one counts | | | | | |");
    }
}

fn as_json(finding: &Finding) -> Value {
    let measures: Vec<_> = finding
        .measures
        .iter()
        .map(|it| {
            json!({
                "what": it.what, "measured": it.figure, "line": it.line.to_string(),
                "passed": it.passed(), "of": it.n,
            })
        })
        .collect();
    json!({
        "attack": finding.attack, "passed": finding.passed(), "skipped": measures.is_empty(),
        "runs": finding.n_runs, "seconds": finding.seconds, "figures": measures,
    })
}
