//! The watching thread: the last known state of each run, and what has changed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::message::{News, Request, WatchNews};
use crate::runs::error::RunFolderError;
use crate::runs::folder::RunFolder;
use crate::runs::id::RunId;
use crate::runs::index::Index;
use crate::runs::listing::{Listing, UnreadableRun, list, mark_interrupted};
use crate::runs::record::{Reading, Record};
use crate::runs::state::{RunState, Status};
use crate::runs::tail::Tail;
use crate::runs::workspace::{Found, find_runs, is_run, run_folders};

/// Time between two checks; fast enough for a user to notice other processes.
const POLL: Duration = Duration::from_millis(400);

/// Number of finished runs to check each time, in turn: their files hardly change, and ten thousand
/// of them would keep a disk busy.
const N_QUIET: usize = 200;

/// A run as last seen.
#[derive(Default)]
struct Seen {
    stamp: String,
    /// The record last sent, if it could be read.
    status: Option<Status>,
    /// Kept while the run is live, to read further.
    reading: Option<Reading>,
    divergence: Option<String>,
}

pub(super) struct Watcher {
    workspace: PathBuf,
    news: News,
    index: Option<Index>,
    seen: HashMap<RunId, Seen>,
    followed: HashMap<RunId, Tail>,
    /// The turn of the finished runs.
    turn: Vec<RunId>,
    /// Whether the first listing was sent, even an empty one.
    is_listed: bool,
    divergence: Option<String>,
}

impl Watcher {
    pub(super) fn new(workspace: PathBuf, news: News) -> Watcher {
        Watcher {
            workspace,
            news,
            index: None,
            seen: HashMap::new(),
            followed: HashMap::new(),
            turn: Vec::new(),
            is_listed: false,
            divergence: None,
        }
    }

