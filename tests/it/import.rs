//! Models of other programs, held against what those answer: `tests/fixtures/import/make.py` wrote
//! them with the real libraries.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use candle_studio::export::model::{InputType, OnnxOptions, Opset, onnx};
use candle_studio::import::{NetworkHint, Opened, from_bytes, open};
use candle_studio::model::{
    Classifier, Conv2d, Dense, Init, Layer, MaxPool2d, Mode, ModelSpec, Network, PRESETS,
    Provenance,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import")
}

fn answers() -> HashMap<String, Tensor> {
    candle_core::safetensors::load(folder().join("answers.safetensors"), &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The logits less their mean: a softmax says no more of them.
fn centered(logits: &Tensor) -> Tensor {
    logits
        .broadcast_sub(&logits.mean_keepdim(1).unwrap())
        .unwrap()
}

/// Opens a file and compares its logits with those of the program that wrote it.
fn check(answers: &HashMap<String, Tensor>, file: &str, hint: &NetworkHint) -> Opened {
    let opened = open(&folder().join(file), hint).unwrap_or_else(|e| panic!("{e}"));
    let images = &answers[&format!("{file}/images")];
    let expected = &answers[&format!("{file}/logits")];
    let found = opened
        .classifier
        .network
        .forward(images, Mode::Eval)
        .unwrap();
    assert_eq!(found.dims(), expected.dims(), "{file}");
    let (a, b) = (values(&centered(&found)), values(&centered(expected)));
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-5, "{file}: {a} {b}");
    }
    opened
}

fn refusal(file: &str) -> String {
    let error = open(&folder().join(file), &NetworkHint::None).unwrap_err();
    error.to_string()
}

/// The network `small` of `make.py`.
fn small() -> ModelSpec {
    ModelSpec {
        input: [1, 8, 8],
        classes: 10,
        layers: vec![
            Layer::Conv2d(Conv2d::new(4, 3, 1)),
            Layer::BatchNorm,
            Layer::Relu,
            Layer::MaxPool2d(MaxPool2d::new(2)),
            Layer::Flatten,
            Layer::Dense(Dense { units: 10 }),
        ],
    }
}

#[test]
fn state_dicts_of_pytorch_give_pytorchs_logits() {
    let answers = answers();
    for file in ["softmax.pth", "softmax-bf16.pth"] {
        let opened = check(&answers, file, &NetworkHint::None);
        assert!(
            opened.notes[0].contains("the preset softmax"),
            "{:?}",
            opened.notes
        );
    }
    let hint = NetworkHint::Exactly(small());
    for file in ["small.pth", "small-bf16.pth", "views.pth", "checkpoint.pt"] {
        let opened = check(&answers, file, &hint);
        let notes = opened.notes.join("; ");
        assert!(
            notes.contains("1 layer without a bias got one of zeros"),
            "{notes}"
        );
        let is_checkpoint = file == "checkpoint.pt";
        assert_eq!(
            notes.contains("its `model_state_dict`"),
            is_checkpoint,
            "{notes}"
        );
    }
    assert!(refusal("small.pth").contains("holds weights without their layers: no preset has"));
}

#[test]
fn what_only_python_could_run_is_refused_with_the_line_that_helps() {
    let line = "torch.save(model.state_dict(), \"weights.pth\")";
    for (file, words) in [
        (
            "module.pth",
            "a whole pickled `torch.nn.modules.container.Sequential`",
        ),
        (
            "old.pth",
            "a Python pickle, or was saved by a PyTorch before 1.6",
        ),
        ("script.pt", "a TorchScript program"),
    ] {
        let reason = refusal(file);
        assert!(reason.contains(words) && reason.contains(line), "{reason}");
    }
}

