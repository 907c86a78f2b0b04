//! A graph under construction: nodes in the order in which they are computed, and the tensors they
//! read.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{self, Attribute};
use super::{OnnxError, Opset};
use crate::model::{Grid, Int8, Network, Param};
use crate::onnx::{NodeProto, TensorProto};

/// Where a node belongs: PyTorch's place of a layer, such as `5.body.0`, and our name for it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// PyTorch's name of the module; empty for what is around the network.
    pub module: String,
    /// Our name of the layer, such as `residual1.conv1`.
    pub layer: String,
}

impl Place {
    /// The name of a tensor of the module, such as `5.body.0.weight`.
    pub fn tensor(&self, name: &str) -> String {
        match self.module.as_str() {
            "" => name.to_owned(),
            module => format!("{module}.{name}"),
        }
    }

    /// A module within this one.
    pub fn within(&self, module: &str) -> Place {
        Place {
            module: self.tensor(module),
            layer: self.layer.clone(),
        }
    }

    /// The beginning of the names of its nodes, as PyTorch's own exporter writes it.
    fn path(&self) -> String {
        match self.module.as_str() {
            "" => String::new(),
            module => format!("/{}", module.replace('.', "/")),
        }
    }
}

/// Nodes and tensors so far.
pub(super) struct Graph<'n> {
    opset: Opset,
    params: BTreeMap<&'n str, &'n Param>,
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    /// The names of nodes and tensors.
    names: BTreeSet<String>,
    /// What of the network is kept in 8 bits.
    pub(super) int8: Option<&'n Int8>,
    /// Number of layers whose output is known, those inside a block before it.
    pub(super) n_layers: usize,
    /// The values that are rounded, by name.
    pub(super) grids: BTreeMap<String, Grid>,
}

impl<'n> Graph<'n> {
    /// An empty graph that reads the weights of `network`.
    pub fn new(network: &'n Network, opset: Opset) -> Graph<'n> {
        let params = network.params().iter();
        Graph {
            opset,
            params: params.map(|p| (p.name.as_str(), p)).collect(),
            nodes: Vec::new(),
            tensors: Vec::new(),
            names: BTreeSet::new(),
            int8: network.int8(),
            n_layers: 0,
            grids: BTreeMap::new(),
        }
    }

    /// The version of the operators.
    pub fn opset(&self) -> Opset {
        self.opset
    }

    /// Adds a node with one output, and returns the name of that.
    pub fn node(
        &mut self,
        place: &Place,
        op: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> String {
        self.node_with_outputs(place, op, inputs, attributes, 0)
    }

    /// Adds a node whose output at index `used` is used; those before it are left out.
    pub fn node_with_outputs(
        &mut self,
        place: &Place,
        op: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
        used: usize,
    ) -> String {
        let name = self.unused(&format!("{}/{op}", place.path()));
        let output = format!("{name}_output_{used}");
        let mut outputs = vec![String::new(); used];
        outputs.push(output.clone());
        let attributes = attributes.into_iter().map(attribute::message);
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: outputs,
            name: Some(name),
            op_type: Some(op.to_owned()),
            attribute: attributes.collect(),
            doc_string: Some(place.layer.clone()).filter(|layer| !layer.is_empty()),
            domain: None,
        });
        output
    }

    /// Adds the parameter `name` of a module in PyTorch's layout, and returns its whole name.
    ///
    /// # Errors
    /// When the network has no such parameter, or candle cannot copy it.
    pub fn weight(&mut self, place: &Place, name: &str) -> Result<String, OnnxError> {
        let (dims, values) = self.values(place, name)?;
        let name = place.tensor(name);
        if let Some(weights) = self.int8.and_then(|int8| int8.weights(&name)) {
            return Ok(self.byte_weight(place, &name, &dims, weights));
        }
        if self.names.insert(name.clone()) {
            self.tensors
                .push(TensorProto::floats(&name, &dims, &values));
        }
        Ok(name)
    }

    /// The shape and the values of a parameter in PyTorch's layout, for what ONNX keeps otherwise.
    ///
    /// # Errors
    /// As [`Graph::weight`].
    pub fn values(&self, place: &Place, name: &str) -> Result<(Vec<usize>, Vec<f32>), OnnxError> {
        let name = place.tensor(name);
        let param = self.params.get(name.as_str());
        let param = param.ok_or_else(|| OnnxError::Missing(name.clone()))?;
        let values = param.to_pytorch()?.flatten_all()?.to_vec1()?;
        Ok((param.pytorch_dims(), values))
    }

    /// Adds a tensor of f32.
    pub fn floats(&mut self, place: &Place, name: &str, dims: &[usize], values: &[f32]) -> String {
        let name = self.unused(&place.tensor(name));
        self.tensors.push(TensorProto::floats(&name, dims, values));
        name
    }

    /// Adds a number.
    pub fn number(&mut self, place: &Place, name: &str, value: f32) -> String {
        self.floats(place, name, &[], &[value])
    }

    /// Adds a list of whole numbers, such as a shape.
    pub fn ints(&mut self, place: &Place, name: &str, values: &[i64]) -> String {
        let name = self.unused(&place.tensor(name));
        self.tensors.push(TensorProto::ints(&name, values));
        name
    }

    /// Adds a whole number that is not a list.
    pub fn int(&mut self, place: &Place, name: &str, value: i64) -> String {
        let name = self.unused(&place.tensor(name));
        let mut tensor = TensorProto::ints(&name, &[value]);
        tensor.dims.clear();
        self.tensors.push(tensor);
        name
    }

    /// Adds a tensor of numbers of any type.
    pub fn raw(&mut self, name: &str, data_type: i32, dims: &[usize], bytes: Vec<u8>) -> String {
        let name = self.unused(name);
        self.tensors
            .push(TensorProto::raw(&name, data_type, dims, bytes));
        name
    }

    /// Gives the value `old` the name `new`, wherever it is used.
    pub fn rename(&mut self, old: &str, new: &str) {
        for node in &mut self.nodes {
            for name in node.input.iter_mut().chain(&mut node.output) {
                if name == old {
                    new.clone_into(name);
                }
            }
        }
    }

    /// The nodes and tensors.
    pub fn into_parts(self) -> (Vec<NodeProto>, Vec<TensorProto>) {
        (self.nodes, self.tensors)
    }

    /// `name`, or with a number behind it if there is one like it.
    fn unused(&mut self, name: &str) -> String {
        let mut unused = name.to_owned();
        let mut n = 0;
        while !self.names.insert(unused.clone()) {
            n += 1;
            unused = format!("{name}_{n}");
        }
        unused
    }
}
