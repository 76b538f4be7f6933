//! What every engine promises, asked of each.
//!
//! Durability is asked in `kill_nine.rs` and `power_loss.rs`; here is everything that can be seen
//! without a crash.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use entente_store::engine::{Batch, Engine, EngineError, Folder, Kind, Memory, View};
use proptest::prelude::*;

/// A place where an engine keeps its rows, and the engine while it is open.
enum Subject {
    Memory(Memory),
    Disk(tempfile::TempDir, Kind),
}

impl Subject {
    fn all() -> [Self; 3] {
        let disk = |kind| Self::Disk(tempfile::tempdir().unwrap(), kind);
        [Self::Memory(Memory::default()), disk(Kind::Sled), disk(Kind::Redb)]
    }

    fn open(&self) -> Arc<dyn Engine> {
        match self {
            Self::Memory(memory) => Arc::new(memory.clone()),
            Self::Disk(folder, kind) => Folder::lock(folder.path()).unwrap().open(*kind).unwrap(),
        }
    }
}

/// Runs a test on every engine.
#[track_caller]
fn each(test: impl Fn(Arc<dyn Engine>)) {
    for subject in Subject::all() {
        test(subject.open());
    }
}

fn batch(changes: &[(&[u8], Option<&[u8]>)]) -> Batch {
    let mut batch = Batch::default();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(*key, *value),
            None => batch.delete(*key),
        }
    }
    batch
}

fn put(engine: &dyn Engine, keys: &[&str]) {
    let mut batch = Batch::default();
    for key in keys {
        batch.put(*key, key.to_uppercase());
    }
    engine.commit(&batch).unwrap();
}

fn get(engine: &dyn Engine, key: &[u8]) -> Option<Vec<u8>> {
    engine.durable().unwrap().get(key).unwrap()
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn collect(scan: impl FnOnce(&mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>)) -> Rows {
    let mut rows = Vec::new();
    scan(&mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    });
    rows
}

fn scan(view: &dyn View, from: &[u8], to: &[u8]) -> Rows {
    let rows = collect(|visit| view.scan(from, to, visit).unwrap());
    let mut reversed = collect(|visit| view.scan_rev(from, to, visit).unwrap());
    reversed.reverse();
    assert_eq!(rows, reversed, "both directions visit the same rows");
    rows
}

fn keys(rows: &Rows) -> Vec<&str> {
    rows.iter().map(|(key, _)| std::str::from_utf8(key).unwrap()).collect()
}

