//! The counting engine beside DuckDB and PostgreSQL: eight questions about synthetic summaries.
//!
//! All three hold the same rows in the same run and are asked in turns, with one thread each and
//! with two. Every cell of every answer is compared before anything is timed. Then what else is
//! promised of the engine: memory, the time from a snapshot and from rows, writes and look-ups.

mod duckdb;
mod postgres;
mod questions;
mod summaries;

use std::path::Path;
use std::time::{Duration, Instant};

use entente_core::statistics::columns::{Columns, CubeSpec, Periods};
use serde_json::{Value, json};

use crate::Sizes;
use crate::report::{Aim, Report, memory_mib, percentile};
use duckdb::DuckDb;
use postgres::Postgres;
use questions::{Question, questions};
use summaries::{AGE, GENDER, PROVINCE, QUARTER, Summaries, layout};

/// The best times of one question, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    entente: f64,
    duckdb: f64,
    postgres: Option<f64>,
}

/// Measures so many rows after so many, and gives the figures with one thread as JSON, for each size that
/// could be compared.
pub(crate) fn run(report: &mut Report, sizes: Sizes, rows: &[usize]) -> Vec<Value> {
    let mut compared = Vec::new();
    for n in rows {
        report.of((rows.len() > 1).then_some((*n, "rows")));
        compared.extend(run_one(report, sizes, *n));
    }
    report.of(None);
    compared
}

fn run_one(report: &mut Report, sizes: Sizes, n: usize) -> Option<Value> {
    println!("stats, {n} rows");
    let summaries = Summaries::make(n, 42);
    let folder = tempfile::tempdir().expect("a folder");
    // The account of PostgreSQL has to get in.
    open_to_all(folder.path());
    let mut columns = engine(report, &summaries, folder.path());
    let asked = questions();
    let compared = compare(report, sizes, &columns, &summaries, folder.path(), &asked);
    writes(report, &mut columns, &summaries);
    match compared {
        Ok(times) => Some(told(n, &asked, &times)),
        Err(why) => {
            println!("  DuckDB: skipped, {why}");
            None
        }
    }
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, all).expect("a folder of ours");
}

/// The engine as it stands after a start from a snapshot.
fn engine(report: &mut Report, summaries: &Summaries, folder: &Path) -> Columns {
    let n = summaries.values.len();
    let per_million = 1e6 / n as f64;
    let since = Instant::now();
    let mut columns =
        Columns::build(layout(), (0..n).map(|row| summaries.row(row)), 2).expect("rows that fit");
    let built = since.elapsed().as_secs_f64() * per_million;
    report.note("stats: built from rows, per million", "s", &[built], Aim::Below(10.0), None);

    let snapshot = folder.join("snapshot");
    let since = Instant::now();
    std::fs::write(&snapshot, columns.to_bytes(2)).expect("written");
    let written = since.elapsed().as_secs_f64() * per_million;
    report.note("stats: snapshot written, per million", "s", &[written], Aim::None, None);
    drop(columns);

    let before = memory_mib(std::process::id(), "VmRSS");
    let since = Instant::now();
    let bytes = std::fs::read(&snapshot).expect("a snapshot");
    let columns = Columns::from_bytes(layout(), &bytes).expect("a snapshot");
    let read = since.elapsed().as_secs_f64() * per_million;
    let n_snapshot = bytes.len() as f64 / n as f64;
    drop(bytes);
    let resident = (memory_mib(std::process::id(), "VmRSS") - before) * 1_048_576.0 / n as f64;
    report.note("stats: ready from a snapshot, per million", "s", &[read], Aim::Below(1.0), None);
    report.note("stats: snapshot", "bytes/row", &[n_snapshot], Aim::None, None);
    let held = columns.n_bytes() as f64 / n as f64;
    report.note("stats: memory, all told", "bytes/row", &[held], Aim::Below(60.0), None);
    report.note("stats: resident, the growth", "bytes/row", &[resident], Aim::None, None);
    columns
}

