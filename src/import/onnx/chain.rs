//! A graph as a chain of layers: from the images on, one node after the other, with residual blocks
//! where the chain parts and joins again.

use super::graph::{Graph, image_type};
use super::{ops, pattern};
use crate::import::Opened;
use crate::import::chain::Chain;
use crate::import::pixels::Pixels;
use crate::import::weight::PointConv;
use crate::model::limits::MAX_NESTING;
use crate::onnx::GraphProto;

/// How the file sees the output of our last layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// As we do: channels, rows, columns.
    Same,
    /// Rows, columns, channels.
    ChannelsLast,
    /// Rows, channels, columns.
    ByRow,
    /// Rows of all channels, side by side; of one channel, the image without that.
    Rows,
    /// The same, with the images after the rows, as recurrent layers read them.
    RowsFirst,
    /// An image as a list of values.
    Flat,
    /// A list of values as channels of one pixel.
    Pixel,
}

/// A walk along a graph.
pub(super) struct Walk<'g> {
    pub graph: &'g Graph<'g>,
    pub chain: Chain,
    /// The value that the last node gave.
    pub value: &'g str,
    pub view: View,
    /// Until the first layer.
    pub pixels: Option<Pixels>,
    /// The node at which it ends: where a block joins its shortcut.
    end: Option<usize>,
    /// How many blocks it is in.
    depth: usize,
}

/// Reads a chain of any program.
///
/// # Errors
/// The node that is no layer, with its operator.
pub(super) fn read(graph: &GraphProto) -> Result<Opened, String> {
    let graph = Graph::new(graph)?;
    let (is_bytes, sides) = image_type(graph.input).unwrap_or_default();
    let (input, view) = input(&sides)?;
    let mut walk = Walk {
        graph: &graph,
        chain: Chain::of_images(input)?,
        value: graph.input_name(),
        view,
        pixels: Some(Pixels::new(is_bytes)),
        end: None,
        depth: 0,
    };
    walk.run()?;
    if walk.view != View::Same && walk.view != View::Pixel {
        return Err("its graph does not end with one value per class".to_owned());
    }
    walk.chain.finish()
}

/// The images that an input of these sides is for.
fn input(sides: &[Option<usize>]) -> Result<([usize; 3], View), String> {
    let open = || {
        "the size of its images is open; fix it, for example with python -m \
         onnxruntime.tools.make_dynamic_shape_fixed"
            .to_owned()
    };
    let sides: Vec<usize> = sides
        .iter()
        .copied()
        .collect::<Option<_>>()
        .ok_or_else(open)?;
    match *sides {
        // Channels are at the end if only there they can be: 1, 3 or 4 of them.
        [h, w, c] if c <= 4 && h > 4 && w > 4 => Ok(([c, h, w], View::ChannelsLast)),
        [c, h, w] => Ok(([c, h, w], View::Same)),
        [h, w] => Ok(([1, h, w], View::Rows)),
        [n] if n.isqrt().pow(2) == n => Ok(([1, n.isqrt(), n.isqrt()], View::Flat)),
        _ => Err(format!(
            "its input has the sides {sides:?}, which are no image"
        )),
    }
}

impl<'g> Walk<'g> {
    /// Walks to the end.
    fn run(&mut self) -> Result<(), String> {
        loop {
            self.graph.step()?;
            if self.value.is_empty() {
                return Err("its graph has a node without an output".to_owned());
            }
            let readers = self.graph.consumers(self.value);
            if readers.is_empty() || readers.iter().all(|&idx| self.is_tail(idx)) {
                return match self.graph.is_output(self.value) || !readers.is_empty() {
                    true => self.begin(),
                    false => Err("its graph ends before its output".to_owned()),
                };
            }
            match readers.as_slice() {
                [idx] if self.end == Some(*idx) => return Ok(()),
                [idx] => ops::node(self, *idx)?,
                _ => self.parted(&readers)?,
            }
        }
    }

    /// Ends the preparation of the pixels, before the first layer.
    ///
    /// # Errors
    /// When the images cannot be scaled.
    pub fn begin(&mut self) -> Result<(), String> {
        match self.pixels.take() {
            Some(pixels) => pixels.begin(&mut self.chain),
            None => Ok(()),
        }
    }

    /// What ends a classifier and is no layer: the softmax, perhaps with a temperature, and the
    /// answer.
    fn is_tail(&self, idx: usize) -> bool {
        match self.graph.op(idx) {
            "Softmax" | "LogSoftmax" | "ArgMax" | "TopK" => true,
            "Div" | "Identity" => {
                let after = self.graph.consumers(self.graph.output(idx, 0));
                let is_answer = |&next: &usize| self.graph.op(next).ends_with("Softmax");
                !after.is_empty() && after.iter().all(is_answer)
            }
            _ => false,
        }
    }

    /// Several nodes read the value: an activation, or a residual block.
    fn parted(&mut self, readers: &[usize]) -> Result<(), String> {
        self.begin()?;
        if let Some((layer, value)) = pattern::activation(self.graph, self.value) {
            self.value = value;
            return self.chain.plain(layer);
        }
        let &[a, b] = readers else {
            let reason = "is one of several that read the same value, which no layer here is";
            return Err(self.graph.wrong(readers[0], reason));
        };
        let shortcut = self.shortcut(a).map(|s| (s, b));
        let (shortcut, first) = shortcut
            .or_else(|| self.shortcut(b).map(|s| (s, a)))
            .ok_or_else(|| {
                let reason = "begins a branch that is no residual block";
                self.graph.wrong(a, reason)
            })?;
        if self.view != View::Same || self.depth == MAX_NESTING {
            return Err(self
                .graph
                .wrong(first, "is in a block that no layer here is"));
        }
        let mut body = Walk {
            graph: self.graph,
            chain: self.chain.inside(),
            value: self.value,
            view: View::Same,
            pixels: None,
            end: Some(shortcut.end),
            depth: self.depth + 1,
        };
        ops::node(&mut body, first)?;
        body.run()?;
        if self.graph.consumer(body.value) != Some(shortcut.end) || body.view != View::Same {
            return Err(self
                .graph
                .wrong(first, "begins a branch that is no residual block"));
        }
        self.chain
            .residual(body.chain, shortcut.conv)
            .map_err(|reason| {
                self.graph
                    .wrong(shortcut.end, &format!("ends a block: {reason}"))
            })?;
        self.value = self.graph.output(shortcut.end, 0);
        Ok(())
    }

    /// The shortcut of a block, if the node at `idx` is or begins one.
    fn shortcut(&self, idx: usize) -> Option<Shortcut> {
        if self.graph.op(idx) == "Add" {
            return Some(Shortcut {
                end: idx,
                conv: None,
            });
        }
        let (conv, value) = ops::shortcut_conv(self.graph, idx)?;
        let end = self.graph.consumer(value)?;
        (self.graph.op(end) == "Add").then_some(Shortcut {
            end,
            conv: Some(conv),
        })
    }
}

/// What lies around a block.
struct Shortcut {
    /// The node that adds it.
    end: usize,
    conv: Option<PointConv>,
}
