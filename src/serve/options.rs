//! How a service is offered.

use std::net::SocketAddr;

use super::error::ServeError;
use super::token::Token;

/// How a service is offered.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What a client has to show; needed unless only this machine can reach the address.
    pub token: Option<Token>,
    /// The certificate, if connections are encrypted.
    #[cfg(feature = "tls")]
    pub tls: Option<super::tls::Tls>,
    /// Host names that requests may name besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Origins whose pages may ask, such as `https://example.org`.
    pub origins: Vec<String>,
    /// Whether every request is told.
    pub log_requests: bool,
    /// Threads that run the networks.
    pub n_threads: usize,
}

impl Options {
    /// A service for this machine alone, at `listen`.
    pub fn new(listen: SocketAddr) -> Options {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        Options {
            listen,
            token: None,
            #[cfg(feature = "tls")]
            tls: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            log_requests: false,
            // One is for the network and the requests.
            n_threads: n_cores.saturating_sub(1).max(1),
        }
    }

    /// What its addresses begin with.
    pub fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return "https";
        }
        "http"
    }

    /// # Errors
    /// When others can reach the address, and no token is needed.
    pub(super) fn check(&self) -> Result<(), ServeError> {
        match self.token {
            None if !self.listen.ip().is_loopback() => Err(ServeError::NoToken(self.listen)),
            _ => Ok(()),
        }
    }
}