/// The times of each question, with one thread and with two.
fn compare(
    report: &mut Report,
    sizes: Sizes,
    columns: &Columns,
    summaries: &Summaries,
    folder: &Path,
    asked: &[Question],
) -> Result<[Vec<Times>; 2], String> {
    let csv = folder.join("rows.csv");
    summaries.write(&csv).map_err(|error| error.to_string())?;
    let mut duckdb = DuckDb::start(&csv)?;
    println!("  DuckDB {}", duckdb.version);
    let postgres = Postgres::start(folder, &csv);
    match &postgres {
        Ok(postgres) => println!("  PostgreSQL {}", postgres.version),
        Err(why) => println!("  PostgreSQL: skipped, {why}"),
    }
    let postgres = postgres.ok();
    for question in asked {
        check(question, columns, &mut duckdb, postgres.as_ref())?;
    }
    let mut times = [Vec::new(), Vec::new()];
    for (n_threads, times) in (1..).zip(&mut times) {
        for question in asked {
            times.push(time(question, n_threads, sizes, columns, &mut duckdb, postgres.as_ref())?);
        }
        print(asked, n_threads, times);
        note(report, asked, n_threads, times);
    }
    Ok(times)
}

/// Every cell of all answers is the same, or this ends.
fn check(
    question: &Question,
    columns: &Columns,
    duckdb: &mut DuckDb,
    postgres: Option<&Postgres>,
) -> Result<(), String> {
    let ours = columns.count(&question.query, 2).expect("an answer");
    for sql in &question.sql {
        let theirs = duckdb.cells(sql, &question.shape)?;
        assert!(ours.counts() == theirs, "{}: DuckDB counts otherwise", question.name);
        if let Some(postgres) = postgres {
            let theirs = postgres.cells(sql, &question.shape)?;
            assert!(ours.counts() == theirs, "{}: PostgreSQL counts otherwise", question.name);
        }
    }
    let n_occupied = ours.occupied().count();
    let weighted = (1_u64..).zip(ours.counts());
    let weighted = weighted.fold(0, |sum: u64, (nth, n)| sum.wrapping_add(nth * u64::from(*n)));
    println!(
        "  {}: the same {} cells, {n_occupied} not empty, sum {}, checksum {weighted:x}",
        question.name,
        ours.counts().len(),
        ours.total(),
    );
    Ok(())
}

/// The best of some turns.
fn time(
    question: &Question,
    n_threads: usize,
    sizes: Sizes,
    columns: &Columns,
    duckdb: &mut DuckDb,
    postgres: Option<&Postgres>,
) -> Result<Times, String> {
    let forms = [&question.sql[..], &question.summed].concat();
    let mut best = Times { entente: f64::INFINITY, duckdb: f64::INFINITY, postgres: None };
    for turn in 0..2 * sizes.n_times + 1 {
        let since = Instant::now();
        best.duckdb = best.duckdb.min(duckdb.ms(&forms, n_threads)?);
        let spent = since.elapsed();
        // Over and over for as long as that took: what else the machine does then hits both alike.
        let turn_began = Instant::now();
        while turn_began.elapsed() < spent {
            let since = Instant::now();
            let cells = columns.count(&question.query, n_threads).expect("an answer");
            best.entente = best.entente.min(since.elapsed().as_secs_f64() * 1e3);
            drop(cells);
        }
        // It takes seconds, and varies little.
        if turn < 2
            && let Some(postgres) = postgres
        {
            let ms = postgres.ms(&forms, n_threads)?;
            best.postgres = Some(best.postgres.map_or(ms, |best: f64| best.min(ms)));
        }
    }
    Ok(best)
}

fn print(asked: &[Question], n_threads: usize, times: &[Times]) {
    println!(
        "\n| {n_threads} thread(s) each, ms | Entente | DuckDB | PostgreSQL | / DuckDB | / PostgreSQL |"
    );
    println!("|---|---|---|---|---|---|");
    for (question, times) in asked.iter().zip(times) {
        let Times { entente, duckdb, postgres } = times;
        let text = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
        };
        println!(
            "| {} | {entente:.2} | {duckdb:.1} | {} | {:.1} | {} |",
            question.name,
            text(*postgres, 0),
            duckdb / entente,
            text(postgres.map(|ms| ms / entente), 0),
        );
    }
    println!("| geometric mean | | | | {:.1} | |\n", geometric_mean(times));
}