#[test]
fn long_values_come_back_whole_and_leave_nothing_behind() {
    const K: usize = 6 << 10;
    let value =
        |n: usize, len: usize| -> Vec<u8> { (0..len).map(|i| (i * n).to_le_bytes()[0]).collect() };
    // Each key is the beginning of the next, and ends as the number of a part would.
    let keys: [&[u8]; 3] = [b"a", b"a\0\0\0\x01", b"a\0\0\0\x01\0\0\0\0"];
    each(|engine| {
        let mut model = BTreeMap::new();
        let lengths = [0, 1, K - 1, K, K + 1, 2 * K, 2 * K + 1, 7 * K + 5, 3 * K, K, 90 * K, 1];
        for (n, len) in (1..).zip(lengths) {
            let mut changes = Batch::default();
            for (key, len) in keys.iter().zip([len, len / 2, len * 2]) {
                changes.put(*key, value(n, len));
                model.insert(key.to_vec(), value(n, len));
            }
            engine.commit(&changes).unwrap();
            let rows: BTreeMap<_, _> =
                scan(&*engine.durable().unwrap(), b"a", b"b").into_iter().collect();
            assert!(rows == model, "lengths around {len}");
            let mut exported = BTreeMap::new();
            engine
                .export(b"a", b"b", &mut |key, value| {
                    exported.insert(key.to_vec(), value.to_vec());
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert!(exported == model, "exported lengths around {len}");
            assert!(keys.iter().all(|key| get(&*engine, key) == model.get(*key).cloned()));
        }
        engine.commit(&batch(&keys.map(|key| (key, None)))).unwrap();
        // What an engine keeps for itself lies behind all tables; of the values nothing may be there.
        let left = scan(&*engine.durable().unwrap(), &[], &[u8::MAX, u8::MAX]);
        assert!(left.iter().all(|(_, value)| value.len() < 100), "{} rows", left.len());
    });
}

#[test]
fn a_scan_visits_what_is_from_its_first_key_up_to_but_not_including_its_last() {
    each(|engine| {
        put(&*engine, &["b", "a", "aa", "c", "d"]);
        let view = engine.durable().unwrap();
        assert_eq!(keys(&scan(&*view, b"", b"\xFF")), ["a", "aa", "b", "c", "d"]);
        assert_eq!(keys(&scan(&*view, b"aa", b"c")), ["aa", "b"]);
        assert_eq!(keys(&scan(&*view, b"a\0", b"c\0")), ["aa", "b", "c"]);
        assert_eq!(keys(&scan(&*view, b"b", b"b")), [""; 0]);
        assert_eq!(keys(&scan(&*view, b"c", b"a")), [""; 0]);
    });
}

#[test]
fn a_new_store_has_no_rows() {
    each(|engine| assert_eq!(scan(&*engine.durable().unwrap(), b"", b"\xFF"), []));
}

#[test]
fn a_scan_stops_when_it_is_told_to() {
    each(|engine| {
        put(&*engine, &["a", "b", "c"]);
        let view = engine.durable().unwrap();
        let mut visited = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            visited.push(key[0]);
            if visited.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        view.scan(b"", b"\xFF", &mut visit).unwrap();
        assert_eq!(visited, b"ab");
        visited.clear();
        let mut visit = |key: &[u8], _: &[u8]| {
            visited.push(key[0]);
            ControlFlow::Break(())
        };
        view.scan_rev(b"", b"\xFF", &mut visit).unwrap();
        assert_eq!(visited, b"c");
    });
}

#[test]
fn a_batch_puts_overwrites_and_deletes_at_once() {
    each(|engine| {
        engine.commit(&batch(&[(b"a", Some(b"1")), (b"b", Some(b"1"))])).unwrap();
        let changes: [(&[u8], Option<&[u8]>); 4] =
            [(b"a", Some(b"2")), (b"b", None), (b"c", Some(b"")), (b"never", None)];
        engine.commit(&batch(&changes)).unwrap();
        assert_eq!(get(&*engine, b"a").as_deref(), Some(&b"2"[..]));
        assert_eq!(get(&*engine, b"b"), None);
        assert_eq!(get(&*engine, b"c").as_deref(), Some(&b""[..]), "empty is not missing");
    });
}

#[test]
fn values_of_a_megabyte_and_keys_of_a_kilobyte_come_back() {
    for subject in Subject::all() {
        let value: Vec<u8> = (0..1_u32 << 20).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
        let key = vec![b'k'; 1024];
        let engine = subject.open();
        engine.commit(&batch(&[(&key, Some(&value))])).unwrap();
        assert_eq!(get(&*engine, &key), Some(value.clone()));
        drop(engine);
        assert_eq!(get(&*subject.open(), &key), Some(value));
    }
}

#[test]
fn rows_are_there_after_reopening() {
    for subject in Subject::all() {
        put(&*subject.open(), &["a", "b"]);
        put(&*subject.open(), &["c"]);
        let engine = subject.open();
        assert_eq!(keys(&scan(&*engine.durable().unwrap(), b"", b"\xFF")), ["a", "b", "c"]);
    }
}

#[test]
fn a_durable_view_does_not_change_while_it_lives() {
    for subject in Subject::all() {
        let engine = subject.open();
        put(&*engine, &["a"]);
        std::thread::scope(|scope| {
            let view = engine.durable().unwrap();
            // On an engine without versions this waits for the view; on the others it does not.
            let writer = scope.spawn(|| put(&*engine, &["b"]));
            assert_eq!(keys(&scan(&*view, b"", b"\xFF")), ["a"]);
            drop(view);
            writer.join().unwrap();
        });
        assert_eq!(keys(&scan(&*engine.durable().unwrap(), b"", b"\xFF")), ["a", "b"]);
    }
}

#[test]
fn an_export_shows_one_state_while_commits_go_on() {
    each(|engine| {
        // More rows than an export takes in one stride.
        let key = |n: u32| n.to_be_bytes();
        let mut first = Batch::default();
        for n in (0..2000).step_by(2) {
            first.put(key(n), b"old");
        }
        engine.commit(&first).unwrap();

        let mut exported = Vec::new();
        let mut n_visited = 0;
        let commit_between = |n_visited: u32| {
            // Behind the export, ahead of it, between its rows, and gone.
            let mut change = Batch::default();
            change.put(key(0), b"new");
            change.put(key(1998 - n_visited), b"new");
            change.put(key(1001 + 2 * n_visited), b"new");
            change.delete(key(1500 + 2 * (n_visited % 200)));
            engine.commit(&change).unwrap();
        };
        engine
            .export(b"", b"\xFF", &mut |key, value| {
                exported.push((key.to_vec(), value.to_vec()));
                if n_visited % 50 == 0 {
                    commit_between(n_visited);
                }
                n_visited += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected: Rows =
            (0..2000).step_by(2).map(|n| (key(n).to_vec(), b"old".to_vec())).collect();
        assert!(exported == expected, "{} of {} rows", exported.len(), expected.len());
        assert_eq!(get(&*engine, &key(0)).as_deref(), Some(&b"new"[..]));
    });
}

#[test]
fn two_nodes_cannot_open_one_folder() {
    for kind in Kind::ALL {
        let folder = tempfile::tempdir().unwrap();
        let engine = Folder::lock(folder.path()).unwrap().open(kind).unwrap();
        assert_eq!(Folder::lock(folder.path()).unwrap_err(), EngineError::InUse);
        drop(engine);
        Folder::lock(folder.path()).unwrap().open(kind).unwrap();
    }
}

#[test]
fn a_folder_remembers_its_engine() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Folder::kind_of(folder.path()).unwrap(), None);
    put(&*Folder::lock(folder.path()).unwrap().open(Kind::Sled).unwrap(), &["a"]);
    assert_eq!(Folder::kind_of(folder.path()).unwrap(), Some(Kind::Sled));

    let refused = Folder::lock(folder.path()).unwrap().open(Kind::Redb).unwrap_err();
    assert_eq!(refused, EngineError::OtherEngine { found: Kind::Sled, asked: Kind::Redb });
    let engine = Folder::lock(folder.path()).unwrap().open(Kind::Sled).unwrap();
    assert!(get(&*engine, b"a").is_some());
}

#[test]
fn a_next_generation_counts_once_it_is_finished_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let lock = || Folder::lock(folder.path()).unwrap();
    put(&*lock().open(Kind::Sled).unwrap(), &["old"]);

    let abandoned = lock().next_generation(Kind::Redb).unwrap();
    put(&*abandoned.engine(), &["new"]);
    drop(abandoned);
    assert!(get(&*lock().open(Kind::Sled).unwrap(), b"old").is_some());

    let next = lock().next_generation(Kind::Redb).unwrap();
    assert_eq!(get(&*next.engine(), b"new"), None, "what was abandoned is not mixed in");
    put(&*next.engine(), &["new"]);
    next.finish().unwrap();
    let engine = lock().open(Kind::Redb).unwrap();
    assert!(get(&*engine, b"new").is_some() && get(&*engine, b"old").is_none());
}

#[test]
fn a_store_whose_engine_file_is_lost_is_adopted_and_never_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    put(&*Folder::lock(folder.path()).unwrap().open(Kind::Redb).unwrap(), &["a"]);
    std::fs::remove_file(folder.path().join("engine")).unwrap();
    let engine = Folder::lock(folder.path()).unwrap().open(Kind::Redb).unwrap();
    assert!(get(&*engine, b"a").is_some());
}

