//! The layers as an outline: blocks contain layers, and a path locates a layer.
//!
//! `[4]` is the fifth layer, `[4, 1]` the second inside it.

use crate::model::{Layer, Residual};

/// The path of a layer: its index, after the path of its block if it is inside one.
pub type Path = Vec<usize>;

/// Returns every layer's path, in display order.
pub fn paths(layers: &[Layer]) -> Vec<Path> {
    let mut found = Vec::new();
    for (idx, layer) in layers.iter().enumerate() {
        found.push(vec![idx]);
        for inner in paths(layer.inside()) {
            found.push([vec![idx], inner].concat());
        }
    }
    found
}

/// Returns the layer at `path`.
pub fn get<'a>(layers: &'a [Layer], path: &[usize]) -> Option<&'a Layer> {
    let (&idx, rest) = path.split_first()?;
    let layer = layers.get(idx)?;
    if rest.is_empty() {
        Some(layer)
    } else {
        get(layer.inside(), rest)
    }
}

/// Returns the layer at `path`, mutably.
pub fn get_mut<'a>(layers: &'a mut Vec<Layer>, path: &[usize]) -> Option<&'a mut Layer> {
    let (&idx, block) = path.split_last()?;
    list_mut(layers, block)?.get_mut(idx)
}

/// Returns the layers of the block at path `block`, or of the network for an empty path.
fn list_mut<'a>(layers: &'a mut Vec<Layer>, block: &[usize]) -> Option<&'a mut Vec<Layer>> {
    let Some((&idx, rest)) = block.split_first() else {
        return Some(layers);
    };
    list_mut(layers.get_mut(idx)?.inside_mut()?, rest)
}

/// Removes and returns the layer at `path`.
pub fn remove(layers: &mut Vec<Layer>, path: &[usize]) -> Option<Layer> {
    let (&idx, block) = path.split_last()?;
    let list = list_mut(layers, block)?;
    (idx < list.len()).then(|| list.remove(idx))
}

/// Inserts `layer` at `path`, or at the end of the list if that is shorter, and returns its path.
pub fn insert(layers: &mut Vec<Layer>, path: &[usize], layer: Layer) -> Option<Path> {
    let (&idx, block) = path.split_last()?;
    let list = list_mut(layers, block)?;
    let idx = idx.min(list.len());
    list.insert(idx, layer);
    Some([block, &[idx]].concat())
}

/// Moves the layer at `from` to before the one at `to`, and returns its new path. A block cannot be
/// moved into itself.
pub fn shift(layers: &mut Vec<Layer>, from: &[usize], to: &[usize]) -> Option<Path> {
    if to.starts_with(from) {
        return None;
    }
    let layer = remove(layers, from)?;
    let mut to = to.to_vec();
    // The layers after it in the same list have moved up.
    let (&idx, block) = from.split_last()?;
    if to.starts_with(block) && to.len() > block.len() && to[block.len()] > idx {
        to[block.len()] -= 1;
    }
    insert(layers, &to, layer)
}

/// Returns where a layer goes when it moves down by one row, into and out of blocks: the path to
/// insert it before, for [`shift`]. A block moves past other blocks.
pub fn below(layers: &[Layer], path: &[usize]) -> Option<Path> {
    let (&idx, block) = path.split_last()?;
    let beside = |idx: usize| [block, &[idx]].concat();
    match get(layers, &beside(idx + 1)) {
        Some(Layer::Residual(_)) if !is_block(layers, path) => {
            Some([beside(idx + 1), vec![0]].concat())
        }
        Some(_) => Some(beside(idx + 2)),
        None => {
            let (&idx, outer) = block.split_last()?;
            Some([outer, &[idx + 1]].concat())
        }
    }
}

/// The same as [`below`], upward.
pub fn above(layers: &[Layer], path: &[usize]) -> Option<Path> {
    let (&idx, block) = path.split_last()?;
    let Some(before) = idx.checked_sub(1) else {
        return (!block.is_empty()).then(|| block.to_vec());
    };
    let beside = [block, &[before]].concat();
    match get(layers, &beside) {
        Some(Layer::Residual(Residual { layers: inside })) if !is_block(layers, path) => {
            Some([beside, vec![inside.len()]].concat())
        }
        _ => Some(beside),
    }
}

fn is_block(layers: &[Layer], path: &[usize]) -> bool {
    matches!(get(layers, path), Some(Layer::Residual(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dense;

    fn dense(units: usize) -> Layer {
        Layer::Dense(Dense { units })
    }

    fn block(layers: Vec<Layer>) -> Layer {
        Layer::Residual(Residual { layers })
    }

    /// `1 [2 3] 4`
    fn network() -> Vec<Layer> {
        vec![dense(1), block(vec![dense(2), dense(3)]), dense(4)]
    }

    fn shown(layers: &[Layer]) -> String {
        let one = |layer: &Layer| match layer {
            Layer::Residual(Residual { layers }) => format!("[{}]", shown(layers)),
            other => other.detail(),
        };
        layers.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_layer_has_a_path() {
        let expected: [&[usize]; 5] = [&[0], &[1], &[1, 0], &[1, 1], &[2]];
        assert_eq!(paths(&network()), expected);
        for path in paths(&network()) {
            assert_eq!(
                get(&network(), &path),
                get_mut(&mut network(), &path).as_deref()
            );
            assert!(get(&network(), &path).is_some());
        }
        assert_eq!(get(&network(), &[0, 0]), None);
    }

    #[test]
    fn a_layer_moves_through_blocks_line_by_line_and_back() {
        let mut layers = network();
        let mut path = vec![0];
        let mut lines = vec![shown(&layers)];
        while let Some(to) = below(&layers, &path) {
            path = shift(&mut layers, &path, &to).unwrap();
            assert_eq!(get(&layers, &path), Some(&dense(1)));
            lines.push(shown(&layers));
        }
        assert_eq!(
            lines,
            [
                "1 [2 3] 4",
                "[1 2 3] 4",
                "[2 1 3] 4",
                "[2 3 1] 4",
                "[2 3] 1 4",
                "[2 3] 4 1"
            ]
        );
        while let Some(to) = above(&layers, &path) {
            path = shift(&mut layers, &path, &to).unwrap();
            lines.pop();
            assert_eq!(Some(&shown(&layers)), lines.last());
        }
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_block_steps_over_blocks_and_never_into_itself() {
        let mut layers = vec![block(vec![dense(1)]), block(vec![dense(2)])];
        let to = below(&layers, &[0]).unwrap();
        assert_eq!(shift(&mut layers, &[0], &to), Some(vec![1]));
        assert_eq!(shown(&layers), "[2] [1]");
        assert_eq!(shift(&mut layers, &[0], &[0, 1]), None);
        assert_eq!(shown(&layers), "[2] [1]");
    }

    #[test]
    fn what_is_not_there_changes_nothing() {
        let mut layers = network();
        for path in [vec![], vec![9], vec![0, 0], vec![1, 5]] {
            assert_eq!(remove(&mut layers, &path), None, "{path:?}");
            assert_eq!(shift(&mut layers, &path, &[0]), None, "{path:?}");
        }
        assert_eq!(insert(&mut layers, &[0, 0], dense(7)), None);
        assert_eq!(shown(&layers), "1 [2 3] 4");
    }
}
