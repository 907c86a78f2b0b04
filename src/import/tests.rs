//! What a file is recognized as, and what becomes of weights whose layers are not described.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};

use super::{NetworkHint, from_bytes};
use crate::model::{
    Classifier, Dense, Init, Layer, Mode, ModelSpec, Network, PRESETS, Provenance, preset,
};

/// A network of a preset with its weights by PyTorch's names.
pub(super) fn weights(spec: &ModelSpec) -> (Network, BTreeMap<String, Tensor>) {
    let network = Network::new(spec, Init::default(), 3, &Device::Cpu).unwrap();
    let params = network.params().iter();
    let weights = params.map(|p| (p.name.clone(), p.to_pytorch().unwrap()));
    let weights = weights.collect();
    (network, weights)
}

/// A file without our metadata.
fn foreign(weights: &BTreeMap<String, Tensor>) -> Vec<u8> {
    safetensors::serialize(weights, None).unwrap()
}

fn logits(network: &Network) -> Vec<f32> {
    let [c, h, w] = network.spec().input;
    let values: Vec<f32> = (0..2 * c * h * w).map(|i| (i % 97) as f32 / 96.0).collect();
    let images = Tensor::from_vec(values, (2, c, h, w), &Device::Cpu).unwrap();
    let logits = network.forward(&images, Mode::Eval).unwrap();
    logits.flatten_all().unwrap().to_vec1().unwrap()
}

fn refusal(bytes: &[u8], hint: &NetworkHint) -> String {
    from_bytes(bytes, hint).unwrap_err()
}

#[test]
fn the_weights_of_every_preset_are_recognized() {
    for preset in PRESETS {
        let spec = preset.spec([1, 28, 28], 10);
        let (network, weights) = weights(&spec);
        let opened = from_bytes(&foreign(&weights), &NetworkHint::None).unwrap();
        assert_eq!(opened.classifier.network.spec(), &spec, "{}", preset.name);
        assert_eq!(logits(&opened.classifier.network), logits(&network));
        let said = format!("its weights fit the preset {} and no other", preset.name);
        assert!(opened.notes[0].starts_with(&said), "{:?}", opened.notes);
        assert_eq!(opened.classifier.classes[9], "9");
    }
}

#[test]
fn other_images_and_classes_follow_from_the_shapes() {
    for (name, input, classes) in [
        ("softmax", [3, 32, 32], 100),
        ("mlp", [1, 8, 8], 10),
        ("lenet-5", [3, 32, 32], 7),
        ("vit-tiny", [3, 24, 24], 5),
    ] {
        let spec = preset(name).unwrap().spec(input, classes);
        let (_, weights) = weights(&spec);
        let opened = from_bytes(&foreign(&weights), &NetworkHint::None).unwrap();
        assert_eq!(opened.classifier.network.spec(), &spec, "{name}");
    }
    let spec = preset("resnet-small").unwrap().spec([1, 40, 40], 3);
    let opened = from_bytes(&foreign(&weights(&spec).1), &NetworkHint::None).unwrap();
    assert_eq!(opened.classifier.network.spec().input, [1, 28, 28]);
    assert!(
        opened.notes[1].contains("images of any size"),
        "{:?}",
        opened.notes
    );
}

#[test]
fn prefixes_types_and_counts_do_not_matter() {
    let spec = preset("best").unwrap().spec([1, 28, 28], 10);
    let (network, weights) = weights(&spec);
    let expected = logits(&network);
    let change = |name: &dyn Fn(&str) -> String, dtype: DType| {
        let renamed = weights.iter().map(|(old, tensor)| {
            let tensor = match tensor.dtype() {
                DType::F32 => tensor.to_dtype(dtype).unwrap(),
                _ => tensor.clone(),
            };
            (name(old), tensor)
        });
        renamed.collect::<BTreeMap<_, _>>()
    };
    for prefix in [
        "",
        "module.",
        "_orig_mod.",
        "_orig_mod.module.",
        "layers.",
        "module.net.",
    ] {
        let file = foreign(&change(&|name| format!("{prefix}{name}"), DType::F32));
        let opened = from_bytes(&file, &NetworkHint::None).unwrap();
        assert_eq!(logits(&opened.classifier.network), expected, "{prefix}");
    }
    for (dtype, error) in [(DType::F64, 0.0), (DType::F16, 0.05), (DType::BF16, 0.3)] {
        let file = foreign(&change(&str::to_owned, dtype));
        let opened = from_bytes(&file, &NetworkHint::None).unwrap();
        for (a, b) in logits(&opened.classifier.network).iter().zip(&expected) {
            assert!((a - b).abs() <= error, "{dtype:?}: {a} {b}");
        }
    }
    let mut uncounted = weights.clone();
    uncounted.retain(|name, _| !name.ends_with("num_batches_tracked"));
    assert!(uncounted.len() < weights.len());
    let opened = from_bytes(&foreign(&uncounted), &NetworkHint::None).unwrap();
    assert_eq!(logits(&opened.classifier.network), expected);
}

