//! A graph to walk through: what reads each value, and what is known before it runs.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::constant;
use crate::import::weight::Weight;
use crate::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto, data_type};

/// How many operators on a constant are computed, one after the other.
const MAX_FOLDED: usize = 16;

/// Nodes by what they read and write.
pub(super) struct Graph<'g> {
    nodes: &'g [NodeProto],
    consumers: HashMap<&'g str, Vec<usize>>,
    producers: HashMap<&'g str, usize>,
    tensors: HashMap<&'g str, &'g TensorProto>,
    outputs: HashSet<&'g str>,
    /// The images.
    pub input: &'g ValueInfoProto,
    /// Steps that walks have taken: no more than there are nodes, unless they go in circles.
    n_steps: Cell<usize>,
}

impl<'g> Graph<'g> {
    /// Takes a graph in.
    ///
    /// # Errors
    /// When it has not exactly one input.
    pub fn new(graph: &'g GraphProto) -> Result<Graph<'g>, String> {
        let named = |t: &'g TensorProto| Some((t.name.as_deref()?, t));
        let tensors: HashMap<_, _> = graph.initializer.iter().filter_map(named).collect();
        let name = |value: &'g ValueInfoProto| value.name.as_deref().unwrap_or_default();
        // Files before version 4 list the tensors among the inputs.
        let is_image = |value: &&ValueInfoProto| !tensors.contains_key(name_of(value));
        let inputs: Vec<_> = graph.input.iter().filter(is_image).collect();
        let [input] = inputs.as_slice() else {
            let n = inputs.len();
            return Err(format!(
                "its graph has {n} inputs, a classifier has one: the images"
            ));
        };
        let mut consumers: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut producers = HashMap::new();
        for (idx, node) in graph.node.iter().enumerate() {
            for value in node.input.iter().filter(|name| !name.is_empty()) {
                let all = consumers.entry(value.as_str()).or_default();
                if all.last() != Some(&idx) {
                    all.push(idx);
                }
            }
            for value in node.output.iter().filter(|name| !name.is_empty()) {
                producers.insert(value.as_str(), idx);
            }
        }
        Ok(Graph {
            nodes: &graph.node,
            consumers,
            producers,
            tensors,
            outputs: graph.output.iter().map(name).collect(),
            input,
            n_steps: Cell::new(0),
        })
    }

    /// Notes that a walk takes a step.
    ///
    /// # Errors
    /// When it goes in circles.
    pub fn step(&self) -> Result<(), String> {
        self.n_steps.set(self.n_steps.get() + 1);
        match self.n_steps.get() > self.nodes.len() + 1 {
            true => Err("its graph has a circle".to_owned()),
            false => Ok(()),
        }
    }

    /// The name of the input.
    pub fn input_name(&self) -> &'g str {
        name_of(self.input)
    }

    /// The node at `idx`.
    pub fn node(&self, idx: usize) -> &'g NodeProto {
        &self.nodes[idx]
    }

    /// The operator of the node at `idx`.
    pub fn op(&self, idx: usize) -> &'g str {
        self.nodes[idx].op_type.as_deref().unwrap_or_default()
    }

    /// The output of the node at `idx` with this number; empty if it has none.
    pub fn output(&self, idx: usize, number: usize) -> &'g str {
        self.nodes[idx]
            .output
            .get(number)
            .map_or("", String::as_str)
    }

    /// Whether a value is an output of the graph.
    pub fn is_output(&self, value: &str) -> bool {
        self.outputs.contains(value)
    }

    /// The nodes that compute with a value, not only with its shape.
    pub fn consumers(&self, value: &str) -> Vec<usize> {
        let all = self.consumers.get(value).map_or(&[][..], Vec::as_slice);
        all.iter()
            .copied()
            .filter(|&idx| self.op(idx) != "Shape")
            .collect()
    }

    /// The only node that computes with a value.
    pub fn consumer(&self, value: &str) -> Option<usize> {
        match *self.consumers(value) {
            [idx] => Some(idx),
            _ => None,
        }
    }

    /// The node that a value is from.
    pub fn producer(&self, value: &str) -> Option<usize> {
        self.producers.get(value).copied()
    }

    /// The other input of a node with two.
    pub fn other(&self, idx: usize, value: &str) -> Option<&'g str> {
        match self.nodes[idx].input.as_slice() {
            [a, b] if a == value => Some(b),
            [a, b] if b == value => Some(a),
            _ => None,
        }
    }

    /// The tensor called `name`, if it is known before the graph runs.
    fn tensor(&self, name: &str) -> Option<&'g TensorProto> {
        if let Some(tensor) = self.tensors.get(name) {
            return Some(tensor);
        }
        let node = self.node(self.producer(name)?);
        match node.op_type.as_deref() {
            Some("Constant") => attribute(node, "value")?.t.as_ref(),
            _ => None,
        }
    }

    /// A constant as floats; `None` if it is computed.
    pub fn weight(&self, name: &str) -> Option<Result<Weight, String>> {
        self.folded(name, 0)
    }

    fn folded(&self, name: &str, depth: usize) -> Option<Result<Weight, String>> {
        if let Some(tensor) = self.tensor(name) {
            return Some(constant::weight(tensor));
        }
        let node = self.node(self.producer(name)?);
        if node.op_type.as_deref() == Some("Constant") {
            return number(node).map(Ok);
        }
        if depth == MAX_FOLDED {
            return None;
        }
        let input = || self.folded(node.input.first()?, depth + 1);
        match node.op_type.as_deref() {
            Some("Identity" | "Cast") => input(),
            Some("Transpose") => Some(input()?.and_then(|weight| weight.transposed())),
            Some("Reshape") => {
                let shape = self.ints(node.input.get(1)?)?;
                Some(input()?.and_then(|weight| reshaped(weight, &shape)))
            }
            _ => None,
        }
    }

    /// A constant list of whole numbers; `None` if it is computed.
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        if let Some(tensor) = self.tensor(name) {
            return constant::ints(tensor).ok();
        }
        let node = self.node(self.producer(name)?);
        match attribute(node, "value_ints") {
            Some(list) => Some(list.ints.clone()),
            None => Some(vec![attribute(node, "value_int")?.i?]),
        }
    }

    /// A shape that is computed from the one before: what is constant of it, and -2 for what is not,
    /// which is taken from there.
    pub fn shape(&self, name: &str) -> Option<Vec<i64>> {
        if let Some(ints) = self.ints(name) {
            return Some(ints);
        }
        let node = self.node(self.producer(name)?);
        if node.op_type.as_deref() != Some("Concat") {
            return None;
        }
        let part = |name: &String| {
            let of_slice = || {
                let node = self.node(self.producer(name)?);
                let [_, start, end, ..] = node.input.as_slice() else {
                    return None;
                };
                let end = self.ints(end)?.first()?.clamp(&0, &4) - self.ints(start)?.first()?;
                Some(vec![-2; usize::try_from(end).ok()?])
            };
            self.ints(name)
                .or_else(of_slice)
                .unwrap_or_else(|| vec![-2])
        };
        Some(node.input.iter().flat_map(part).collect())
    }

    /// One sentence about a node: its name, its operator and what is wrong with it.
    pub fn wrong(&self, idx: usize, reason: &str) -> String {
        let name = self.nodes[idx]
            .name
            .as_deref()
            .filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("number {idx}"), |name| format!("`{name}`"));
        format!("its node {name} ({}) {reason}", self.op(idx))
    }
}