fn note(report: &mut Report, asked: &[Question], n_threads: usize, times: &[Times]) {
    for (question, times) in asked.iter().zip(times) {
        let name = format!("stats, {n_threads} thread(s): {} / DuckDB", question.name);
        report.note(name, "times", &[times.duckdb / times.entente], Aim::AtLeast(5.0), None);
    }
    let name = format!("stats, {n_threads} thread(s): geometric mean / DuckDB");
    report.note(name, "times", &[geometric_mean(times)], Aim::AtLeast(12.0), None);
}

fn geometric_mean(times: &[Times]) -> f64 {
    let logarithms = times.iter().map(|times| (times.duckdb / times.entente).ln());
    (logarithms.sum::<f64>() / times.len() as f64).exp()
}

fn told(n: usize, asked: &[Question], [times, _]: &[Vec<Times>; 2]) -> Value {
    let queries = asked.iter().zip(times).map(|(question, times)| {
        json!({
            "name": question.name,
            "entente_ms": times.entente,
            "duckdb_ms": times.duckdb,
            "postgres_ms": times.postgres,
            "ratio_duckdb": times.duckdb / times.entente,
        })
    });
    json!({
        "rows": n,
        "queries": queries.collect::<Vec<_>>(),
        "geomean_ratio_duckdb": geometric_mean(times),
    })
}

/// Writes while cubes as a release plan has them are maintained, and what reading one takes.
fn writes(report: &mut Report, columns: &mut Columns, summaries: &Summaries) {
    let n = summaries.values.len();
    let years = || Periods { column: QUARTER, of: (0..40).map(|it| Some(it / 4)).collect() };
    let quarters = Periods { column: QUARTER, of: (0..40).map(Some).collect() };
    let specs = [
        CubeSpec { by: vec![PROVINCE], keep: Vec::new(), periods: years() },
        CubeSpec { by: vec![PROVINCE], keep: Vec::new(), periods: quarters },
        CubeSpec { by: vec![PROVINCE, GENDER, AGE], keep: Vec::new(), periods: years() },
    ];
    let since = Instant::now();
    let cubes = specs.map(|spec| columns.maintain(&spec).expect("a cube"));
    let counted = since.elapsed().as_secs_f64() * 1e6 / n as f64;
    report.note("stats: three cubes counted, per million", "s", &[counted], Aim::None, None);

    let n_writes = 10_000.min(n / 2);
    let each = n / n_writes;
    let (mut withdrawn, mut put) = (Vec::new(), Vec::new());
    for row in (0..n).step_by(each).take(n_writes) {
        let row = summaries.row(row);
        let since = Instant::now();
        assert!(columns.withdraw(&row.id), "it was there");
        withdrawn.push(since.elapsed());
        let since = Instant::now();
        columns.put(&row).expect("it fits");
        put.push(since.elapsed());
    }
    writes_note(report, "a withdrawal, three cubes kept", &withdrawn);
    writes_note(report, "a new row, three cubes kept", &put);
    let [_, _, largest] = cubes;
    let cube = columns.cube(largest).expect("a cube");
    let since = Instant::now();
    let total: u32 = (0..10).filter_map(|year| cube.period(year)).flatten().sum();
    let us = [since.elapsed().as_secs_f64() * 1e6 / 10.0];
    println!("  {total} persons and years");
    report.note("stats: a cube's year read and added up", "µs", &us, Aim::None, None);
    assert!(columns.cubes_are_right(), "a cube is not what a recount gives");
    let since = Instant::now();
    columns.merge(2);
    let merged = since.elapsed().as_secs_f64() * 1e6 / n as f64;
    report.note("stats: merged, per million", "s", &[merged], Aim::None, None);
    // What was withdrawn came back.
    assert_eq!(columns.n_rows(), n);
}

fn writes_note(report: &mut Report, what: &str, latencies: &[Duration]) {
    let us: Vec<f64> = latencies.iter().map(|it| it.as_secs_f64() * 1e6).collect();
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let aim = Aim::Below(1000.0);
        report.note(format!("stats: {what}, {name}"), "µs", &[percentile(&us, part)], aim, None);
    }
}
