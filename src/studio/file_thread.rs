//! The thread that accesses files, one task after the other, so that the front end never waits for
//! a disk. Short computations run there, too.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::message::Message;
use super::thread::Wake;
use crate::train::Control;

type Task = Box<dyn FnOnce() -> Message + Send>;

/// The thread with its queue.
pub(super) struct FileThread {
    tasks: Option<Sender<Task>>,
    messages: Receiver<Message>,
    thread: Option<JoinHandle<()>>,
    /// Descriptions of the queued tasks.
    activities: Vec<String>,
    /// Stopped when the studio closes.
    closing: Arc<Control>,
}

impl FileThread {
    pub(super) fn spawn(wake: Wake) -> std::io::Result<FileThread> {
        let (tasks, todo) = channel::<Task>();
        let (done, messages) = channel();
        let thread = std::thread::Builder::new()
            .name("files".to_owned())
            .spawn(move || {
                for task in todo {
                    // Sending fails if the studio is closing; a task that was begun is finished.
                    let _ = done.send(task());
                    wake();
                }
            })?;
        Ok(FileThread {
            tasks: Some(tasks),
            messages,
            thread: Some(thread),
            activities: Vec::new(),
            closing: Arc::new(Control::default()),
        })
    }

    /// Queues a task; `activity` describes it.
    pub(super) fn run(
        &mut self,
        activity: String,
        task: impl FnOnce() -> Message + Send + 'static,
    ) {
        if let Some(tasks) = &self.tasks {
            // The thread lives as long as the sender, and turns errors into messages.
            let _ = tasks.send(Box::new(task));
            self.activities.push(activity);
        }
    }

    /// The next result.
    pub(super) fn message(&mut self) -> Option<Message> {
        let message = self.messages.try_recv().ok()?;
        self.activities.remove(0);
        Some(message)
    }

    pub(super) fn activities(&self) -> &[String] {
        &self.activities
    }

    /// Stopped when the studio closes; long tasks poll it.
    pub(super) fn closing(&self) -> Arc<Control> {
        self.closing.clone()
    }
}

impl Drop for FileThread {
    fn drop(&mut self) {
        self.closing.stop();
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // Joined so that a save that was begun is finished before the program ends.
            let _ = thread.join();
        }
    }
}
