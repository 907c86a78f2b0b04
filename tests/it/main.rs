#![allow(
    missing_docs,
    clippy::iter_over_hash_type,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test fails by panicking, prints what it measured, and tells a whole story"
)]
//! The integration tests, in one binary: each further one would link 120 MB.

#[cfg(feature = "gui")]
mod active_window;
#[cfg(feature = "gui")]
mod attention;
mod canvas;
mod cli;
#[cfg(feature = "gui")]
mod compare_window;
#[cfg(feature = "gui")]
mod control_pictures;
#[cfg(feature = "gui")]
mod control_window;
mod corpus;
#[cfg(feature = "gui")]
mod curves;
mod data;
#[cfg(feature = "gui")]
mod data_window;
#[cfg(feature = "gui")]
mod deploy_window;
mod dropout2d;
#[cfg(feature = "gui")]
mod dropped;
#[cfg(feature = "gui")]
mod editor;
mod embed;
#[cfg(feature = "gui")]
mod embeddings_window;
#[cfg(feature = "gui")]
mod evaluate_window;
mod explain;
#[cfg(feature = "gui")]
mod explain_views;
#[cfg(feature = "gui")]
mod explain_window;
mod fine_tune;
#[cfg(feature = "gui")]
mod fine_tune_window;
mod guard;
#[cfg(feature = "gui")]
mod help;
mod house;
#[cfg(feature = "gui")]
mod idle_window;
mod import;
mod layers;
#[cfg(feature = "gui")]
mod layers_window;
mod learning;
mod look;
#[cfg(feature = "gui")]
mod many_runs;
mod model_files;
#[cfg(feature = "gui")]
mod pen_window;
#[cfg(feature = "gui")]
mod pictures_window;
#[cfg(feature = "gui")]
mod places;
mod private;
mod released;
mod resume;
mod resume_matrix;
mod run_folder;
#[cfg(feature = "gui")]
mod runs_window;
#[cfg(feature = "gui")]
mod screenshots;
#[cfg(feature = "serve")]
mod serve;
#[cfg(feature = "gui")]
mod session;
#[cfg(feature = "gui")]
mod settings_window;
mod sketch_share;
mod sketches;
#[cfg(feature = "gui")]
mod sketches_window;
mod small_digits;
mod studio;
mod support;
mod sweep;
#[cfg(feature = "gui")]
mod sweep_window;
mod teach;
#[cfg(feature = "gui")]
mod teach_window;
mod timeline;
#[cfg(all(feature = "gui", feature = "mlflow"))]
mod tracking_window;
#[cfg(feature = "gui")]
mod typed_numbers;
#[cfg(feature = "gui")]
mod ui;
#[cfg(feature = "gui")]
mod view_commands;
mod workspace;
