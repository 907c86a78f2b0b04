//! Why a service does not start.

use std::io;
use std::net::SocketAddr;

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A model cannot be served.
    #[error("{0}")]
    Model(String),
    /// Two models have the same name without having been given it.
    #[error(
        "two models are named {0}: give one another name with NAME=FILE, or make them versions of \
         one model by giving both the same"
    )]
    SameName(String),
    /// A name that no address can have.
    #[error("expected a model's name without / \\ \" and control characters, found {0:?}")]
    Name(String),
    /// The address cannot be listened on.
    #[error("could not listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        reason: io::Error,
    },
    /// An address that others can reach, without a token.
    #[error(
        "expected a token for {0}, which other machines can reach: name a file with --token-file, \
         it is made if it is not there"
    )]
    NoToken(SocketAddr),
    /// The file with the token is no use.
    #[error("{path}: {reason}")]
    Token {
        /// The file.
        path: String,
        /// What was expected and found.
        reason: String,
    },
    /// The certificate or its key is no use.
    #[error("{path}: {reason}")]
    Tls {
        /// The file.
        path: String,
        /// What was expected and found.
        reason: String,
    },
    /// A thread or the runtime cannot be started.
    #[error("could not start a thread: {0}")]
    Thread(#[from] io::Error),
}
