//! The name of each layer: its kind and running number, such as `conv1`.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::spec::{Layer, ModelSpec};

/// A layer's name and place in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerName {
    /// Its index, preceded by that of the block if it is inside one.
    pub path: Vec<usize>,
    /// Kind and running number, preceded by the block's name: `residual1.conv2`.
    pub name: String,
}

impl LayerName {
    /// The name within its block, such as `conv2`.
    pub fn within_block(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    /// Whether it is called `pattern`, in which `*` is any text, or is the layer of that number,
    /// counted from 1: `3`, or `5.2` for the second layer inside the fifth.
    fn is_called(&self, pattern: &str) -> bool {
        let number: Vec<String> = self.path.iter().map(|idx| (idx + 1).to_string()).collect();
        number.join(".") == pattern || is_glob_of(pattern, &self.name)
    }
}

/// A pattern that matches no layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no layer matches `{pattern}`; the layers are {names}")]
pub struct NoSuchLayer {
    /// The pattern.
    pub pattern: String,
    /// The names of all layers.
    pub names: String,
}

impl ModelSpec {
    /// The names of all layers, in the order of the forward pass; those inside a block follow it.
    pub fn layer_names(&self) -> Vec<LayerName> {
        let mut found = Vec::new();
        collect(&self.layers, None, &mut found);
        found
    }

    /// The same, each layer after those inside it: in the order in which outputs are computed.
    pub(crate) fn layer_names_inside_first(&self) -> Vec<LayerName> {
        let mut names = self.layer_names();
        // Stable: a block's path is the beginning of those inside it, which come before the next.
        names.sort_by(
            |a, b| match (a.path.starts_with(&b.path), b.path.starts_with(&a.path)) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                _ => a.path.cmp(&b.path),
            },
        );
        names
    }

    /// The name of the layer at index `layer`, outside of any block.
    pub fn layer_name(&self, layer: usize) -> Option<String> {
        within(&self.layers).nth(layer)
    }

    /// The layers called `pattern`, in the order of the forward pass: a name, a name with `*` for
    /// any text (`conv*`, `residual1.*`), or a number counted from 1 (`3`, or `5.2` inside a
    /// block). A block's name does not include the layers inside.
    ///
    /// # Errors
    /// When no layer matches.
    pub fn layers_matching(&self, pattern: &str) -> Result<Vec<LayerName>, NoSuchLayer> {
        let (found, others): (Vec<_>, Vec<_>) = self
            .layer_names()
            .into_iter()
            .partition(|name| name.is_called(pattern));
        if found.is_empty() {
            let names: Vec<String> = others.into_iter().map(|layer| layer.name).collect();
            return Err(NoSuchLayer {
                pattern: pattern.to_owned(),
                names: names.join(", "),
            });
        }
        Ok(found)
    }
}

fn collect(layers: &[Layer], block: Option<&LayerName>, found: &mut Vec<LayerName>) {
    for (idx, (layer, name)) in layers.iter().zip(within(layers)).enumerate() {
        let own = match block {
            Some(LayerName { path, name: block }) => LayerName {
                path: [path.as_slice(), &[idx]].concat(),
                name: format!("{block}.{name}"),
            },
            None => LayerName {
                path: vec![idx],
                name,
            },
        };
        found.push(own.clone());
        collect(layer.inside(), Some(&own), found);
    }
}

/// The names of `layers` within their block.
pub(super) fn within(layers: &[Layer]) -> impl Iterator<Item = String> {
    let mut counts = HashMap::new();
    layers.iter().map(move |layer| {
        let name = layer.kind().about().name;
        let n: &mut usize = counts.entry(name).or_default();
        *n += 1;
        format!("{name}{n}")
    })
}

/// Whether `pattern`, in which `*` is any text, is `name`.
fn is_glob_of(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::model::preset;

    fn check(pattern: &str, expected: &[&str]) {
        let spec = preset("resnet-small").unwrap().spec([1, 28, 28], 10);
        let found = spec.layers_matching(pattern).unwrap();
        let names: Vec<&str> = found.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, expected, "{pattern}");
    }

    #[test]
    fn every_layer_has_one_name() {
        let spec = preset("resnet-small").unwrap().spec([1, 28, 28], 10);
        let names: Vec<String> = spec.layer_names().into_iter().map(|l| l.name).collect();
        let stem = ["conv1", "norm1", "relu1", "pool1", "residual1"];
        let block = ["conv1", "norm1", "relu1", "conv2", "norm2"];
        assert_eq!(names[..5], stem);
        assert_eq!(names[5..10], block.map(|name| format!("residual1.{name}")));
        assert_eq!(names[10..12], ["relu2", "residual2"]);
        assert_eq!(spec.layer_name(5).as_deref(), Some("relu2"));
        assert_eq!(spec.layer_name(99), None);
        for (idx, name) in names.iter().enumerate() {
            assert!(!names[..idx].contains(name), "{name}");
            check(name, &[name]);
        }
    }

    #[test]
    fn layers_are_found_by_name_pattern_and_number() {
        check("conv*", &["conv1"]);
        check(
            "residual*.conv2",
            &["residual1.conv2", "residual2.conv2", "residual3.conv2"],
        );
        check(
            "residual2.*1",
            &["residual2.conv1", "residual2.norm1", "residual2.relu1"],
        );
        check("*dense*", &["dense1"]);
        check("5", &["residual1"]);
        check("5.2", &["residual1.norm1"]);
        check("r*l*3", &["relu3", "residual3"]);
    }

    #[test]
    fn a_pattern_of_no_layer_is_told_with_the_names() {
        let spec = preset("softmax").unwrap().spec([1, 28, 28], 10);
        for pattern in ["conv*", "0", "3", "", "dense", "*dense", "1.1"] {
            let error = spec.layers_matching(pattern).unwrap_err().to_string();
            let expected = format!("no layer matches `{pattern}`; the layers are flatten1, dense1");
            assert_eq!(error, expected);
        }
        assert_eq!(spec.layers_matching("*").unwrap().len(), 2);
    }
}
