//! What the operator is told: notices, and each request if that is wanted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Takes one line at a time. It may block.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// Most lines that wait for a slow reader; further ones are counted and dropped.
const MAX_LINES: usize = 1_024;
/// Longest the end of the service waits for the last lines to be read.
const LAST_LINES: Duration = Duration::from_millis(500);
/// Longest path that is shown whole.
const MAX_PATH_CHARS: usize = 200;

/// A thread that writes lines, so that a reader who does not read delays no request.
pub(super) struct Log {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    n_dropped: Arc<AtomicU64>,
    has_requests: bool,
}

/// A request that was answered. What it held is not part of it.
pub(super) struct LoggedRequest<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub status: u16,
    pub duration: Duration,
}

impl Log {
    /// Starts the thread; `has_requests` says whether requests are told, too.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn spawn(tell: Tell, has_requests: bool) -> io::Result<Log> {
        let (lines, received) = sync_channel::<String>(MAX_LINES);
        let n_dropped = Arc::new(AtomicU64::new(0));
        let dropped = n_dropped.clone();
        let write = move || {
            for line in received {
                tell(&line);
                let n = dropped.swap(0, Ordering::Relaxed);
                if n > 0 {
                    tell(&format!("warning: {n} lines of the log were left out"));
                }
            }
        };
        let thread = std::thread::Builder::new().name("log".to_owned());
        Ok(Log {
            lines: Some(lines),
            thread: Some(thread.spawn(write)?),
            n_dropped,
            has_requests,
        })
    }

    /// Tells something about the service.
    pub fn notice(&self, line: &str) {
        let sent = self.lines.as_ref().map(|lines| lines.try_send(line.into()));
        if !matches!(sent, Some(Ok(()))) {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells about a request, if that is wanted.
    pub fn request(&self, request: &LoggedRequest<'_>) {
        if self.has_requests {
            self.notice(&request.line(SystemTime::now()));
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.lines.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        let end = Instant::now() + LAST_LINES;
        while !thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        // A reader who never reads must not keep the program from ending.
        if thread.is_finished() {
            // If it has panicked, there is nobody left to be told.
            let _ = thread.join();
        }
    }
}

impl LoggedRequest<'_> {
    fn line(&self, now: SystemTime) -> String {
        let path: String = self.path.chars().take(MAX_PATH_CHARS).collect();
        format!(
            "{} {} {path} {} {:.1} ms",
            humantime::format_rfc3339_millis(now),
            self.method,
            self.status,
            1e3 * self.duration.as_secs_f64()
        )
    }
}
