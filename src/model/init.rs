//! First weights, drawn from the seed alone.

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::layers::Start;
use crate::random::{Stream, rng};

/// How weights start. Biases start at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Uniform in ±√(6 / (fan_in + fan_out)): Keras' default (Glorot and Bengio 2010, eq. 16).
    #[default]
    GlorotUniform,
    /// Uniform in ±√(6 / fan_in): made for ReLU (He et al. 2015, eq. 10).
    HeUniform,
}

impl Init {
    /// Half the width of the interval weights are drawn from.
    pub fn bound(self, fan_in: usize, fan_out: usize) -> f32 {
        let fan = match self {
            Init::GlorotUniform => fan_in + fan_out,
            Init::HeUniform => fan_in,
        };
        (6.0 / fan as f64).sqrt() as f32
    }

    /// The first `n` values of parameter `idx`. Each parameter has its own stream, so that adding a
    /// layer leaves the weights of the layers before it alone.
    pub(super) fn values(self, start: Start, n: usize, seed: u64, idx: usize) -> Vec<f32> {
        let bound = match start {
            Start::Constant(value) => return vec![value; n],
            Start::Ones(from, to) => {
                let mut values = vec![0.0; n];
                values[from..to].fill(1.0);
                return values;
            }
            Start::Uniform(bound) => bound,
            Start::Drawn { fan_in, fan_out } => self.bound(fan_in, fan_out),
        };
        let mut rng = rng(seed, Stream::Init, idx as u64, 0);
        (0..n).map(|_| rng.random_range(-bound..=bound)).collect()
    }
}
