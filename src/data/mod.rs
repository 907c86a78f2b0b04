//! Files in, batches out.
//!
//! [`Dataset`] is what training reads: MNIST from inside the program, or a folder of IDX files.
//! [`stratified_split`], [`shuffled`] and [`ImageSet::batch`] turn it into tensors. A picture from
//! outside takes the other road: [`read_image_file`], then [`centre_sketch`], as the canvas does.
//!
//! Nothing in here knows a model.

pub mod batches;
pub mod dataset;
pub mod error;
pub mod folder;
pub mod idx;
pub mod split;

pub use batches::{Batch, shuffled};
pub use dataset::{Dataset, ImageSet};
pub use error::DataError;
pub use split::{Split, stratified_split};
