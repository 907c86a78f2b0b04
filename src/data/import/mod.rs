//! Datasets from other programs and from folders of pictures.
//!
//! A reader makes a [`Source`] of a path: classes, items with their labels and splits, and what it
//! refused. [`Source::import`] makes a [`Dataset`](super::Dataset) of it by an [`ImportRecipe`].
//! What a path holds is recognized by content: folders, ZIP and tar archives are all a `Tree` of
//! named files, which is read as streams and never extracted.

mod arrays;
mod build;
mod cifar;
mod classes;
mod csv_file;
mod detect;
mod duplicates;
mod folders;
mod idx_files;
mod idx_name;
mod limits;
mod made;
mod metadata;
mod npy;
#[cfg(feature = "parquet")]
mod parquet_file;
#[cfg(feature = "parquet")]
mod parquet_rows;
mod pictures;
mod pictures_made;
mod preview;
mod progress;
mod recipe;
mod source;
mod split;
mod tar_file;
mod tree;
mod tree_files;
mod zip_file;

pub use build::Imported;
pub use duplicates::SourceDuplicates;
pub use preview::Preview;
pub use progress::ImportProgress;
pub use recipe::{ClassChoice, ImportRecipe, SIDES};
pub use source::{Item, Part, Source, SourceFile};
pub use tree::Refused;
