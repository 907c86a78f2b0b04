//! Changes of labels, and images that are left out: an append-only log per dataset, whose source
//! stays as it is.

mod log;
mod state;

pub use log::EditLog;
pub use state::{Edit, Edits};
