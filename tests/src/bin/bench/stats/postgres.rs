//! PostgreSQL, from Debian, in a cluster of its own.

use std::path::Path;

use super::questions::Shape;
use super::summaries::COLUMNS;
use crate::peer::{self, Cluster};

/// What suits one large table and nothing else.
const SETTINGS: &str = "-c shared_buffers=3GB -c work_mem=512MB -c max_wal_size=8GB -c fsync=off";

/// A PostgreSQL that holds the rows.
pub(super) struct Postgres {
    cluster: Cluster,
    pub(super) version: String,
}

impl Postgres {
    /// `folder` holds the CSV file, and the cluster while this lives.
    pub(super) fn start(folder: &Path, csv: &Path) -> Result<Self, String> {
        let cluster = Cluster::start(&peer::programs()?, folder, "postgres", SETTINGS)?;
        let version = peer::version(&cluster.ask("SHOW server_version_num")?);
        let columns = COLUMNS.map(|(name, kind)| format!("{name} {}", kind.postgres()));
        cluster.ask(&format!("CREATE UNLOGGED TABLE t ({})", columns.join(", ")))?;
        cluster.ask(&format!("COPY t FROM '{}' (FORMAT csv)", csv.display()))?;
        cluster.ask("VACUUM ANALYZE t")?;
        Ok(Self { cluster, version })
    }

    /// Milliseconds of the fastest of these forms, each with and without compiled expressions.
    pub(super) fn ms(&self, forms: &[String], n_threads: usize) -> Result<f64, String> {
        let n_workers = n_threads - 1;
        let mut command =
            self.cluster.psql(&format!("SET max_parallel_workers_per_gather = {n_workers}"));
        command.args(["-c", "\\timing on", "-o", "/dev/null"]);
        for jit in ["on", "off"] {
            command.args(["-c", &format!("SET jit = {jit}")]);
            for sql in forms {
                // A line that is no time, so that the next one is known to be of a question.
                command.args(["-c", "\\echo question", "-c", sql]);
            }
        }
        let told = peer::run(&mut command)?;
        let lines: Vec<&str> = told.lines().collect();
        let times = lines.windows(2).filter_map(|pair| match pair {
            ["question", time] => time.strip_prefix("Time: ")?.split(' ').next()?.parse().ok(),
            _ => None,
        });
        let times: Vec<f64> = times.collect();
        if times.len() != 2 * forms.len() {
            return Err(format!("it said `{told}`"));
        }
        Ok(times.into_iter().fold(f64::INFINITY, f64::min))
    }

    pub(super) fn cells(&self, sql: &str, shape: &Shape) -> Result<Vec<u32>, String> {
        let mut cells = shape.empty();
        for line in self.cluster.ask(sql)?.lines() {
            shape.add(line, '|', &mut cells)?;
        }
        Ok(cells)
    }
}
