//! DuckDB, from PyPI, in an environment of its own under the build folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::questions::Shape;

const PACKAGE: &str = "duckdb==2.0.1";

const PROGRAM: &str = include_str!("duckdb.py");

/// A DuckDB that holds the rows, in a process of its own.
pub(super) struct DuckDb {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(super) version: String,
}

impl DuckDb {
    pub(super) fn start(csv: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let mut process = Command::new(python()?)
            .args(["-c", PROGRAM])
            .arg(csv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("it has no pipes".to_owned());
        };
        let answers = BufReader::new(answers);
        let mut duckdb = Self { process, questions, answers, version: String::new() };
        let columns =
            super::summaries::COLUMNS.map(|(name, kind)| format!("{name} {}", kind.duckdb()));
        let ready = duckdb.ask(&columns.join(", "))?;
        duckdb.version = ready.split(' ').nth(1).unwrap_or_default().to_owned();
        Ok(duckdb)
    }

    fn ask(&mut self, line: &str) -> Result<String, String> {
        writeln!(self.questions, "{line}").map_err(|error| error.to_string())?;
        self.line()
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err("it ended".to_owned()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Milliseconds of the fastest of these forms of a question.
    pub(super) fn ms(&mut self, forms: &[String], n_threads: usize) -> Result<f64, String> {
        let mut best = f64::INFINITY;
        for sql in forms {
            let ms = self.ask(&format!("time {n_threads} {sql}"))?;
            best = best.min(ms.parse().map_err(|_| format!("it said `{ms}`"))?);
        }
        Ok(best)
    }

    pub(super) fn cells(&mut self, sql: &str, shape: &Shape) -> Result<Vec<u32>, String> {
        let mut cells = shape.empty();
        let mut line = self.ask(&format!("rows {sql}"))?;
        while !line.is_empty() {
            shape.add(&line, ' ', &mut cells)?;
            line = self.line()?;
        }
        Ok(cells)
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        // It ends by itself when nothing more can be asked; this does not wait for that.
        if self.process.kill().and_then(|()| self.process.wait()).is_err() {
            eprintln!("bench: DuckDB was not stopped");
        }
    }
}

/// The interpreter that has DuckDB; installs it if need be.
fn python() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(2).ok_or("no build folder")?;
    let folder = target.join("venv-duckdb");
    let python = folder.join("bin/python");
    let version = PACKAGE.rsplit('=').next().unwrap_or_default();
    let check = format!("import duckdb; assert duckdb.__version__ == '{version}'");
    let is_there = Command::new(&python).args(["-c", &check]).stderr(Stdio::null()).status();
    if is_there.is_ok_and(|status| status.success()) {
        return Ok(python);
    }
    println!("  installing {PACKAGE} into {}", folder.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
    run(Command::new(&python).args(pip))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
