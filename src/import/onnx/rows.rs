//! Nodes that change how the values are seen: shapes and orders, global means, and recurrent layers,
//! which read an image as rows.

use super::chain::{View, Walk};
use super::graph::{attribute, int, ints, word};
use super::ops::{is_zero, optional, weight};
use super::recurrent::{Kind, Part};
use crate::import::chain::Weight;
use crate::model::{Gru, Layer, Lstm, Rnn, Shape};

impl Walk<'_> {
    /// The sides of one sample as the file sees them.
    fn dims(&self) -> Vec<usize> {
        match (self.view, self.chain.output()) {
            (View::Same, Shape::Image(chw)) => chw.to_vec(),
            (View::Same, Shape::Sequence(dims)) => dims.to_vec(),
            (View::ChannelsLast, Shape::Image([c, h, w])) => vec![h, w, c],
            (View::Rows, Shape::Image([_, h, w])) => vec![h, w],
            (View::Pixel, shape) => vec![shape.n_values(), 1, 1],
            (_, shape) => vec![shape.n_values()],
        }
    }

    /// Sees the same values as `dims`.
    fn see(&mut self, dims: &[usize]) -> Result<(), String> {
        if dims == self.dims() {
            return Ok(());
        }
        let n = self.chain.output().n_values();
        match (self.view, self.chain.output(), dims) {
            (View::Same, Shape::Image(_) | Shape::Sequence(_), &[m]) if m == n => {
                self.begin()?;
                self.chain.flatten(false)?;
            }
            (View::ChannelsLast, Shape::Image(_), &[m]) if m == n => {
                self.begin()?;
                self.chain.flatten(true)?;
                self.view = View::Same;
            }
            (View::Rows, Shape::Image(_), &[m]) if m == n => {
                self.begin()?;
                self.chain.flatten(false)?;
                self.view = View::Same;
            }
            (View::Pixel, _, &[m]) if m == n => self.view = View::Same,
            (View::Same, Shape::Vector(_), &[m, 1, 1]) if m == n => self.view = View::Pixel,
            (View::Flat, Shape::Image([1, h, w]), &[1, y, x]) if [y, x] == [h, w] => {
                self.view = View::Same;
            }
            (View::Flat, Shape::Image([1, h, w]), &[y, x, 1]) if [y, x] == [h, w] => {
                self.view = View::ChannelsLast;
            }
            (View::ChannelsLast | View::Rows, Shape::Image([1, h, w]), &[1, y, x])
                if [y, x] == [h, w] =>
            {
                self.view = View::Same;
            }
            (View::Same | View::Rows, Shape::Image([1, h, w]), &[y, x, 1]) if [y, x] == [h, w] => {
                self.view = View::ChannelsLast;
            }
            (View::Same | View::ChannelsLast | View::Flat, Shape::Image([1, h, w]), &[y, x])
                if [y, x] == [h, w] =>
            {
                self.view = View::Rows;
            }
            _ => {
                return Err(format!(
                    "makes {dims:?} of {:?}, which no layer does",
                    self.dims()
                ));
            }
        }
        Ok(())
    }
}

/// `Flatten`, `Reshape`, `Squeeze`, `Unsqueeze` and `Transpose`.
pub(super) fn viewed(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    let before = walk.dims();
    if walk.view == View::RowsFirst {
        return Err("changes the order of rows".to_owned());
    }
    let axes = || match ints(node, "axes") {
        Some(axes) => axes.to_vec(),
        None => node
            .input
            .get(1)
            .and_then(|name| graph.ints(name))
            .unwrap_or_default(),
    };
    match graph.op(idx) {
        "Flatten" if int(node, "axis", 1) == 1 => {
            let n = before.iter().product();
            walk.see(&[n])
        }
        "Reshape" => {
            let shape = node.input.get(1).and_then(|name| graph.shape(name));
            let shape = shape.ok_or("computes its shape")?;
            let dims = resolved(&shape, &before)?;
            walk.see(&dims)
        }
        "Squeeze" => {
            let rank = before.len() as i64 + 1;
            let axes: Vec<i64> = axes().iter().map(|&a| a.rem_euclid(rank) - 1).collect();
            let stays = |&(at, &side): &(usize, &usize)| {
                side != 1 || !axes.is_empty() && !axes.contains(&(at as i64))
            };
            let dims: Vec<usize> = before
                .iter()
                .enumerate()
                .filter(stays)
                .map(|d| *d.1)
                .collect();
            walk.see(&dims)
        }
        "Unsqueeze" => {
            let axes = axes();
            let rank = (before.len() + 1 + axes.len()) as i64;
            let mut axes: Vec<i64> = axes.iter().map(|&a| a.rem_euclid(rank)).collect();
            axes.sort_unstable();
            let mut dims = before;
            for axis in axes {
                let at = (axis - 1).clamp(0, dims.len() as i64) as usize;
                dims.insert(at, 1);
            }
            walk.see(&dims)
        }
        "Transpose" => transposed(walk, ints(node, "perm").unwrap_or_default()),
        // The only channel.
        "Gather" if int(node, "axis", 0) == 1 && before.first() == Some(&1) => {
            let at = node.input.get(1).and_then(|name| graph.ints(name));
            match (at.as_deref(), walk.view) {
                (Some(&[0 | -1]), View::Same) => walk.see(&before[1..]),
                _ => Err("takes a part of what it reads".to_owned()),
            }
        }
        _ => Err("flattens what no layer does".to_owned()),
    }
}

