//! Images in, logits out.
//!
//! A network is described by plain data ([`ModelSpec`]), checked by shape inference
//! ([`ModelSpec::check`]), initialized from a seed and run by [`Network`], and saved in a
//! self-describing file ([`Classifier`]).

mod classifier;
mod detail;
mod fields;
mod file;
mod init;
mod layers;
pub(crate) mod limits;
mod memory;
mod network;
mod param;
mod presets;
mod shape;
mod spec;
mod tensor_file;
mod text;
mod words;

pub use classifier::{Classifier, Provenance};
pub use fields::{LayerField, LayerValue};
pub use file::{FORMAT_VERSION, ModelFileError};
pub use init::Init;
pub use network::{Mode, Network};
pub use param::{Param, ParamKind, ParamShape, WeightLayout};
pub use presets::{PRESETS, Preset, preset};
pub use shape::{LayerReport, Shape, ShapeError, SpecReport};
pub use spec::{Layer, ModelSpec, TokenChoice};
pub(crate) use tensor_file::{TensorFile, TensorFileError, TensorHeader};
pub use text::{LayersText, TextError, read_layers, write_layers};
