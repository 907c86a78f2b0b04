//! From a picture or a sketch to the input of a network, the way the training images were made.

mod centered;
mod frame;
mod input;
mod measure;
pub mod objects;
mod placed;
mod spec;

pub use input::InputImage;
pub use objects::Object;
pub use spec::{Framing, Recipe};
