//! Runs a graph with candle's own operators, one node after the other: slow, and with none of our
//! kernels.

use std::collections::HashMap;

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::{leaky_relu, sigmoid, softmax};

use crate::onnx::{GraphProto, NodeProto, TensorProto, data_type};

/// Computes every value of a graph, by name.
pub(super) fn run(graph: &GraphProto, image: &Tensor) -> HashMap<String, Tensor> {
    let tensors = graph.initializer.iter();
    let mut values: HashMap<String, Tensor> = tensors
        .map(|t| (t.name.clone().unwrap(), constant(t)))
        .collect();
    values.insert("image".to_owned(), image.clone());
    for node in &graph.node {
        let inputs: Vec<&Tensor> = node.input.iter().map(|name| &values[name]).collect();
        let output = compute(node, &inputs).unwrap_or_else(|e| panic!("{:?}: {e}", node.name));
        let name = node.output.last().unwrap().clone();
        values.insert(name, output);
    }
    values
}

fn constant(tensor: &TensorProto) -> Tensor {
    let dims: Vec<usize> = tensor.dims.iter().map(|&n| n as usize).collect();
    let bytes = tensor.raw_data.as_ref().unwrap();
    // Candle has no numbers of 8 bits with a sign: they are f32 here.
    let numbers: Option<Vec<f32>> = match tensor.data_type {
        Some(data_type::UINT8) => Some(bytes.iter().map(|&b| f32::from(b)).collect()),
        Some(data_type::INT8) => Some(bytes.iter().map(|&b| f32::from(b as i8)).collect()),
        Some(data_type::INT32) => {
            let words = bytes.as_chunks().0.iter();
            Some(words.map(|&w| i32::from_le_bytes(w) as f32).collect())
        }
        _ => None,
    };
    if let Some(numbers) = numbers {
        return Tensor::from_vec(numbers, dims, &Device::Cpu).unwrap();
    }
    let dtype = match tensor.data_type {
        Some(data_type::INT64) => DType::I64,
        _ => DType::F32,
    };
    Tensor::from_raw_buffer(bytes, dtype, &dims, &Device::Cpu).unwrap()
}

fn ints(node: &NodeProto, name: &str) -> Vec<usize> {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name));
    let ints = found.map(|a| a.ints.clone()).unwrap_or_default();
    ints.into_iter().map(|n| n as usize).collect()
}

fn int(node: &NodeProto, name: &str) -> i64 {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name));
    found
        .and_then(|a| a.i)
        .unwrap_or_else(|| panic!("no {name} of {:?}", node.name))
}

fn float(node: &NodeProto, name: &str) -> f64 {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some(name));
    f64::from(found.and_then(|a| a.f).unwrap())
}

/// Axes, counted from the end where they are negative.
fn axes(node: &NodeProto, x: &Tensor) -> Vec<usize> {
    let found = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some("axes"));
    let axes = &found.unwrap().ints;
    axes.iter().map(|&axis| place(axis, x)).collect()
}

fn place(axis: i64, x: &Tensor) -> usize {
    axis.rem_euclid(x.rank() as i64) as usize
}

