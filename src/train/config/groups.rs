//! Which layers are frozen, as a list of names that can be edited.

use super::TrainConfig;

impl TrainConfig {
    /// Which parameters are frozen, in the order of [`ModelSpec::param_shapes`]. Names that match no
    /// layer count for nothing.
    ///
    /// [`ModelSpec::param_shapes`]: crate::model::ModelSpec::param_shapes
    pub fn frozen_params(&self) -> Vec<bool> {
        let n = self.model.param_shapes().map_or(0, |shapes| shapes.len());
        let mut frozen = vec![false; n];
        for name in &self.freeze {
            let found = self.model.params_matching(name).unwrap_or_default();
            frozen
                .iter_mut()
                .zip(found)
                .for_each(|(is, new)| *is |= new);
        }
        frozen
    }

    /// Whether all parameters of the layer of this name are frozen, and it has any.
    pub fn is_frozen(&self, name: &str) -> bool {
        let own = self.model.params_matching(name).unwrap_or_default();
        let frozen = self.frozen_params();
        let mut own = own.iter().zip(&frozen).filter(|(own, _)| **own).peekable();
        own.peek().is_some() && own.all(|(_, is_frozen)| *is_frozen)
    }

    /// Freezes the layer of this name, or has it trained. Patterns become the names they stand for.
    pub fn freeze_layer(&mut self, name: &str, is_frozen: bool) {
        let is_within = |inner: &str| inner.starts_with(&format!("{name}."));
        let frozen = self.model.layer_names().into_iter().filter(|layer| {
            let is_this = layer.name == name || is_within(&layer.name);
            // A block that is trained again in part is not frozen as a whole.
            let is_around = name.starts_with(&format!("{}.", layer.name));
            let was_frozen = !is_around && self.is_frozen(&layer.name);
            if is_this {
                is_frozen && layer.name == name
            } else {
                was_frozen
            }
        });
        self.freeze = without_inner(frozen.map(|layer| layer.name).collect());
    }

    /// Freezes the layers up to the one of this name, and no other.
    pub fn freeze_up_to(&mut self, name: &str) {
        let names = self.model.layer_names();
        let Some(at) = names.iter().position(|layer| layer.name == name) else {
            return;
        };
        // A block around it is frozen only in part.
        let path = &names[at].path;
        let up_to = names[..=at]
            .iter()
            .filter(|layer| layer.path.len() >= path.len() || !path.starts_with(&layer.path));
        let has_weights = |name: &str| {
            let found = self.model.params_matching(name);
            found.is_ok_and(|found| found.contains(&true))
        };
        let frozen = up_to
            .map(|layer| layer.name.clone())
            .filter(|name| has_weights(name));
        self.freeze = without_inner(frozen.collect());
    }

    /// Freezes nothing, and trains all layers at the same rate.
    pub fn train_all_layers(&mut self) {
        self.freeze.clear();
        self.lr_scale.clear();
    }
}

/// Leaves out layers inside a block that is in the list itself.
fn without_inner(names: Vec<String>) -> Vec<String> {
    let is_inside = |name: &String| {
        let mut blocks = names.iter();
        blocks.any(|block| name.starts_with(&format!("{block}.")))
    };
    names
        .iter()
        .filter(|name| !is_inside(name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;

    fn config(name: &str) -> TrainConfig {
        TrainConfig::new(preset(name).unwrap(), [1, 28, 28], 10, 60_000)
    }

    #[test]
    fn layers_are_frozen_one_by_one_and_patterns_become_names() {
        let mut c = config("lenet-5");
        c.freeze = vec!["body".to_owned()];
        assert!(c.is_frozen("conv2") && !c.is_frozen("dense3") && !c.is_frozen("flatten1"));
        c.freeze_layer("conv2", false);
        assert_eq!(c.freeze, ["conv1", "dense1", "dense2"]);
        c.freeze_layer("dense2", false);
        c.freeze_layer("conv2", true);
        assert_eq!(c.freeze, ["conv1", "conv2", "dense1"]);
        c.freeze_up_to("conv2");
        assert_eq!(c.freeze, ["conv1", "conv2"]);
        c.train_all_layers();
        assert_eq!(c.freeze, Vec::<String>::new());
    }

    #[test]
    fn a_block_is_frozen_as_a_whole_or_in_part() {
        let mut c = config("resnet-small");
        c.freeze_layer("residual1", true);
        assert_eq!(c.freeze, ["residual1"]);
        assert!(c.is_frozen("residual1.conv1"));
        c.freeze_layer("residual1.conv1", false);
        assert!(!c.is_frozen("residual1") && !c.is_frozen("residual1.conv1"));
        assert!(c.is_frozen("residual1.conv2"));
        c.freeze_up_to("residual2.conv1");
        assert!(c.is_frozen("residual1") && c.is_frozen("residual2.conv1"));
        assert!(!c.is_frozen("residual2.conv2"));
        assert!(c.freeze.contains(&"residual1".to_owned()));
    }
}