#[test]
fn a_damaged_store_is_refused_by_name_and_left_as_it_is() {
    for (kind, file) in [(Kind::Sled, "sled-1/db"), (Kind::Redb, "redb-1/rows.redb")] {
        let folder = tempfile::tempdir().unwrap();
        put(&*Folder::lock(folder.path()).unwrap().open(kind).unwrap(), &["a", "b", "c"]);
        let file = folder.path().join(file);
        let damaged = vec![0xA5; usize::try_from(file.metadata().unwrap().len()).unwrap()];
        std::fs::write(&file, &damaged).unwrap();

        let refused = Folder::lock(folder.path()).unwrap().open(kind).map(|_| ()).unwrap_err();
        assert_eq!(refused, EngineError::Corrupt { engine: kind.name() });
        assert!(refused.to_string().contains("restore the newest backup"));
        assert!(std::fs::read(&file).unwrap().len() >= damaged.len());
    }
}

#[test]
fn a_store_that_has_gone_back_is_refused() {
    for (kind, rows) in [(Kind::Sled, "sled-1"), (Kind::Redb, "redb-1")] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Folder::lock(folder.path()).unwrap().open(kind);
        put(&*open().unwrap(), &["a"]);
        let copy = tempfile::tempdir().unwrap();
        let copy_rows = |from: &std::path::Path, to: &std::path::Path| {
            for entry in std::fs::read_dir(from.join(rows)).unwrap() {
                let name = entry.unwrap().file_name();
                let file = from.join(rows).join(&name);
                if file.is_file() && name != "mark" {
                    std::fs::create_dir_all(to.join(rows)).unwrap();
                    std::fs::copy(file, to.join(rows).join(name)).unwrap();
                }
            }
        };
        copy_rows(folder.path(), copy.path());
        put(&*open().unwrap(), &["b"]);
        // sled also keeps a snapshot, which is newer than the rows that are put back.
        for entry in std::fs::read_dir(folder.path().join(rows)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("snap.") {
                std::fs::remove_file(path).unwrap();
            }
        }
        copy_rows(copy.path(), folder.path());
        let refused = open().map(|_| ()).unwrap_err();
        assert_eq!(refused, EngineError::Corrupt { engine: kind.name() });

        // Not because it was copied: without the mark nobody notices.
        std::fs::remove_file(folder.path().join(rows).join("mark")).unwrap();
        let engine = open().unwrap();
        assert!(get(&*engine, b"a").is_some() && get(&*engine, b"b").is_none());
    }
}

