//! Gradients of single images, clipped and summed: what private training learns from.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use super::gradient::square_sum;
use crate::kernels;
use crate::model::Param;

/// Values that are added by one thread at a time.
const CHUNK: usize = 1 << 14;

/// The gradients of a batch, each image's clipped by its norm over all parameters, and summed.
#[derive(Debug)]
pub(in crate::train) struct ClippedSum {
    /// One per trainable parameter, in their order; zeros for one that no loss depends on.
    pub gradients: Vec<Vec<f32>>,
    max_norm: f64,
}

/// Whether the optimizer updates the parameter.
pub(super) fn is_updated(param: &Param) -> bool {
    param.is_trainable() && !param.is_frozen
}

impl ClippedSum {
    /// The sum over no image.
    pub fn new(params: &[Param], max_norm: f64) -> ClippedSum {
        let updated = params.iter().filter(|p| is_updated(p));
        ClippedSum {
            gradients: updated.map(|p| vec![0.0; p.var.elem_count()]).collect(),
            max_norm,
        }
    }

    /// What the gradient of an image with this squared norm is multiplied by, so that its norm is at
    /// most the limit. An image whose gradient is not finite counts for nothing.
    pub fn factor(&self, squares: f64) -> f32 {
        match squares.is_finite() {
            // Opacus' guard against division by zero.
            true => (self.max_norm / (squares.sqrt() + 1e-6)).min(1.0) as f32,
            false => 0.0,
        }
    }

    /// Adds the gradients of `n` images at once; `forward` returns their mean loss. Returns that, or
    /// `None` if their network needs them one by one.
    ///
    /// # Errors
    /// When the forward or backward pass fails.
    pub fn add_batch(
        &mut self,
        params: &[Param],
        n: usize,
        forward: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Option<f64>> {
        let found = kernels::clipped_gradients(forward, n, |squares| self.factor(squares))?;
        let Some((loss, found)) = found else {
            return Ok(None);
        };
        let updated = params.iter().filter(|p| is_updated(p));
        for (sum, param) in self.gradients.iter_mut().zip(updated) {
            if let Some(values) = values_of(&found, param)? {
                sum.iter_mut().zip(values).for_each(|(s, g)| *s += g);
            }
        }
        Ok(Some(f64::from(loss.to_scalar::<f32>()?)))
    }

    /// Adds one image, whose loss `forward` returns; returns that.
    ///
    /// # Errors
    /// When the forward or backward pass fails.
    pub fn add(
        &mut self,
        params: &[Param],
        forward: impl FnOnce() -> Result<Tensor>,
    ) -> Result<f64> {
        let (loss, found) = kernels::gradients(forward)?;
        let mut values = Vec::with_capacity(self.gradients.len());
        for param in params.iter().filter(|p| is_updated(p)) {
            values.push(values_of(&found, param)?);
        }
        let squares = values.iter().flatten().map(square_sum).sum();
        let factor = self.factor(squares);
        let pairs = self.gradients.iter_mut().zip(&values);
        let parts = pairs.filter_map(|(sum, more)| Some((sum, more.as_ref()?)));
        let chunks = parts.flat_map(|(sum, more)| sum.chunks_mut(CHUNK).zip(more.chunks(CHUNK)));
        kernels::for_parts(chunks, |_, (sum, more)| {
            // NaN times 0 would be NaN.
            if factor > 0.0 {
                sum.iter_mut().zip(more).for_each(|(s, g)| *s += factor * g);
            }
        });
        Ok(f64::from(loss.to_scalar::<f32>()?))
    }
}

fn values_of(found: &GradStore, param: &Param) -> Result<Option<Vec<f32>>> {
    let gradient = found.get_id(param.var.id());
    gradient.map(|g| g.flatten_all()?.to_vec1()).transpose()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use candle_core::Device;

    use super::*;
    use crate::evaluate::Loss;
    use crate::model::{Init, Layer, Mode, ModelSpec, Network, PRESETS};

    const N: usize = 5;

    /// Every preset and every kind of layer, without dropout, whose masks depend on the position in
    /// the batch, and without batch norm.
    fn networks() -> Vec<(String, Network)> {
        let json = include_str!("../../../tests/fixtures/every_layer.json");
        let all: BTreeMap<String, Vec<Layer>> = serde_json::from_str(json).unwrap();
        let every = all
            .into_iter()
            .map(|(name, layers)| (name, layers, [1, 28, 28], 10));
        let presets = PRESETS.iter().map(|preset| {
            let spec = preset.spec([1, 28, 28], 10);
            (
                preset.name.to_owned(),
                spec.layers,
                spec.input,
                spec.classes,
            )
        });
        let networks = every
            .chain(presets)
            .map(|(name, mut layers, input, classes)| {
                without_mixing(&mut layers);
                let spec = ModelSpec {
                    input,
                    classes,
                    layers,
                };
                let network = Network::new(&spec, Init::HeUniform, 3, &Device::Cpu);
                (name, network.unwrap())
            });
        networks.collect()
    }

    fn without_mixing(layers: &mut [Layer]) {
        for layer in layers {
            if let Some(rate) = layer.dropout_rate_mut() {
                *rate = 0.0;
            } else if *layer == Layer::BatchNorm {
                *layer = Layer::LayerNorm;
            } else if let Some(inside) = layer.inside_mut() {
                without_mixing(inside);
            }
        }
    }

    struct Case {
        network: Network,
        images: Tensor,
        labels: Tensor,
        loss: Loss,
    }

    impl Case {
        fn new(network: Network, loss: Loss) -> Case {
            let [c, h, w] = network.spec().input;
            let n = N * c * h * w;
            let pixels: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin().abs()).collect();
            let n_classes = network.spec().classes as u32;
            let labels: Vec<u32> = (0..N as u32).map(|i| i % n_classes).collect();
            Case {
                images: Tensor::from_vec(pixels, (N, c, h, w), &Device::Cpu).unwrap(),
                labels: Tensor::from_vec(labels, N, &Device::Cpu).unwrap(),
                network,
                loss,
            }
        }

        fn loss_of(&self, at: usize, n: usize) -> Result<Tensor> {
            let mode = Mode::Train { seed: 1, step: 0 };
            let logits = self.network.forward(&self.images.narrow(0, at, n)?, mode)?;
            self.loss.of(&logits, &self.labels.narrow(0, at, n)?)
        }

        fn one_by_one(&self, max_norm: f64) -> ClippedSum {
            let params = self.network.params();
            let mut sum = ClippedSum::new(params, max_norm);
            for at in 0..N {
                sum.add(params, || self.loss_of(at, 1)).unwrap();
            }
            sum
        }

        fn at_once(&self, max_norm: f64) -> Option<ClippedSum> {
            let params = self.network.params();
            let mut sum = ClippedSum::new(params, max_norm);
            let loss = sum.add_batch(params, N, || self.loss_of(0, N)).unwrap()?;
            let expected = self.loss_of(0, N).unwrap().to_scalar::<f32>().unwrap();
            assert!((loss - f64::from(expected)).abs() < 1e-6);
            Some(sum)
        }

        /// The norm of each image's gradient, sorted.
        fn norms(&self) -> Vec<f64> {
            let params = self.network.params();
            let norm = |at| {
                let mut sum = ClippedSum::new(params, f64::MAX);
                sum.add(params, || self.loss_of(at, 1)).unwrap();
                norm(&sum.gradients)
            };
            let mut norms: Vec<f64> = (0..N).map(norm).collect();
            norms.sort_by(f64::total_cmp);
            norms
        }
    }

