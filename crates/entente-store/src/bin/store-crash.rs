//! Writes to a store until it is killed, and checks what is left. Used by the crash tests.
//!
//! ```text
//! store-crash write FOLDER ENGINE RUN N     N transactions per thread; announces each
//! store-crash verify FOLDER ENGINE          prints every transaction found, or what is wrong
//! store-crash bench FOLDER ENGINE           prints rates; wants a release build
//! ```
//!
//! A transaction changes a record, its index row and a log row. The log alone says what the records
//! and the index must be, so half a transaction always shows. `begin ID` is printed before a
//! transaction and `done ID` after it is acknowledged, each with one `write`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{self, Write as _},
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use entente_store::{
    db::{Db, DbError, Keys, Rows, Table, Write},
    engine::{Folder, Kind},
    seal::Sealer,
};

const RECORDS: Table = Table::new(1, "records");
const INDEX: Table = Table::new(2, "index");
const LOG: Table = Table::new(3, "log");

const N_THREADS: u32 = 8;
const VALUE_BYTES: usize = 300;

/// Length of a long one: a full batch of a feed.
const LONG_VALUE_BYTES: usize = 105_000;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        [_, "write", folder, engine, run, n] => match (run.parse(), n.parse()) {
            (Ok(run), Ok(n)) => write(folder, engine, run, n),
            _ => Err("RUN and N are numbers".to_owned()),
        },
        [_, "verify", folder, engine] => verify(folder, engine),
        [_, "bench", folder, engine] => bench(folder, engine),
        _ => Err("store-crash write|verify|bench FOLDER ENGINE [RUN N]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("failed {problem}"));
            ExitCode::FAILURE
        }
    }
}

fn open(folder: &str, engine: &str) -> Result<Db, String> {
    let kind: Kind = engine.parse().map_err(|error| format!("{error}"))?;
    let engine = Folder::lock(Path::new(folder))
        .and_then(|folder| folder.open(kind))
        .map_err(|error| error.to_string())?;
    Db::open(engine, Sealer::new(&[7; 32])).map_err(|error| error.to_string())
}

/// One `write`, so that a kill never leaves half a line between two others.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    // A reader who has gone away is not our problem.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// What a transaction does to one record. Versions count up; a record is deleted at the last one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    run: u32,
    thread: u32,
    record: u32,
    version: u32,
}

/// Two of three records live on; the third is deleted by its third change.
const LAST_VERSION: u32 = 2;

impl Change {
    fn name(self) -> String {
        let Self { run, thread, record, version } = self;
        format!("{run}.{thread}.{record}.{version}")
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = str::from_utf8(bytes).ok()?.split('.').map(str::parse);
        let mut next = || fields.next()?.ok();
        Some(Self { run: next()?, thread: next()?, record: next()?, version: next()? })
    }

    fn key(self) -> Vec<u8> {
        let Self { run, thread, record, version: _ } = self;
        [run.to_be_bytes(), thread.to_be_bytes(), record.to_be_bytes()].concat()
    }

    fn deletes(self) -> bool {
        self.version == LAST_VERSION && self.record.is_multiple_of(3)
    }

    fn mixed(self) -> u64 {
        let Self { run, thread, record, version } = self;
        let mut state = u64::from(run) << 48 ^ u64::from(thread) << 40;
        state ^= u64::from(record) << 8 ^ u64::from(version);
        // splitmix64
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        state = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (state ^ state >> 27).wrapping_mul(0x94D0_49BB_1331_11EB)
    }

    fn index_key(self) -> Vec<u8> {
        [&self.mixed().to_be_bytes()[..], &self.key()].concat()
    }

    /// Some versions are as long as a batch of a feed, so that values grow and shrink, and an engine
    /// that keeps long values in parts has to keep them together.
    fn value(self) -> Vec<u8> {
        let n_bytes = if self.mixed().is_multiple_of(12) { LONG_VALUE_BYTES } else { VALUE_BYTES };
        self.mixed().to_le_bytes().into_iter().cycle().take(n_bytes).collect()
    }

    fn apply(self, tx: &mut Write<'_>) -> Result<(), DbError> {
        let next = match tx.last(LOG, &[])? {
            Some((key, _)) => u64::from_be_bytes(key.try_into().unwrap_or_default()) + 1,
            None => 0,
        };
        tx.put(LOG, &next.to_be_bytes(), self.name().as_bytes())?;
        if self.version > 0 {
            tx.delete(INDEX, &Self { version: self.version - 1, ..self }.index_key())?;
        }
        if self.deletes() {
            return tx.delete(RECORDS, &self.key());
        }
        tx.put(RECORDS, &self.key(), &self.value())?;
        tx.put(INDEX, &self.index_key(), &[])
    }
}

fn write(folder: &str, engine: &str, run: u32, n: u32) -> Result<(), String> {
    say("opening");
    let db = open(folder, engine)?;
    say("open");
    thread::scope(|scope| {
        let threads: Vec<_> = (0..N_THREADS)
            .map(|thread| {
                let db = &db;
                scope.spawn(move || {
                    for count in 0..n {
                        let (record, version) = (count / 3, count % 3);
                        let change = Change { run, thread, record, version };
                        say(&format!("begin {}", change.name()));
                        db.write("crash", |tx| change.apply(tx)).map_err(|e| e.to_string())?;
                        say(&format!("done {}", change.name()));
                    }
                    Ok(())
                })
            })
            .collect();
        let results = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err("a writing thread panicked".to_owned()))
        });
        results.collect::<Result<Vec<()>, String>>()
    })?;
    drop(db);
    say("closed");
    Ok(())
}