#[derive(Clone, Debug)]
enum Op {
    Commit(Vec<(Vec<u8>, Option<Vec<u8>>)>),
    Scan(Vec<u8>, Vec<u8>),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let key = || prop::collection::vec(0..4_u8, 0..4);
    let value = prop::collection::vec(any::<u8>(), 0..40);
    let changes = prop::collection::vec((key(), prop::option::weighted(0.7, value)), 1..20);
    prop_oneof![
        6 => changes.prop_map(Op::Commit),
        3 => (key(), key()).prop_map(|(from, to)| Op::Scan(from, to)),
        1 => Just(Op::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_engine_does_what_an_ordered_map_does(ops in prop::collection::vec(op(), 1..25)) {
        for subject in Subject::all() {
            let mut engine = subject.open();
            let mut model = BTreeMap::new();
            for op in &ops {
                match op {
                    Op::Commit(changes) => {
                        let mut batch = Batch::default();
                        for (key, value) in changes {
                            match value {
                                Some(value) => {
                                    model.insert(key.clone(), value.clone());
                                    batch.put(key.as_slice(), value.as_slice());
                                }
                                None => {
                                    model.remove(key);
                                    batch.delete(key.as_slice());
                                }
                            }
                        }
                        engine.commit(&batch).unwrap();
                    }
                    Op::Scan(from, to) => {
                        let expected: Rows = model
                            .iter()
                            .filter(|(key, _)| from <= key && *key < to)
                            .map(|(key, value)| (key.clone(), value.clone()))
                            .collect();
                        prop_assert_eq!(scan(&*engine.durable().unwrap(), from, to), expected);
                    }
                    Op::Reopen => {
                        drop(engine);
                        engine = subject.open();
                    }
                }
            }
            let expected: Rows = model.into_iter().collect();
            prop_assert_eq!(scan(&*engine.durable().unwrap(), b"", b"\xFF"), expected);
        }
    }
}
