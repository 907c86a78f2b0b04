//! What a convolution is to do.

use super::visit::GROUP;
use crate::kernels::activation::Activation;
use crate::kernels::pooling::Window;
use crate::kernels::support::LANES;
use candle_core::{Result, Tensor};

/// The order of channels and pixels in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryFormat {
    /// `[n, c, h, w]`, the default.
    ChannelsFirst,
    /// `[n, h, w, c]`: convolutions compute in this order, so between two of them it saves
    /// transposing the images.
    ChannelsLast,
}

impl MemoryFormat {
    /// Whether convolutions support channels last for so many channels: only what the widest loop
    /// over them takes at once, so that nothing needs padding.
    pub fn supports_channels_last(channels: usize) -> bool {
        // So few channels are never visited one argmax at a time.
        channels.is_multiple_of(GROUP) || channels == LANES
    }

    /// n, channels, height and width of a tensor in this format.
    pub(in crate::kernels) fn dims(self, x: &Tensor) -> Result<(usize, usize, usize, usize)> {
        let (n, a, b, c) = x.dims4()?;
        Ok(match self {
            Self::ChannelsFirst => (n, a, b, c),
            Self::ChannelsLast => (n, c, a, b),
        })
    }
}

/// The options of [`super::conv2d`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvOptions {
    /// The kernel with its stride and padding.
    pub window: Window,
    /// The activation that follows.
    pub activation: Activation,
    /// Max pooling of the activated result.
    pub pool: Option<Window>,
    /// The memory formats of input and output; channels last only where
    /// [`MemoryFormat::supports_channels_last`].
    pub formats: [MemoryFormat; 2],
}

impl ConvOptions {
    /// These options, with channels first.
    pub fn new(window: Window, activation: Activation, pool: Option<Window>) -> Self {
        Self {
            window,
            activation,
            pool,
            formats: [MemoryFormat::ChannelsFirst; 2],
        }
    }
}
