//! What the program says. `.ci/code` runs it.

use candle_core::Device;

use super::{Language, program};
use crate::export::model::ExportedModel;
use crate::model::{
    Classifier, Conv2d, Dense, Init, Layer, ModelSpec, Network, Provenance, Residual, preset,
};
use crate::train::{Optimizer, Schedule, TrainConfig};

fn written(language: Language, layers: Vec<Layer>, classes: Vec<String>) -> String {
    written_of(language, layers, classes, serde_json::Value::Null)
}

/// The file of the program that has the network.
fn written_of(
    language: Language,
    layers: Vec<Layer>,
    classes: Vec<String>,
    config: serde_json::Value,
) -> String {
    let spec = ModelSpec {
        input: [2, 8, 8],
        classes: classes.len(),
        layers,
    };
    let classifier = Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes,
        provenance: Provenance {
            config,
            ..Provenance::default()
        },
    };
    let model = ExportedModel {
        name: "\"\"\"\nimport os",
        classifier: &classifier,
        fingerprint: None,
    };
    let (_, code) = program(&model, language).pop().unwrap();
    String::from_utf8(code).unwrap()
}

/// A residual block with a shortcut that has weights, and a dense layer.
fn residual() -> Vec<Layer> {
    let narrow = Layer::Conv2d(Conv2d {
        stride: 2,
        groups: 2,
        ..Conv2d::new(4, 3, 1)
    });
    vec![
        Layer::Residual(Residual {
            layers: vec![narrow, Layer::BatchNorm],
        }),
        Layer::Flatten,
        Layer::Dense(Dense { units: 2 }),
    ]
}

fn two_classes() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

#[test]
fn layers_are_modules_with_their_names_and_shapes() {
    let code = written(Language::Pytorch, residual(), two_classes());
    let expected = "def network():
    return nn.Sequential(
        Residual(
            nn.Sequential(
                nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2),  # conv1: 4×4×4
                nn.BatchNorm2d(4),  # norm1: 4×4×4
            ),
            nn.Conv2d(2, 4, 1, stride=2),
        ),  # residual1: 4×4×4
        nn.Flatten(),  # flatten1: 64
        nn.Linear(64, 2),  # dense1: 2
    )
";
    assert!(code.contains(expected), "{code}");
    assert!(code.contains("\nclass Residual(nn.Module):"));
    assert!(!code.contains("class TokenPool") && !code.contains("RowLSTM"));
    let code = written(Language::Keras, residual(), two_classes());
    let expected = "def network():
    x = inputs = keras.Input((8, 8, 2))
    shortcut1 = layers.Conv2D(4, 1, 2, name=\"0-shortcut\")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(4, 3, strides=2, groups=2, name=\"0-body-0\")(x)  # conv1: 4×4×4
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=\"0-body-1\")(x)  # norm1: 4×4×4
    x = layers.Add()([x, shortcut1])  # residual1: 4×4×4
    x = layers.Permute((3, 1, 2))(x)
    x = layers.Flatten()(x)  # flatten1: 64
    x = layers.Dense(2, name=\"2\")(x)  # dense1: 2
    return keras.Model(inputs, x)
";
    assert!(code.contains(expected), "{code}");
    assert!(!code.contains("class ") && !code.contains("def recurrent_weights"));
}

#[test]
fn layers_are_fields_of_a_struct_with_their_names() {
    let code = written(Language::Rust, residual(), two_classes());
    let expected = "pub struct Network {
    residual1_shortcut: nn::Conv2d,
    residual1_conv1: nn::Conv2d,
    residual1_norm1: nn::BatchNorm,
    dense1: nn::Linear,
}
";
    assert!(code.contains(expected), "{code}");
    let expected = "        let shortcut1 = x.apply(&self.residual1_shortcut)?;
        let x = x.apply(&self.residual1_conv1)?; // conv1: 4×4×4
        let x = x.apply_t(&self.residual1_norm1, train)?; // norm1: 4×4×4
        let x = (x + shortcut1)?; // residual1: 4×4×4
        let x = x.flatten_from(1)?; // flatten1: 64
        let x = x.apply(&self.dense1)?; // dense1: 2
        Ok(x)
";
    assert!(code.contains(expected), "{code}");
    assert!(!code.contains("fn windows") && !code.contains("struct LayerNorm"));
}

