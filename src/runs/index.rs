//! A cache of the runs of a workspace, to list a thousand of them without reading a thousand
//! histories.
//!
//! One SQLite file in the workspace: deleting it loses nothing, and any problem with it only costs
//! the time to read the folders. Several processes share it. A file of this name that is a link or
//! another program's database is left alone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};
use sha2::{Digest, Sha256};

use super::id::RunId;
use super::record::Record;

/// The file in the workspace.
const INDEX: &str = ".index.sqlite";

/// Changes whenever records are made differently: an index of an older version is not read.
const VERSION: i64 = 4;

/// Marks our databases, since [`VERSION`] 4: `CdlS` in ASCII.
const APPLICATION_ID: i64 = 0x4364_6c53;

/// What every SQLite database starts with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Where a database holds its user version and its application id.
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;

/// SQLite writes these beside a database.
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

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
    /// Of what was written; a damaged row has another one.
    checksum: String,
}

/// Returns the checksum of a row.
fn checksum(id: &RunId, stamp: &str, json: &str) -> String {
    format!("{:x}", Sha256::digest(format!("{id}\n{stamp}\n{json}")))
}

impl Entry {
    /// Returns the record of the run `id`; `None` if the row is damaged.
    pub(super) fn record(&self, id: &RunId) -> Option<Record> {
        if checksum(id, &self.stamp, &self.json) != self.checksum {
            return None;
        }
        let mut record: Record = serde_json::from_str(&self.json).ok()?;
        record.name_settings();
        Some(record)
    }
}

impl Index {
    /// Opens or creates the index in the folder `workspace`. A broken one is replaced; what is not
    /// ours is left alone, and the workspace then has no index.
    pub(super) fn open(workspace: &Path) -> Index {
        // SQLite must not follow links, which may be anywhere in the path of the workspace.
        let Ok(workspace) = workspace.canonicalize() else {
            return Index(None);
        };
        let file = workspace.join(INDEX);
        let companion = |end: &str| workspace.join(format!("{INDEX}{end}"));
        let is_plain = |path: &PathBuf| {
            let found = std::fs::symlink_metadata(path);
            found.map_or_else(|e| e.kind() == ErrorKind::NotFound, |m| m.is_file())
        };
        let all = COMPANIONS.map(companion).into_iter();
        if !all.chain([file.clone()]).all(|path| is_plain(&path)) || !is_ours(&file) {
            return Index(None);
        }
        let db = connect(&file).or_else(|_| {
            // Whatever is wrong, the index can be rebuilt.
            let _ = std::fs::remove_file(&file);
            for end in COMPANIONS {
                let _ = std::fs::remove_file(companion(end));
            }
            connect(&file)
        });
        Index(db.ok())
    }

    /// Returns the file of the index of `workspace`.
    pub(super) fn path(workspace: &Path) -> PathBuf {
        workspace.join(INDEX)
    }

    /// Returns whether it could be opened.
    pub(super) fn is_usable(&self) -> bool {
        self.0.is_some()
    }

    /// Reads all records.
    pub(super) fn entries(&self) -> HashMap<RunId, Entry> {
        let read = |db: &Connection| -> rusqlite::Result<HashMap<RunId, Entry>> {
            let mut query = db.prepare("SELECT id, stamp, record, checksum FROM runs")?;
            let rows = query.query_map([], |row| {
                let id: String = row.get(0)?;
                let entry = Entry {
                    stamp: row.get(1)?,
                    json: row.get(2)?,
                    checksum: row.get(3)?,
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
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO runs (id, stamp, record, checksum) VALUES (?, ?, ?, ?)",
            )?;
            for (stamp, record) in found {
                let json = serde_json::to_string(record)?;
                let checksum = checksum(&record.id, stamp, &json);
                insert.execute(params![record.id.as_str(), stamp, json, checksum])?;
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
    let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(file, flags)?;
    db.busy_timeout(PATIENCE)?;
    // A crash may cost the cache, so it need not wait for the disk.
    db.pragma_update(None, "synchronous", "OFF")?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        db.execute_batch("DROP TABLE IF EXISTS runs")?;
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    db.execute_batch(
        "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, stamp TEXT NOT NULL, \
         record TEXT NOT NULL, checksum TEXT NOT NULL)",
    )?;
    db.pragma_update(None, "user_version", VERSION)?;
    // A file that is not a database only fails when it is read.
    db.query_row("SELECT COUNT(*) FROM runs", [], |_| Ok(()))?;
    Ok(db)
}

/// Returns whether `file` may be written and replaced: it is not there, not a database, or one of
/// ours. Reads it without SQLite, which would write to a database that was not closed well.
fn is_ours(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(100).read_to_end(&mut start));
    match read {
        Err(e) => return e.kind() == ErrorKind::NotFound,
        Ok(_) if !start.starts_with(MAGIC) => return true,
        Ok(_) => {}
    }
    let number = |at: usize| {
        let bytes = start.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map(|bytes| i64::from(u32::from_be_bytes(bytes)))
    };
    match number(APPLICATION_ID_AT) {
        Some(APPLICATION_ID) => true,
        // Earlier versions did not mark theirs.
        Some(0) => {
            let is_earlier = number(USER_VERSION_AT).is_some_and(|v| (1..VERSION).contains(&v));
            is_earlier && has_only_our_table(file)
        }
        _ => false,
    }
}

/// Returns whether a database holds what the index of an earlier version does, and nothing else.
fn has_only_our_table(file: &Path) -> bool {
    let read = || -> rusqlite::Result<bool> {
        let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let tables = "SELECT group_concat(name) FROM sqlite_master WHERE type <> 'index'";
        let columns = "SELECT group_concat(name) FROM pragma_table_info('runs')";
        let text = |query| db.query_row(query, [], |row| row.get::<_, Option<String>>(0));
        Ok(text(tables)?.as_deref() == Some("runs")
            && text(columns)?.as_deref() == Some("id,stamp,record"))
    };
    read().unwrap_or(false)
}
