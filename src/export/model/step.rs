//! The walk through a network's layers that everything written layer by layer takes.

use crate::model::{Layer, ModelSpec, Shape, SpecReport};

/// One layer, and the shapes around it.
pub(super) struct Step<'l> {
    pub layer: &'l Layer,
    /// Its place among the layers of its block, by which PyTorch calls it.
    pub idx: usize,
    /// Our name of it, within its block.
    pub name: String,
    pub input: Shape,
    pub output: Shape,
}

/// The layers of a network or block whose input is `input`, from the first to the last. Those of a
/// network fit each other: it could not have been made of others.
pub(super) fn steps(layers: &[Layer], mut input: Shape) -> impl Iterator<Item = Step<'_>> {
    let reports = SpecReport::inside(layers, input).layers;
    debug_assert_eq!(reports.len(), layers.len(), "{layers:?}");
    let spec = ModelSpec {
        input: [1; 3],
        classes: 1,
        layers: layers.to_vec(),
    };
    let all = layers.iter().zip(reports).enumerate();
    all.map(move |(idx, (layer, report))| Step {
        layer,
        idx,
        name: spec.layer_name(idx).unwrap_or_default(),
        input: std::mem::replace(&mut input, report.output),
        output: report.output,
    })
}
