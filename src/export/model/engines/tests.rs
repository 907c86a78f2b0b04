//! What engines read. `.ci/deploy` gives it to them.

use std::collections::BTreeMap;

use candle_core::Device;
use serde_json::Value;

use super::*;
use crate::model::{Classifier, Init, Network, Provenance, preset};

/// A name that is code in every language there is, if it is not escaped.
const BAD: &str = "It's \"my\" $HOME model: %n {{id}}\n- evil: true\\";

/// [`BAD`] on one line, in the quotes of JSON, YAML and Protobuf's text format.
const QUOTED: &str = r#""It's \"my\" $HOME model: %n {{id}} - evil: true\\""#;

/// The files for an engine by their path, those of weights left out.
fn written(engine: Engine, name: &str) -> BTreeMap<String, String> {
    let spec = preset("softmax").map(|p| p.spec([1, 4, 3], 2)).unwrap();
    let classifier = Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: vec!["a\nb".to_owned(), "c".to_owned()],
        provenance: Provenance::default(),
    };
    let model = ExportedModel {
        name,
        classifier: &classifier,
        fingerprint: None,
    };
    let files = match content(engine, &model, OnnxOptions::default()).unwrap() {
        Content::File(bytes) => vec![("target".to_owned(), bytes)],
        Content::Folder(files) => {
            let inside = |(name, bytes)| (format!("target/{name}"), bytes);
            files.into_iter().map(inside).collect()
        }
    };
    assert!(files.iter().all(|(_, bytes)| !bytes.is_empty()));
    let text = |(name, bytes)| (name, String::from_utf8(bytes).unwrap_or_default());
    files.into_iter().map(text).collect()
}

#[test]
fn a_name_becomes_one_that_every_engine_takes() {
    for (name, id) in [
        ("digits", "digits"),
        ("LeNet-5, 20 epochs", "lenet-5-20-epochs"),
        ("3 layers", "model-3-layers"),
        ("数字", "model"),
        ("", "model"),
        ("--", "model"),
        (BAD, "it-s-my-home-model-n-id-evil-true"),
    ] {
        assert_eq!(Names::new(name).id, id);
    }
    let long = Names::new(&"ab-".repeat(50)).id;
    assert!(long.len() <= 40 && !long.ends_with('-'), "{long}");
}

#[test]
fn what_was_filled_in_is_not_looked_at_again() {
    let names = Names::new("{{id}} $x %n");
    let filled = names.fill("{{id}} {{quoted}} {{label}} {{unit}} {{other}} {{");
    assert_eq!(
        filled,
        r#"id-x-n "{{id}} $x %n" "{{id}} \$x %n" {{id}} $x %%n {{other}} {{"#
    );
}

/// Every template is filled in whole, and the name keeps its quotes and stays on its line.
#[test]
fn names_are_never_code() {
    for engine in Engine::ALL {
        let (good, bad) = (written(engine, "digits"), written(engine, BAD));
        assert_eq!(good.len(), bad.len(), "{engine:?}");
        for (path, text) in good.iter().filter(|(path, _)| !path.ends_with(".py")) {
            assert!(!text.contains("{{"), "{path}: {text}");
        }
        for (path, text) in &bad {
            assert!(!text.contains("\n- evil"), "{path}: {text}");
        }
    }
    let kserve = &written(Engine::Kserve, BAD)["target"];
    assert!(
        kserve.contains(&format!("candle-studio/model: {QUOTED}\n")),
        "{kserve}"
    );
    let docker = written(Engine::Docker, BAD);
    let label = QUOTED.replace('$', "\\$").replace("true\\\\", "true/");
    let label = format!("image.title={label}\n");
    assert!(docker["target/Dockerfile"].contains(&label));
    assert!(docker["target/kubernetes.yaml"].contains(&format!("model: {QUOTED}\n")));
    let unit = &written(Engine::Systemd, BAD)["target"];
    assert!(
        unit.contains("%%n {{id}} - evil: true\\ as a service"),
        "{unit}"
    );
}

#[test]
fn triton_gets_a_model_repository() {
    let files = written(Engine::Triton, BAD);
    let folder = "target/it-s-my-home-model-n-id-evil-true";
    let paths = ["1/model.onnx", "config.pbtxt", "labels.txt"].map(|f| format!("{folder}/{f}"));
    assert!(files.keys().eq(&paths), "{:?}", files.keys());
    assert_eq!(files[&paths[2]], "a b\nc\n");
    let config = &files[&paths[1]];
    for line in [
        "name: \"it-s-my-home-model-n-id-evil-true\"\n",
        "backend: \"onnxruntime\"\n",
        "{ name: \"image\" data_type: TYPE_UINT8 dims: [ 1, 4, 3 ] }",
        "{ name: \"logits\" data_type: TYPE_FP32 dims: [ 2 ] label_filename: \"labels.txt\" }",
        &format!("string_value: {QUOTED} "),
    ] {
        assert!(config.contains(line), "{line} in {config}");
    }
}

#[test]
fn an_image_serves_the_model_and_is_told_where_its_token_is() {
    let files = written(Engine::Docker, "digits");
    let dockerfile = &files["target/Dockerfile"];
    assert!(
        dockerfile.contains("\"digits=/srv/model.safetensors\""),
        "{dockerfile}"
    );
    assert!(dockerfile.contains("\"--token-file\", \"/run/secrets/token\""));
    assert!(dockerfile.contains("USER 10001:10001\n"));
    // The token that the README makes beside the Dockerfile never gets into an image.
    assert!(
        files["target/.dockerignore"].starts_with("*\n")
            && files["target/README.md"].contains("> token")
    );
    let needed = |file: &&String| file.contains("model.s") || file.contains(".sh");
    for file in files.keys().filter(needed) {
        let file = file.strip_prefix("target/").unwrap();
        assert!(
            dockerfile.contains(file) && files["target/.dockerignore"].contains(file),
            "{file}"
        );
    }
}

#[test]
fn programs_in_python_come_with_the_bundle_they_read() {
    for (engine, own) in [
        (
            Engine::Ray,
            &["app.py", "serve.yaml", "ray_service.yaml", "Dockerfile"][..],
        ),
        (Engine::Mlserver, &["runtime.py", "model-settings.json"]),
    ] {
        let files = written(engine, BAD);
        for file in ["model.onnx", "model.json", "predict.py"].iter().chain(own) {
            assert!(files.contains_key(&format!("target/{file}")), "{file}");
        }
    }
    let settings = &written(Engine::Mlserver, BAD)["target/model-settings.json"];
    let settings: Value = serde_json::from_str(settings).unwrap();
    assert_eq!(settings["name"], "it-s-my-home-model-n-id-evil-true");
    assert_eq!(settings["inputs"][0]["datatype"], "UINT8");
    assert_eq!(
        settings["inputs"][0]["shape"],
        serde_json::json!([-1, 1, 4, 3])
    );
    assert_eq!(settings["outputs"][1]["name"], "probabilities");
}
