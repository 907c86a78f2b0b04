#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
//! The integration tests, in one binary: each further one would link 120 MB.

mod cli;
mod data;
mod house;
mod learning;
mod model_files;
mod resume;
mod run_folder;
mod studio;
mod tiny;
#[cfg(feature = "gui")]
mod ui;
#[cfg(feature = "gui")]
mod window;
