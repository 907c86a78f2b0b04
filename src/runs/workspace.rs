//! The workspace: a folder whose folders are runs.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use directories::ProjectDirs;

use super::error::{RunFolderError, io};
use super::folder::MANIFEST;
use super::id::RunId;
use super::index::{Entry, Index};
use super::lock;
use super::manifest::utc;
use super::notes::NOTES;
use super::record::Record;
use super::state::Status;
use super::tail::EVENTS;

/// Returns the default workspace, in the user's data directory; `None` on a system without one.
pub fn default_workspace() -> Option<PathBuf> {
    let dirs = ProjectDirs::from("", "", "candle-studio")?;
    Some(dirs.data_dir().join("runs"))
}

/// Most letters of a run's name in that of its folder: file systems have 255 for all of it, and what
/// is derived of it, such as a folder in the trash, needs some.
const MAX_NAME: usize = 200;

/// Returns a new folder for a run named `name`. Folder names sort by time; the process id separates
/// two processes that start a run in the same second. Long names are shortened.
pub fn new_folder(workspace: &Path, name: &str) -> PathBuf {
    let time = utc(SystemTime::now()).replace(':', "-");
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().take(MAX_NAME).map(plain).collect();
    let base = format!("{time}-{name}-{}", std::process::id());
    let numbered = |n: u32| match n {
        1 => workspace.join(&base),
        n => workspace.join(format!("{base}-{n}")),
    };
    (1..)
        .map(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| workspace.join(&base))
}

/// The folder of a run at one moment.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: RunId,
    pub(super) path: PathBuf,
    /// Sizes and times of the files a record is made of; if they are unchanged, so is the record.
    pub(super) stamp: String,
}

impl Found {
    pub(super) fn at(path: PathBuf) -> Found {
        let of = |file: &str| {
            let meta = std::fs::metadata(path.join(file)).ok()?;
            let time = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(format!("{}@{}", meta.len(), time.as_nanos()))
        };
        let parts = [MANIFEST, EVENTS, NOTES].map(|file| of(file).unwrap_or_default());
        Found {
            id: RunId::of_folder(&path),
            stamp: parts.join(" "),
            path,
        }
    }
}

/// Lists the entries of the folder `workspace` that may be runs; none if it does not exist yet.
pub(super) fn run_folders(workspace: &Path) -> Result<HashSet<RunId>, RunFolderError> {
    let entries = match std::fs::read_dir(workspace) {
        Ok(entries) => entries,
        // The first run creates it.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(e) => return Err(io("read", workspace)(e)),
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let names = names.filter(|name| !name.starts_with('.'));
    Ok(names.map(RunId::from).collect())
}

/// Returns whether the folder of this name is a run.
pub(super) fn is_run(workspace: &Path, id: &RunId) -> bool {
    workspace.join(id.as_str()).join(MANIFEST).is_file()
}

/// Lists the ids of the runs in the folder `workspace`; none if it does not exist yet.
pub(super) fn find_runs(workspace: &Path) -> Result<Vec<Found>, RunFolderError> {
    let mut ids: Vec<RunId> = run_folders(workspace)?.into_iter().collect();
    ids.retain(|id| is_run(workspace, id));
    ids.sort();
    let paths = ids.iter().map(|id| workspace.join(id.as_str()));
    Ok(paths.map(Found::at).collect())
}

/// The runs of a workspace.
#[derive(Debug, Default)]
pub struct Listing {
    /// The runs, oldest first.
    pub records: Vec<Record>,
    /// One sentence for each folder that cannot be read.
    pub problems: Vec<String>,
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
        match entry.and_then(Entry::record) {
            Some(record) => Ok((record, None)),
            None => Record::read(&run.path).map(|record| (record, Some(run.stamp.as_str()))),
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
            Err(error) => listing.problems.push(error.to_string()),
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
fn in_parallel<'a, T: Sync, R: Send>(items: &'a [T], task: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
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
    fn two_runs_of_one_second_get_two_folders() {
        let dir = tempfile::tempdir().unwrap();
        let first = new_folder(dir.path(), "keras-cnn 1");
        std::fs::create_dir(&first).unwrap();
        assert_ne!(first, new_folder(dir.path(), "keras-cnn 1"));
    }

    #[test]
    fn a_long_name_is_shortened_for_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a".repeat(10_000), "ä".repeat(300)] {
            std::fs::create_dir(new_folder(dir.path(), &name)).unwrap();
        }
    }

    #[test]
    fn a_workspace_that_is_not_there_is_empty() {
        let listing = list_runs(Path::new("/nowhere/at/all")).unwrap();
        assert!(listing.records.is_empty() && listing.problems.is_empty());
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
