//! Models as a service: the Open Inference Protocol v2 over HTTP, and a page to draw on.
//!
//! [`Server::start`] loads the models and listens. One thread does everything about the network, in
//! tasks that share their state without locks: it accepts connections within limits
//! ([`MAX_CONNECTIONS`]), reads requests, checks who asks, and answers. What it is asked about
//! images goes through a bounded queue to the thread that runs the networks, which takes as many as
//! wait, up to [`MAX_BATCH`]: the answer to an image does not depend on the others. A third thread
//! reads model files again that have changed.
//!
//! ```text
//! connection ─► access ─► route ─► body ─► protocol ─► queue ─► inference
//!                                             ▲                     │
//!                                             └────── outputs ──────┘
//! ```

mod access;
mod activity;
mod body;
mod connections;
mod error;
mod failure;
mod infer;
mod inference;
mod limits;
mod log;
mod metrics;
mod models;
mod options;
mod pages;
mod protocol;
mod queue;
mod reply;
mod route;
mod server;
mod service;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod token;
mod traffic;

pub use error::ServeError;
pub use limits::{MAX_BATCH, MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_WAITING};
pub use log::Tell;
pub use models::ModelSource;
pub use options::Options;
pub use server::{Server, Stop};
#[cfg(feature = "tls")]
pub use tls::Tls;
pub use token::Token;
pub use traffic::{Answered, MAX_PICTURES, Second, TRAFFIC_SECONDS, Traffic};
