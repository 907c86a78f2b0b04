//! Images as sequences of tokens: patch embedding with learned positions (Dosovitskiy et al. 2021,
//! section 3.1).

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, InitRule, ParamPlan, image, positive, product};
use super::conv::{self, Conv};
use super::kind::{About, LayerField, LayerKind, LayerValue};
use super::plan::Planner;
use super::pool::square;
use crate::kernels::{self, MemoryFormat};
use crate::model::shape::Shape;

/// Positions and class token are drawn uniformly from minus to plus this: √3 times the paper's
/// standard deviation of 0.02.
const POSITION_BOUND: f32 = 0.035;

/// Square patches, each turned into a token, plus a learned position:
/// `[c, h, w]` → `[tokens, width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchEmbedding {
    /// Side of a patch, in pixels; it divides height and width.
    pub patch: usize,
    /// Size of a token.
    pub width: usize,
    /// Whether a first token is added that collects what the classification needs.
    #[serde(default)]
    pub class_token: bool,
}

impl LayerKind for PatchEmbedding {
    fn about(&self) -> About {
        About {
            name: "patches",
            label: "Patch embedding",
            explanation: "Cuts the image into patches and turns each into a token with a \
                          position; smaller patches show more detail and cost much more.",
        }
    }

    fn detail(&self) -> String {
        let PatchEmbedding { patch, width, .. } = self;
        let class_token = if self.class_token {
            ", class token"
        } else {
            ""
        };
        format!("{width} of {patch}×{patch}{class_token}")
    }

    fn short_detail(&self) -> String {
        let PatchEmbedding { patch, width, .. } = self;
        format!("{width}·{patch}×{patch}")
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        vec![
            LayerValue::Count(&mut self.patch).field(
                "Patch size",
                "Side of each patch in pixels: half of it makes four times as many tokens.",
            ),
            LayerValue::Count(&mut self.width).field(
                "Width",
                "Size of a token: too small, it cannot describe a patch.",
            ),
            LayerValue::Switch(&mut self.class_token).field(
                "Class token",
                "Adds a token, the first, that collects what the classification needs.",
            ),
        ]
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        let &PatchEmbedding {
            patch,
            width,
            class_token,
        } = self;
        let [c, h, w] = image(self, input)?;
        positive(patch, "patch")?;
        positive(width, "width")?;
        if h % patch != 0 || w % patch != 0 {
            return Err(format!(
                "patches of {patch}×{patch} do not fill {h}×{w} pixels: choose a divisor of both"
            ));
        }
        let n_patches = product(&[h / patch, w / patch])?;
        let filter = product(&[c, patch, patch, width])?;
        let tokens = n_patches as usize + usize::from(class_token);
        product(&[tokens, width])?;
        let projection = conv::params(width, c, patch, 1).into_iter();
        let mut params: Vec<ParamPlan> = projection.map(|p| p.within("proj")).collect();
        let learned = |name: &str, n: usize| ParamPlan {
            init: InitRule::Uniform(POSITION_BOUND),
            ..ParamPlan::constant(name, vec![1, n, width], 0.0)
        };
        if class_token {
            params.push(learned("cls_token", 1));
        }
        params.push(learned("pos_embed", tokens));
        Ok(Blueprint {
            multiply_adds: filter.saturating_mul(n_patches),
            n_saved: 2 * (tokens * width) as u64,
            params,
            ..Blueprint::plain(Shape::Sequence([tokens, width]))
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let first = planner.first_param;
        let mut conv = Conv::plain(first, square(self.patch, self.patch, 0), 1);
        let has_class_token = self.class_token;
        // An image still, which the tokens are not.
        let is_tapped = planner.take_tap();
        // So the tokens need no transposing.
        let is_last = !is_tapped && MemoryFormat::supports_channels_last(self.width);
        let format = match is_last {
            true => MemoryFormat::ChannelsLast,
            false => MemoryFormat::ChannelsFirst,
        };
        if is_last {
            conv.write_channels_last();
        }
        planner.add(move |x, pass| {
            let mut image = conv.forward(x, pass)?;
            if is_tapped {
                image = pass.tapped(&image)?;
            }
            let class = has_class_token.then(|| pass.tensor(first + 2));
            let positions = pass.tensor(first + 2 + usize::from(has_class_token));
            kernels::embed_tokens(&image, format, &positions, class.as_ref())
        });
    }
}
