//! Weight initialization, from the seed alone.

use rand::Rng as _;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::layers::InitRule;
use crate::random::{Stream, rng};

/// Weight initialization. Biases start at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Uniform with variance 2 / (fan_in + fan_out): Keras' default (Glorot and Bengio 2010, eq.
    /// 16).
    #[default]
    GlorotUniform,
    /// Normal with the same variance.
    GlorotNormal,
    /// Uniform with variance 2 / fan_in: made for ReLU (He et al. 2015, eq. 10).
    HeUniform,
    /// Normal with the same variance.
    HeNormal,
    /// Uniform with variance 1 / fan_in (LeCun et al. 1998: Efficient BackProp, section 4.6).
    LecunUniform,
    /// Normal with the same variance.
    LecunNormal,
    /// All zero, to see that then nothing is learned: all hidden units stay the same.
    Zeros,
}

impl Init {
    /// All of them.
    pub const ALL: [Init; 7] = [
        Init::GlorotUniform,
        Init::GlorotNormal,
        Init::HeUniform,
        Init::HeNormal,
        Init::LecunUniform,
        Init::LecunNormal,
        Init::Zeros,
    ];

    /// The name in the window.
    pub fn label(self) -> &'static str {
        match self {
            Init::GlorotUniform => "Glorot uniform",
            Init::GlorotNormal => "Glorot normal",
            Init::HeUniform => "He uniform",
            Init::HeNormal => "He normal",
            Init::LecunUniform => "LeCun uniform",
            Init::LecunNormal => "LeCun normal",
            Init::Zeros => "Zeros",
        }
    }

    /// Variance of the weights times `factor`.
    fn variance_times(self, factor: f64, fan_in: usize, fan_out: usize) -> f64 {
        match self {
            Init::GlorotUniform | Init::GlorotNormal => 2.0 * factor / (fan_in + fan_out) as f64,
            Init::HeUniform | Init::HeNormal => 2.0 * factor / fan_in as f64,
            Init::LecunUniform | Init::LecunNormal => factor / fan_in as f64,
            Init::Zeros => 0.0,
        }
    }

    fn is_normal(self) -> bool {
        matches!(
            self,
            Init::GlorotNormal | Init::HeNormal | Init::LecunNormal
        )
    }

    /// The `n` initial values of parameter `idx`. Each parameter has its own stream, so that adding
    /// a layer does not change the weights of the layers before it.
    pub(super) fn values(self, rule: InitRule, n: usize, seed: u64, idx: usize) -> Vec<f32> {
        let mut rng = rng(seed, Stream::Init, idx as u64, 0);
        let bound = match rule {
            InitRule::Constant(value) => return vec![value; n],
            InitRule::Ones(from, to) => {
                let mut values = vec![0.0; n];
                values[from..to].fill(1.0);
                return values;
            }
            InitRule::Uniform(bound) => bound,
            InitRule::Drawn { fan_in, fan_out } if self.is_normal() => {
                let deviation = self.variance_times(1.0, fan_in, fan_out).sqrt() as f32;
                let draw = |_| deviation * rng.sample::<f32, _>(StandardNormal);
                return (0..n).map(draw).collect();
            }
            InitRule::Drawn { fan_in, fan_out } => {
                self.variance_times(3.0, fan_in, fan_out).sqrt() as f32
            }
        };
        (0..n).map(|_| rng.random_range(-bound..=bound)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_variance_of_their_rule() {
        let (fan_in, fan_out, n) = (50, 150, 40_000);
        for init in Init::ALL {
            let values = init.values(InitRule::Drawn { fan_in, fan_out }, n, 1, 0);
            let mean = values.iter().sum::<f32>() / n as f32;
            let variance = values.iter().map(|v| f64::from(v * v)).sum::<f64>() / n as f64;
            let expected = init.variance_times(1.0, fan_in, fan_out);
            assert!(
                (variance - expected).abs() <= 0.03 * expected,
                "{init:?}: {variance}"
            );
            assert!(mean.abs() < 0.003, "{init:?}: {mean}");
            let largest = values.iter().fold(0f32, |most, v| most.max(v.abs()));
            let bound = (3.0 * expected).sqrt() as f32;
            assert_eq!(largest > bound, init.is_normal(), "{init:?}: {largest}");
        }
    }
}