/// The sides of one image in a shape of many, whose number comes first.
fn resolved(shape: &[i64], before: &[usize]) -> Result<Vec<usize>, String> {
    let n: usize = before.iter().product();
    let unknown = || format!("makes a shape {shape:?} of {before:?}");
    let rest = shape.get(1..).ok_or_else(unknown)?;
    if rest.len() == 1 {
        return match rest[0] {
            0 if before.len() == 1 => Ok(vec![n]),
            m if m < 0 || m == n as i64 => Ok(vec![n]),
            _ => Err(unknown()),
        };
    }
    let side = |(at, &side): (usize, &i64)| match side {
        0 => before.get(at).map(|&side| side as i64),
        -2 => None,
        side => Some(side),
    };
    let sides: Vec<i64> = rest
        .iter()
        .enumerate()
        .map(side)
        .collect::<Option<_>>()
        .ok_or_else(unknown)?;
    let known = sides
        .iter()
        .filter(|&&side| side > 0)
        .product::<i64>()
        .max(1) as usize;
    let side = |&side: &i64| match side {
        side if side > 0 => side as usize,
        _ => n / known,
    };
    let dims: Vec<usize> = sides.iter().map(side).collect();
    match dims.iter().product::<usize>() == n {
        true => Ok(dims),
        false => Err(unknown()),
    }
}

fn transposed(walk: &mut Walk<'_>, order: &[i64]) -> Result<(), String> {
    let image = matches!(walk.chain.output(), Shape::Image(_));
    walk.view = match (walk.view, order) {
        (View::ChannelsLast, [0, 3, 1, 2]) if image => View::Same,
        (View::Same, [0, 2, 3, 1]) if image => View::ChannelsLast,
        (View::Same, [0, 3, 1, 2]) if image && walk.chain.is_empty() => {
            return Err("takes images whose channels are last, of a size that has none".to_owned());
        }
        (View::Rows, [1, 0, 2]) => View::RowsFirst,
        // As this program writes recurrent layers: rows first, channels and columns together.
        (View::Same, [2, 0, 1, 3]) if image => View::RowsFirst,
        _ => return Err(format!("changes the order of the sides to {order:?}")),
    };
    Ok(())
}

/// `GlobalAveragePool`, or `ReduceMean` over rows and columns.
pub(super) fn averaged(walk: &mut Walk<'_>, idx: usize) -> Result<(), String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    let mut is_kept = true;
    if graph.op(idx) == "ReduceMean" {
        let axes = match ints(node, "axes") {
            Some(axes) => Some(axes.to_vec()),
            None => node.input.get(1).and_then(|name| graph.ints(name)),
        };
        let mut axes: Vec<i64> = axes
            .unwrap_or_default()
            .iter()
            .map(|a| a.rem_euclid(4))
            .collect();
        axes.sort_unstable();
        let wanted: &[i64] = match walk.view {
            View::ChannelsLast => &[1, 2],
            _ => &[2, 3],
        };
        if axes != wanted {
            return Err(format!(
                "takes the mean over {axes:?}, not over rows and columns"
            ));
        }
        is_kept = int(node, "keepdims", 1) == 1;
    } else if walk.view != View::Same {
        return Err("reads its channels where this program has columns".to_owned());
    }
    walk.begin()?;
    walk.chain.plain(Layer::GlobalAvgPool)?;
    walk.view = match is_kept {
        true => View::Pixel,
        false => View::Same,
    };
    Ok(())
}

