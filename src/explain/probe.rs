//! A network asked about variants of one image: their values and their gradients, in batches.

use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::{Device, Tensor, Var};

use super::error::ExplainError;
use super::target::{Target, explained};
use crate::kernels;
use crate::model::{Mode, Network};

/// Most variants in one batch.
const MAX_BATCH: usize = 128;

/// Most bytes that a batch may hold for its backward pass: on two cores it is done, and a
/// cancellation noticed, within about a tenth of a second.
const BATCH_BYTES: u64 = 64 << 20;

/// One image, and the output of the network that is explained.
pub(super) struct Probe<'a> {
    network: &'a Network,
    pub input: &'a [f32],
    /// The class whose logit is explained.
    pub class: usize,
    /// The class whose logit is subtracted.
    pub against: Option<usize>,
    /// What is explained.
    pub value: f32,
    cancel: &'a AtomicBool,
}

impl<'a> Probe<'a> {
    pub fn new(
        network: &'a Network,
        input: &'a [f32],
        target: Target,
        cancel: &'a AtomicBool,
    ) -> Result<Probe<'a>, ExplainError> {
        let image = single(network, input)?;
        let logits = network.forward(&image, Mode::Eval)?;
        let logits: Vec<f32> = logits.flatten_all()?.to_vec1()?;
        let class = target.class(&logits)?;
        let against = target.against;
        Ok(Probe {
            network,
            input,
            class,
            against,
            value: logits[class] - against.map_or(0.0, |against| logits[against]),
            cancel,
        })
    }

    /// Channels, height and width of the input.
    pub fn shape(&self) -> [usize; 3] {
        self.network.spec().input
    }

    /// The network, unless the work was canceled.
    pub fn network(&self) -> Result<&'a Network, ExplainError> {
        go_on(self.cancel)?;
        Ok(self.network)
    }

    /// The image as a batch of one.
    pub fn image(&self) -> candle_core::Result<Tensor> {
        images(self.input.to_vec(), self.shape())
    }

    /// The explained value of each image, `[n, 1]`, of its logits.
    pub fn explained(&self, logits: &Tensor) -> candle_core::Result<Tensor> {
        explained(logits, self.class, self.against)
    }

    /// The gradient at the image.
    pub fn gradient(&self) -> Result<Vec<f32>, ExplainError> {
        self.gradients(self.input.to_vec())
    }

    /// The gradient at each of `pixels`' images, one after another.
    fn gradients(&self, pixels: Vec<f32>) -> Result<Vec<f32>, ExplainError> {
        let network = self.network()?;
        let images = Var::from_tensor(&images(pixels, self.shape())?)?;
        // The fused operations: convolutions and dense layers know whether their input is a
        // variable, and compute its gradient too if so. The weights are none here.
        let forward = || self.explained(&network.forward(images.as_tensor(), Mode::Eval)?);
        let (_, gradients) = kernels::gradients(forward)?;
        match gradients.get(images.as_tensor()) {
            Some(gradient) => Ok(gradient.flatten_all()?.to_vec1()?),
            None => Ok(vec![0.0; images.elem_count()]),
        }
    }

    /// The explained value of each of `pixels`' images.
    fn values(&self, pixels: Vec<f32>) -> Result<Vec<f32>, ExplainError> {
        let logits = logits(self.network, pixels, self.cancel)?;
        Ok(self.explained(&logits)?.flatten_all()?.to_vec1()?)
    }

    /// Calls `each(idx, gradient)` for `n` variants of the image, which `change(idx, variant)` makes
    /// of copies of it.
    pub fn each_gradient(
        &self,
        n: usize,
        change: impl Fn(usize, &mut [f32]),
        mut each: impl FnMut(usize, &[f32]),
    ) -> Result<(), ExplainError> {
        self.batches(n, change, |first, pixels| {
            let gradients = self.gradients(pixels)?;
            let gradients = gradients.chunks_exact(self.input.len());
            gradients
                .enumerate()
                .for_each(|(idx, gradient)| each(first + idx, gradient));
            Ok(())
        })
    }

    /// Calls `each(idx, value)` for `n` variants of the image, see [`Probe::each_gradient`].
    pub fn each_value(
        &self,
        n: usize,
        change: impl Fn(usize, &mut [f32]),
        mut each: impl FnMut(usize, f32),
    ) -> Result<(), ExplainError> {
        self.batches(n, change, |first, pixels| {
            let values = self.values(pixels)?.into_iter().enumerate();
            values.for_each(|(idx, value)| each(first + idx, value));
            Ok(())
        })
    }

    /// Calls `batch(index of the first, images)` for all variants.
    fn batches(
        &self,
        n: usize,
        change: impl Fn(usize, &mut [f32]),
        mut batch: impl FnMut(usize, Vec<f32>) -> Result<(), ExplainError>,
    ) -> Result<(), ExplainError> {
        let size = batch_size(self.network);
        for first in (0..n).step_by(size) {
            let n = size.min(n - first);
            let mut pixels = self.input.repeat(n);
            let variants = pixels.chunks_exact_mut(self.input.len());
            variants
                .enumerate()
                .for_each(|(idx, variant)| change(first + idx, variant));
            batch(first, pixels)?;
        }
        Ok(())
    }
}

/// Variants per batch: a function of the network alone, because bits may depend on it.
pub(super) fn batch_size(network: &Network) -> usize {
    let Ok(report) = network.spec().report() else {
        return 1;
    };
    let of = |n| report.training_bytes(n, 0);
    let per_image = of(1).saturating_sub(of(0)).max(1);
    (BATCH_BYTES / per_image).clamp(1, MAX_BATCH as u64) as usize
}

/// Whether an input of `found` values fits.
pub(super) fn check(network: &Network, found: usize) -> Result<(), ExplainError> {
    let expected = network.spec().input;
    match found == expected.iter().product::<usize>() {
        true => Ok(()),
        false => Err(ExplainError::Input { expected, found }),
    }
}

/// Whether the work was not canceled.
pub(super) fn go_on(cancel: &AtomicBool) -> Result<(), ExplainError> {
    match cancel.load(Ordering::Relaxed) {
        true => Err(ExplainError::Canceled),
        false => Ok(()),
    }
}

/// The logits `[n, classes]` of `pixels`' images, unless the work was canceled.
pub(super) fn logits(
    network: &Network,
    pixels: Vec<f32>,
    cancel: &AtomicBool,
) -> Result<Tensor, ExplainError> {
    go_on(cancel)?;
    let images = images(pixels, network.spec().input)?;
    Ok(network.forward(&images, Mode::Eval)?)
}

/// The input of a network as a batch of one.
pub(super) fn single(network: &Network, input: &[f32]) -> Result<Tensor, ExplainError> {
    check(network, input.len())?;
    Ok(images(input.to_vec(), network.spec().input)?)
}

/// Images of `[c, h, w]`, one after another, as a batch.
pub(super) fn images(pixels: Vec<f32>, [c, h, w]: [usize; 3]) -> candle_core::Result<Tensor> {
    let n = pixels.len() / (c * h * w).max(1);
    Tensor::from_vec(pixels, (n, c, h, w), &Device::Cpu)
}
