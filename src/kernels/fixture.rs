//! For tests: numbers computed by PyTorch (`tests/fixtures/kernels.py`) and Optax
//! (`tests/fixtures/lion.py`), and the comparison.

use super::activation::Activation;
use super::pooling::Window;
use candle_core::{Device, Result, Tensor, Var};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::HashMap;

static FILES: [&[u8]; 2] = [
    include_bytes!("../../tests/fixtures/kernels.safetensors"),
    include_bytes!("../../tests/fixtures/lion.safetensors"),
];

/// One row of the fixture's metadata; each kind of case uses some of the fields.
#[derive(Debug, Deserialize)]
pub struct Case {
    pub name: String,
    kind: String,
    #[serde(default)]
    window: Option<WindowRow>,
    #[serde(default)]
    pool: Option<WindowRow>,
    #[serde(default)]
    activation: Option<String>,
    #[serde(flatten)]
    pub options: HashMap<String, serde_json::Value>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct WindowRow {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl From<WindowRow> for Window {
    fn from(row: WindowRow) -> Self {
        Self {
            kernel: row.kernel,
            stride: row.stride,
            padding: row.padding,
        }
    }
}

impl Case {
    /// The tensor of this name.
    pub fn tensor(&self, name: &str) -> Tensor {
        let name = format!("{}.{name}", self.name);
        FILES
            .iter()
            .find_map(|bytes| {
                let mut tensors =
                    candle_core::safetensors::load_buffer(bytes, &Device::Cpu).unwrap();
                tensors.remove(&name)
            })
            .unwrap_or_else(|| panic!("no {name} in the fixtures"))
    }

    pub fn window(&self) -> Window {
        self.window.unwrap().into()
    }

    pub fn pool(&self) -> Option<Window> {
        self.pool.map(Window::from)
    }

    pub fn activation(&self) -> Activation {
        match self.activation.as_deref() {
            Some("relu") => Activation::Relu,
            Some("sigmoid") => Activation::Sigmoid,
            Some("tanh") => Activation::Tanh,
            _ => Activation::Identity,
        }
    }

    /// A number of the optimizer cases.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.options.get(name)?.as_f64()
    }

    /// Runs `forward` on the inputs of these names and compares the result, and the gradients of
    /// sum(y · dy), with PyTorch's.
    pub fn check(&self, inputs: &[&str], forward: impl Fn(&[Tensor]) -> Result<Tensor>) {
        let vars: Vec<Var> = inputs
            .iter()
            .map(|name| Var::from_tensor(&self.tensor(name)).unwrap())
            .collect();
        let arguments: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let y = forward(&arguments).unwrap();
        assert_close(&y, &self.tensor("y"), &format!("{}: y", self.name));
        let loss = (y * self.tensor("dy")).unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        for (name, var) in inputs.iter().zip(&vars) {
            let found = gradients.get(var).unwrap();
            let what = format!("{}: d{name}", self.name);
            assert_close(found, &self.tensor(&format!("d{name}")), &what);
        }
    }
}

/// The cases of a kind, at least one.
pub fn cases(kind: &str) -> Vec<Case> {
    let rows = |bytes: &&[u8]| -> Vec<Case> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["cases"]).unwrap()
    };
    let all = FILES.iter().flat_map(rows);
    let found: Vec<Case> = all.filter(|case| case.kind == kind).collect();
    assert!(!found.is_empty(), "no case of kind {kind}");
    found
}

/// Asserts that two tensors are equal to 1e-5 of the larger of 1 and their largest element.
pub fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (found, expected) = (numbers(found), numbers(expected));
    let scale = expected.iter().fold(1.0f32, |most, v| most.max(v.abs()));
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / scale;
        assert!(error <= 1e-5, "{what}[{i}]: {found}, expected {expected}");
    }
}

/// A square window.
pub fn window(kernel: usize, stride: usize, padding: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
    }
}

/// A variable of sines, which differ from each other.
pub fn var(shape: &[usize], seed: f32) -> Var {
    let n = shape.iter().product::<usize>();
    let data: Vec<f32> = (0..n).map(|i| (seed + i as f32 * 0.7).sin()).collect();
    let tensor = Tensor::from_vec(data, shape, &Device::Cpu).unwrap();
    Var::from_tensor(&tensor).unwrap()
}