    pub(super) fn run(&mut self, asked: &Receiver<Request>) {
        self.look_at_all();
        let mut next = Instant::now() + POLL;
        loop {
            match asked.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(Request::Follow(id)) => self.follow(id),
                Ok(Request::Forget(id)) => {
                    self.followed.remove(&id);
                }
                Ok(Request::Look) => self.look_at_all(),
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    next = Instant::now() + POLL;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Checks new, removed, live and followed runs, and some of the rest.
    fn look(&mut self) {
        if !self.is_listed {
            return self.look_at_all();
        }
        let folders = match run_folders(&self.workspace) {
            Ok(folders) => folders,
            Err(error) => return self.news.notify_error(&mut self.divergence, &error),
        };
        let is_live = |seen: &Seen| seen.reading.is_some();
        let live = self.seen.iter().filter(|(_, seen)| is_live(seen));
        let mut ids: Vec<RunId> = live.map(|(id, _)| id.clone()).collect();
        if self.turn.is_empty() {
            self.turn = self.seen.keys().cloned().collect();
        }
        let n_left = self.turn.len().saturating_sub(N_QUIET);
        ids.extend(self.turn.drain(n_left..));
        ids.extend(self.followed.keys().cloned());
        // A folder becomes a run with its manifest, a moment after it was created.
        let is_new = |id: &&RunId| !self.seen.contains_key(id) && is_run(&self.workspace, id);
        ids.extend(folders.iter().filter(is_new).cloned());
        ids.retain(|id| folders.contains(id));
        ids.sort();
        ids.dedup();
        let paths = ids.iter().map(|id| self.workspace.join(id.as_str()));
        let found: Vec<Found> = paths.map(Found::at).collect();
        self.take_in(&found);
        self.lose(&folders);
    }

    /// Checks every run.
    fn look_at_all(&mut self) {
        let found = match find_runs(&self.workspace) {
            Ok(found) => found,
            Err(error) => return self.news.notify_error(&mut self.divergence, &error),
        };
        if !self.is_listed {
            self.list_first(&found);
        }
        self.take_in(&found);
        self.lose(&found.into_iter().map(|run| run.id).collect());
    }

    /// Forgets the runs whose folders no longer exist.
    fn lose(&mut self, there: &HashSet<RunId>) {
        let is_gone = |id: &&RunId| !there.contains(*id);
        let gone: Vec<RunId> = self.seen.keys().filter(is_gone).cloned().collect();
        if gone.is_empty() {
            return;
        }
        for id in &gone {
            self.seen.remove(id);
            self.followed.remove(id);
        }
        if let Some(index) = &mut self.index {
            index.update([], &gone);
        }
        self.news.send(WatchNews::Gone(gone));
    }

    /// Makes the first check, with the help of the index.
    fn list_first(&mut self, found: &[Found]) {
        self.is_listed = true;
        let mut listing = Listing::default();
        // Without runs there is nothing to index, and perhaps no folder for it.
        if !found.is_empty() {
            let index = self.index.insert(Index::open(&self.workspace));
            listing = list(index, found);
        }
        for run in found {
            let seen = Seen {
                stamp: run.stamp.clone(),
                ..Seen::default()
            };
            self.seen.insert(run.id.clone(), seen);
        }
        for record in &mut listing.records {
            let has_ended = matches!(record.status, Status::Finished(_));
            let path = self.workspace.join(record.id.as_str());
            mark_interrupted(record, &path);
            if let Some(seen) = self.seen.get_mut(&record.id) {
                seen.status = Some(record.status.clone());
                if !has_ended {
                    let reading = Reading::open(&path);
                    seen.reading = reading.ok();
                }
            }
        }
        self.news.send(WatchNews::Records(listing.records));
        for run in listing.unreadable {
            if let Some(seen) = self.seen.get_mut(&run.id) {
                seen.divergence = Some(run.reason.clone());
            }
            self.news.send(WatchNews::Unreadable(run));
        }
    }

    /// Reads what has changed in these runs, and sends it.
    fn take_in(&mut self, found: &[Found]) {
        let (mut stamped, mut changed) = (Vec::new(), Vec::new());
        for run in found {
            let seen = self.seen.entry(run.id.clone()).or_default();
            let is_changed = seen.stamp != run.stamp;
            match look_at(seen, run) {
                Ok(record) => stamped.extend(record.map(|record| (run.stamp.as_str(), record))),
                Err(error) => {
                    let unreadable = UnreadableRun::new(&run.id, &error);
                    if seen.divergence.as_ref() != Some(&unreadable.reason) {
                        seen.divergence = Some(unreadable.reason.clone());
                        self.news.send(WatchNews::Unreadable(unreadable));
                    }
                }
            }
            if is_changed {
                changed.push(run.id.clone());
            }
        }
        changed.iter().for_each(|id| self.read_on(id));
        if stamped.is_empty() {
            return;
        }
        // The constant changes of a live run are not worth indexing.
        let ended = stamped
            .iter()
            .filter(|(_, record)| matches!(record.status, Status::Finished(_)))
            .map(|(stamp, record)| (*stamp, record));
        let index = self
            .index
            .get_or_insert_with(|| Index::open(&self.workspace));
        index.update(ended, &[]);
        let records = stamped.into_iter().map(|(_, record)| record).collect();
        self.news.send(WatchNews::Records(records));
    }

    /// Sends the next events of a run, if it is followed.
    fn read_on(&mut self, id: &RunId) {
        let Some(tail) = self.followed.get_mut(id) else {
            return;
        };
        match tail.read() {
            // Resumed from a checkpoint: the events sent so far are no longer valid.
            Ok(read) if read.is_anew => self.follow(id.clone()),
            Ok(read) if !read.events.is_empty() => {
                self.news.send(WatchNews::Happened(id.clone(), read.events));
            }
            // The error is reported with the run's record.
            Ok(_) | Err(_) => {}
        }
    }

    fn follow(&mut self, id: RunId) {
        let path = self.workspace.join(id.as_str());
        let mut tail = Tail::new(&path);
        let read = RunFolder::open(&path).and_then(|folder| Ok((folder, tail.read()?)));
        match read {
            Ok((folder, news)) => {
                let manifest = folder.manifest();
                let mut state = RunState::new(&manifest.name, manifest.config.clone());
                news.events.iter().for_each(|event| state.apply(event));
                self.followed.insert(id.clone(), tail);
                self.news.send(WatchNews::Replayed(id, Box::new(state)));
            }
            Err(error) => self.news.send(WatchNews::Problem(error.to_string())),
        }
    }
}

/// Rereads the record of a run that has changed.
fn look_at(seen: &mut Seen, run: &Found) -> Result<Option<Record>, RunFolderError> {
    if seen.stamp == run.stamp && seen.reading.is_none() {
        return Ok(None);
    }
    let is_changed = std::mem::replace(&mut seen.stamp, run.stamp.clone()) != run.stamp;
    let reading = match seen.reading.take() {
        Some(mut reading) => {
            reading.read_on()?;
            reading
        }
        None => Reading::open(&run.path)?,
    };
    let mut record = reading.record();
    if !matches!(record.status, Status::Finished(_)) {
        seen.reading = Some(reading);
    }
    mark_interrupted(&mut record, &run.path);
    let is_news = is_changed || seen.status.as_ref() != Some(&record.status);
    seen.status = Some(record.status.clone());
    seen.divergence = None;
    Ok(is_news.then_some(record))
}
