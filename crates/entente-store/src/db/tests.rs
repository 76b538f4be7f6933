use std::{
    ops::ControlFlow,
    panic::{self, AssertUnwindSafe},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use proptest::prelude::*;

use super::*;
use crate::engine::{Batch, Folder, Kind, Memory, View};

const PEOPLE: Table = Table::new(1, "people");
const PLACES: Table = Table::new(2, "places");

fn open(engine: impl Engine + 'static) -> Db {
    Db::open(Arc::new(engine), Sealer::new(&[7; 32])).unwrap()
}

fn put(db: &Db, key: &[u8], value: &[u8]) {
    db.write("test", |tx| tx.put(PEOPLE, key, value)).unwrap();
}

fn get(db: &Db, key: &[u8]) -> Option<Vec<u8>> {
    db.read(|tx| tx.get(PEOPLE, key)).unwrap()
}

fn all(rows: &impl Rows, table: Table, keys: Keys<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    rows.scan(table, keys, &mut |key, value| {
        found.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

fn keys_of(rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<&str> {
    rows.iter().map(|(key, _)| std::str::from_utf8(key).unwrap()).collect()
}

/// An engine that can be told to fail, to panic, or to wait.
#[derive(Debug, Default)]
struct Unruly {
    memory: Memory,
    fails: AtomicBool,
    panics: AtomicBool,
    n_commits: AtomicUsize,
    /// While this is locked, commits do not return.
    held: Mutex<()>,
}

impl Engine for Arc<Unruly> {
    fn name(&self) -> &'static str {
        "unruly"
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        self.memory.durable()
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        self.memory.latest()
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        self.n_commits.fetch_add(1, SeqCst);
        drop(self.held.lock().unwrap());
        assert!(!self.panics.load(SeqCst), "told to panic");
        if self.fails.load(SeqCst) { Err(EngineError::Full) } else { self.memory.commit(batch) }
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        Ok(0)
    }
}

#[test]
fn whoever_waits_for_a_transaction_is_told_once_it_is_durable_and_never_if_it_is_not() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    let (tell, told) = std::sync::mpsc::channel();
    let teller = |what: &'static str| {
        let tell = tell.clone();
        move || tell.send(what).unwrap()
    };

    let held = engine.held.lock().unwrap();
    let (_, pending) = db
        .write_ahead("test", |tx| {
            tx.when_durable(teller("durable"));
            tx.put(PEOPLE, b"a", b"1")
        })
        .unwrap();
    assert!(told.try_recv().is_err(), "it is still on its way to the disk");
    drop(held);
    pending.wait().unwrap();
    assert_eq!(told.recv(), Ok("durable"));

    let refused: Result<(), DbError> = db.write("test", |tx| {
        tx.when_durable(teller("refused"));
        tx.put(PEOPLE, b"a", b"2")?;
        Err(DbError::Newer)
    });
    refused.unwrap_err();
    engine.fails.store(true, SeqCst);
    db.write("test", |tx| {
        tx.when_durable(teller("failed"));
        tx.put(PEOPLE, b"a", b"3")
    })
    .unwrap_err();
    // What never happened is told to nobody: with the last teller the channel ends.
    drop((db, tell));
    assert_eq!(told.recv(), Err(std::sync::mpsc::RecvError));
}

#[test]
fn a_transaction_reads_what_it_has_written() {
    let db = open(Memory::default());
    put(&db, b"b", b"old");
    db.write("test", |tx| {
        tx.put(PEOPLE, b"a", b"1")?;
        tx.put(PEOPLE, b"b", b"new")?;
        tx.put(PEOPLE, b"c", b"3")?;
        tx.delete(PEOPLE, b"c")?;
        assert_eq!(tx.get(PEOPLE, b"b")?.as_deref(), Some(&b"new"[..]));
        assert_eq!(tx.get(PEOPLE, b"c")?, None);
        let rows = all(tx, PEOPLE, Keys::All);
        assert_eq!(rows, [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"new".to_vec())]);
        assert_eq!(tx.last(PEOPLE, b"")?, Some((b"b".to_vec(), b"new".to_vec())));
        Ok::<_, DbError>(())
    })
    .unwrap();
}

#[test]
fn scans_keep_to_their_table_and_their_keys() {
    let db = open(Memory::default());
    db.write("test", |tx| {
        for key in ["a", "aa", "ab", "b"] {
            tx.put(PEOPLE, key.as_bytes(), b"")?;
        }
        tx.put(PLACES, b"aa", b"")
    })
    .unwrap();
    db.read(|tx| {
        let keys = |keys| all(tx, PEOPLE, keys);
        assert_eq!(keys_of(&keys(Keys::All)), ["a", "aa", "ab", "b"]);
        assert_eq!(keys_of(&keys(Keys::Prefix(b"a"))), ["a", "aa", "ab"]);
        assert_eq!(keys_of(&keys(Keys::From(b"aa"))), ["aa", "ab", "b"]);
        assert_eq!(keys_of(&keys(Keys::After(b"aa"))), ["ab", "b"]);
        assert_eq!(keys_of(&keys(Keys::Between(b"aa", b"b"))), ["aa", "ab"]);
        assert_eq!(keys_of(&keys(Keys::Between(b"b", b"a"))), [""; 0]);
        assert_eq!(tx.last(PEOPLE, b"a")?.unwrap().0, b"ab");
        Ok::<_, DbError>(())
    })
    .unwrap();
}

#[test]
fn a_refused_transaction_leaves_nothing() {
    let db = open(Memory::default());
    let refused = db.write("test", |tx| {
        tx.put(PEOPLE, b"a", b"1")?;
        Err::<(), _>(DbError::Newer)
    });
    assert_eq!(refused, Err(DbError::Newer));
    assert_eq!(get(&db, b"a"), None);
}

#[test]
fn a_body_that_panics_leaves_nothing_and_the_store_goes_on() {
    let db = open(Memory::default());
    let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
        db.write("test", |tx| {
            tx.put(PEOPLE, b"a", b"1")?;
            panic!("a bug in a body");
            #[expect(unreachable_code, reason = "gives the closure its type")]
            Ok::<_, DbError>(())
        })
    }));
    assert!(panicked.is_err());
    put(&db, b"b", b"2");
    assert_eq!((get(&db, b"a"), get(&db, b"b")), (None, Some(b"2".to_vec())));
}

