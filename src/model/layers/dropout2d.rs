//! Dropout of whole channels while training, as `nn.Dropout2d`.

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, image};
use super::dropout::check_rate;
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::Planner;
use crate::kernels;
use crate::model::network::Mode;
use crate::model::shape::Shape;
use crate::random::{Stream, rng};

/// While training, each channel of each sample is zeroed with probability `rate` and the others are
/// scaled by 1 / (1 − rate); otherwise nothing happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout2d {
    /// Probability of zeroing a channel, in `[0, 1)`.
    pub rate: f32,
}

impl LayerKind for Dropout2d {
    fn about(&self) -> About {
        About {
            name: "dropout",
            label: "Dropout 2-D",
            explanation: "Sets a random share of the channels to zero while training: reduces \
                          overfitting after convolutions, whose neighboring pixels are too alike \
                          for dropout.",
        }
    }

    fn detail(&self) -> String {
        self.rate.to_string()
    }

    fn short_detail(&self) -> String {
        format!("2-D {}", self.rate)
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![LayerValue::Share(&mut self.rate).field(
            "Rate",
            "Share of the channels set to zero while training: 0 does nothing; too high, nothing \
             is learned.",
        )]
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        image(self, input)?;
        check_rate(self.rate)?;
        Ok(Blueprint::plain(input))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let (rate, layer) = (self.rate, planner.stream);
        planner.add(move |x, pass| match pass.mode {
            Mode::Train { seed, step } => {
                let mut rng = rng(seed, Stream::Dropout, step, layer);
                kernels::dropout2d(x, rate, &mut rng)
            }
            Mode::Eval => Ok(x.clone()),
        });
    }
}