#[test]
fn a_network_that_is_named_decides() {
    let layers = vec![
        Layer::Flatten,
        Layer::Dense(Dense { units: 16 }),
        Layer::Tanh,
        Layer::Dense(Dense { units: 10 }),
    ];
    let spec = ModelSpec {
        input: [1, 28, 28],
        classes: 10,
        layers,
    };
    let (network, mut weights) = weights(&spec);
    let file = foreign(&weights);
    let reason = refusal(&file, &NetworkHint::None);
    assert_eq!(
        reason,
        "no preset has the tensors `1.bias` [16], `1.weight` [16, 784], `3.bias` [10] and 1 more"
    );
    for hint in [
        NetworkHint::Exactly(spec.clone()),
        NetworkHint::Perhaps(spec.clone()),
    ] {
        let opened = from_bytes(&file, &hint).unwrap();
        assert_eq!(logits(&opened.classifier.network), logits(&network));
    }
    let reason = refusal(&file, &NetworkHint::Preset(preset("mlp").unwrap()));
    assert!(reason.contains("they are not those of mlp: "), "{reason}");
    weights.insert("ema.1.weight".to_owned(), weights["1.weight"].clone());
    let opened = from_bytes(&foreign(&weights), &NetworkHint::Exactly(spec.clone())).unwrap();
    let ignored = "ignored 1 tensor, which its layers do not have: `ema.1.weight` [16, 784]";
    assert_eq!(opened.notes, [ignored]);
    weights.remove("3.bias");
    weights.insert("fc.bias".to_owned(), weights["1.bias"].clone());
    weights.remove("3.weight");
    let reason = refusal(&foreign(&weights), &NetworkHint::Exactly(spec));
    assert!(
        reason.contains("there is no `3.weight` [10, 16] but `ema.1.weight`"),
        "{reason}"
    );
}

#[test]
fn modules_of_other_names_are_matched_in_their_order() {
    let spec = preset("lenet-5").unwrap().spec([1, 28, 28], 10);
    let (network, weights) = weights(&spec);
    let names = [
        ("0.", "conv1."),
        ("3.", "conv2."),
        ("7.", "fc1."),
        ("9.", "fc2."),
        ("11.", "fc3."),
    ];
    let renamed = |name: &str| {
        let (old, new) = names.iter().find(|(old, _)| name.starts_with(old)).unwrap();
        name.replacen(old, new, 1)
    };
    let renamed: BTreeMap<_, _> = weights
        .iter()
        .map(|(name, t)| (renamed(name), t.clone()))
        .collect();
    let file = foreign(&renamed);
    assert!(
        refusal(&file, &NetworkHint::None).starts_with("no preset has the tensors `conv1.bias`")
    );
    for hint in [
        NetworkHint::Preset(preset("lenet-5").unwrap()),
        NetworkHint::Perhaps(spec.clone()),
    ] {
        let opened = from_bytes(&file, &hint).unwrap();
        assert_eq!(logits(&opened.classifier.network), logits(&network));
        let notes = opened.notes.join("; ");
        assert!(notes.contains("matched in their order"), "{notes}");
    }
    let reason = refusal(&file, &NetworkHint::Preset(preset("mlp").unwrap()));
    assert!(reason.contains("there is no `1.weight`"), "{reason}");
}

#[test]
fn our_own_file_needs_no_name_and_forgives_as_pytorch_does() {
    let spec = preset("softmax").unwrap().spec([1, 28, 28], 10);
    let (network, _) = weights(&spec);
    let expected = logits(&network);
    let model = Classifier {
        network,
        classes: (0..10).map(|c| format!("class {c}")).collect(),
        provenance: Provenance::default(),
    };
    let opened = from_bytes(&model.to_bytes().unwrap(), &NetworkHint::None).unwrap();
    assert_eq!(opened.classifier.classes, model.classes);
    assert_eq!(logits(&opened.classifier.network), expected);
    assert!(opened.notes.is_empty());
}

#[test]
fn what_is_no_model_is_told_by_its_name() {
    let table = [
        &[0; 40][..],
        &[0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb],
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ckpt.index");
    std::fs::write(&path, table).unwrap();
    let error = super::open(&path, &NetworkHint::None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("TensorFlow checkpoint"), "{error}");
    let path = folder.path().join("model.ckpt.data-00000-of-00001");
    std::fs::write(&path, [1; 100]).unwrap();
    let error = super::open(&path, &NetworkHint::None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("TensorFlow checkpoint"), "{error}");
    std::fs::write(folder.path().join("saved_model.pb"), [8, 1, 18, 0]).unwrap();
    let error = super::open(folder.path(), &NetworkHint::None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("TensorFlow SavedModel"), "{error}");
    for (bytes, words) in [
        (
            &b"model_checkpoint_path: \"model.ckpt\""[..],
            "TensorFlow checkpoint",
        ),
        (&[8, 1, 18, 2, 0, 0], "TensorFlow SavedModel"),
        (b"\x80\x02}q\x00.", "Python pickle"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (b"PK\x03\x04 and nothing else", "not a complete ZIP archive"),
        (b"\x89HDF\r\n\x1a\n and nothing else", ""),
        (b"\x08\x07\x12\x02no", "without a graph"),
        (b"hello, this is a text", "not a complete safetensors file"),
        (b"", "not a complete safetensors file"),
    ] {
        let reason = refusal(bytes, &NetworkHint::None);
        assert!(reason.contains(words), "{reason}");
    }
}
