//! A model as a chain of layers, with residual blocks where it parts and joins again.

use super::config::{Config, LayerConfig};
use super::weights::Weights;
use super::{conv, layers};
use crate::import::Opened;
use crate::import::chain::Chain;
use crate::import::pixels::Pixels;
use crate::import::weight::PointConv;
use crate::model::limits::MAX_NESTING;

/// How Keras sees the output of our last layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// An image, channels last; or a list of values.
    Same,
    /// An image of one channel without that.
    Rows,
    /// An image as a list of values.
    Flat,
    /// Probabilities: nothing may follow.
    Over,
}

/// A walk along a model.
pub(super) struct Walk<'c> {
    pub config: &'c Config,
    pub weights: &'c Weights,
    pub chain: Chain,
    pub view: View,
    /// Until the first layer.
    pub pixels: Option<Pixels>,
}

/// Reads a model.
///
/// # Errors
/// The layer that cannot be read, with its class.
pub(super) fn read(config: &Config, weights: &Weights) -> Result<Opened, String> {
    let first = config.layers.first().ok_or("it has no layers")?;
    let shape = first.input_shape();
    let (input, view) = input(&shape.ok_or_else(|| first.wrong("does not say its input"))?)
        .map_err(|reason| first.wrong(&reason))?;
    let mut walk = Walk {
        config,
        weights,
        chain: Chain::of_images(input)?,
        view,
        pixels: Some(Pixels::new(false)),
    };
    if first.class != "InputLayer" {
        layers::layer(&mut walk, first)?;
    }
    walk.run(&first.name, None, 0)?;
    walk.begin()?;
    walk.chain.finish()
}

/// The images of a shape.
fn input(sides: &[Option<usize>]) -> Result<([usize; 3], View), String> {
    let sides: Option<Vec<usize>> = sides.iter().copied().collect();
    let sides = sides.ok_or("takes images of any size, here it has to be known")?;
    match *sides {
        [h, w, c] => Ok(([c, h, w], View::Same)),
        [h, w] => Ok(([1, h, w], View::Rows)),
        [n] if n.isqrt().pow(2) == n => Ok(([1, n.isqrt(), n.isqrt()], View::Flat)),
        _ => Err(format!("takes the sides {sides:?}, which are no image")),
    }
}

impl<'c> Walk<'c> {
    /// Walks on from the layer `from`, to the end or to the layer `end`; returns the last layer.
    fn run(&mut self, from: &str, end: Option<&str>, depth: usize) -> Result<&'c str, String> {
        let config = self.config;
        let mut at = match config.layers.iter().find(|layer| layer.name == from) {
            Some(layer) => layer.name.as_str(),
            None => return Err(format!("it has no layer `{from}`")),
        };
        for _ in 0..=config.layers.len() {
            match config.readers(at).as_slice() {
                [] => return Ok(at),
                [next] if Some(next.name.as_str()) == end => return Ok(at),
                [next] => {
                    layers::layer(self, next)?;
                    at = &next.name;
                }
                [a, b] if depth < MAX_NESTING => at = self.block(at, [a, b], depth)?,
                [first, ..] => return Err(first.wrong("begins a branch that is no residual block")),
            }
        }
        Err("its layers go in circles".to_owned())
    }

    /// A residual block; returns the layer that joins it.
    fn block(
        &mut self,
        at: &str,
        [a, b]: [&'c LayerConfig; 2],
        depth: usize,
    ) -> Result<&'c str, String> {
        self.begin()?;
        let no_block = || a.wrong("begins a branch that is no residual block");
        let shortcut = self.shortcut(a)?.map(|shortcut| (shortcut, b));
        let shortcut = match shortcut {
            Some(found) => Some(found),
            None => self.shortcut(b)?.map(|shortcut| (shortcut, a)),
        };
        let ((end, conv), first) = shortcut.ok_or_else(no_block)?;
        let mut body = Walk {
            config: self.config,
            weights: self.weights,
            chain: self.chain.inside(),
            view: self.view,
            pixels: None,
        };
        layers::layer(&mut body, first)?;
        let last = body.run(&first.name, Some(&end.name), depth + 1)?;
        let is_joined = end.inputs.iter().any(|input| input == last)
            && end.inputs.len() == 2
            && at != last
            && body.view == View::Same;
        if !is_joined || self.view != View::Same {
            return Err(no_block());
        }
        self.chain
            .residual(body.chain, conv)
            .map_err(|reason| end.wrong(&format!("ends a block: {reason}")))?;
        Ok(&end.name)
    }

    /// The layer that adds the shortcut which `layer` is or begins, with its convolution.
    fn shortcut(&self, layer: &'c LayerConfig) -> Result<Option<Shortcut<'c>>, String> {
        if layer.class == "Add" {
            return Ok(Some((layer, None)));
        }
        let Some((conv, last)) = conv::shortcut_conv(self, layer)? else {
            return Ok(None);
        };
        Ok(match self.config.readers(&last).as_slice() {
            [end] if end.class == "Add" => Some((*end, Some(conv))),
            _ => None,
        })
    }

    /// Ends the preparation of the pixels, before the first layer.
    ///
    /// # Errors
    /// When they are scaled for another number of channels.
    pub fn begin(&mut self) -> Result<(), String> {
        match self.pixels.take() {
            Some(pixels) => pixels.begin(&mut self.chain),
            None => Ok(()),
        }
    }
}

type Shortcut<'c> = (&'c LayerConfig, Option<PointConv>);
