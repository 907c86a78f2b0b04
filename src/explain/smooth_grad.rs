//! SmoothGrad: the mean of the saliency of noisy copies, as Captum's `NoiseTunnel` of `Saliency`.

use rand::Rng as _;
use rand_distr::StandardNormal;

use super::Map;
use super::error::ExplainError;
use super::probe::Probe;
use crate::random::{Stream, rng};

/// The settings of SmoothGrad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothGrad {
    /// Number of noisy copies.
    pub samples: usize,
    /// Standard deviation of the noise, as a share of the range of an input, 0 to 1.
    pub noise: f32,
    /// What the noise is drawn from: the same seed, the same map.
    pub seed: u64,
}

impl Default for SmoothGrad {
    /// The number of copies and the share of the noise that the paper found enough.
    fn default() -> SmoothGrad {
        SmoothGrad {
            samples: 50,
            noise: 0.15,
            seed: 0,
        }
    }
}

impl SmoothGrad {
    /// The noise of one copy of `n` values.
    pub fn noise_of(&self, sample: usize, n: usize) -> Vec<f32> {
        let mut rng = rng(self.seed, Stream::SmoothGrad, sample as u64, 0);
        let draw = |_| self.noise * rng.sample::<f32, _>(StandardNormal);
        (0..n).map(draw).collect()
    }
}

pub(super) fn map(probe: &Probe<'_>, settings: &SmoothGrad) -> Result<Map, ExplainError> {
    let n = settings.samples.max(1);
    let mut sum = vec![0.0f64; probe.input.len()];
    probe.each_gradient(
        n,
        |idx, variant| {
            let noise = settings.noise_of(idx, variant.len());
            variant.iter_mut().zip(noise).for_each(|(x, e)| *x += e);
        },
        |_, gradient| {
            let all = sum.iter_mut().zip(gradient);
            all.for_each(|(sum, g)| *sum += f64::from(g.abs()));
        },
    )?;
    Ok(sum.iter().map(|sum| (sum / n as f64) as f32).collect())
}
