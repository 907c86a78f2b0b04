//! Who may ask.

use std::net::IpAddr;

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, StatusCode, Uri};

use super::failure::Failure;
use super::options::Options;
use super::reply::{Reply, TEXT};

/// Checks the host, the origin and the token of requests.
#[derive(Debug)]
pub(super) struct Access {
    options: Options,
}

impl Access {
    pub fn new(options: Options) -> Access {
        Access { options }
    }

    /// Checks that the request names this service, and that no page of a stranger made a browser
    /// send it.
    ///
    /// # Errors
    /// 400, 403 or 421.
    pub fn check_source<B>(&self, request: &Request<B>) -> Result<(), Failure> {
        let host = host(request)?;
        if !self.serves_host(name_of(host)) {
            let message = "this host name is not served; --allow-host names further ones";
            return Err(Failure::new(StatusCode::MISDIRECTED_REQUEST, message));
        }
        match request.headers().get(ORIGIN) {
            Some(origin) if !self.allows(origin) && !is_of(origin, host) => {
                let message =
                    "pages of this origin may not ask; --allow-origin names those that may";
                Err(Failure::new(StatusCode::FORBIDDEN, message))
            }
            _ => Ok(()),
        }
    }

    /// The certificate, if connections are encrypted.
    #[cfg(feature = "tls")]
    pub fn tls(&self) -> Option<&super::tls::Tls> {
        self.options.tls.as_ref()
    }

    /// Whether a token is needed.
    pub fn has_token(&self) -> bool {
        self.options.token.is_some()
    }

    /// # Errors
    /// 401.
    pub fn check_token(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(token) = &self.options.token else {
            return Ok(());
        };
        let shown = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let shown = shown.and_then(|value| value.strip_prefix(b"Bearer "));
        match shown {
            Some(shown) if token.is(shown) => Ok(()),
            _ => Err(Failure::new(
                StatusCode::UNAUTHORIZED,
                "expected the service's token in the header Authorization: Bearer",
            )),
        }
    }

    /// What a browser wants to know before its page of another origin may ask.
    pub fn preflight<B>(&self, request: &Request<B>) -> Option<Reply> {
        let origin = request.headers().get(ORIGIN)?;
        let is_preflight = request.method() == Method::OPTIONS && self.allows(origin);
        let value = HeaderValue::from_static;
        is_preflight.then(|| {
            let allowed = "Authorization, Content-Type, Inference-Header-Content-Length";
            Reply::new(StatusCode::NO_CONTENT, TEXT, "")
                .with(ACCESS_CONTROL_ALLOW_METHODS, value("GET, POST"))
                .with(ACCESS_CONTROL_ALLOW_HEADERS, value(allowed))
        })
    }

    /// The headers by which a browser shows an answer to a page of another origin.
    pub fn headers<B>(&self, request: &Request<B>) -> Vec<(HeaderName, HeaderValue)> {
        let origin = request.headers().get(ORIGIN);
        match origin.filter(|origin| self.allows(origin)) {
            Some(origin) => vec![
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
                (VARY, HeaderValue::from_static("Origin")),
            ],
            None => Vec::new(),
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let origins = &self.options.origins;
        origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }

    /// A name leads to any address its owner wants, also to this one (DNS rebinding); a number
    /// leads only to itself.
    fn serves_host(&self, name: &str) -> bool {
        let number = name.trim_start_matches('[').trim_end_matches(']');
        let is_number = number
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || !self.options.listen.ip().is_loopback());
        let is_name = |other: &str| name.eq_ignore_ascii_case(other);
        is_number || is_name("localhost") || self.options.hosts.iter().any(|host| is_name(host))
    }
}

/// The host and port that the request names.
fn host<B>(request: &Request<B>) -> Result<&str, Failure> {
    let of_uri = Uri::host(request.uri())
        .and(request.uri().authority())
        .map(|a| a.as_str());
    let of_header = || {
        let mut all = request.headers().get_all(HOST).iter();
        let host = all.next()?.to_str().ok()?;
        all.next().is_none().then_some(host)
    };
    let host = of_uri.or_else(of_header);
    host.ok_or_else(|| Failure::bad_request("expected one header Host"))
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether an origin is the service itself, at `host`.
fn is_of(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let of_scheme = |scheme| origin.strip_prefix(scheme);
    let authority = of_scheme("http://").or_else(|| of_scheme("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(listen: &str) -> Access {
        Access::new(Options {
            hosts: vec!["studio.example".to_owned()],
            origins: vec!["https://friend.example".to_owned()],
            ..Options::new(listen.parse().unwrap())
        })
    }

    fn status(access: &Access, host: &str, origin: Option<&str>) -> u16 {
        let mut request = Request::builder().header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let result = access.check_source(&request.body(()).unwrap());
        result.map_or_else(|failure| failure.status.as_u16(), |()| 200)
    }

    #[test]
    fn only_names_that_lead_here_are_served() {
        let here = access("127.0.0.1:8000");
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:9",
            "[::1]:8000",
            "studio.example",
        ] {
            assert_eq!(status(&here, host, None), 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8000",
            "192.168.0.2",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert_eq!(status(&here, host, None), 421, "{host}");
        }
        let everywhere = access("0.0.0.0:8000");
        assert_eq!(status(&everywhere, "192.168.0.2:8000", None), 200);
        assert_eq!(status(&everywhere, "evil.example:8000", None), 421);
    }

    #[test]
    fn pages_of_strangers_may_not_ask() {
        let here = access("127.0.0.1:8000");
        let of = |origin| status(&here, "127.0.0.1:8000", Some(origin));
        assert_eq!(of("http://127.0.0.1:8000"), 200);
        assert_eq!(of("https://friend.example"), 200);
        for origin in [
            "https://evil.example",
            "null",
            "http://127.0.0.1:8001",
            "127.0.0.1:8000",
        ] {
            assert_eq!(of(origin), 403, "{origin}");
        }
    }
}
