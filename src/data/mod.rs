//! Files in, batches out.
//!
//! [`Dataset`] is what training reads: the built-in MNIST, or a folder of IDX files.
//! [`stratified_split`], [`shuffled`] and [`ImageSet::batch`] turn it into tensors. A picture is
//! read by [`read_image_file`], then preprocessed by [`center_sketch`] like a sketch.
//!
//! Nothing in here depends on a model.

pub mod augment;
pub mod batches;
pub mod dataset;
pub mod error;
pub mod folder;
pub mod foreign;
pub mod idx;
mod ink;
mod resample;
pub mod sketch;
pub mod split;

pub use augment::{Augment, AugmentKind};
pub use batches::{Batch, shuffled, unit_values};
pub use dataset::{Dataset, ImageSet};
pub use error::DataError;
pub use foreign::{read_image_bytes, read_image_file};
pub use sketch::{GrayImage, center_sketch};
pub use split::{Split, stratified_split};
