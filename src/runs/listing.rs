//! The runs of a workspace, read from its index or their folders.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::RunFolderError;
use super::id::RunId;
use super::index::Index;
use super::lock;
use super::record::Record;
use super::state::Status;
use super::tidy;
use super::workspace::{Found, find_runs};
use crate::files;

/// The runs of a workspace.
#[derive(Debug, Default)]
pub struct Listing {
    /// The runs, oldest first.
    pub records: Vec<Record>,
    /// The runs that cannot be read, by id.
    pub unreadable: Vec<UnreadableRun>,
}

/// A run that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableRun {
    /// Its id.
    pub id: RunId,
    /// Why, in one sentence that names the file.
    pub reason: String,
}

impl UnreadableRun {
    pub(super) fn new(id: &RunId, error: &RunFolderError) -> UnreadableRun {
        UnreadableRun {
            id: id.clone(),
            reason: error.to_string(),
        }
    }
}

/// Why no run was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No id or name matches.
    #[error("there is no run `{0}`; `candle-studio runs list` shows them all")]
    None(String),
    /// Several match.
    #[error("`{0}` matches {n} runs, such as {first} and {second}", n = .1.len(), first = .1[0], second = .1[1])]
    Several(String, Vec<RunId>),
}

impl Listing {
    /// Finds the run that `text` names: an id, its beginning, a name, or `last` for the newest.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, text: &str) -> Result<&Record, FindError> {
        if text == "last" {
            let newest = self.records.last();
            return newest.ok_or_else(|| FindError::None(text.to_owned()));
        }
        let is_id = |record: &&Record| record.id.as_str() == text;
        if let Some(record) = self.records.iter().find(is_id) {
            return Ok(record);
        }
        let is_meant =
            |record: &&Record| record.id.as_str().starts_with(text) || record.name == text;
        let found: Vec<&Record> = self.records.iter().filter(is_meant).collect();
        match found[..] {
            [] => Err(FindError::None(text.to_owned())),
            [one] => Ok(one),
            _ => {
                let ids = found.iter().map(|record| record.id.clone()).collect();
                Err(FindError::Several(text.to_owned(), ids))
            }
        }
    }

    /// Finds the run that cannot be read and that `text` names: its id, or the beginning of one.
    pub fn find_unreadable(&self, text: &str) -> Option<&UnreadableRun> {
        let is_meant = |run: &&UnreadableRun| run.id.as_str().starts_with(text);
        let mut found = self.unreadable.iter().filter(is_meant);
        found.next().filter(|_| found.next().is_none())
    }
}

/// Lists the runs in the folder `workspace`: from its index if their files are unchanged, otherwise
/// from their folders. An unfinished run that no process writes was interrupted.
///
/// # Errors
/// When the workspace exists but cannot be read.
pub fn list_runs(workspace: &Path) -> Result<Listing, RunFolderError> {
    let found = find_runs(workspace)?;
    if found.is_empty() {
        // There is nothing to index, and perhaps no folder for it.
        return Ok(Listing::default());
    }
    tidy::remove_abandoned(workspace, files::WRITER_PATIENCE);
    let mut listing = list(&mut Index::open(workspace), &found);
    for record in &mut listing.records {
        let path = workspace.join(record.id.as_str());
        mark_interrupted(record, &path);
    }
    Ok(listing)
}

/// Reads the run in the folder `path`, as [`list_runs`] does.
///
/// # Errors
/// When it cannot be read.
pub fn read_run(path: &Path) -> Result<Record, RunFolderError> {
    let mut record = Record::read(path)?;
    mark_interrupted(&mut record, path);
    Ok(record)
}

/// Reads the records of these runs from their events, and updates the index.
pub(super) fn list(index: &mut Index, found: &[Found]) -> Listing {
    let mut entries = index.entries();
    let read = in_parallel(found, |run| {
        let entry = entries.get(&run.id).filter(|e| e.stamp == run.stamp);
        let indexed = entry.and_then(|entry| entry.record(&run.id));
        let has_ended = |record: &Record| matches!(record.status, Status::Finished(_));
        if indexed.as_ref().is_some_and(has_ended) {
            tidy::remove_abandoned_at_end(&run.path);
        } else {
            tidy::remove_abandoned(&run.path, files::WRITER_PATIENCE);
        }
        match indexed {
            Some(record) => Ok((record, None)),
            None => Record::read(&run.path)
                .map(|record| (record, Some(run.stamp.as_str())))
                .map_err(|error| UnreadableRun::new(&run.id, &error)),
        }
    });
    let mut listing = Listing::default();
    let mut stamps = Vec::new();
    for result in read {
        match result {
            Ok((record, stamp)) => {
                listing.records.push(record);
                stamps.push(stamp);
            }
            Err(run) => listing.unreadable.push(run),
        }
    }
    let new = stamps.iter().zip(&listing.records);
    let new: Vec<_> = new
        .filter_map(|(stamp, record)| Some(((*stamp)?, record)))
        .collect();
    for run in found {
        entries.remove(&run.id);
    }
    let gone: Vec<RunId> = entries.into_keys().collect();
    if !(new.is_empty() && gone.is_empty()) {
        index.update(new, &gone);
    }
    listing
        .records
        .sort_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)));
    listing
}

/// Marks an unfinished run that no process writes as interrupted. `path` is its folder.
pub(super) fn mark_interrupted(record: &mut Record, path: &Path) {
    let has_ended = matches!(record.status, Status::Finished(_));
    if !has_ended && !lock::is_written(path) {
        record.status = Status::Interrupted;
    }
}

/// Maps `task` over the items in order, on all processors: reading a thousand histories is work.
pub(super) fn in_parallel<'a, T: Sync, R: Send>(
    items: &'a [T],
    task: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let n_threads = n_threads.min(items.len().div_ceil(16)).max(1);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            match items.get(idx) {
                Some(item) => done.push((idx, task(item))),
                None => return done,
            }
        }
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..n_threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(idx, _)| *idx);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_that_is_not_there_is_empty() {
        let listing = list_runs(Path::new("/nowhere/at/all")).unwrap();
        assert!(listing.records.is_empty() && listing.unreadable.is_empty());
    }

    #[test]
    fn what_is_done_in_parallel_comes_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(
            in_parallel(&items, |i| i * 2),
            (0..2000).step_by(2).collect::<Vec<_>>()
        );
    }
}
