//! Flattening, channels first, as `nn.Flatten`.

use super::blueprint::Blueprint;
use super::kind::{About, LayerKind};
use super::plan::Planner;
use crate::kernels;
use crate::model::shape::Shape;

/// `[c, h, w]` → `[c·h·w]`.
pub(in crate::model) struct Flatten;

impl LayerKind for Flatten {
    fn about(&self) -> About {
        About {
            name: "flatten",
            label: "Flatten",
            explanation: "Reshapes channels, rows and columns into one list for a dense layer.",
        }
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        Ok(Blueprint::plain(Shape::Vector(input.n_values())))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        if !planner.next_reads_flat() {
            planner.add(|x, _| Ok(kernels::view(x, x.flatten_from(1)?)));
        }
    }
}