fn verify(folder: &str, engine: &str) -> Result<(), String> {
    let db = open(folder, engine)?;
    let found = db.read(|tx| {
        let (mut log, mut records, mut index) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        let on = ControlFlow::Continue(());
        tx.scan(LOG, Keys::All, &mut |key, value| {
            log.push((key.to_vec(), value.to_vec()));
            on
        })?;
        tx.scan(RECORDS, Keys::All, &mut |key, value| {
            records.insert(key.to_vec(), value.to_vec());
            on
        })?;
        tx.scan(INDEX, Keys::All, &mut |key, _| {
            index.insert(key.to_vec());
            on
        })?;
        Ok::<_, DbError>((log, records, index))
    });
    let (log, records, index) = found.map_err(|error| error.to_string())?;

    let (mut should, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for (n, (key, value)) in (0_u64..).zip(&log) {
        if *key != n.to_be_bytes() {
            return Err(format!("the log has a gap at {n}"));
        }
        let change = Change::parse(value).ok_or("the log holds something unknown")?;
        if !seen.insert(change) {
            return Err(format!("{} happened twice", change.name()));
        }
        if change.deletes() {
            should.remove(&change.key());
        } else {
            should.insert(change.key(), change);
        }
    }
    let values = should.iter().map(|(key, change)| (key.clone(), change.value()));
    if values.collect::<BTreeMap<_, _>>() != records {
        return Err("the records are not what the log says".to_owned());
    }
    if should.values().map(|change| change.index_key()).collect::<BTreeSet<_>>() != index {
        return Err("the index is not what the log says".to_owned());
    }
    // A store that can be read but not written is not well either.
    let probe = Change { run: u32::MAX, thread: 0, record: 1, version: 0 };
    if !seen.contains(&probe) {
        db.write("probe", |tx| probe.apply(tx)).map_err(|error| error.to_string())?;
    }
    for change in seen.iter().filter(|change| **change != probe) {
        say(&format!("found {}", change.name()));
    }
    say("sound");
    Ok(())
}

fn bench(folder: &str, engine: &str) -> Result<(), String> {
    const N_BATCHES: u32 = 200;
    const N_ROWS: u32 = 512;
    const N_WRITERS: u32 = 16;
    const SECONDS: u64 = 4;

    let db = open(folder, engine)?;
    let failed = |error: DbError| error.to_string();
    let start = Instant::now();
    let mut ahead = Vec::new();
    for waits in [true, false] {
        let start = Instant::now();
        for n in 0..N_BATCHES {
            let ((), pending) = db
                .write_ahead("bench", |tx| {
                    (0..N_ROWS).try_for_each(|row| {
                        let run = u32::from(waits);
                        let change =
                            Change { run, thread: 0, record: n * N_ROWS + row, version: 0 };
                        tx.put(RECORDS, &change.key(), &change.value())
                    })
                })
                .map_err(failed)?;
            if waits {
                pending.wait().map_err(failed)?;
            } else {
                ahead.push(pending);
                if ahead.len() > 4 {
                    ahead.remove(0).wait().map_err(failed)?;
                }
            }
        }
        ahead.drain(..).try_for_each(|pending| pending.wait()).map_err(failed)?;
        let rate = f64::from(N_BATCHES * N_ROWS) / start.elapsed().as_secs_f64();
        let how = if waits { "waiting for each" } else { "up to 4 ahead" };
        say(&format!("{engine}: {rate:.0} rows/s in batches of {N_ROWS}, {how}"));
    }

    let n_acks = AtomicU64::new(0);
    let begun = Instant::now();
    thread::scope(|scope| {
        for thread in 0..N_WRITERS {
            let (db, n_acks) = (&db, &n_acks);
            scope.spawn(move || {
                let mut record = 0;
                while begun.elapsed().as_secs() < SECONDS {
                    let change = Change { run: 2, thread, record, version: 0 };
                    let put = |tx: &mut Write<'_>| tx.put(RECORDS, &change.key(), &change.value());
                    if db.write("bench", put).is_err() {
                        return;
                    }
                    record += 1;
                    n_acks.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let n_acks = n_acks.into_inner();
    let rate = n_acks as f64 / begun.elapsed().as_secs_f64();
    let counters = db.counters();
    say(&format!("{engine}: {rate:.0} acks/s from {N_WRITERS} threads, {counters:?}"));

    let n_rows = db.n_rows().map_err(failed)?;
    let read = Instant::now();
    db.check(&mut |_| ()).map_err(failed)?;
    let rate = n_rows as f64 / read.elapsed().as_secs_f64();
    let bytes = db.size_on_disk().map_err(failed)? / n_rows;
    say(&format!("{engine}: {rate:.0} rows/s read and opened; {bytes} bytes of disk per row"));

    let sealer = Sealer::new(&[7; 32]);
    let sealing = Instant::now();
    for n in 0..N_BATCHES * N_ROWS {
        let sealed = sealer.seal_row(&n.to_be_bytes(), &[0; VALUE_BYTES]);
        std::hint::black_box(sealed.map_err(|error| error.to_string())?);
    }
    let rate = f64::from(N_BATCHES * N_ROWS) / sealing.elapsed().as_secs_f64();
    say(&format!("sealing alone: {rate:.0} rows/s; {:.1} s in all", start.elapsed().as_secs_f64()));
    Ok(())
}
