//! Model files: PyTorch's read here, ours read there, and everything that can be wrong with one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor, safetensors::load};
use candle_studio::model::{
    AvgPool2d, Classifier, Conv2d, Dense, Init, Layer, Mode, ModelSpec, Network, Provenance,
};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// `images` and `logits` of a fixture.
fn images_and_logits(name: &str) -> (Tensor, Tensor) {
    let mut tensors = load(fixture(name), &Device::Cpu).unwrap();
    (
        tensors.remove("images").unwrap(),
        tensors.remove("logits").unwrap(),
    )
}

fn assert_close(a: &Tensor, b: &Tensor) {
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(a.dims(), b.dims());
    for (a, b) in values(a).iter().zip(values(b)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn a_model_of_pytorch_gives_pytorchs_logits() {
    let model = Classifier::load(&fixture("model_pytorch.safetensors")).unwrap();
    assert_eq!(model.classes, ["north", "east", "south", "west"]);
    let (images, logits) = images_and_logits("model_pytorch_io.safetensors");
    assert_close(
        &model.network.forward(&images, Mode::Eval).unwrap(),
        &logits,
    );
}

/// A model of every kind of layer with weights, each weight its own number.
fn our_model() -> Classifier {
    let spec = ModelSpec {
        input: [2, 9, 8],
        classes: 3,
        layers: vec![
            Layer::Conv2d(Conv2d::new(4, 3, 1)),
            Layer::Relu,
            Layer::AvgPool2d(AvgPool2d::new(2)),
            Layer::Flatten,
            Layer::Dense(Dense { units: 5 }),
            Layer::Tanh,
            Layer::Dense(Dense { units: 3 }),
        ],
    };
    let network = Network::new(&spec, Init::HeUniform, 3, &Device::Cpu).unwrap();
    for param in network.params().iter().filter(|p| p.name.ends_with("bias")) {
        let n = param.var.elem_count();
        let values: Vec<f32> = (0..n).map(|i| 0.125 * i as f32 - 0.25).collect();
        param
            .set_from_pytorch(&Tensor::from_vec(values, n, &Device::Cpu).unwrap())
            .unwrap();
    }
    Classifier {
        network,
        classes: ["cat", "dog", "größer"].map(str::to_owned).to_vec(),
        provenance: Provenance {
            dataset: "a dataset".to_owned(),
            config: json!({ "learning_rate": 0.001 }),
            epochs: 1.5,
            test_accuracy: Some(0.1 + 0.2),
            version: "0.0.1".to_owned(),
            recipe: None,
            temperature: None,
        },
    }
}

/// The other half of this is `model.py --check`.
#[test]
fn a_model_is_the_same_file_as_ever() {
    let model = our_model();
    let bytes = model.to_bytes().unwrap();
    let (images, logits) = if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let images: Vec<f32> = (0..4 * 2 * 9 * 8)
            .map(|i| (i * i % 101) as f32 / 100.0)
            .collect();
        let images = Tensor::from_vec(images, (4, 2, 9, 8), &Device::Cpu).unwrap();
        let logits = model.network.forward(&images, Mode::Eval).unwrap();
        let io = HashMap::from([("images", images.clone()), ("logits", logits.clone())]);
        candle_core::safetensors::save(&io, fixture("model_ours_io.safetensors")).unwrap();
        fs::write(fixture("model_ours.safetensors"), &bytes).unwrap();
        (images, logits)
    } else {
        images_and_logits("model_ours_io.safetensors")
    };
    assert!(
        bytes == fs::read(fixture("model_ours.safetensors")).unwrap(),
        "other bytes"
    );
    let loaded = Classifier::load(&fixture("model_ours.safetensors")).unwrap();
    assert_eq!(loaded.provenance, model.provenance);
    assert_eq!(loaded.classes, model.classes);
    assert!(
        loaded.to_bytes().unwrap() == bytes,
        "other bytes after loading"
    );
    assert_close(
        &loaded.network.forward(&images, Mode::Eval).unwrap(),
        &logits,
    );
}

/// Checks that the file is refused in one sentence with its name and `words` in it.
fn check_file_refused(path: &Path, words: &str) {
    let error = Classifier::load(path).unwrap_err().to_string();
    assert!(error.starts_with(&path.display().to_string()), "{error}");
    assert!(error.contains(words), "expected {words:?} in: {error}");
    assert!(!error.contains('\n') && error.len() < 600, "{error}");
}

/// The same for a file of `bytes`.
fn check_refused(bytes: &[u8], words: &str) {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&path, bytes).unwrap();
    check_file_refused(&path, words);
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let bytes = fs::read(fixture("model_ours.safetensors")).unwrap();
    check_refused(
        &[&bytes[..], &[0]].concat(),
        "not a complete safetensors file",
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &bytes).unwrap();
    for n in (0..bytes.len()).rev() {
        file.as_file().set_len(n as u64).unwrap();
        check_file_refused(file.path(), "not a complete safetensors file");
    }
}

