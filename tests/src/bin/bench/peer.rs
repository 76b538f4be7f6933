//! The peer: logical replication of PostgreSQL between two clusters on loopback.
//!
//! Rows have the bytes of a summary's statement: a number, which is the key, an id of 16 bytes, and
//! the rest as `bytea`. 512 rows a transaction, as our batches have leaves. No TLS, no signatures;
//! and as PostgreSQL does by itself, the subscriber does not wait for its disk: the figure with
//! `synchronous_commit = on` is a third one.
//!
//! Rates are of the subscriber. *While inserted* counts from the first insert. *Backlog* counts from
//! the first row that arrives after the subscription is enabled again, so that the seconds a worker
//! takes to start are not held against it.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::report::cpu_s;

/// Rows of one transaction.
const ROWS: u64 = 512;

/// What both clusters are started with.
const SETTINGS: &str = "-c wal_level=logical -c shared_buffers=512MB -c max_wal_size=4GB";

/// Where Debian keeps the versions of PostgreSQL.
const VERSIONS: &str = "/usr/lib/postgresql";

/// What PostgreSQL did.
pub(crate) struct Replicated {
    /// For example `15.14`.
    pub(crate) version: String,
    pub(crate) live_per_s: Vec<f64>,
    pub(crate) drain_per_s: Vec<f64>,
    /// Processor time of the subscriber and the publisher together.
    pub(crate) drain_cpu_us: Vec<f64>,
    pub(crate) synced_per_s: Vec<f64>,
}

/// Replicates `n` rows of `row_bytes`, `n_times` after a warm-up, or says why it cannot.
pub(crate) fn replicate(n: u64, row_bytes: f64, n_times: usize) -> Result<Replicated, String> {
    let programs = programs()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    // The account of the database has to get in.
    run(Command::new("chmod").arg("755").arg(folder.path()))?;
    let publisher = Cluster::start(&programs, folder.path(), "publisher", SETTINGS)?;
    let subscriber = Cluster::start(&programs, folder.path(), "subscriber", SETTINGS)?;
    let body = (row_bytes - 24.0).max(1.0);
    let pair = Pair { publisher, subscriber, n, body };
    pair.connect()?;

    let mut done = Replicated {
        version: pair.publisher.ask("SHOW server_version_num")?,
        live_per_s: Vec::new(),
        drain_per_s: Vec::new(),
        drain_cpu_us: Vec::new(),
        synced_per_s: Vec::new(),
    };
    done.version = version(&done.version);
    for time in 0..=n_times {
        let live = pair.live()?;
        let (drained, cpu_us) = pair.drain("off")?;
        let (synced, _) = pair.drain("on")?;
        if time > 0 {
            done.live_per_s.push(live);
            done.drain_per_s.push(drained);
            done.drain_cpu_us.push(cpu_us);
            done.synced_per_s.push(synced);
        }
    }
    Ok(done)
}

/// `150014` is 15.14.
pub(crate) fn version(number: &str) -> String {
    let number: u32 = number.parse().unwrap_or(0);
    format!("{}.{}", number / 10_000, number % 10_000)
}

/// The newest installed version's programs.
pub(crate) fn programs() -> Result<PathBuf, String> {
    let missing = || "it is not installed (apt-get install postgresql)".to_owned();
    let versions = std::fs::read_dir(VERSIONS).map_err(|_| missing())?;
    let programs = versions.filter_map(|it| Some(it.ok()?.path().join("bin")));
    programs.filter(|it| it.join("initdb").is_file()).max().ok_or_else(missing)
}

pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A PostgreSQL of its own, stopped when it is dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts one with these settings, in a folder of this name in `parent`.
    pub(crate) fn start(
        programs: &Path,
        parent: &Path,
        name: &str,
        settings: &str,
    ) -> Result<Self, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let home = parent.join(name);
        std::fs::create_dir(&home).map_err(|error| error.to_string())?;
        if is_root(parent) {
            // It refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(&home))?;
        }
        let cluster = Self { programs: programs.to_owned(), data: home.join("data"), port };
        run(cluster
            .program("initdb")
            .args(["-A", "trust", "-U", "bench", "-D"])
            .arg(&cluster.data))?;
        let options = format!(
            "-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} \
             {settings}",
            home.display()
        );
        run(cluster
            .program("pg_ctl")
            .args(["-w", "-s", "-l"])
            .arg(home.join("log"))
            .arg("-o")
            .arg(options)
            .arg("-D")
            .arg(&cluster.data)
            .arg("start")
            .stdout(Stdio::null()))?;
        Ok(cluster)
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let parent = self.data.parent().and_then(Path::parent);
        if parent.is_some_and(is_root) {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            return command;
        }
        Command::new(path)
    }

    pub(crate) fn psql(&self, sql: &str) -> Command {
        let mut command = self.program("psql");
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "bench"]);
        command.args(["-p", &self.port.to_string(), "-d", "postgres", "-c", sql]);
        command
    }

    pub(crate) fn ask(&self, sql: &str) -> Result<String, String> {
        run(&mut self.psql(sql))
    }

    fn ask_number(&self, sql: &str) -> Result<f64, String> {
        let text = self.ask(sql)?;
        text.parse().map_err(|_| format!("`{sql}` gave `{text}`"))
    }

    /// Processor time of all its processes so far, in seconds.
    fn cpu_s(&self) -> f64 {
        let pid = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let parent = pid.lines().next().unwrap_or_default().to_owned();
        let Ok(processes) = std::fs::read_dir("/proc") else { return f64::NAN };
        let names = processes.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let is_ours = |pid: &String| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let of = status.lines().find_map(|it| it.strip_prefix("PPid:"));
            of.is_some_and(|of| of.trim() == parent)
        };
        names.filter(is_ours).map(|pid| cpu_s(&pid)).sum()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop =
            run(self.program("pg_ctl").args(["-m", "immediate", "-D"]).arg(&self.data).arg("stop"));
        if let Err(why) = stop {
            eprintln!("bench: PostgreSQL was not stopped: {why}");
        }
    }
}

