//! Files in, batches out.
//!
//! [`Dataset`] is what training reads: the built-in MNIST, or a folder of IDX files.
//! [`stratified_split`], [`shuffled`] and [`ImageSet::batch`] turn it into tensors. A picture is
//! read by [`read_image_file`], and a [`Recipe`] makes the input of a network of it, or of a sketch,
//! the way the training images were made.
//!
//! Nothing in here depends on a model.

pub mod augment;
mod backdrop;
pub mod batches;
mod built_in;
pub mod dataset;
mod decoded_image;
pub mod edits;
pub mod error;
pub mod export;
pub mod folder;
mod hints;
mod identity;
pub mod idx;
pub mod image_file;
mod image_set;
pub mod import;
mod ink;
mod join;
mod labeled;
mod open;
mod poisson;
pub mod recipe;
mod resample;
pub mod sketch;
pub mod sketches;
pub mod split;
mod statistics;
pub mod store;
mod stored_image;

pub use augment::{Affine, Augment, AugmentKind};
pub use batches::{Batch, balanced, shuffled, unit_images, unit_values};
pub use built_in::BuiltIn;
pub use dataset::Dataset;
pub use decoded_image::DecodedImage;
pub use error::DataError;
pub use export::DataFormat;
pub(crate) use folder::has_idx_files;
pub use identity::{Duplicates, ImageRef};
pub use image_file::{PICTURE_ENDINGS, read_image, read_image_bytes, read_image_file};
pub use image_set::ImageSet;
pub use import::{ImportProgress, ImportRecipe, Imported, Preview, Source};
pub use join::MAX_JOINED_TEST;
pub use poisson::poisson_sample;
pub use recipe::{Framing, InputImage, Object, Recipe};
pub use sketch::{GrayImage, center_sketch};
pub use split::{Split, stratified_folds, stratified_split};
pub use statistics::{ClassLook, N_BINS, Statistics};
