//! Watches a workspace, to follow runs that other processes start, move or delete.

mod message;
mod watcher;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::id::RunId;
pub use message::WatchNews;
use message::{News, Request};
use watcher::Watcher;

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
                let mut watcher = Watcher::new(workspace, News::new(sender, wake));
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
