//! Pooling: of each window, or of the whole image.

use serde::{Deserialize, Serialize};

use super::super::Shape;
use super::Blueprint;
use super::blueprint::{image, window_output};
use super::kind::{About, LayerField, LayerKind, LayerValue, unless_default};
use super::plan::Planner;
use crate::kernels::{self, Window};

/// The largest value of each window: `[c, h, w]` → `[c, h', w']`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool2d {
    /// Side of the square window, in pixels.
    pub kernel: usize,
    /// Pixels between two windows.
    pub stride: usize,
}

/// The mean of each window: `[c, h, w]` → `[c, h', w']`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvgPool2d {
    /// Side of the square window, in pixels.
    pub kernel: usize,
    /// Pixels between two windows.
    pub stride: usize,
}

/// The mean of each whole channel: `[c, h, w]` → `[c]`.
pub(in crate::model) struct GlobalAvgPool;

impl LayerKind for MaxPool2d {
    fn about(&self) -> About {
        About {
            label: "Max pool",
            short: "Max pool",
            explanation: "Keeps the strongest response of each window, so that small shifts \
                          matter less; pooling too often loses where things are.",
        }
    }

    fn detail(&self) -> String {
        detail(", stride ", self.kernel, self.stride)
    }

    fn short_detail(&self) -> String {
        detail(" s", self.kernel, self.stride)
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        fields(&mut self.kernel, &mut self.stride)
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        blueprint(self, input, self.kernel, self.stride)
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let window = square(self.kernel, self.stride, 0);
        planner.add(move |x, _| kernels::max_pool2d(x, window));
    }
}

impl LayerKind for AvgPool2d {
    fn about(&self) -> About {
        About {
            label: "Average pool",
            short: "Mean pool",
            explanation: "Takes the mean of each window: shrinks the image more gently than max \
                          pooling.",
        }
    }

    fn detail(&self) -> String {
        detail(", stride ", self.kernel, self.stride)
    }

    fn short_detail(&self) -> String {
        detail(" s", self.kernel, self.stride)
    }

    fn fields(&mut self) -> Vec<LayerField<'_>> {
        fields(&mut self.kernel, &mut self.stride)
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        blueprint(self, input, self.kernel, self.stride)
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let window = square(self.kernel, self.stride, 0);
        planner.add(move |x, _| kernels::avg_pool2d(x, window));
    }
}

impl LayerKind for GlobalAvgPool {
    fn about(&self) -> About {
        About {
            label: "Global average pool",
            short: "Global mean",
            explanation: "Reduces each channel to its mean: few parameters follow, but positions \
                          are lost.",
        }
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        let [c, _, _] = image(self, input)?;
        Ok(Blueprint::plain(Shape::Vector(c)))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        planner.add(|x, _| {
            let (_, _, h, w) = x.dims4()?;
            let whole = Window {
                kernel: [h, w],
                stride: [1, 1],
                padding: [0, 0],
            };
            kernels::avg_pool2d(x, whole)?.flatten_from(1)
        });
    }
}

fn detail(name: &str, kernel: usize, stride: usize) -> String {
    let stride = unless_default(name, stride, kernel);
    format!("{kernel}×{kernel}{stride}")
}

fn fields<'a>(kernel: &'a mut usize, stride: &'a mut usize) -> Vec<LayerField<'a>> {
    vec![
        LayerValue::Count(kernel).field(
            "Window size",
            "Side of each window in pixels: larger windows lose more of where things are.",
        ),
        LayerValue::Count(stride).field(
            "Stride",
            "Pixels between two windows; usually the window size.",
        ),
    ]
}

fn blueprint(
    kind: &dyn LayerKind,
    input: Shape,
    kernel: usize,
    stride: usize,
) -> Result<Blueprint, String> {
    let [c, h, w] = image(kind, input)?;
    let [oh, ow] = window_output([h, w], kernel, stride, 0)?;
    Ok(Blueprint::plain(Shape::Image([c, oh, ow])))
}

/// A square window.
pub(super) fn square(kernel: usize, stride: usize, padding: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    }
}
