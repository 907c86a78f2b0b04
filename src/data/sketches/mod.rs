//! Labeled sketches: what the user drew, with the class it shows.
//!
//! They are a dataset of their own: PNG files with a `metadata.jsonl` in the folder `sketches` of a
//! workspace, which `--data` reads like any folder of pictures. Every run is also measured on those
//! that show one of its classes, see [`SharedSketches`].

mod examples;
mod file;
mod gap;
mod mixed;
mod purge;
mod row;
mod shared;
mod sketch;

pub use examples::{MIN_EXAMPLES, examples};
pub use file::{FoundSketches, SketchFolder};
pub use gap::{InkMean, SketchGap};
pub use mixed::{MixedSketches, trained_sketches, unseen_sketches, with_sketches};
pub use shared::{SharedSketches, image_set};
pub use sketch::Sketch;
