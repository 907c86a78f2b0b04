//! What a network makes of inputs that are ready.

use candle_core::{Device, Result, Tensor};

use crate::kernels;
use crate::model::{Classifier, Mode, probabilities};

/// The output of a network for some images. The row of an image has the same bits whatever other
/// images were in the batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    /// `[n, classes]`, as the network computed them.
    pub logits: Vec<f32>,
    /// `[n, classes]`, at the model's temperature; each row sums to 1.
    pub probabilities: Vec<f32>,
}

/// Runs the network on inputs: `values` is `[n, channels, height, width]`, from 0 to 1.
///
/// # Errors
/// When candle cannot run the network, or `values` are not whole images.
pub fn outputs(classifier: &Classifier, values: Vec<f32>) -> Result<Outputs> {
    let [channels, height, width] = classifier.network.spec().input;
    let n = values.len() / (channels * height * width).max(1);
    let images = Tensor::from_vec(values, (n, channels, height, width), &Device::Cpu)?;
    let forward = || classifier.network.forward(&images, Mode::Eval);
    let logits = kernels::each_alone(n, forward)?;
    let temperature = classifier.provenance.temperature;
    Ok(Outputs {
        probabilities: probabilities(&logits, temperature)?
            .flatten_all()?
            .to_vec1()?,
        logits: logits.flatten_all()?.to_vec1()?,
    })
}