#[test]
fn a_header_that_lies_is_refused() {
    let good = fs::read(fixture("model_ours.safetensors")).unwrap();
    for length in [u64::MAX, 1 << 40, good.len() as u64, 0, 1] {
        let bytes = [&length.to_le_bytes()[..], &good[8..]].concat();
        check_refused(&bytes, "not a complete safetensors file");
    }
    // A bit of every byte of the header flipped: refused, or still a model, and never a panic.
    let header = 8 + usize::try_from(u64::from_le_bytes(good[..8].try_into().unwrap())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    for at in 0..header {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 7);
        fs::write(&path, bytes).unwrap();
        if let Err(error) = Classifier::load(&path) {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}

/// Our model's file with its header as JSON, changed.
fn with_header(change: impl FnOnce(String) -> String) -> Vec<u8> {
    let good = fs::read(fixture("model_ours.safetensors")).unwrap();
    let (length, rest) = good.split_at(8);
    let length = usize::try_from(u64::from_le_bytes(length.try_into().unwrap())).unwrap();
    let (header, data) = rest.split_at(length);
    let header = change(String::from_utf8(header.to_vec()).unwrap());
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), data].concat()
}

#[test]
fn a_header_that_claims_what_is_not_there_is_refused() {
    let tensor = |name: &str, shape: &str, offsets: &str| {
        let entry =
            format!(r#"{{"{name}":{{"dtype":"U8","shape":{shape},"data_offsets":{offsets}}},"#);
        with_header(|header| header.replacen('{', &entry, 1))
    };
    // Sums and products of these overflow; the last would end where the file does, if they did.
    let most = u64::MAX;
    for (shape, offsets) in [
        (format!("[{most},2]"), "[0,1]".to_owned()),
        (format!("[{most}]"), format!("[0,{most}]")),
        ("[1]".to_owned(), format!("[{},{most}]", most - 1)),
        ("[9]".to_owned(), "[9,0]".to_owned()),
    ] {
        check_refused(
            &tensor("x", &shape, &offsets),
            "not a complete safetensors file",
        );
    }
    check_refused(&tensor("0.bias", "[0]", "[0,0]"), "`0.bias` is there twice");
    let long = with_header(|header| header + &" ".repeat(5 << 20));
    check_refused(&long, "the limit is 4194304");
}

/// One tensor of a file that is taken apart.
struct Part {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

/// Our model's file, taken apart, changed and put together again.
fn changed(change: impl FnOnce(&mut Value, &mut Vec<Part>)) -> Vec<u8> {
    let bytes = fs::read(fixture("model_ours.safetensors")).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let description = &header.metadata().as_ref().unwrap()["candle_studio"];
    let mut description: Value = serde_json::from_str(description).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut parts: Vec<Part> = tensors
        .iter()
        .map(|(name, view)| Part {
            name: name.to_owned(),
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
            data: view.data().to_vec(),
        })
        .collect();
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    change(&mut description, &mut parts);
    let views = parts.iter().map(|p| {
        (
            p.name.as_str(),
            TensorView::new(p.dtype, p.shape.clone(), &p.data).unwrap(),
        )
    });
    let metadata = HashMap::from([("candle_studio".to_owned(), description.to_string())]);
    safetensors::serialize(views, Some(metadata)).unwrap()
}

#[test]
fn a_file_put_together_again_is_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m");
    fs::write(&path, changed(|_, _| {})).unwrap();
    let loaded = Classifier::load(&path).unwrap();
    assert!(
        loaded.to_bytes().unwrap() == our_model().to_bytes().unwrap(),
        "other bytes"
    );
}

#[test]
fn a_description_that_is_not_ours_is_refused() {
    let foreign = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap();
    check_refused(&foreign, "no `candle_studio` entry");
    let describe = |change: fn(&mut Value), words: &str| {
        check_refused(&changed(|description, _| change(description)), words);
    };
    describe(|d| d["format_version"] = json!(2), "update Candle Studio");
    describe(
        |d| *d = json!({ "format_version": 7, "new": {} }),
        "update Candle Studio",
    );
    describe(|d| *d = json!("words"), "cannot be parsed");
    describe(
        |d| d["spec"]["layers"][1]["kind"] = json!("warp"),
        "unknown variant `warp`",
    );
    describe(
        |d| d["spec"]["layers"][0]["dilation"] = json!(2),
        "dilation",
    );
    describe(
        |d| d["spec"]["layers"][0]["kernel"] = json!(-3),
        "cannot be parsed",
    );
    describe(
        |d| d["classes"] = json!(["cat"]),
        "names 1 classes for a network of 3",
    );
    describe(
        |d| d["preprocessing"]["divide_by"] = json!(1.0),
        "divided by 1",
    );
}

#[test]
fn a_network_that_cannot_be_built_is_refused_before_memory_is_taken() {
    let layers = |change: fn(&mut Value), words: &str| {
        check_refused(&changed(|d, _| change(&mut d["spec"])), words);
    };
    layers(
        |s| s["layers"][3] = json!({ "kind": "relu" }),
        "dense1: dense needs a flat list",
    );
    layers(|s| s["layers"] = json!([]), "at least one layer");
    layers(|s| s["input"] = json!([2, 1, 1]), "does not fit");
    layers(
        |s| s["input"] = json!([0, 0, 0]),
        "no network can have images",
    );
    layers(
        |s| s["layers"][4]["units"] = json!(1_u64 << 60),
        "too large",
    );
    layers(
        |s| s["layers"][4]["units"] = json!(1 << 24),
        "parameters exceed",
    );
    layers(
        |s| s["input"] = json!([2, 1_u64 << 40, 1_u64 << 40]),
        "large",
    );
    // A padding whose double is 0 to a processor.
    layers(
        |s| {
            let conv = json!({
                "kind": "conv2d", "channels": 1, "kernel": u64::MAX, "padding": 1_u64 << 63
            });
            s["layers"][0] = conv;
        },
        "does not fit into",
    );
}

#[test]
fn a_network_whose_answer_no_memory_holds_is_refused() {
    let description = |d: &mut Value| {
        d["spec"] = json!({
            "input": [1, 1024, 1024],
            "classes": 3,
            "layers": [
                { "kind": "conv2d", "channels": 1_000_000, "kernel": 1 },
                { "kind": "global_avg_pool" },
                { "kind": "dense", "units": 3 },
            ],
        });
    };
    let bytes = changed(|d, parts| {
        description(d);
        let part = |name: &str, shape: &[usize]| Part {
            name: name.to_owned(),
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            data: vec![0; 4 * shape.iter().product::<usize>()],
        };
        *parts = vec![
            part("0.weight", &[1_000_000, 1, 1, 1]),
            part("0.bias", &[1_000_000]),
            part("2.weight", &[3, 1_000_000]),
            part("2.bias", &[3]),
        ];
    });
    check_refused(&bytes, "classifying one image takes about");
}

#[test]
fn tensors_that_do_not_fit_their_layers_are_refused() {
    let tensors = |change: fn(&mut Vec<Part>), words: &str| {
        check_refused(&changed(|_, parts| change(parts)), words);
    };
    tensors(|t| t[0].name = "0.offset".to_owned(), "no tensor `0.bias`");
    tensors(|t| drop(t.remove(2)), "holds 5 tensors, its layers need 6");
    tensors(
        |t| {
            t.push(Part {
                name: "x".to_owned(),
                dtype: Dtype::U8,
                shape: vec![1],
                data: vec![0],
            })
        },
        "holds 7 tensors",
    );
    tensors(
        |t| t[0].dtype = Dtype::I32,
        "`0.bias` should hold F32, it holds I32",
    );
    tensors(
        |t| t[5].shape.reverse(),
        "`6.weight` should have shape [3, 5], it has [5, 3]",
    );
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = changed(|_, t| t[3].data[8..12].copy_from_slice(&bad.to_le_bytes()));
        check_refused(&bytes, &format!("`4.weight` holds {bad}"));
    }
}

#[test]
fn a_file_that_is_not_there_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().join("none"), dir.path().to_owned()] {
        let error = Classifier::load(&path).unwrap_err().to_string();
        assert!(error.starts_with("could not read"), "{error}");
    }
}
