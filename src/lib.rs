//! Candle Studio: train small image classifiers, watch them learn, and try them by hand.
//!
//! The rooms, in reading order. Each uses only rooms above it in this list (ARCHITECTURE.md has
//! the picture, and a test holds the `use` lines against it).
//!
//! * [`random`]: one seed, separate streams.
//! * [`signals`]: being asked to end, from outside.
//! * [`files`]: whole files written atomically, complete or not at all.
//! * [`data`]: files in, batches out: IDX, datasets, splits, batches, sketches.
//! * [`kernels`]: CPU operations made fast, with their gradients, as candle custom ops.
//! * [`model`]: images in, logits out: layers as data, presets, initialization, model files.
//! * [`train`]: a model gets better: configuration, optimizers, the loop, control, events.
//! * [`predict`]: one image, now.
//! * [`evaluate`]: how good, and wrong where.
//! * [`runs`]: what happened: the run folder.
//! * [`picture`]: networks as pictures: SVG.
//! * [`compare`]: which is better, and is that sure?
//! * [`export`]: runs for other programs: tables, event files of TensorBoard.
//! * [`sweep`]: many runs with different settings, to find the best.
//! * [`studio`]: the app without a window: actions in, view state out.
//! * [`cli`]: the command line front end, one file per command.
//! * `ui`: the window front end, with the feature `gui`.

// A sentence at a module's declaration would come first in its documentation, and then links in
// the module's own words would be looked up here instead of there.
pub mod random;

pub mod signals;

pub mod files;

pub mod data;

pub mod kernels;

pub mod model;

pub mod train;

pub mod predict;

pub mod evaluate;

pub mod runs;

pub mod picture;

pub mod compare;

pub mod export;

pub mod sweep;

pub mod studio;

pub mod cli;

#[cfg(feature = "gui")]
pub mod ui;
