use super::*;
use crate::{
    db::{Keys, Rows as _, Table},
    engine::Memory,
    seal::KdfParams,
};

const TABLE: Table = Table::new(1, "things");
const PASSPHRASE: &str = "quatre mots au hasard";

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

struct Node {
    folder: tempfile::TempDir,
    ring: KeyRing,
    db: Db,
}

impl Node {
    /// A node with this many rows of 100 bytes, and a backup of it.
    fn with_backup(n_rows: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.sealed");
        let mut ring = KeyRing::create(&keys, PASSPHRASE, KdfParams::WEAK_FOR_TESTS).unwrap();
        ring.put_secret(names::IDENTITY, &[9; 32]).unwrap();
        let sealer = Sealer::new(&ring.secret(names::STORE).unwrap());
        let db = Db::open(Arc::new(Memory::default()), sealer).unwrap();
        db.write("test", |tx| {
            (0..n_rows).try_for_each(|n| tx.put(TABLE, &n.to_be_bytes(), &[7; 100]))
        })
        .unwrap();
        let node = Self { folder, ring, db };
        create(&node.db, &node.ring, &node.backup(), now(), &mut |_, _| ()).unwrap();
        node
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn backup(&self) -> PathBuf {
        self.path("backup")
    }

    /// The backup, changed.
    #[track_caller]
    fn refuses(&self, bytes: &[u8], expected: &[BackupError]) {
        let path = self.path("changed");
        fs::write(&path, bytes).unwrap();
        let refused = restore(&path, PASSPHRASE, &self.path("new"), Kind::Redb, &mut |_, _| ());
        let refused = refused.unwrap_err();
        assert!(expected.contains(&refused), "{refused:?}");
        assert_eq!(verify(&path, PASSPHRASE, &mut |_, _| ()), Err(refused));
        assert!(!self.path("new").exists() && !self.path("new.restoring").exists());
    }
}

#[test]
fn a_node_verifies_its_own_backup_without_the_passphrase() {
    let node = Node::with_backup(20);
    let whole = verify(&node.backup(), PASSPHRASE, &mut |_, _| ()).unwrap();
    assert_eq!(verify_own(&node.backup(), &node.ring, &mut |_, _| ()), Ok(whole));

    let mut bytes = fs::read(node.backup()).unwrap();
    let at = bytes.len() - 40;
    bytes[at] ^= 1;
    fs::write(node.backup(), bytes).unwrap();
    let damaged = verify_own(&node.backup(), &node.ring, &mut |_, _| ());
    assert_eq!(damaged, Err(BackupError::Damaged));

    let params = KdfParams::WEAK_FOR_TESTS;
    let other = KeyRing::create(&node.path("other"), "another five words", params).unwrap();
    let refused = verify_own(&node.backup(), &other, &mut |_, _| ());
    assert_eq!(refused, Err(BackupError::WrongPassphrase));
}

fn open(node: &Path, kind: Kind) -> (KeyRing, Db) {
    let mut ring = KeyRing::open(&node.join(KEYS_FILE), PASSPHRASE).unwrap();
    let db = crate::migrate::open(&node.join(STORE_FOLDER), kind, &mut ring).unwrap();
    (ring, db)
}

#[test]
fn a_restored_node_has_the_same_rows_and_keys_and_knows_that_it_was_restored() {
    let node = Node::with_backup(3000);
    for kind in Kind::ALL {
        let to = node.path(kind.name());
        let mut last = (0, 0);
        let summary =
            restore(&node.backup(), PASSPHRASE, &to, kind, &mut |done, total| last = (done, total))
                .unwrap();
        // The rows and the store's own row.
        assert_eq!((summary.n_rows, summary.created_at), (3001, now()));
        assert_eq!(last, (summary.n_bytes, summary.n_bytes));

        let (ring, db) = open(&to, kind);
        assert_eq!(ring.secret(names::IDENTITY), node.ring.secret(names::IDENTITY));
        let restored_at = db.read(|tx| tx.get(META, RESTORED_AT)).unwrap();
        assert_eq!(restored_at, Some(now().as_second().to_be_bytes().to_vec()));
        db.write("test", |tx| tx.delete(META, RESTORED_AT)).unwrap();
        assert_eq!(db.digest().unwrap(), node.db.digest().unwrap());
    }
}

#[test]
fn a_backup_says_what_it_holds() {
    let node = Node::with_backup(10);
    let mut last = (0, 0);
    let path = node.path("second");
    let made = create(&node.db, &node.ring, &path, now(), &mut |done, total| last = (done, total))
        .unwrap();
    assert_eq!(last, (11, 11));
    assert_eq!(verify(&path, PASSPHRASE, &mut |_, _| ()), Ok(made));
}

#[test]
fn a_backup_shows_one_state_while_writing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for kind in Kind::ALL {
        let node = folder.path().join(kind.name());
        fs::create_dir(&node).unwrap();
        let keys = node.join(KEYS_FILE);
        let ring = KeyRing::create(&keys, PASSPHRASE, KdfParams::WEAK_FOR_TESTS).unwrap();
        drop(ring);
        let (ring, db) = open(&node, kind);
        // The two halves of each pair are always equal, in one state.
        let pair = |n: u32, value: u32| {
            db.write("test", |tx| {
                tx.put(TABLE, &n.to_be_bytes(), &value.to_be_bytes())?;
                tx.put(TABLE, &(n + 10_000).to_be_bytes(), &value.to_be_bytes())
            })
            .unwrap();
        };
        db.write("test", |tx| {
            (0..20_000_u32).try_for_each(|n| tx.put(TABLE, &n.to_be_bytes(), &[0; 4]))
        })
        .unwrap();
        std::thread::scope(|scope| {
            let (began, begun) = std::sync::mpsc::channel();
            scope.spawn(move || {
                begun.recv().unwrap();
                (0..10_000).step_by(200).for_each(|n| pair(n, n + 1));
            });
            let mut began = Some(began);
            create(&db, &ring, &folder.path().join("backup"), now(), &mut |_, _| {
                if let Some(began) = began.take() {
                    began.send(()).unwrap();
                }
            })
            .unwrap();
        });
        let to = folder.path().join("restored");
        restore(&folder.path().join("backup"), PASSPHRASE, &to, kind, &mut |_, _| ()).unwrap();
        let (_, restored) = open(&to, kind);
        let mut values = Vec::new();
        restored
            .read(|tx| {
                tx.scan(TABLE, Keys::All, &mut |_, value| {
                    values.push(value.to_vec());
                    ControlFlow::Continue(())
                })
            })
            .unwrap();
        assert_eq!(values.len(), 20_000);
        assert!(values[..10_000] == values[10_000..], "{kind}: a transaction was torn");
        drop(restored);
        fs::remove_dir_all(&to).unwrap();
        fs::remove_file(folder.path().join("backup")).unwrap();
    }
}

