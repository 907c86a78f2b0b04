//! Answers.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::failure::Failure;
use super::limits::RETRY_SECS;

pub(super) const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain";
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const BINARY: &str = "application/octet-stream";

/// Where the JSON of an answer ends and its tensors begin, as Triton says it.
const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// An answer before it is sent.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        Reply {
            status,
            content_type,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// 200 without a body.
    pub fn empty() -> Reply {
        Reply::new(StatusCode::OK, TEXT, "")
    }

    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
        Reply::new(StatusCode::OK, content_type, body)
    }

    /// # Errors
    /// When the value has no JSON form.
    pub fn json(value: &impl Serialize) -> Result<Reply, Failure> {
        let body = serde_json::to_vec(value).map_err(|_error| Failure::internal())?;
        Ok(Reply::ok(JSON, body))
    }

    /// JSON with the bytes of tensors after it.
    pub fn binary(mut json: Vec<u8>, tensors: &[u8]) -> Reply {
        let n = json.len();
        json.extend_from_slice(tensors);
        Reply::ok(BINARY, json).with(HEADER_LENGTH, HeaderValue::from(n))
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// An address that does not exist, in the words and with the type of Triton.
    pub fn unknown_address() -> Reply {
        Reply::new(StatusCode::NOT_FOUND, TEXT, r#"{"error":"Not Found"}"#)
    }

    /// A model that is not loaded, as Triton answers.
    pub fn not_ready() -> Reply {
        let body = r#"{"error":"Model version not ready"}"#;
        Reply::new(StatusCode::BAD_REQUEST, TEXT, body)
    }

    /// A method that is not for this address. As Triton answers, with what is allowed.
    pub fn not_allowed(allowed: &'static str) -> Reply {
        let body = r#"{"error":"Method Not Allowed"}"#;
        Reply::new(StatusCode::METHOD_NOT_ALLOWED, TEXT, body)
            .with(ALLOW, HeaderValue::from_static(allowed))
    }

    /// The answer as HTTP.
    pub fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Reply {
        let body = serde_json::json!({ "error": failure.message }).to_string();
        let reply = Reply::new(failure.status, JSON, body);
        match failure.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                reply.with(RETRY_AFTER, HeaderValue::from_static(RETRY_SECS))
            }
            StatusCode::UNAUTHORIZED => {
                reply.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => reply,
        }
    }
}