fn compute(node: &NodeProto, inputs: &[&Tensor]) -> Result<Tensor> {
    let x = inputs[0];
    match node.op_type.as_deref().unwrap() {
        "Cast" => x.to_dtype(DType::F32),
        "Add" => x.broadcast_add(inputs[1]),
        "Sub" => x.broadcast_sub(inputs[1]),
        "Mul" => x.broadcast_mul(inputs[1]),
        "Div" => x.broadcast_div(inputs[1]),
        "Sqrt" => x.sqrt(),
        "Erf" => x.erf(),
        "Relu" => x.relu(),
        "Tanh" => x.tanh(),
        "Sigmoid" => sigmoid(x),
        "LeakyRelu" => leaky_relu(x, float(node, "alpha")),
        "Softmax" => softmax(x, D::Minus1),
        "MatMul" => x.contiguous()?.matmul(&inputs[1].contiguous()?),
        "Gemm" => x.matmul(&inputs[1].t()?)?.broadcast_add(inputs[2]),
        "Conv" => conv(node, x, inputs[1], inputs[2]),
        "MaxPool" => x.max_pool2d_with_stride(pair(node, "kernel_shape"), pair(node, "strides")),
        "AveragePool" => {
            x.avg_pool2d_with_stride(pair(node, "kernel_shape"), pair(node, "strides"))
        }
        "GlobalAveragePool" => x.mean_keepdim((2, 3)),
        "BatchNormalization" => batch_norm(node, inputs),
        "LayerNormalization" => layer_norm(node, inputs),
        "RNN" | "LSTM" | "GRU" => recurrent(node, inputs),
        "QuantizeLinear" => {
            let numbers = x.broadcast_div(inputs[1])?.round()?;
            numbers.broadcast_add(inputs[2])?.clamp(0.0, 255.0)
        }
        "DequantizeLinear" => dequantize(x, inputs[1], inputs[2]),
        _ => reshaped(node, inputs),
    }
}

/// What only moves values.
fn reshaped(node: &NodeProto, inputs: &[&Tensor]) -> Result<Tensor> {
    let x = inputs[0];
    match node.op_type.as_deref().unwrap() {
        "Flatten" => x.flatten_from(int(node, "axis") as usize),
        "Transpose" => x.permute(ints(node, "perm"))?.contiguous(),
        "Shape" => {
            let dims: Vec<i64> = x.dims().iter().map(|&n| n as i64).collect();
            Tensor::new(dims, &Device::Cpu)
        }
        "Concat" => Tensor::cat(inputs, int(node, "axis") as usize),
        "Expand" => {
            let shape: Vec<i64> = inputs[1].to_vec1()?;
            let shape: Vec<usize> = shape.into_iter().map(|n| n as usize).collect();
            x.broadcast_as(shape)?.contiguous()
        }
        "Gather" => {
            let axis = int(node, "axis") as usize;
            let taken = x.index_select(&inputs[1].flatten_all()?, axis)?;
            match inputs[1].rank() {
                0 => taken.squeeze(axis),
                _ => Ok(taken),
            }
        }
        "Reshape" => {
            let shape: Vec<i64> = inputs[1].to_vec1()?;
            let kept = |(axis, &n): (usize, &i64)| if n == 0 { x.dims()[axis] as i64 } else { n };
            let shape: Vec<i64> = shape.iter().enumerate().map(kept).collect();
            let known: i64 = shape.iter().filter(|&&n| n > 0).product();
            let side = |n: i64| {
                if n < 0 {
                    x.elem_count() / known as usize
                } else {
                    n as usize
                }
            };
            x.reshape(shape.into_iter().map(side).collect::<Vec<_>>())
        }
        "ReduceMean" => {
            let axes = axes(node, x);
            match int(node, "keepdims") {
                0 => x.mean(axes),
                _ => x.mean_keepdim(axes),
            }
        }
        other => panic!("there is no operator {other}"),
    }
}

fn pair(node: &NodeProto, name: &str) -> (usize, usize) {
    let ints = ints(node, name);
    (ints[0], ints[1])
}

fn conv(node: &NodeProto, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let padding = ints(node, "pads").first().copied().unwrap_or(0);
    let groups = node
        .attribute
        .iter()
        .find(|a| a.name.as_deref() == Some("group"));
    let groups = groups.and_then(|a| a.i).unwrap_or(1) as usize;
    let y = x.conv2d(weight, padding, pair(node, "strides").0, 1, groups)?;
    y.broadcast_add(&bias.reshape((1, (), 1, 1))?)
}