#[test]
fn a_transaction_within_a_transaction_is_refused_rather_than_waiting_for_ever() {
    let db = open(Memory::default());
    let other = open(Memory::default());
    db.write("test", |_| {
        let nested = db.read(|tx| tx.get(PEOPLE, b"a"));
        assert_eq!(nested, Err(DbError::Nested));
        // Another store is another matter: a simulation has many.
        put(&other, b"a", b"1");
        Ok::<_, DbError>(())
    })
    .unwrap();
    put(&db, b"a", b"1");
}

#[test]
fn what_is_not_durable_is_seen_by_writers_and_not_by_readers() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    let held = engine.held.lock().unwrap();

    let body = |tx: &mut Write<'_>| tx.put(PEOPLE, b"a", b"1");
    let ((), first) = db.write_ahead("test", body).unwrap();
    let (seen, second) = db
        .write_ahead("test", |tx| {
            tx.put(PEOPLE, b"b", b"2")?;
            Ok::<_, DbError>((tx.get(PEOPLE, b"a")?, all(tx, PEOPLE, Keys::All).len()))
        })
        .unwrap();
    assert_eq!(seen, (Some(b"1".to_vec()), 2));
    assert_eq!(get(&db, b"a"), None);

    drop(held);
    first.wait().unwrap();
    second.wait().unwrap();
    assert_eq!((get(&db, b"a"), get(&db, b"b")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
}

#[test]
fn a_deleted_row_that_is_not_durable_yet_is_gone_for_writers() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    put(&db, b"a", b"1");
    let held = engine.held.lock().unwrap();
    let ((), pending) = db.write_ahead("test", |tx| tx.delete(PEOPLE, b"a")).unwrap();
    let (seen, _) = db
        .write_ahead("test", |tx| Ok::<_, DbError>((tx.get(PEOPLE, b"a")?, tx.last(PEOPLE, b"")?)))
        .unwrap();
    assert_eq!(seen, (None, None));
    assert_eq!(get(&db, b"a"), Some(b"1".to_vec()));
    drop(held);
    pending.wait().unwrap();
    assert_eq!(get(&db, b"a"), None);
}

