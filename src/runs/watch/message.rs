//! What the thread that watches a workspace is told, and what it reports.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::runs::error::RunFolderError;
use crate::runs::id::RunId;
use crate::runs::listing::UnreadableRun;
use crate::runs::record::Record;
use crate::runs::state::RunState;
use crate::train::Event;

/// A change in a workspace.
#[derive(Debug)]
pub enum WatchNews {
    /// Runs that are new or have changed, oldest first. The first message lists all runs.
    Records(Vec<Record>),
    /// Runs that no longer exist.
    Gone(Vec<RunId>),
    /// The whole state of a followed run.
    Replayed(RunId, Box<RunState>),
    /// The next events of a followed run.
    Happened(RunId, Vec<Event>),
    /// A run that cannot be read.
    Unreadable(UnreadableRun),
    /// One sentence about something else that cannot be read.
    Problem(String),
}

/// A request to the thread.
pub(super) enum Request {
    Follow(RunId),
    Forget(RunId),
    /// This process changed something: check all runs now.
    Look,
}

/// The sending side of the thread.
pub(super) struct News {
    sender: Sender<WatchNews>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl News {
    pub(super) fn new(sender: Sender<WatchNews>, wake: Arc<dyn Fn() + Send + Sync>) -> News {
        News { sender, wake }
    }

    pub(super) fn send(&self, news: WatchNews) {
        // The receiver is gone when the window is closing.
        let _ = self.sender.send(news);
        (self.wake)();
    }

    /// Reports each problem once, however often it occurs.
    pub(super) fn notify_error(&self, reported: &mut Option<String>, error: &RunFolderError) {
        let text = error.to_string();
        if reported.as_ref() != Some(&text) {
            self.send(WatchNews::Problem(text.clone()));
            *reported = Some(text);
        }
    }
}
