//! Dropout: sets a random share of the values to zero while training.

use serde::{Deserialize, Serialize};

use super::blueprint::Blueprint;
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::Planner;
use crate::kernels;
use crate::model::network::Mode;
use crate::model::shape::Shape;
use crate::random::{Stream, rng};

/// While training, each value is zeroed with probability `rate` and the others are scaled by
/// 1 / (1 − rate); otherwise nothing happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// Probability of zeroing a value, in `[0, 1)`.
    pub rate: f32,
}

impl LayerKind for Dropout {
    fn about(&self) -> About {
        About {
            name: "dropout",
            label: "Dropout",
            explanation: "Sets a random share of the values to zero while training, to reduce \
                          overfitting; too much of it and the network cannot learn.",
        }
    }

    fn detail(&self) -> String {
        self.rate.to_string()
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![LayerValue::Share(&mut self.rate).field(
            "Rate",
            "Share of the values set to zero while training: 0 does nothing; too high, nothing is \
             learned.",
        )]
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        check_rate(self.rate)?;
        Ok(Blueprint::plain(input))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let (rate, layer) = (self.rate, planner.stream);
        planner.add(move |x, pass| match pass.mode {
            Mode::Train { seed, step } => {
                let mut rng = rng(seed, Stream::Dropout, step, layer);
                kernels::dropout(x, rate, &mut rng)
            }
            Mode::Eval => Ok(x.clone()),
        });
    }
}

/// Refuses 1, which would leave nothing to scale, and anything that is no share.
pub(super) fn check_rate(rate: f32) -> Result<(), String> {
    match (0.0..1.0).contains(&rate) {
        true => Ok(()),
        false => Err(format!(
            "dropout rate must be at least 0 and below 1, found {rate}"
        )),
    }
}
