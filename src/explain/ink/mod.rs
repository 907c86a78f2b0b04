//! What ink can do: where drawing or erasing would make another class the answer, and the least ink
//! that does.

mod least;
mod pen;
mod slope;

use std::sync::atomic::AtomicBool;

pub use least::{LeastInk, least_ink};

use self::pen::Pen;
use self::slope::Slope;
use super::error::ExplainError;
use crate::model::Network;

/// Where ink would raise a class.
#[derive(Clone, Debug, PartialEq)]
pub struct InkMap {
    /// The answer as it is.
    pub answer: usize,
    /// The class that ink would raise.
    pub class: usize,
    /// The most probable of the other classes.
    pub rival: usize,
    /// How far the class is ahead of it: the difference of their logits.
    pub lead: f32,
    /// One value per pixel, `[height, width]`: by how much a dab of the pen there would raise the
    /// lead, to first order; negative where erasing would.
    pub values: Vec<f32>,
}

/// Returns where drawing or erasing on `input`, `[channels, height, width]`, would raise `class`
/// over the most probable other class; `None` is the most probable class after the answer. A pixel
/// can only become as bright as full ink, and as dark as none.
///
/// # Errors
/// When input or class do not fit the network, an output is NaN or infinite, candle cannot run the
/// network, or it was canceled.
pub fn ink_map(
    network: &Network,
    input: &[u8],
    class: Option<usize>,
    cancel: &AtomicBool,
) -> Result<InkMap, ExplainError> {
    let slope = Slope::at(network, input, class, cancel)?;
    let [_, height, width] = network.spec().input;
    let pen = Pen::new([height, width]);
    let value = |at: usize| {
        let (drawn, erased) = (slope.drawing(&pen, at).0, slope.erasing(&pen, at));
        match drawn >= erased {
            true => drawn.max(0.0),
            false => -erased.max(0.0),
        }
    };
    Ok(InkMap {
        answer: slope.answer,
        class: slope.class,
        rival: slope.rival,
        lead: slope.lead,
        values: (0..height * width).map(value).collect(),
    })
}
