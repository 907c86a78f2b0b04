//! Candle Studio: train small image classifiers, watch them learn, and try them by hand.
//!
//! The rooms, in reading order. Each uses only rooms above it in this list (ARCHITECTURE.md has
//! the picture, and a test holds the `use` lines against it).

/// Random numbers: one seed, separate streams.
pub mod random;

/// Whole files written atomically: complete or not at all.
pub mod files;

/// Files in, batches out: IDX, datasets, splits, batches, sketches.
pub mod data;

/// CPU operations made fast, with their gradients, as candle custom ops.
pub mod kernels;

/// Images in, logits out: layers as data, presets, initialisation, model files.
pub mod model;

/// A model gets better: configuration, optimisers, the loop, control, events.
pub mod train;

/// One image, now.
pub mod predict;

/// How good, and wrong where.
pub mod evaluate;

/// What happened: the run folder.
pub mod runs;

/// The app without a window: actions in, view state out.
pub mod studio;

/// The command line front end, one file per command.
pub mod cli;

/// The window front end.
#[cfg(feature = "gui")]
pub mod ui;