#[test]
fn a_wrong_passphrase_is_refused_and_leaves_nothing() {
    let node = Node::with_backup(10);
    let to = node.path("new");
    let refused = restore(&node.backup(), "wrong", &to, Kind::Sled, &mut |_, _| ());
    assert_eq!(refused, Err(BackupError::WrongPassphrase));
    assert!(!to.exists());
}

#[test]
fn a_backup_cut_off_anywhere_is_refused() {
    let node = Node::with_backup(1500);
    let whole = fs::read(node.backup()).unwrap();
    // In the header, at its end, in and at the end of the first chunk, and at the last byte.
    let first_chunk = HEADER_LEN + 32 + 4 + (64 << 10) + 16;
    for len in [HEADER_LEN, HEADER_LEN + 32, 5000, first_chunk, first_chunk + 2, whole.len() - 1] {
        node.refuses(&whole[..len], &[BackupError::Truncated]);
    }
    node.refuses(&[], &[BackupError::NotABackup]);
}

#[test]
fn a_backup_with_any_byte_changed_is_refused() {
    let node = Node::with_backup(3);
    let whole = fs::read(node.backup()).unwrap();
    for byte in 0..whole.len() {
        let mut changed = whole.clone();
        changed[byte] ^= 0x10;
        // A changed length may also ask for more than there is.
        let expected = if byte < MAGIC_OF_ANY.len() {
            &[BackupError::NotABackup][..]
        } else if byte < MAGIC.len() {
            &[BackupError::Newer, BackupError::NotABackup]
        } else {
            &[BackupError::Damaged, BackupError::Truncated]
        };
        node.refuses(&changed, expected);
    }
}

#[test]
fn a_backup_with_something_after_its_end_or_chunks_swapped_is_refused() {
    let node = Node::with_backup(2500);
    let whole = fs::read(node.backup()).unwrap();
    node.refuses(&[&whole[..], b"more"].concat(), &[BackupError::Damaged]);

    let (head, chunks) = whole.split_at(HEADER_LEN + 32);
    let (first, rest) = chunks.split_at(4 + (64 << 10) + 16);
    let (second, rest) = rest.split_at(4 + (64 << 10) + 16);
    node.refuses(&[head, second, first, rest].concat(), &[BackupError::Damaged]);
    node.refuses(&[head, second, rest].concat(), &[BackupError::Damaged]);
}

#[test]
fn a_folder_that_holds_something_is_never_restored_over() {
    let node = Node::with_backup(3);
    let to = node.path("taken");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("precious"), "").unwrap();
    let refused = restore(&node.backup(), PASSPHRASE, &to, Kind::Redb, &mut |_, _| ());
    assert_eq!(refused, Err(BackupError::NotBlank));
    assert!(to.join("precious").exists());

    fs::remove_file(to.join("precious")).unwrap();
    restore(&node.backup(), PASSPHRASE, &to, Kind::Redb, &mut |_, _| ()).unwrap();
}

#[test]
fn a_backup_never_overwrites_a_file() {
    let node = Node::with_backup(3);
    let again = create(&node.db, &node.ring, &node.backup(), now(), &mut |_, _| ());
    assert_eq!(again, Err(BackupError::Exists));
}

#[test]
fn rows_do_not_show_in_a_backup() {
    let node = Node::with_backup(0);
    let canary = b"canary in a coal mine";
    node.db.write("test", |tx| tx.put(TABLE, b"1", canary)).unwrap();
    create(&node.db, &node.ring, &node.path("second"), now(), &mut |_, _| ()).unwrap();
    let bytes = fs::read(node.path("second")).unwrap();
    assert!(!bytes.windows(canary.len()).any(|window| window == canary));
}