#[test]
fn graphs_of_pytorch_become_layers_with_its_logits() {
    let answers = answers();
    for (name, kinds) in [
        (
            "residual",
            "BatchNorm Conv2d BatchNorm Silu Residual Relu Residual Relu GlobalAvgPool Dense",
        ),
        (
            "chain",
            "Conv2d Gelu AvgPool2d Conv2d LeakyRelu Flatten Dense Tanh LayerNorm Dense",
        ),
        ("rows-lstm", "Lstm Dense"),
        ("both-rows", "Lstm Dense"),
        ("rows-gru", "Gru Dense"),
    ] {
        for file in [format!("{name}.onnx"), format!("{name}-script.onnx")] {
            let opened = check(&answers, &file, &NetworkHint::None);
            let layers = &opened.classifier.network.spec().layers;
            let kind = |layer: &Layer| {
                let text = format!("{layer:?}");
                text.split(['(', ' ']).next().unwrap().to_owned()
            };
            let found: Vec<String> = layers.iter().map(kind).collect();
            // The exporter folds a batch norm into the convolution before it.
            let plain = |text: &str| text.replace("Conv2d BatchNorm", "Conv2d");
            assert_eq!(plain(&found.join(" ")), plain(kinds), "{file}");
        }
    }
}

#[test]
fn a_graph_that_is_no_chain_names_its_node() {
    let reason = refusal("dilated.onnx");
    assert!(reason.contains("(Conv) has gaps in its window"), "{reason}");
    let reason = refusal("mish.onnx");
    assert!(reason.contains("its node `/2/"), "{reason}");
}

fn classifier(spec: &ModelSpec) -> Classifier {
    let network = Network::new(spec, Init::default(), 7, &Device::Cpu).unwrap();
    for (idx, param) in network.params().iter().enumerate() {
        let n = param.pytorch_dims().iter().product::<usize>();
        let noise = (0..n).map(|i| ((i * i + 31 * idx) % 101) as f32 / 150.0 - 0.3);
        let values: Vec<f32> = match param.name.ends_with("running_var") {
            true => noise.map(|v| v.abs() + 0.5).collect(),
            false => noise.collect(),
        };
        let values = Tensor::from_vec(values, param.pytorch_dims(), &Device::Cpu).unwrap();
        param.set_from_pytorch(&values).unwrap();
    }
    Classifier {
        network,
        classes: (0..spec.classes).map(|c| format!("class {c}")).collect(),
        provenance: Provenance {
            dataset: "bars".to_owned(),
            test_accuracy: Some(0.75),
            temperature: Some(1.5),
            ..Provenance::default()
        },
    }
}

#[test]
fn our_own_graphs_come_back_bit_by_bit() {
    let text = include_str!("../fixtures/every_layer.json");
    let networks: std::collections::BTreeMap<String, Vec<Layer>> =
        serde_json::from_str(text).unwrap();
    let of = |layers| ModelSpec {
        input: [1, 28, 28],
        classes: 10,
        layers,
    };
    let presets = PRESETS.iter().map(|preset| preset.spec([1, 28, 28], 10));
    for spec in networks.into_values().map(of).chain(presets) {
        let model = classifier(&spec);
        for (opset, input) in [(Opset::V17, InputType::Uint8), (Opset::V13, InputType::F32)] {
            let file = onnx(&model, OnnxOptions { opset, input }, None).unwrap();
            let opened = from_bytes(&file, &NetworkHint::None).unwrap().classifier;
            assert_eq!(opened.network.spec(), &spec);
            assert_eq!(opened.classes, model.classes);
            assert_eq!(opened.provenance.temperature, Some(1.5));
            assert_eq!(opened.provenance.dataset, "bars");
            assert_eq!(opened.recipe(), model.recipe());
            for (a, b) in opened.network.params().iter().zip(model.network.params()) {
                // How many batches it has seen is not in the file.
                if !b.pytorch_dims().is_empty() {
                    let bits = |p: &candle_studio::model::Param| {
                        let values = values(&p.to_pytorch().unwrap());
                        values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
                    };
                    assert_eq!(bits(a), bits(b), "{}", a.name);
                }
            }
        }
    }
}

#[cfg(feature = "keras")]
#[test]
fn models_of_keras_give_its_logits() {
    let answers = answers();
    for name in [
        "flatten", "dense", "flat", "gru", "both", "bothgru", "rnn", "residual",
    ] {
        for ending in ["h5", "keras"] {
            let opened = check(&answers, &format!("{name}.{ending}"), &NetworkHint::None);
            let notes = opened.notes.join("; ");
            assert_eq!(
                notes.contains("became a batch norm"),
                name == "flat",
                "{notes}"
            );
        }
    }
}
