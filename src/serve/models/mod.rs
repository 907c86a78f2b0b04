//! The models that are served: what they were loaded from, what they answered so far, and whether
//! their files have changed.

mod loaded;
mod model;
mod repository;
mod stamp;
mod statistics;
mod watch;

pub(super) use loaded::Loaded;
pub(super) use model::Model;
pub use repository::ModelSource;
pub(super) use repository::Repository;
pub(super) use statistics::Timing;
pub(super) use watch::Watcher;
