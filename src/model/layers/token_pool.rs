//! Pooling of the tokens of a sequence, to one of them or to their mean.

use candle_core::{Result, Tensor};
use serde::{Deserialize, Serialize};

use super::blueprint::Blueprint;
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::Planner;
use crate::kernels;
use crate::model::shape::Shape;

/// Pools the tokens to one: `[tokens, width]` → `[width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPool {
    /// Which token.
    pub take: TokenChoice,
}

/// How a sequence of tokens is pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenChoice {
    /// The first: the class token, where the embedding adds one.
    First,
    /// The mean of all.
    Mean,
}

impl TokenChoice {
    /// Both.
    pub const ALL: [TokenChoice; 2] = [TokenChoice::First, TokenChoice::Mean];

    /// The label in the window.
    pub fn label(self) -> &'static str {
        match self {
            TokenChoice::First => "first",
            TokenChoice::Mean => "mean",
        }
    }

    fn of(self, x: &Tensor) -> Result<Tensor> {
        kernels::pool_tokens(x, self == TokenChoice::Mean)
    }
}

impl LayerKind for TokenPool {
    fn about(&self) -> About {
        About {
            name: "token_pool",
            label: "Token pool",
            explanation: "Passes on one token for the whole image: the first, or the mean of all.",
        }
    }

    fn detail(&self) -> String {
        self.take.label().to_owned()
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![LayerValue::Token(&mut self.take).field(
            "Pooling",
            "Which token represents the image: the first (the class token) or the mean of all.",
        )]
    }

    fn blueprint(&self, input: Shape) -> std::result::Result<Blueprint, String> {
        match input {
            Shape::Sequence([_, width]) => Ok(Blueprint::plain(Shape::Vector(width))),
            _ => Err(format!(
                "token pool needs a sequence of tokens but gets {input}: put it after a patch \
                 embedding"
            )),
        }
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let take = self.take;
        planner.add(move |x, _| take.of(x));
    }
}
