//! Benchmarks: what a node does per second and how long people wait, beside what was aimed at.
//!
//! `cargo xtask bench` runs all of them in release, prints a table, and writes `target/bench.json`.
//! Names run only those; `--times N` repeats less or more often; `--small` takes sizes that show
//! whether everything works and say nothing about speed. Whatever is compared with another program is
//! measured in the same run. `stats` counts 1 million rows and then 10 million, and with `--rows N` just N.
//! `--records N` is for `start`, `explain` and `console`. `--json` makes the figures of `console` the last line,
//! or those of `stats` the last lines, one for each size.
//!
//! Nothing is asserted about time: what a machine did is written down, by people, in
//! `docs/BENCHMARKS.md`.

#![expect(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod console;
mod explain;
mod fanout;
mod idle;
mod import;
mod live;
mod peer;
mod referrals;
mod report;
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "an organization or cell that is not there ends the run, as it should"
)]
mod scale;
mod services;
mod site;
mod start;
mod stats;
mod summaries;

use std::process::ExitCode;

use report::Report;

/// Memory comes from mimalloc: nodes allocate many small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Rows of the synthetic file; as many as the CTDC file has.
    n_import: u32,
    /// Records whose summaries travel; some wait or may not be told, and 100,000 are wanted.
    n_summaries: u32,
    /// Records of the node whose start, memory and answers are measured.
    n_records: u32,
    /// Partners that have nothing to say.
    n_idle: usize,
    /// Partners that are asked for counts.
    n_asked: usize,
    /// Questions, of which the percentiles are taken.
    n_questions: usize,
    /// Rows that are counted, one size after the other.
    n_rows: &'static [usize],
    /// Organizations of a secure sum, one federation after the other.
    n_organizations: &'static [usize],
    /// Repetitions, of which the median is taken.
    n_times: usize,
    /// For how many seconds referrals go their whole way, one round after the other; one round at least.
    sustained_s: u64,
}

const FULL: Sizes = Sizes {
    n_import: 48_773,
    n_summaries: 115_000,
    n_records: 100_000,
    n_idle: 50,
    n_asked: 20,
    n_questions: 500,
    n_rows: &[1_000_000, 10_000_000],
    n_organizations: &[30, 300, 5_000],
    n_times: 3,
    sustained_s: 60,
};

const SMALL: Sizes = Sizes {
    n_import: 2_000,
    n_summaries: 3_000,
    n_records: 2_000,
    n_idle: 5,
    n_asked: 3,
    n_questions: 20,
    n_rows: &[30_000],
    n_organizations: &[30],
    n_times: 1,
    sustained_s: 0,
};

const NAMES: [&str; 12] = [
    "import",
    "summaries",
    "idle",
    "live",
    "referrals",
    "services",
    "start",
    "explain",
    "fanout",
    "stats",
    "scale",
    "console",
];

fn main() -> ExitCode {
    let (mut sizes, mut is_small, mut n_times, mut named) = (FULL, false, None, Vec::new());
    let (mut n_rows, mut n_records, mut is_json) = (None, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--small" => (sizes, is_small) = (SMALL, true),
            "--times" => n_times = arguments.next().and_then(|it| it.parse().ok()),
            "--rows" => n_rows = arguments.next().and_then(|it| it.parse().ok()),
            "--records" => n_records = arguments.next().and_then(|it| it.parse().ok()),
            "--json" => is_json = true,
            name if NAMES.contains(&name) => named.push(argument),
            unknown => {
                eprintln!("bench: there is no `{unknown}`; there are: {}", NAMES.join(" "));
                return ExitCode::FAILURE;
            }
        }
    }
    sizes.n_times = n_times.unwrap_or(sizes.n_times).max(1);
    sizes.n_records = n_records.unwrap_or(sizes.n_records);
    let rows = n_rows.map_or_else(|| sizes.n_rows.to_vec(), |n: usize| vec![n.max(1000)]);
    let is_meant = |name: &str| named.is_empty() || named.iter().any(|it| it == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");

    let mut report = Report::new(is_small);
    let console = runtime.block_on(async {
        if is_meant("import") {
            import::run(&mut report, sizes).await;
        }
        if is_meant("summaries") {
            summaries::run(&mut report, sizes).await;
        }
        if is_meant("idle") {
            idle::run(&mut report, sizes).await;
        }
        if is_meant("live") {
            live::run(&mut report, sizes).await;
        }
        if is_meant("referrals") {
            referrals::run(&mut report, sizes).await;
        }
        if is_meant("services") {
            services::run(&mut report, sizes);
        }
        if is_meant("start") {
            start::run(&mut report, sizes).await;
        }
        if is_meant("explain") {
            explain::run(&mut report, sizes).await;
        }
        if is_meant("fanout") {
            fanout::run(&mut report, sizes).await;
        }
        if is_meant("scale") {
            scale::run(&mut report, sizes);
        }
        if is_meant("console") { Some(console::run(&mut report, sizes).await) } else { None }
    });
    let mut figures = Vec::new();
    if is_meant("stats") {
        figures = stats::run(&mut report, sizes, &rows);
    }
    if figures.is_empty() {
        figures.extend(console);
    }
    report.print();
    let written = report.write();
    match &written {
        Ok(path) => println!("\nwritten: {}", path.display()),
        Err(error) => eprintln!("bench: the figures could not be written: {error}"),
    }
    if is_json && figures.is_empty() {
        eprintln!("bench: nothing was compared");
        return ExitCode::FAILURE;
    }
    for figures in figures.iter().filter(|_| is_json) {
        println!("{figures}");
    }
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
