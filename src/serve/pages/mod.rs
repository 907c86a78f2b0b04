//! What people see: the page to draw on, and the description of the service.

mod openapi;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use rand::TryRngCore as _;
use rand::rngs::OsRng;

use super::failure::Failure;
use super::reply::{HTML, Reply};

pub(super) use openapi::openapi;

const PAGE: &str = include_str!("page.html");
const DOCS: &str = include_str!("docs.html");

/// Where a page has the number that marks its own style and script.
const NONCE: &str = "@NONCE@";

/// The page to draw on. It loads nothing, and runs no script but its own.
///
/// # Errors
/// When the system has no random numbers.
pub(super) fn page() -> Result<Reply, Failure> {
    html(PAGE)
}

/// The description of the service for people.
///
/// # Errors
/// As [`page`].
pub(super) fn docs() -> Result<Reply, Failure> {
    html(DOCS)
}

fn html(text: &str) -> Result<Reply, Failure> {
    let mut bytes = [0; 16];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_error| Failure::internal())?;
    let nonce = STANDARD.encode(bytes);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|_error| Failure::internal())?;
    let none = HeaderValue::from_static("no-referrer");
    Ok(Reply::ok(HTML, text.replace(NONCE, &nonce))
        .with(CONTENT_SECURITY_POLICY, policy)
        .with(REFERRER_POLICY, none))
}