#[test]
fn a_program_trains_as_the_run_did_where_its_library_can() {
    let preset = preset("softmax").unwrap();
    let mut config = TrainConfig::new(preset, [2, 8, 8], 2, 100);
    config.batch_size = 48;
    config.learning_rate = 0.05;
    config.weight_decay = 0.01;
    let layers = [Layer::Flatten, Layer::Dense(Dense { units: 2 })];
    let code = |config: &TrainConfig, language| {
        let classes = two_classes();
        let config = serde_json::to_value(config).unwrap();
        written_of(language, layers.to_vec(), classes, config)
    };
    let has =
        |code: String, expected: &str| assert!(code.contains(expected), "{expected} in {code}");
    config.optimizer = Optimizer::Sgd {
        momentum: 0.9,
        nesterov: true,
        decoupled: false,
    };
    config.schedule = Schedule::Cosine { floor: 0.0 };
    let torch = code(&config, Language::Pytorch);
    let expected = "EPOCHS, BATCH_SIZE, LEARNING_RATE = 5, 48, 0.05\n";
    assert!(torch.contains(expected), "{torch}");
    let expected = "torch.optim.SGD(model.parameters(), LEARNING_RATE, momentum=0.9, nesterov=True, \
                    weight_decay=0.01)\n    schedule = CosineAnnealingLR(";
    has(torch, expected);
    // Keras applies weight decay to the weights, candle has no momentum: plain Adam.
    has(
        code(&config, Language::Keras),
        "BATCH_SIZE, LEARNING_RATE = 5, 48, 0.001\n",
    );
    let rust = code(&config, Language::Rust);
    assert!(
        rust.contains("const LEARNING_RATE: f64 = 0.001;\n"),
        "{rust}"
    );
    has(
        rust,
        "LEARNING_RATE * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0",
    );
    config.optimizer = Optimizer::ADAMW;
    config.schedule = Schedule::Constant;
    has(
        code(&config, Language::Pytorch),
        "AdamW(model.parameters(), LEARNING_RATE, betas=(0.9, 0.999), eps=1e-7, weight_decay=0.01)\n",
    );
    has(
        code(&config, Language::Keras),
        "AdamW(LEARNING_RATE, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=0.01),\n",
    );
    has(
        code(&config, Language::Rust),
        "    eps: 1e-7,\n    weight_decay: 0.01,\n",
    );
    let plain = written(
        Language::Pytorch,
        layers.to_vec(),
        vec!["a".to_owned(), "b".to_owned()],
    );
    has(plain, "EPOCHS, BATCH_SIZE, LEARNING_RATE = 5, 32, 0.001\n");
}

#[test]
fn names_are_never_code() {
    let layers = vec![Layer::Flatten, Layer::Dense(Dense { units: 1 })];
    for language in [Language::Pytorch, Language::Keras] {
        let code = written(language, layers.clone(), vec!["\"]; exit()\\".to_owned()]);
        assert!(code.contains(r#"NAME = "\"\"\"\nimport os""#), "{code}");
        assert!(code.contains(r#"CLASSES = ["\"]; exit()\\"]"#), "{code}");
        assert!(code.contains("TEMPERATURE = 1.0 "));
    }
    let code = written(
        Language::Rust,
        layers,
        vec!["\"]; exit()\\\u{202e}".to_owned()],
    );
    assert!(
        code.contains(r#"NAME: &str = "\"\"\"\u{a}import os";"#),
        "{code}"
    );
    assert!(
        code.contains(r#"[&str; 1] = ["\"]; exit()\\\u{202e}"];"#),
        "{code}"
    );
}
