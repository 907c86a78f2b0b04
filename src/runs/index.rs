//! A cache of the runs of a workspace, to list a thousand of them without reading a thousand
//! histories.
//!
//! One SQLite file in the workspace: deleting it loses nothing, and any problem with it only costs
//! the time to read the folders. Several processes share it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::id::RunId;
use super::record::Record;

/// The file in the workspace.
const INDEX: &str = ".index.sqlite";

/// Changes whenever records are made differently: an index of an older version is not read.
const VERSION: i64 = 3;

/// How long a process waits for another one that writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// The index of a workspace, if it can be opened.
#[derive(Debug)]
pub(super) struct Index(Option<Connection>);

/// A record made when the files of its run had this stamp.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stamp: String,
    json: String,
}

impl Entry {
    /// Returns the record; `None` if it cannot be read, for instance one of another version.
    pub(super) fn record(&self) -> Option<Record> {
        let mut record: Record = serde_json::from_str(&self.json).ok()?;
        record.name_settings();
        Some(record)
    }
}

impl Index {
    /// Opens or creates the index in the folder `workspace`. A broken one is replaced.
    pub(super) fn open(workspace: &Path) -> Index {
        let file = workspace.join(INDEX);
        let db = connect(&file).or_else(|_| {
            // Whatever is wrong, the index can be rebuilt.
            for end in ["", "-journal", "-wal", "-shm"] {
                let _ = std::fs::remove_file(workspace.join(format!("{INDEX}{end}")));
            }
            connect(&file)
        });
        Index(db.ok())
    }

    /// Reads all records.
    pub(super) fn entries(&self) -> HashMap<RunId, Entry> {
        let read = |db: &Connection| -> rusqlite::Result<HashMap<RunId, Entry>> {
            let mut query = db.prepare("SELECT id, stamp, record FROM runs")?;
            let rows = query.query_map([], |row| {
                let id: String = row.get(0)?;
                let entry = Entry {
                    stamp: row.get(1)?,
                    json: row.get(2)?,
                };
                Ok((RunId::from(id), entry))
            })?;
            rows.collect()
        };
        let entries = self.0.as_ref().and_then(|db| read(db).ok());
        entries.unwrap_or_default()
    }

    /// Inserts records with the stamps of their files, and deletes those of missing runs.
    pub(super) fn update<'a>(
        &mut self,
        found: impl IntoIterator<Item = (&'a str, &'a Record)>,
        gone: &[RunId],
    ) {
        let Some(db) = &mut self.0 else {
            return;
        };
        let write = || -> anyhow::Result<()> {
            let transaction = db.transaction()?;
            let mut insert = transaction
                .prepare("INSERT OR REPLACE INTO runs (id, stamp, record) VALUES (?, ?, ?)")?;
            for (stamp, record) in found {
                let json = serde_json::to_string(record)?;
                insert.execute(params![record.id.as_str(), stamp, json])?;
            }
            let mut delete = transaction.prepare("DELETE FROM runs WHERE id = ?")?;
            for id in gone {
                delete.execute([id.as_str()])?;
            }
            drop((insert, delete));
            Ok(transaction.commit()?)
        };
        // What was not written is read from its folder next time.
        let _ = write();
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(file)?;
    db.busy_timeout(PATIENCE)?;
    // A crash may cost the cache, so it need not wait for the disk.
    db.pragma_update(None, "synchronous", "OFF")?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        db.execute_batch("DROP TABLE IF EXISTS runs")?;
    }
    db.execute_batch(
        "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, stamp TEXT NOT NULL, record TEXT NOT NULL)",
    )?;
    db.pragma_update(None, "user_version", VERSION)?;
    // A file that is not a database only fails when it is read.
    db.query_row("SELECT COUNT(*) FROM runs", [], |_| Ok(()))?;
    Ok(db)
}