/// One scale for all, or one per output, which is the first dimension.
fn dequantize(x: &Tensor, scale: &Tensor, zero: &Tensor) -> Result<Tensor> {
    let x = x.to_dtype(DType::F32)?;
    let along = |values: &Tensor| match values.rank() {
        0 => Ok(values.clone()),
        _ => {
            let mut dims = vec![1; x.rank()];
            dims[0] = values.elem_count();
            values.reshape(dims)
        }
    };
    x.broadcast_sub(&along(zero)?)?
        .broadcast_mul(&along(scale)?)
}

fn batch_norm(node: &NodeProto, inputs: &[&Tensor]) -> Result<Tensor> {
    let x = inputs[0];
    let mut dims = vec![1; x.rank()];
    dims[1] = x.dim(1)?;
    let of = |idx: usize| inputs[idx].reshape(dims.as_slice());
    let deviation = (of(4)? + float(node, "epsilon"))?.sqrt()?;
    let normalized = x.broadcast_sub(&of(3)?)?.broadcast_div(&deviation)?;
    normalized.broadcast_mul(&of(1)?)?.broadcast_add(&of(2)?)
}

fn layer_norm(node: &NodeProto, inputs: &[&Tensor]) -> Result<Tensor> {
    let x = inputs[0];
    let flat = x.flatten_from(place(int(node, "axis"), x))?;
    let centered = flat.broadcast_sub(&flat.mean_keepdim(D::Minus1)?)?;
    let variance = centered.sqr()?.mean_keepdim(D::Minus1)?;
    let deviation = (variance + float(node, "epsilon"))?.sqrt()?;
    let normalized = centered.broadcast_div(&deviation)?.reshape(x.dims())?;
    normalized
        .broadcast_mul(inputs[1])?
        .broadcast_add(inputs[2])
}

/// The last states: `[directions, n, units]`.
fn recurrent(node: &NodeProto, inputs: &[&Tensor]) -> Result<Tensor> {
    let [x, w, r, b] = inputs else {
        panic!("{:?}", node.input);
    };
    let (steps, n, _) = x.dims3()?;
    let units = int(node, "hidden_size") as usize;
    let mut last = Vec::new();
    for direction in 0..w.dim(0)? {
        let (w, r) = (w.get(direction)?.t()?, r.get(direction)?.t()?);
        let biases = b.get(direction)?.chunk(2, 0)?;
        let mut h = Tensor::zeros((n, units), DType::F32, &Device::Cpu)?;
        let mut c = h.clone();
        for step in 0..steps {
            let step = if direction == 0 {
                step
            } else {
                steps - 1 - step
            };
            let of_input = x.get(step)?.matmul(&w)?.broadcast_add(&biases[0])?;
            let of_state = h.matmul(&r)?.broadcast_add(&biases[1])?;
            (h, c) = cell(node, [&of_input, &of_state], [h, c])?;
        }
        last.push(h);
    }
    Tensor::stack(&last, 0)
}

/// The state and the memory after one step.
fn cell(node: &NodeProto, [a, b]: [&Tensor; 2], [h, c]: [Tensor; 2]) -> Result<(Tensor, Tensor)> {
    match node.op_type.as_deref().unwrap() {
        "RNN" => Ok(((a + b)?.tanh()?, c)),
        "LSTM" => {
            let gates = (a + b)?.chunk(4, 1)?;
            let [i, o, f] = [0, 1, 2].map(|idx| sigmoid(&gates[idx]));
            let c = ((f? * c)? + (i? * gates[3].tanh()?)?)?;
            Ok(((o? * c.tanh()?)?, c))
        }
        _ => {
            assert_eq!(int(node, "linear_before_reset"), 1);
            let (a, b) = (a.chunk(3, 1)?, b.chunk(3, 1)?);
            let [z, r] = [0, 1].map(|idx| sigmoid(&(&a[idx] + &b[idx])?));
            let (z, r) = (z?, r?);
            let n = (&a[2] + (r * &b[2])?)?.tanh()?;
            Ok(((((1.0 - &z)? * n)? + (z * h)?)?, c))
        }
    }
}
