//! Reading bodies, within limits.

use std::cell::Cell;
use std::rc::Rc;

use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::{Body as _, Bytes, Incoming};

use super::failure::Failure;
use super::limits::{MAX_BODIES_BYTES, MAX_BODY_BYTES};

/// How many bytes all bodies take together.
#[derive(Debug, Default)]
pub(super) struct Budget(Rc<Cell<usize>>);

/// The part of one body, which is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    total: Rc<Cell<usize>>,
    n: usize,
}

impl Budget {
    fn share(&self) -> Share {
        Share {
            total: self.0.clone(),
            n: 0,
        }
    }
}

impl Share {
    /// Makes the part at least `n` bytes.
    fn grow(&mut self, n: usize) -> Result<(), Failure> {
        let more = n.saturating_sub(self.n);
        if self.total.get() + more > MAX_BODIES_BYTES {
            return Err(Failure::busy("too many large requests at once"));
        }
        self.total.set(self.total.get() + more);
        self.n += more;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.total.set(self.total.get() - self.n);
    }
}

/// Reads a body.
///
/// # Errors
/// 413 when it is too large, 503 when all bodies are, 400 when it ends early.
pub(super) async fn read(mut body: Incoming, budget: &Budget) -> Result<(Bytes, Share), Failure> {
    let mut share = budget.share();
    let hint = body.size_hint();
    let expected = hint.exact().unwrap_or(hint.lower());
    if expected > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    share.grow(expected as usize)?;
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_error| Failure::bad_request("the body ended early"))?;
        let Ok(data) = frame.into_data() else {
            // Trailers say nothing here.
            continue;
        };
        let n_bytes = all.len() + data.len();
        if n_bytes > MAX_BODY_BYTES {
            return Err(too_large());
        }
        share.grow(n_bytes)?;
        if all.is_empty() && expected > 0 && n_bytes as u64 == expected {
            // The usual case: it came in one piece, and is not copied.
            return Ok((data, share));
        }
        all.extend_from_slice(&data);
    }
    Ok((all.into(), share))
}

fn too_large() -> Failure {
    let message = format!("expected a body of at most {MAX_BODY_BYTES} bytes, found more");
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}