/// A recurrent layer, up to its last state; returns the value of that.
pub(super) fn recurrent<'g>(walk: &mut Walk<'g>, idx: usize) -> Result<&'g str, String> {
    let graph = walk.graph;
    let node = graph.node(idx);
    if walk.view != View::RowsFirst || int(node, "layout", 0) != 0 {
        return Err("does not read the rows of an image".to_owned());
    }
    let is_both = match word(node, "direction").as_str() {
        "" | "forward" => false,
        "bidirectional" => true,
        other => return Err(format!("reads in the direction {other}")),
    };
    let kind = match graph.op(idx) {
        "RNN" => Kind::Rnn,
        "LSTM" => Kind::Lstm,
        _ => Kind::Gru,
    };
    if kind == Kind::Gru && int(node, "linear_before_reset", 0) != 1 {
        return Err(
            "applies its reset gate before the product (linear_before_reset = 0)".to_owned(),
        );
    }
    let odd = ["activations", "activation_alpha", "activation_beta", "clip"];
    let odd = odd.iter().find(|name| attribute(node, name).is_some());
    if let Some(odd) = odd.or((int(node, "input_forget", 0) != 0).then_some(&"input_forget")) {
        return Err(format!("has {odd}, which no layer here has"));
    }
    let states = node.input.iter().skip(4).filter(|name| !name.is_empty());
    if !states.into_iter().all(|name| is_zero(graph, name)) {
        return Err("begins with a state that is not zero".to_owned());
    }
    let state = weight(graph, idx, 2)?;
    let units = state.dims.get(2).copied().unwrap_or(0);
    if Kind::of_rows(&state) != Some(kind) {
        return Err(format!("has a weight of shape {:?}", state.dims));
    }
    let input = weight(graph, idx, 1)?;
    let n_directions = 1 + usize::from(is_both);
    let bias = optional(graph, idx, 3)?;
    let bias = Weight {
        dims: vec![n_directions],
        values: bias.unwrap_or_else(|| vec![0.0; 2 * state.values.len() / units.max(1)]),
    };
    let mut weights = Vec::new();
    let directions = [false, true];
    for (name, part) in directions[..n_directions]
        .iter()
        .flat_map(|&d| Part::all(d))
    {
        let (tensor, columns) = match part.tensor() {
            "W" => (&input, input.dims.last().copied()),
            "R" => (&state, state.dims.last().copied()),
            _ => (&bias, None),
        };
        let values = part.of(kind, tensor).ok_or("has weights of odd sizes")?;
        let dims = match columns {
            Some(columns) => vec![values.len() / columns.max(1), columns],
            None => vec![values.len()],
        };
        weights.push((name, Weight { dims, values }));
    }
    let layer = match kind {
        Kind::Rnn => Layer::Rnn(Rnn {
            units,
            bidirectional: is_both,
        }),
        Kind::Lstm => Layer::Lstm(Lstm {
            units,
            bidirectional: is_both,
        }),
        Kind::Gru => Layer::Gru(Gru {
            units,
            bidirectional: is_both,
        }),
    };
    let value = last_state(walk, idx, is_both)?;
    walk.chain.push(layer, weights)?;
    walk.view = View::Same;
    Ok(value)
}

/// The value that is the last state, as a list per image.
fn last_state<'g>(walk: &Walk<'g>, idx: usize, is_both: bool) -> Result<&'g str, String> {
    let graph = walk.graph;
    let all = || "passes on more than its last state".to_owned();
    let (states, last) = (graph.output(idx, 0), graph.output(idx, 1));
    let has_readers = |value: &str| !value.is_empty() && !graph.consumers(value).is_empty();
    let is_last = has_readers(last);
    if is_last == has_readers(states) {
        return Err(all());
    }
    let n_steps = match walk.chain.output() {
        Shape::Image([_, height, _]) => height as i64,
        _ => 0,
    };
    let mut value = if is_last { last } else { states };
    let mut is_taken = is_last;
    let mut is_turned = false;
    while let Some(next) = graph.consumer(value) {
        let node = graph.node(next);
        match graph.op(next) {
            "Squeeze" | "Reshape" | "Identity" => {}
            "Transpose" => is_turned = true,
            "Gather" => {
                let at = node.input.get(1).and_then(|name| graph.ints(name));
                let at = at.and_then(|at| at.first().copied()).ok_or_else(all)?;
                if !is_last && at != -1 && at != n_steps - 1 {
                    return Err(all());
                }
                is_taken = true;
            }
            _ => break,
        }
        graph.step()?;
        value = graph.output(next, 0);
    }
    // Both directions have to lie side by side for each image, which only the last states do.
    match is_taken && (!is_both || is_last && is_turned) {
        true => Ok(value),
        false => Err(all()),
    }
}
