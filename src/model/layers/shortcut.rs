//! Operations with a shortcut around them.

use candle_core::{Result, Tensor};

use super::conv::Conv;
use super::memory_format;
use super::plan::{Op, Pass};

/// y = body(x) + x, or y = body(x) + projection(x); then ReLU, if that follows.
#[derive(Clone, Debug)]
pub(in crate::model) struct Shortcut {
    pub body: Vec<Op>,
    /// The convolution of the shortcut, if it needs one.
    pub projection: Option<Conv>,
    /// Whether ReLU follows.
    pub relu: bool,
}

impl Shortcut {
    pub fn forward(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let mut y = x.clone();
        for op in &self.body {
            let next = op.forward(&y, pass)?;
            pass.done_with(&y, &[&next, x]);
            y = next;
        }
        let shortcut = match &self.projection {
            Some(conv) => &conv.forward(x, pass)?,
            None => x,
        };
        let sum = match self.relu {
            true => pass.sum_relu(y, shortcut),
            false => pass.sum(y, shortcut),
        }?;
        pass.done_with(shortcut, &[&sum, x]);
        Ok(sum)
    }

    /// Whether input and output must have the same memory format.
    pub fn keeps_format(&self) -> bool {
        self.projection.is_none()
    }

    /// Whether it can read images channels-last.
    pub fn can_read(&self) -> bool {
        memory_format::can_read(&self.body)
    }

    /// Whether its result can be channels-last.
    pub fn can_write(&self) -> bool {
        memory_format::can_write(&self.body)
    }

    /// From now on it reads images channels-last.
    pub fn read(&mut self) {
        memory_format::read(&mut self.body);
        if let Some(conv) = &mut self.projection {
            conv.read_channels_last();
        }
    }

    /// From now on its result is channels-last.
    pub fn write(&mut self) {
        memory_format::write(&mut self.body);
        if let Some(conv) = &mut self.projection {
            conv.write_channels_last();
        }
    }
}
