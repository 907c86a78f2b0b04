//! The methods, with their settings.

use super::smooth_grad::SmoothGrad;

/// How an answer is explained.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// |∂z/∂x| (Simonyan, Vedaldi and Zisserman 2014).
    Saliency,
    /// x · ∂z/∂x (Shrikumar et al. 2016).
    InputXGradient,
    /// x · the mean of ∂z/∂x on the way from black to x (Sundararajan, Taly and Yan 2017).
    IntegratedGradients {
        /// Gauss–Legendre nodes on the way.
        steps: usize,
    },
    /// The mean of the saliency of noisy copies (Smilkov et al. 2017).
    SmoothGrad(SmoothGrad),
    /// How much z falls when a black window covers a pixel (Zeiler and Fergus 2014).
    Occlusion {
        /// Side of the window in pixels; `None` for a quarter of the shorter side.
        window: Option<usize>,
        /// Pixels between two positions of the window.
        stride: usize,
    },
    /// The maps of a convolution, weighted by their mean gradient (Selvaraju et al. 2017).
    GradCam {
        /// Name of the convolution; `None` for the last one.
        layer: Option<String>,
        /// Whether what speaks against the class is left out, as in the paper.
        relu: bool,
    },
}

impl Method {
    /// All methods, with the settings they start with.
    pub fn all() -> [Method; 6] {
        [
            Method::Saliency,
            Method::InputXGradient,
            Method::IntegratedGradients { steps: 50 },
            Method::SmoothGrad(SmoothGrad::default()),
            Method::Occlusion {
                window: None,
                stride: 1,
            },
            Method::GradCam {
                layer: None,
                relu: true,
            },
        ]
    }

    /// The method called `name` on the command line, with the settings it starts with.
    pub fn named(name: &str) -> Option<Method> {
        Method::all()
            .into_iter()
            .find(|method| method.name() == name)
    }

    /// The name on the command line and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Method::Saliency => "saliency",
            Method::InputXGradient => "input-x-gradient",
            Method::IntegratedGradients { .. } => "integrated-gradients",
            Method::SmoothGrad(_) => "smoothgrad",
            Method::Occlusion { .. } => "occlusion",
            Method::GradCam { .. } => "grad-cam",
        }
    }

    /// The name in a sentence and in the window.
    pub fn label(&self) -> &'static str {
        match self {
            Method::Saliency => "Saliency",
            Method::InputXGradient => "Input × gradient",
            Method::IntegratedGradients { .. } => "Integrated gradients",
            Method::SmoothGrad(_) => "SmoothGrad",
            Method::Occlusion { .. } => "Occlusion",
            Method::GradCam { .. } => "Grad-CAM",
        }
    }

    /// One sentence: what the map shows.
    pub fn explanation(&self) -> &'static str {
        match self {
            Method::Saliency => {
                "How strongly the logit reacts to each pixel, in whichever direction: quick, but \
                 noisy."
            }
            Method::InputXGradient => {
                "The reaction to each pixel times its brightness: black pixels never count."
            }
            Method::IntegratedGradients { .. } => {
                "What each pixel adds to the logit on the way from a black image to this one; the \
                 sum of the map is the whole difference."
            }
            Method::SmoothGrad(_) => {
                "The mean saliency of noisy copies of the image, which has less noise of its own."
            }
            Method::Occlusion { .. } => {
                "How much the logit falls when a black window covers each part of the image."
            }
            Method::GradCam { .. } => {
                "Where the maps of a convolution speak for the class: coarse, but near to what the \
                 network sees as parts."
            }
        }
    }

    /// Whether a map has values below zero: what speaks against the class.
    pub fn is_signed(&self) -> bool {
        !matches!(
            self,
            Method::Saliency | Method::SmoothGrad(_) | Method::GradCam { relu: true, .. }
        )
    }
}
