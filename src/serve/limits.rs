//! What one client, and all of them together, may take.

use std::time::Duration;

/// Most connections at once. At the limit, the one idle longest is closed for a new one.
pub const MAX_CONNECTIONS: usize = 256;

/// Most bytes of a request's head.
pub(super) const MAX_HEAD_BYTES: usize = 16 << 10;

/// Most bytes of a request's body.
pub const MAX_BODY_BYTES: usize = 16 << 20;

/// Most bytes of all bodies that are in memory at once.
pub(super) const MAX_BODIES_BYTES: usize = 64 << 20;

/// Most images in one request, and in one batch of several requests.
pub const MAX_BATCH: usize = 64;

/// Most images that wait for the network; further requests are refused.
pub const MAX_WAITING: usize = 512;

/// From accepting a connection, or from the first byte of a further request, to the end of its
/// head.
pub(super) const HEAD: Duration = Duration::from_secs(5);

/// From the end of an answer to the first byte of the next request.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// From the end of a request's head to the end of its body, and from the beginning of an answer to
/// its end.
pub(super) const BODY: Duration = Duration::from_secs(30);

/// Longest a request waits for the network.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// Longest the server waits for requests in progress when it stops.
pub(super) const DRAIN: Duration = Duration::from_secs(5);

/// Longest a client that has been refused while it sends is listened to.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// How often deadlines are checked.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// How often the files of models are looked at.
pub(super) const WATCH: Duration = Duration::from_millis(500);

/// Seconds after which a refused client may ask again.
pub(super) const RETRY_SECS: &str = "1";

/// Bodies up to this size are parsed at once; larger ones on another thread, as others wait.
pub(super) const SMALL_BODY_BYTES: usize = 64 << 10;
