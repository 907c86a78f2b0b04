//! Inputs with the outputs that belong to them, so that whoever runs a model elsewhere can tell
//! whether it gives the same numbers there.
//!
//! The images are noise: an export shows nobody's data.

use candle_core::{DType, Device, Tensor};
use rand::RngCore as _;

use super::ExportModelError;
use super::onnx::{INPUT, InputType, LOGITS, PROBABILITIES, TensorProto};
use crate::model::{Classifier, Mode, probabilities};
use crate::random::{Stream, rng};

/// The number of images of each set.
pub(super) const BATCHES: [usize; 3] = [1, 7, 64];

/// Images with what the model makes of them.
pub(super) struct TestData {
    /// Channels, height and width of an image.
    shape: [usize; 3],
    pixels: Vec<u8>,
    /// `[n, classes]`
    logits: Vec<f32>,
    /// `[n, classes]`
    probabilities: Vec<f32>,
    n_images: usize,
    n_classes: usize,
}

impl TestData {
    /// Runs the model on `n_images` of noise.
    ///
    /// # Errors
    /// When an output is NaN or infinite, or candle cannot run the network.
    pub fn new(classifier: &Classifier, n_images: usize) -> Result<TestData, ExportModelError> {
        let shape = classifier.network.spec().input;
        let [channels, height, width] = shape;
        let mut pixels = vec![0; n_images * channels * height * width];
        rng(0, Stream::TestData, n_images as u64, 0).fill_bytes(&mut pixels);
        let dims = (n_images, channels, height, width);
        let images = Tensor::from_slice(&pixels, dims, &Device::Cpu)?;
        let images = (images.to_dtype(DType::F32)? / 255.0)?;
        let logits = classifier.network.forward(&images, Mode::Eval)?;
        let probabilities = probabilities(&logits, classifier.provenance.temperature)?;
        let logits: Vec<f32> = logits.flatten_all()?.to_vec1()?;
        match logits.iter().find(|value| !value.is_finite()) {
            Some(&bad) => Err(ExportModelError::NotFinite(bad)),
            None => Ok(TestData {
                shape,
                pixels,
                logits,
                probabilities: probabilities.flatten_all()?.to_vec1()?,
                n_images,
                n_classes: classifier.network.spec().classes,
            }),
        }
    }

    /// The input as an ONNX tensor.
    pub fn input(&self, input: InputType) -> TensorProto {
        let [channels, height, width] = self.shape;
        let dims = [self.n_images, channels, height, width];
        match input {
            InputType::Uint8 => {
                TensorProto::raw(INPUT, input.data_type(), &dims, self.pixels.clone())
            }
            InputType::F32 => {
                let values: Vec<f32> = self.pixels.iter().map(|&p| f32::from(p) / 255.0).collect();
                TensorProto::floats(INPUT, &dims, &values)
            }
        }
    }

    /// The outputs as ONNX tensors, in the order of the graph.
    pub fn outputs(&self) -> [TensorProto; 2] {
        let dims = [self.n_images, self.n_classes];
        [
            TensorProto::floats(LOGITS, &dims, &self.logits),
            TensorProto::floats(PROBABILITIES, &dims, &self.probabilities),
        ]
    }
}
