//! Kills the writing process at any moment, again and again, on one store.
//!
//! Everything acknowledged must be there once, everything else completely or not at all. This does
//! not ask for syncs, since the page cache survives; `power_loss.rs` does.
//!
//! `ENTENTE_KILL_ROUNDS=300 cargo nextest run -p entente-store kill` runs longer.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

mod common;

use std::{
    io::{BufRead as _, BufReader},
    sync::mpsc,
    thread,
    time::Duration,
};

use common::{ENGINES, Random, Said, rounds, store_crash};

#[test]
fn every_acknowledged_write_survives_kill_nine_exactly_once() {
    for engine in ENGINES {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(0x5EED_0001);
        let mut said = Said::default();
        for round in 0..rounds("ENTENTE_KILL_ROUNDS", 15) {
            // Every seventh is killed while it opens the store.
            let limit = if round % 7 == 3 { 20_000 } else { 400_000 };
            let after = Duration::from_micros(random.below(limit) as u64);
            run_and_kill(folder.path().to_str().unwrap(), engine, round, after, &mut said);
            let checked = said.check(folder.path(), engine);
            assert_eq!(checked, Ok(()), "{engine}, round {round}, killed after {after:?}");
        }
        assert!(said.done.len() > 100, "{engine}: only {} writes", said.done.len());
    }
}

fn run_and_kill(folder: &str, engine: &str, round: usize, after: Duration, said: &mut Said) {
    let round = round.to_string();
    let mut writer = store_crash(&["write", folder, engine, &round, "1000000"]).spawn().unwrap();
    let output = BufReader::new(writer.stdout.take().unwrap());
    let (lines, heard) = mpsc::channel();
    let reader = thread::spawn(move || {
        for line in output.lines() {
            lines.send(line.unwrap()).unwrap();
        }
    });
    assert_eq!(heard.recv().unwrap(), "opening");
    let deadline = std::time::Instant::now() + after;
    while let Ok(line) =
        heard.recv_timeout(deadline.saturating_duration_since(std::time::Instant::now()))
    {
        said.hear(&line);
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    reader.join().unwrap();
    for line in heard {
        said.hear(&line);
    }
}