    fn norm(gradients: &[Vec<f32>]) -> f64 {
        gradients.iter().map(square_sum).sum::<f64>().sqrt()
    }

    fn assert_close(found: &ClippedSum, expected: &ClippedSum, name: &str) {
        let difference: Vec<Vec<f32>> = found
            .gradients
            .iter()
            .zip(&expected.gradients)
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect())
            .collect();
        let (off, size) = (norm(&difference), norm(&expected.gradients));
        assert!(off < 1e-4 * size, "{name}: {off} of {size}");
    }

    #[test]
    fn clipping_at_once_is_clipping_one_by_one_for_every_kind_of_layer() {
        let mut at_once = Vec::new();
        for (name, network) in networks() {
            for loss in Loss::ALL {
                let case = Case::new(network.deep_copy().unwrap(), loss);
                // Half of the images are clipped.
                let limit = case.norms()[N / 2];
                let expected = case.one_by_one(limit);
                if let Some(found) = case.at_once(limit) {
                    assert_close(&found, &expected, &name);
                    at_once.push(name.clone());
                }
            }
        }
        for name in ["softmax", "mlp", "lenet-5", "keras-cnn", "fast"] {
            assert!(at_once.iter().any(|n| n == name), "{name}: {at_once:?}");
        }
    }

    #[test]
    fn an_unclipped_sum_is_the_gradient_of_the_batch() {
        for (name, network) in networks() {
            let case = Case::new(network, Loss::CROSS_ENTROPY);
            let found = case.one_by_one(f64::MAX);
            let (_, whole) = kernels::gradients(|| case.loss_of(0, N)).unwrap();
            let mut expected = ClippedSum::new(case.network.params(), 1.0);
            let updated = case.network.params().iter().filter(|p| is_updated(p));
            for (sum, param) in expected.gradients.iter_mut().zip(updated) {
                let values = values_of(&whole, param).unwrap().unwrap();
                sum.iter_mut()
                    .zip(values)
                    .for_each(|(s, g)| *s = N as f32 * g);
            }
            assert_close(&found, &expected, &name);
        }
    }

    #[test]
    fn no_image_adds_more_than_the_limit() {
        let (_, network) = networks().pop().unwrap();
        let case = Case::new(network, Loss::CROSS_ENTROPY);
        let limit = case.norms()[0] / 3.0;
        for at in 0..N {
            let params = case.network.params();
            let mut sum = ClippedSum::new(params, limit);
            sum.add(params, || case.loss_of(at, 1)).unwrap();
            let found = norm(&sum.gradients);
            assert!(
                found <= limit * (1.0 + 1e-6) && found > limit * 0.99,
                "{found} {limit}"
            );
        }
    }
}