#[test]
fn many_writers_share_a_sync() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    let before = engine.n_commits.load(SeqCst);
    let held = engine.held.lock().unwrap();
    let pending: Vec<Pending> = (0..100_u8)
        .map(|n| db.write_ahead("test", |tx| tx.put(PEOPLE, &[n], b"")).unwrap().1)
        .collect();
    drop(held);
    for pending in pending {
        pending.wait().unwrap();
    }
    // The first is taken alone if the thread is quick; the other 99 need two groups.
    assert!(engine.n_commits.load(SeqCst) - before <= 3);
    assert_eq!(db.counters().n_commits, 101);
}

#[test]
fn a_transaction_that_writes_nothing_costs_no_sync() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    let before = engine.n_commits.load(SeqCst);
    db.write("test", |tx| tx.get(PEOPLE, b"a")).unwrap();
    assert_eq!(engine.n_commits.load(SeqCst), before);
}

#[test]
fn an_answer_that_rests_on_what_is_not_durable_waits_for_it() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    let held = engine.held.lock().unwrap();
    let ((), first) = db.write_ahead("test", |tx| tx.put(PEOPLE, b"a", b"1")).unwrap();

    let answered = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let refused = db.write("test", |tx| match tx.get(PEOPLE, b"a")? {
                Some(_) => Err(DbError::Newer),
                None => Ok(()),
            });
            answered.store(true, SeqCst);
            refused
        });
        // The engine is about to fail: had the refusal not waited, it would be a false one.
        engine.fails.store(true, SeqCst);
        assert!(!answered.load(SeqCst));
        drop(held);
        let refused = asking.join().unwrap();
        assert!(!matches!(refused, Err(DbError::Newer) | Ok(())), "{refused:?}");
    });
    assert_eq!(first.wait(), Err(DbError::Engine(EngineError::Full)));
}

#[test]
fn a_failed_commit_is_not_acknowledged_and_stops_all_writes_but_no_reads() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    put(&db, b"a", b"1");
    engine.fails.store(true, SeqCst);
    let failed = db.write("test", |tx| tx.put(PEOPLE, b"b", b"2"));
    assert_eq!(failed, Err(DbError::Engine(EngineError::Full)));

    // The disk is well again, but nobody knows what the failed sync left behind.
    engine.fails.store(false, SeqCst);
    let refused = db.write("test", |tx| tx.put(PEOPLE, b"c", b"3"));
    assert_eq!(refused, Err(DbError::Poisoned(EngineError::Full)));
    assert_eq!(db.poison(), Some(EngineError::Full));
    assert_eq!((get(&db, b"a"), get(&db, b"b")), (Some(b"1".to_vec()), None));

    drop(db);
    let db = open(engine);
    put(&db, b"c", b"3");
    assert_eq!((get(&db, b"a"), get(&db, b"c")), (Some(b"1".to_vec()), Some(b"3".to_vec())));
}

#[test]
fn an_engine_that_panics_poisons_the_store_and_nobody_waits_for_ever() {
    let engine = Arc::new(Unruly::default());
    let db = open(Arc::clone(&engine));
    engine.panics.store(true, SeqCst);
    let failed = db.write("test", |tx| tx.put(PEOPLE, b"b", b"2"));
    assert!(matches!(failed, Err(DbError::Engine(EngineError::Fault { .. }))));
    assert!(db.poison().is_some());
}

