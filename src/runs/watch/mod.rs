//! A workspace that is looked at all the time: runs that other processes start, move or delete
//! appear, move and disappear here.

mod watcher;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::{Record, RunFolderError, RunId, RunState};
use crate::train::Event;
use watcher::Watcher;

/// What is new in a workspace.
#[derive(Debug)]
pub enum WatchNews {
    /// Runs that are new or have changed, oldest first. The first news lists all there are.
    Records(Vec<Record>),
    /// Runs that are no longer there.
    Gone(Vec<RunId>),
    /// All that happened in a run that is followed.
    Replayed(RunId, Box<RunState>),
    /// What happened next in it.
    Happened(RunId, Vec<Event>),
    /// Something cannot be read: one sentence.
    Problem(String),
}

/// What is asked of the thread.
enum Request {
    Follow(RunId),
    Forget(RunId),
    /// Something was changed here: look now, at all runs.
    Look,
}

/// Looks at a workspace in a thread of its own.
#[derive(Debug)]
pub struct Watch {
    requests: Option<Sender<Request>>,
    news: Receiver<WatchNews>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to look at the folder `workspace`, which need not be there yet. `wake` is called
    /// when there are news.
    ///
    /// # Errors
    /// When the system gives no thread.
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

    /// The next news.
    pub fn news(&self) -> Option<WatchNews> {
        self.news.try_recv().ok()
    }

    /// Wants everything that happened and happens in a run.
    pub fn follow(&self, id: RunId) {
        self.ask(Request::Follow(id));
    }

    /// Wants no more of it.
    pub fn forget(&self, id: RunId) {
        self.ask(Request::Forget(id));
    }

    /// Something was changed in the workspace: no need to wait for the next look.
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
            // It only reads; nothing of it is left half done.
            let _ = thread.join();
        }
    }
}

/// The way out of the thread.
struct News {
    sender: Sender<WatchNews>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl News {
    fn send(&self, news: WatchNews) {
        // Nobody listens when the window is closing.
        let _ = self.sender.send(news);
        (self.wake)();
    }

    /// Tells the same trouble once, however often it is met.
    fn notify_error(&self, told: &mut Option<String>, error: &RunFolderError) {
        let text = error.to_string();
        if told.as_ref() != Some(&text) {
            self.send(WatchNews::Problem(text.clone()));
            *told = Some(text);
        }
    }
}
