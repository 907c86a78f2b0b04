//! Pooling: of each window, or of the whole image.

use serde::{Deserialize, Serialize};

use super::blueprint::{Blueprint, image, window_output};
use super::kind::{About, LayerField, LayerKind, LayerValue, unless_default};
use super::memory_format::ImageResult;
use super::plan::Planner;
use crate::kernels::{self, Window};
use crate::model::shape::Shape;

/// A pool of windows: the two differ only in their operation.
macro_rules! pool {
    ($(#[$doc:meta])* $Kind:ident, $short:literal, $label:literal, $op:path, $explanation:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Kind {
            /// Side of the square window, in pixels.
            pub kernel: usize,
            /// Pixels between two windows.
            pub stride: usize,
        }

        impl $Kind {
            /// One whose windows lie side by side.
            pub const fn new(kernel: usize) -> $Kind {
                $Kind {
                    kernel,
                    stride: kernel,
                }
            }
        }

        impl LayerKind for $Kind {
            fn about(&self) -> About {
                About {
                    name: "pool",
                    label: $label,
                    explanation: $explanation,
                }
            }

            fn detail(&self) -> String {
                let stride = unless_default(", stride ", self.stride, self.kernel);
                format!("{0}×{0}{stride}", self.kernel)
            }

            fn short_detail(&self) -> String {
                let stride = unless_default(" s", self.stride, self.kernel);
                format!(concat!($short, " {0}×{0}{1}"), self.kernel, stride)
            }

            fn fields(&mut self) -> Vec<LayerField<'_>> {
                vec![
                    LayerValue::Count(&mut self.kernel).field(
                        "Window size",
                        "Side of each window in pixels: larger windows lose more of where things \
                         are.",
                    ),
                    LayerValue::Count(&mut self.stride).field(
                        "Stride",
                        "Pixels between two windows; usually the window size.",
                    ),
                ]
            }

            fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
                let [c, h, w] = image(self, input)?;
                let [oh, ow] = window_output([h, w], self.kernel, self.stride, 0)?;
                Ok(Blueprint::plain(Shape::Image([c, oh, ow])))
            }

            fn plan(&self, planner: &mut Planner<'_>) {
                let window = square(self.kernel, self.stride, 0);
                planner.add_image(ImageResult::Image, move |x, format, _| $op(x, window, format));
            }
        }
    };
}

pool!(
    /// The largest value of each window: `[c, h, w]` → `[c, h', w']`.
    MaxPool2d,
    "max",
    "Max pool",
    kernels::max_pool2d,
    "Keeps the strongest response of each window, so that small shifts matter less; pooling too \
     often loses where things are."
);

pool!(
    /// The mean of each window: `[c, h, w]` → `[c, h', w']`.
    AvgPool2d,
    "mean",
    "Average pool",
    kernels::avg_pool2d,
    "Takes the mean of each window: shrinks the image more gently than max pooling."
);

/// The mean of each whole channel: `[c, h, w]` → `[c]`.
pub(in crate::model) struct GlobalAvgPool;

impl LayerKind for GlobalAvgPool {
    fn about(&self) -> About {
        About {
            name: "pool",
            label: "Global average pool",
            explanation: "Reduces each channel to its mean: few parameters follow, but positions \
                          are lost.",
        }
    }

    fn short_detail(&self) -> String {
        "global mean".to_owned()
    }

    fn blueprint(&self, input: Shape) -> Result<Blueprint, String> {
        let [c, _, _] = image(self, input)?;
        Ok(Blueprint::plain(Shape::Vector(c)))
    }

    fn plan(&self, planner: &mut Planner<'_>) {
        let Shape::Image([_, h, w]) = planner.input else {
            return;
        };
        let whole = Window {
            kernel: [h, w],
            stride: [1, 1],
            padding: [0, 0],
        };
        planner.add_image(ImageResult::Other, move |x, format, _| {
            let means = kernels::avg_pool2d(x, whole, format)?;
            let flat = means.flatten_from(1)?;
            Ok(kernels::view(&means, flat))
        });
    }
}

/// A square window.
pub(super) fn square(kernel: usize, stride: usize, padding: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    }
}
