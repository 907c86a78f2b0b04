//! Nodes that change how the values are seen: shapes and orders, and global means.

use super::chain::{View, Walk};
use super::graph::{int, ints};
use crate::model::{Layer, Shape};

impl Walk<'_> {
    /// The sides of one sample as the file sees them.
    fn dims(&self) -> Vec<usize> {
        match (self.view, self.chain.output()) {
            (View::Same, Shape::Image(chw)) => chw.to_vec(),
            (View::Same, Shape::Sequence(dims)) => dims.to_vec(),
            (View::ChannelsLast, Shape::Image([c, h, w])) => vec![h, w, c],
            (View::ByRow, Shape::Image([c, h, w])) => vec![h, c, w],
            (View::Rows, Shape::Image([c, h, w])) => vec![h, c * w],
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
            (View::ByRow, Shape::Image([c, h, w]), &[y, x]) if [y, x] == [h, c * w] => {
                self.view = View::Rows;
            }
            (View::Rows, Shape::Image([1, ..]), &[m]) if m == n => {
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
        // As this program writes it: channels and columns together.
        let shape = node.input.get(1).and_then(|name| graph.ints(name));
        return match (walk.chain.output(), shape.as_deref()) {
            (Shape::Image([c, h, w]), Some(&[y, _, x])) if [y, x] == [h as i64, (c * w) as i64] => {
                Ok(())
            }
            _ => Err("changes the order of rows".to_owned()),
        };
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
        "Squeeze" => walk.see(&squeezed(&before, &axes())),
        "Unsqueeze" => walk.see(&unsqueezed(before, &axes())),
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

/// Without the sides of 1 at these axes, or without any if there are none.
fn squeezed(before: &[usize], axes: &[i64]) -> Vec<usize> {
    let rank = before.len() as i64 + 1;
    let axes: Vec<i64> = axes.iter().map(|&a| a.rem_euclid(rank) - 1).collect();
    let stays = |&(at, &side): &(usize, &usize)| {
        side != 1 || !axes.is_empty() && !axes.contains(&(at as i64))
    };
    let sides = before.iter().enumerate().filter(stays);
    sides.map(|(_, &side)| side).collect()
}

/// With sides of 1 at these axes.
fn unsqueezed(mut dims: Vec<usize>, axes: &[i64]) -> Vec<usize> {
    let rank = (dims.len() + 1 + axes.len()) as i64;
    let mut axes: Vec<i64> = axes.iter().map(|&a| a.rem_euclid(rank)).collect();
    axes.sort_unstable();
    for axis in axes {
        let at = (axis - 1).clamp(0, dims.len() as i64) as usize;
        dims.insert(at, 1);
    }
    dims
}

/// The sides of one image in a shape of many, whose number comes first.
fn resolved(shape: &[i64], before: &[usize]) -> Result<Vec<usize>, String> {
    let n: usize = before.iter().product();
    let unknown = || format!("makes a shape {shape:?} of {before:?}");
    let rest = shape.get(1..).ok_or_else(unknown)?;
    let side = |(at, &side): (usize, &i64)| match side {
        // Taken from the shape before.
        0 | -2 => before.get(at).map(|&side| side as i64),
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
        .fold(1i64, |n, &side| n.saturating_mul(side)) as usize;
    let side = |&side: &i64| match side {
        side if side > 0 => side as usize,
        _ => n / known,
    };
    let dims: Vec<usize> = sides.iter().map(side).collect();
    let found = dims.iter().try_fold(1usize, |n, &side| n.checked_mul(side));
    match found == Some(n) {
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
        (View::Same, [0, 2, 1, 3]) if image => View::ByRow,
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
