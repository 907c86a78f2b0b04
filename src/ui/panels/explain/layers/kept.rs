//! The arithmetic that is shown, made only when the value or the result changes.

use std::sync::Arc;

use crate::explain::{Arithmetic, Position, arithmetic};
use crate::studio::LayerMaps;

/// The arithmetic of one value.
#[derive(Default)]
pub(super) struct Kept(Option<Made>);

struct Made {
    of: Arc<LayerMaps>,
    layer: usize,
    at: Position,
    found: Result<Arc<Arithmetic>, String>,
}

impl Kept {
    /// The arithmetic of a value, or why there is none.
    pub(super) fn of(
        &mut self,
        maps: &Arc<LayerMaps>,
        layer: usize,
        at: Position,
    ) -> Result<Arc<Arithmetic>, String> {
        let is_it =
            |made: &Made| Arc::ptr_eq(&made.of, maps) && made.layer == layer && made.at == at;
        let made = match self.0.take().filter(is_it) {
            Some(made) => made,
            None => {
                let network = &maps.classifier.network;
                let found = arithmetic(network, &maps.activations, layer, at);
                Made {
                    of: maps.clone(),
                    layer,
                    at,
                    found: found.map(Arc::new).map_err(|error| error.to_string()),
                }
            }
        };
        let found = made.found.clone();
        self.0 = Some(made);
        found
    }
}
