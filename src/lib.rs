//! Candle Studio: train small image classifiers, watch them learn, and test them on drawings.
//!
//! The rooms, in reading order. Each uses only rooms above it in this list (ARCHITECTURE.md has the
//! diagram, and a test checks the `use` lines against it).
//!
//! * [`random`]: random numbers from one seed, in separate streams.
//! * [`signals`]: Ctrl-C and other termination signals.
//! * [`text`]: counts, shares, durations, bytes and sentences as text.
//! * [`files`]: atomic writes, complete or not at all; reading from folders that may hold anything;
//!   hand-written texts and their errors.
//! * [`stats`]: mean, median, quantile, argmax, and what else is computed of a list of numbers.
//! * [`data`]: files in, batches out: IDX, datasets, splits, batches, sketches.
//! * [`kernels`]: fast CPU operations with their gradients, as candle custom ops.
//! * `onnx`: the messages that ONNX files consist of.
//! * [`model`]: images in, logits out: layers as data, presets, initialization, model files.
//! * [`import`]: models from elsewhere: files of other programs, recognized by their content.
//! * [`evaluate`]: how good a model is, and where it is wrong.
//! * [`train`]: training: configuration, optimizers, the loop, control, events.
//! * [`predict`]: the class of one image, at once.
//! * [`explain`]: why a network answers as it does: maps of the pixels that count.
//! * [`embed`]: what a layer makes of images: embeddings, nearest neighbors, maps in the plane.
//! * [`runs`]: the record of runs: folders, workspace, tables.
//! * [`picture`]: networks and curves as pictures: SVG and PNG.
//! * [`compare`]: which run is better, and is the difference significant?
//! * [`report`]: a report about a model, as one page.
//! * [`export`]: runs for other programs: tables, event files for TensorBoard.
//! * [`sweep`]: many runs with different settings, to find the best.
//! * `serve`: models as a service over HTTP (feature `serve`).
//! * [`studio`]: the app without a window: actions in, view state out.
//! * [`cli`]: the command line, one file per command.
//! * `ui`: the window (feature `gui`).

// A doc comment at a module's declaration would come first in its documentation, and links in the
// module's own docs would be resolved here instead of there.
pub mod random;

pub mod signals;

pub mod text;

pub mod files;

pub mod stats;

pub mod data;

pub mod kernels;

mod onnx;

pub mod model;

pub mod import;

pub mod evaluate;

pub mod train;

pub mod predict;

pub mod explain;

pub mod embed;

pub mod runs;

pub mod picture;

pub mod compare;

pub mod export;

pub mod report;

pub mod sweep;

#[cfg(feature = "serve")]
pub mod serve;

pub mod studio;

pub mod cli;

#[cfg(feature = "gui")]
pub mod ui;
