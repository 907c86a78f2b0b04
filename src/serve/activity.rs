//! What a connection is doing, and since when.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::limits::{BODY, HEAD, KEEP_ALIVE};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first byte of another request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// Our answer.
    Answer,
    /// The client, who has to take the answer.
    Reply,
}

impl Phase {
    /// Longest time in this phase. An answer has a deadline of its own.
    fn limit(self) -> Option<Duration> {
        match self {
            Phase::Idle => Some(KEEP_ALIVE),
            Phase::Head => Some(HEAD),
            Phase::Body | Phase::Reply => Some(BODY),
            Phase::Answer => None,
        }
    }
}

/// The state of one connection, which its stream and its requests keep up to date.
#[derive(Debug)]
pub(super) struct Activity {
    phase: Cell<Phase>,
    since: Cell<Instant>,
    /// When a byte was last received or sent.
    last_byte: Cell<Instant>,
}

impl Activity {
    /// A connection that was just made.
    pub fn new() -> Activity {
        let now = Instant::now();
        Activity {
            phase: Cell::new(Phase::Head),
            since: Cell::new(now),
            last_byte: Cell::new(now),
        }
    }

    /// Begins a phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(Instant::now());
    }

    /// Bytes were received.
    pub fn received(&self) {
        self.last_byte.set(Instant::now());
        if self.phase.get() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Bytes were sent.
    pub fn sent(&self) {
        self.last_byte.set(Instant::now());
    }

    /// All that was to be sent was sent.
    pub fn flushed(&self) {
        if self.phase.get() == Phase::Reply {
            self.enter(Phase::Idle);
        }
    }

    /// Since when the client has kept us waiting; `None` if it waits for us.
    pub fn idle_since(&self) -> Option<Instant> {
        (self.phase.get() != Phase::Answer).then(|| self.last_byte.get())
    }

    /// Whether the client has taken too long.
    pub fn is_overdue(&self, now: Instant) -> bool {
        let limit = self.phase.get().limit();
        limit.is_some_and(|limit| now.duration_since(self.since.get()) > limit)
    }
}