/// Whether we are root: what we made in a temporary folder belongs to us.
fn is_root(made_by_us: &Path) -> bool {
    made_by_us.metadata().is_ok_and(|it| it.uid() == 0)
}

/// A publisher and its subscriber.
struct Pair {
    publisher: Cluster,
    subscriber: Cluster,
    n: u64,
    body: f64,
}

/// Waits until row `n` is there; gives when it first looked at a new row and that row, and when it
/// saw the last. Each statement of the loop sees what is committed by then.
const ARRIVAL: &str = "
CREATE FUNCTION arrival(old bigint, n bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE seen bigint; first_row bigint; first_at float8;
BEGIN
    LOOP
        SELECT coalesce(max(seq), 0) INTO seen FROM said;
        IF first_row IS NULL AND seen > old THEN
            first_row := seen; first_at := extract(epoch FROM clock_timestamp());
        END IF;
        EXIT WHEN seen >= n;
        PERFORM pg_sleep(0.002);
    END LOOP;
    RETURN first_row || ' ' || first_at || ' ' || extract(epoch FROM clock_timestamp())::float8;
END $$";

impl Pair {
    fn connect(&self) -> Result<(), String> {
        for cluster in [&self.publisher, &self.subscriber] {
            cluster.ask("CREATE TABLE said (seq bigint PRIMARY KEY, id bytea, body bytea)")?;
        }
        self.subscriber.ask(ARRIVAL)?;
        self.publisher.ask("CREATE PUBLICATION p FOR TABLE said")?;
        let port = self.publisher.port;
        self.subscriber.ask(&format!(
            "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port={port} user=bench dbname=postgres' \
             PUBLICATION p WITH (copy_data = false)"
        ))?;
        self.until_workers_are(true)
    }

    fn until_workers_are(&self, there: bool) -> Result<(), String> {
        let since = Instant::now();
        let sql = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        while (self.publisher.ask_number(sql)? > 0.0) != there {
            if since.elapsed() > Duration::from_secs(60) {
                return Err("the subscription does not start or stop".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Adds rows to the publisher; gives the number of the last before, and when it began.
    fn insert(&self) -> Result<(u64, f64), String> {
        let old = self.publisher.ask("SELECT coalesce(max(seq), 0) FROM said")?;
        let old: u64 = old.parse().map_err(|_| "no number".to_owned())?;
        let began =
            self.publisher.ask_number("SELECT extract(epoch FROM clock_timestamp())::float8")?;
        self.publisher.ask(&self.inserts(old))?;
        Ok((old, began))
    }

    fn inserts(&self, old: u64) -> String {
        let (last, body) = (old + self.n, self.body);
        format!(
            "DO $$ DECLARE i bigint := {old}; BEGIN WHILE i < {last} LOOP \
             INSERT INTO said SELECT g, decode(md5(g::text), 'hex'), \
             substring(decode(repeat(md5((g * 7)::text) || md5((g * 13)::text), 8), 'hex') for {body:.0}) \
             FROM generate_series(i + 1, least(i + {ROWS}, {last})) g; \
             COMMIT; i := i + {ROWS}; END LOOP; END $$"
        )
    }

    /// Waits on the subscriber until everything after row `old` has come.
    fn arrival(&self, old: u64) -> Command {
        self.subscriber.psql(&format!("SELECT arrival({old}, {})", old + self.n))
    }

    /// Rows per second from the first insert to the last row at the subscriber.
    fn live(&self) -> Result<f64, String> {
        let (old, began) = self.insert()?;
        let (_, _, last_at) = arrived(&run(&mut self.arrival(old))?)?;
        Ok(self.n as f64 / (last_at - began))
    }

    /// Rows per second of a backlog, and the processor time of each in microseconds.
    fn drain(&self, synchronous_commit: &str) -> Result<(f64, f64), String> {
        let alter = |what: &str| self.subscriber.ask(&format!("ALTER SUBSCRIPTION s {what}"));
        alter(&format!("SET (synchronous_commit = {synchronous_commit})"))?;
        alter("DISABLE")?;
        self.until_workers_are(false)?;
        let (old, _) = self.insert()?;
        let before = self.publisher.cpu_s() + self.subscriber.cpu_s();
        let waiting = self.arrival(old).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let waiting = waiting.map_err(|error| error.to_string())?;
        alter("ENABLE")?;
        let output = waiting.wait_with_output().map_err(|error| error.to_string())?;
        let after = self.publisher.cpu_s() + self.subscriber.cpu_s();
        let (first, first_at, last_at) = arrived(String::from_utf8_lossy(&output.stdout).trim())?;
        alter("SET (synchronous_commit = off)")?;
        self.until_workers_are(true)?;
        let n_timed = (old + self.n) as f64 - first;
        Ok((n_timed / (last_at - first_at), (after - before) * 1e6 / self.n as f64))
    }
}

fn arrived(text: &str) -> Result<(f64, f64, f64), String> {
    let mut numbers = text.split(' ').map(str::parse::<f64>);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(first_at)), Some(Ok(last_at))) => Ok((first, first_at, last_at)),
        _ => Err(format!("the subscriber said `{text}`")),
    }
}
