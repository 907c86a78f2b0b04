//! Images in, logits out.
//!
//! A network is described by plain data ([`ModelSpec`]), checked by shape inference
//! ([`ModelSpec::check`]), initialized from a seed and run by [`Network`], and saved in a
//! self-describing file ([`Classifier`]).

mod batch_of_one;
mod checksum;
mod classifier;
mod description;
mod file;
mod frozen;
mod init;
mod int8;
mod layers;
pub(crate) mod limits;
mod names;
mod network;
mod param;
mod presets;
mod probabilities;
mod report;
mod shape;
mod spec;
mod tail;
mod tapped;
mod tensor_file;
mod tensor_writer;
mod text;

pub use classifier::{Classifier, Provenance, class_name};
pub(crate) use description::Description;
pub use description::FORMAT_VERSION;
pub use file::ModelFileError;
pub(crate) use file::{MAX_FILE_BYTES, checked_shapes};
pub use frozen::Groups;
pub use init::Init;
pub(crate) use int8::{ByteWeights, Grid, Int8};
pub(crate) use layers::EPSILON as NORM_EPSILON;
pub use layers::{
    AvgPool2d, Conv2d, Dense, Dropout, Dropout2d, Gru, LayerField, LayerValue, LeakyRelu, Lstm,
    MaxPool2d, PatchEmbedding, Residual, Rnn, TokenChoice, TokenPool, TransformerEncoder,
};
pub use names::{LayerName, NoSuchLayer};
pub use network::{Mode, Network};
pub use param::{Param, ParamKind, ParamShape, WeightLayout};
pub use presets::{PRESETS, Preset, preset};
pub use probabilities::{TEMPERATURES, probabilities, scale_logits};
pub use report::{LayerReport, SpecReport};
pub use shape::{Shape, ShapeError};
pub use spec::{Layer, ModelSpec};
pub(crate) use tapped::LayerTensors;
pub(crate) use tensor_file::{TensorFile, TensorFileError, TensorHeader};
pub(crate) use tensor_writer::TensorWriter;
pub use text::{LayersText, TextError, read_layers, write_layers};