fn name_of(value: &ValueInfoProto) -> &str {
    value.name.as_deref().unwrap_or_default()
}

/// The attribute of a node.
pub(super) fn attribute<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    let mut attributes = node.attribute.iter();
    attributes.find(|attribute| attribute.name.as_deref() == Some(name))
}

/// A whole number of a node.
pub(super) fn int(node: &NodeProto, name: &str, default: i64) -> i64 {
    attribute(node, name).map_or(default, |a| a.i.unwrap_or_default())
}

/// A number of a node.
pub(super) fn float(node: &NodeProto, name: &str, default: f32) -> f32 {
    attribute(node, name).map_or(default, |a| a.f.unwrap_or_default())
}

/// A list of whole numbers of a node.
pub(super) fn ints<'n>(node: &'n NodeProto, name: &str) -> Option<&'n [i64]> {
    attribute(node, name).map(|a| a.ints.as_slice())
}

/// A word of a node.
pub(super) fn word(node: &NodeProto, name: &str) -> String {
    let bytes = attribute(node, name).and_then(|a| a.s.as_deref());
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// The type of the elements, and the sides of one image; `None` for a side that is open.
pub(super) fn image_type(value: &ValueInfoProto) -> Option<(bool, Vec<Option<usize>>)> {
    let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
    let side = |dim: &crate::onnx::DimensionProto| {
        dim.dim_value
            .and_then(|n| usize::try_from(n).ok())
            .filter(|&n| n > 0)
    };
    let sides = tensor.shape.as_ref()?.dim.iter().skip(1).map(side);
    let is_bytes = tensor.elem_type == Some(data_type::UINT8);
    Some((is_bytes, sides.collect()))
}

/// A constant of one number.
fn number(node: &NodeProto) -> Option<Weight> {
    if let Some(list) = attribute(node, "value_floats") {
        return Some(Weight::list(list.floats.clone()));
    }
    let value = match attribute(node, "value_float") {
        Some(number) => number.f?,
        None => attribute(node, "value_int")?.i? as f32,
    };
    Some(Weight {
        dims: Vec::new(),
        values: vec![value],
    })
}

fn reshaped(weight: Weight, shape: &[i64]) -> Result<Weight, String> {
    let n = weight.values.len() as i64;
    let known = shape.iter().filter(|&&d| d > 0);
    let known = known.fold(1i64, |n, &d| n.saturating_mul(d));
    let side = |&d: &i64| match d {
        -1 if known > 0 => n / known,
        d => d,
    };
    let dims: Vec<i64> = shape.iter().map(side).collect();
    let found = dims.iter().try_fold(1i64, |n, &d| n.checked_mul(d));
    let is_whole = dims.iter().all(|&d| d > 0) && found == Some(n);
    match is_whole {
        true => Ok(Weight {
            dims: dims.iter().map(|&d| d as usize).collect(),
            ..weight
        }),
        false => Err(format!("{n} values for a shape {shape:?}")),
    }
}
