//! redb: one file, one table, one version per transaction.
//!
//! A commit is two-phase and saves what a repair would need (quick repair), so that opening after a
//! crash takes milliseconds rather than a scan of the file. That costs a second `fdatasync` per
//! commit, which group commit makes invisible. Dropping the engine closes the file cleanly.

use std::{fmt, fs, ops::ControlFlow, path::Path};

use redb::{
    CommitError, Database, DatabaseError, Durability, ReadOnlyTable, ReadableDatabase as _,
    StorageError, TableDefinition, TableError, TransactionError,
};

use super::{
    Batch, Engine, EngineError, View, Visit,
    mark::{Mark, NUMBER_KEY},
};

const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// As for sled: rows are small and the operating system caches the file as well.
const CACHE_BYTES: usize = 64 << 20;

const FILE: &str = "rows.redb";

pub(super) struct Redb {
    db: Database,
    mark: Mark,
    folder: std::path::PathBuf,
}

/// Makes an empty store in an existing, empty folder, and closes it.
pub(super) fn create(folder: &Path) -> Result<(), EngineError> {
    let db = builder().create(folder.join(FILE)).map_err(|error| opening(&error))?;
    // The table is made now, so that readers never have to ask whether it exists.
    let mut tx = db.begin_write().map_err(|error| beginning(&error))?;
    tx.set_quick_repair(true);
    tx.open_table(ROWS).map_err(|error| table(&error))?;
    tx.commit().map_err(|error| committing(&error))?;
    // Dropping it would keep quiet about a failed sync.
    db.close().map_err(|error| opening(&error))
}

pub(super) fn open(folder: &Path) -> Result<Redb, EngineError> {
    let db = builder().open(folder.join(FILE)).map_err(|error| opening(&error))?;
    let number = {
        let tx = db.begin_read().map_err(|error| beginning(&error))?;
        let rows = tx.open_table(ROWS).map_err(|error| table(&error))?;
        let number = rows.get(NUMBER_KEY).map_err(|error| storage("opening the store", &error))?;
        number.map(|number| number.value().to_vec())
    };
    let mark = Mark::open(folder, "redb", number.as_deref())?;
    Ok(Redb { db, mark, folder: folder.to_owned() })
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

impl Engine for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn durable(&self) -> Result<Box<dyn View + '_>, EngineError> {
        let tx = self.db.begin_read().map_err(|error| beginning(&error))?;
        Ok(Box::new(Version(tx.open_table(ROWS).map_err(|error| table(&error))?)))
    }

    fn latest(&self) -> Result<Box<dyn View + '_>, EngineError> {
        self.durable()
    }

    fn commit(&self, batch: &Batch) -> Result<(), EngineError> {
        let mut tx = self.db.begin_write().map_err(|error| beginning(&error))?;
        tx.set_quick_repair(true);
        tx.set_durability(Durability::Immediate)
            .map_err(|_| EngineError::Fault { engine: "redb", doing: "committing" })?;
        {
            let mut rows = tx.open_table(ROWS).map_err(|error| table(&error))?;
            for (key, value) in batch.iter() {
                match value {
                    Some(value) => rows.insert(key, value),
                    None => rows.remove(key),
                }
                .map_err(|error| storage("writing", &error))?;
            }
            rows.insert(NUMBER_KEY, self.mark.next().as_slice())
                .map_err(|error| storage("writing", &error))?;
        }
        tx.commit().map_err(|error| committing(&error))?;
        self.mark.committed();
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, EngineError> {
        fs::metadata(self.folder.join(FILE))
            .map(|file| file.len())
            .map_err(|error| EngineError::io("measuring the store", &error))
    }
}

impl fmt::Debug for Redb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redb")
    }
}

/// A table keeps the version of the transaction it was opened in.
struct Version(ReadOnlyTable<&'static [u8], &'static [u8]>);

impl View for Version {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        let value = self.0.get(key).map_err(|error| storage("reading", &error))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        if from < to {
            let rows = self.0.range(from..to).map_err(|error| storage("reading", &error))?;
            visit_all(rows, visit)?;
        }
        Ok(())
    }

    fn scan_rev(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), EngineError> {
        if from < to {
            let rows = self.0.range(from..to).map_err(|error| storage("reading", &error))?;
            visit_all(rows.rev(), visit)?;
        }
        Ok(())
    }
}

type Row<'a> = (redb::AccessGuard<'a, &'static [u8]>, redb::AccessGuard<'a, &'static [u8]>);

fn visit_all<'a>(
    rows: impl Iterator<Item = Result<Row<'a>, StorageError>>,
    visit: Visit<'_>,
) -> Result<(), EngineError> {
    for row in rows {
        let (key, value) = row.map_err(|error| storage("reading", &error))?;
        if let ControlFlow::Break(()) = visit(key.value(), value.value()) {
            return Ok(());
        }
    }
    Ok(())
}

fn opening(error: &DatabaseError) -> EngineError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => EngineError::InUse,
        DatabaseError::Storage(error) => storage("opening the store", error),
        _ => EngineError::Corrupt { engine: "redb" },
    }
}

fn beginning(error: &TransactionError) -> EngineError {
    match error {
        TransactionError::Storage(error) => storage("beginning a transaction", error),
        _ => EngineError::Fault { engine: "redb", doing: "beginning a transaction" },
    }
}

fn committing(error: &CommitError) -> EngineError {
    match error {
        CommitError::Storage(error) => storage("committing", error),
        _ => EngineError::Fault { engine: "redb", doing: "committing" },
    }
}

fn table(error: &TableError) -> EngineError {
    match error {
        TableError::Storage(error) => storage("opening the table", error),
        _ => EngineError::Corrupt { engine: "redb" },
    }
}

fn storage(doing: &'static str, error: &StorageError) -> EngineError {
    match error {
        StorageError::Corrupted(_) => EngineError::Corrupt { engine: "redb" },
        // redb reports a file that is not its own, or is too short, as one of these two.
        StorageError::Io(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
            ) =>
        {
            EngineError::Corrupt { engine: "redb" }
        }
        StorageError::Io(error) => EngineError::io(doing, error),
        _ => EngineError::Fault { engine: "redb", doing },
    }
}
