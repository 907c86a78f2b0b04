//! Watches a workspace, to follow runs that other processes start, move or delete.

mod watcher;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::folder::RunFolderError;
use super::id::RunId;
use super::record::Record;
use super::state::RunState;
use crate::train::Event;
use watcher::Watcher;

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
    /// One sentence about something that cannot be read.
    Problem(String),
}

/// A request to the thread.
enum Request {
    Follow(RunId),
    Forget(RunId),
    /// This process changed something: check all runs now.
    Look,
}

/// Watches a workspace in a separate thread.
#[derive(Debug)]
pub struct Watch {
    requests: Option<Sender<Request>>,
    news: Receiver<WatchNews>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to watch the folder `workspace`, which need not exist yet. Calls `wake` when there is
    /// news.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spawn(workspace: PathBuf, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Watch> {
        let (requests, asked) = channel();
        let (sender, news) = channel();
        let thread = std::thread::Builder::new()
            .name("workspace".to_owned())
            .spawn(move || {
                let mut watcher = Watcher::new(workspace, News { sender, wake });
                watcher.run(&asked);
            })?;
        Ok(Watch {
            requests: Some(requests),
            news,
            thread: Some(thread),
        })
    }

    /// Returns the next change, if any.
    pub fn news(&self) -> Option<WatchNews> {
        self.news.try_recv().ok()
    }

    /// Follows a run: sends its state, then its events.
    pub fn follow(&self, id: RunId) {
        self.ask(Request::Follow(id));
    }

    /// Stops following a run.
    pub fn forget(&self, id: RunId) {
        self.ask(Request::Forget(id));
    }

    /// Checks all runs now, because this process changed something in the workspace.
    pub fn look(&self) {
        self.ask(Request::Look);
    }

    fn ask(&self, request: Request) {
        if let Some(requests) = &self.requests {
            // The thread lives as long as the sender.
            let _ = requests.send(request);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // It only reads, so nothing is left half done.
            let _ = thread.join();
        }
    }
}

/// The sending side of the thread.
struct News {
    sender: Sender<WatchNews>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl News {
    fn send(&self, news: WatchNews) {
        // The receiver is gone when the window is closing.
        let _ = self.sender.send(news);
        (self.wake)();
    }

    /// Reports each problem once, however often it occurs.
    fn notify_error(&self, reported: &mut Option<String>, error: &RunFolderError) {
        let text = error.to_string();
        if reported.as_ref() != Some(&text) {
            self.send(WatchNews::Problem(text.clone()));
            *reported = Some(text);
        }
    }
}