#[test]
fn everything_acknowledged_to_sixteen_threads_is_there_after_reopening() {
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let engine = Folder::lock(folder.path()).unwrap().open(kind).unwrap();
            Db::open(engine, Sealer::new(&[7; 32])).unwrap()
        };
        let db = open();
        let start = Barrier::new(16);
        thread::scope(|scope| {
            for thread in 0..16_u8 {
                let (db, start) = (&db, &start);
                scope.spawn(move || {
                    start.wait();
                    for n in 0..20_u8 {
                        // Each also counts, so that a lost update would show.
                        db.write("test", |tx| {
                            let count = tx
                                .get(PLACES, b"count")?
                                .map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()));
                            tx.put(PLACES, b"count", &(count + 1).to_be_bytes())?;
                            tx.put(PEOPLE, &[thread, n], &[n; 300])
                        })
                        .unwrap();
                        assert_eq!(get(db, &[thread, n]), Some(vec![n; 300]));
                    }
                });
            }
        });
        let counters = db.counters();
        assert_eq!(counters.n_commits, 16 * 20 + 1);
        drop(db);

        let db = open();
        let rows = db.read(|tx| Ok::<_, DbError>(all(tx, PEOPLE, Keys::All))).unwrap();
        assert_eq!(rows.len(), 16 * 20);
        let count = db.read(|tx| tx.get(PLACES, b"count")).unwrap();
        assert_eq!(count, Some(320_u64.to_be_bytes().to_vec()));
    }
}

#[test]
fn another_key_does_not_open_the_store() {
    let memory = Memory::default();
    put(&open(memory.clone()), b"a", b"1");
    let other = Db::open(Arc::new(memory.clone()), Sealer::new(&[8; 32]));
    assert_eq!(other.unwrap_err(), DbError::WrongKey);
    assert_eq!(get(&open(memory), b"a"), Some(b"1".to_vec()));
}

#[test]
fn a_row_moved_on_the_disk_is_damage_that_names_the_row() {
    let memory = Memory::default();
    let db = open(memory.clone());
    put(&db, b"a", b"1");
    let sealed = memory.latest().unwrap().get(b"\x01a").unwrap().unwrap();
    let mut forged = Batch::default();
    forged.put(&b"\x01b"[..], sealed);
    memory.commit(&forged).unwrap();

    let damaged = DbError::Damaged { table: "people", key: "62".to_owned() };
    assert_eq!(db.read(|tx| tx.get(PEOPLE, b"b")), Err(damaged.clone()));
    let scanned = db.read(|tx| tx.scan(PEOPLE, Keys::All, &mut |_, _| ControlFlow::Continue(())));
    assert_eq!(scanned, Err(damaged));
    assert_eq!(db.check(&mut |_| ()).unwrap().len(), 1);
    assert_eq!(get(&db, b"a"), Some(b"1".to_vec()));
}

/// What one transaction does, and whether anyone waits for it before the next.
#[derive(Clone, Debug)]
struct Step {
    changes: Vec<(u8, Option<u8>)>,
    commits: bool,
    waits: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop::collection::vec((0..12_u8, prop::option::of(any::<u8>())), 0..6);
    (changes, prop::bool::weighted(0.8), any::<bool>()).prop_map(|(changes, commits, waits)| Step {
        changes,
        commits,
        waits,
    })
}

proptest! {
    #[test]
    fn writers_always_see_exactly_what_committed_before_them(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let db = open(Memory::default());
        let mut model = std::collections::BTreeMap::new();
        for Step { changes, commits, waits } in steps {
            let mut next = model.clone();
            let outcome = db.write_ahead("test", |tx| {
                for (key, value) in &changes {
                    match value {
                        Some(value) => {
                            next.insert(vec![*key], vec![*value]);
                            tx.put(PEOPLE, &[*key], &[*value])?;
                        }
                        None => {
                            next.remove(&vec![*key]);
                            tx.delete(PEOPLE, &[*key])?;
                        }
                    }
                }
                let expected: Vec<_> = next.clone().into_iter().collect();
                assert_eq!(all(tx, PEOPLE, Keys::All), expected);
                let last = next.clone().into_iter().next_back();
                assert_eq!(tx.last(PEOPLE, &[])?, last);
                let mut reversed = Vec::new();
                tx.scan_rev(PEOPLE, Keys::All, &mut |key, value| {
                    reversed.push((key.to_vec(), value.to_vec()));
                    ControlFlow::Continue(())
                })?;
                reversed.reverse();
                assert_eq!(reversed, expected);
                if commits { Ok(()) } else { Err(DbError::Newer) }
            });
            if let Ok(((), pending)) = outcome {
                model = next;
                if waits {
                    pending.wait().unwrap();
                }
            }
        }
    }
}
