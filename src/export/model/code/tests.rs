//! What the program says. `.ci/code` runs it.

use candle_core::Device;

use super::{keras, pytorch};
use crate::export::model::{ExportModelError, ExportedModel};
use crate::model::{
    Classifier, Conv2d, Dense, Init, Layer, ModelSpec, Network, Provenance, Residual,
};

type Program = fn(&ExportedModel<'_>) -> Result<String, ExportModelError>;

fn written(program: Program, layers: Vec<Layer>, classes: Vec<String>) -> String {
    let spec = ModelSpec {
        input: [2, 8, 8],
        classes: classes.len(),
        layers,
    };
    let classifier = Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes,
        provenance: Provenance::default(),
    };
    let model = ExportedModel {
        name: "\"\"\"\nimport os",
        classifier: &classifier,
        fingerprint: None,
    };
    program(&model).unwrap()
}

#[test]
fn layers_are_modules_with_their_names_and_shapes() {
    let narrow = Layer::Conv2d(Conv2d {
        stride: 2,
        groups: 2,
        ..Conv2d::new(4, 3, 1)
    });
    let layers = vec![
        Layer::Residual(Residual {
            layers: vec![narrow, Layer::BatchNorm],
        }),
        Layer::Flatten,
        Layer::Dense(Dense { units: 2 }),
    ];
    let code = written(
        pytorch::program,
        layers.clone(),
        vec!["a".to_owned(), "b".to_owned()],
    );
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
    let code = written(keras::program, layers, vec!["a".to_owned(), "b".to_owned()]);
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
fn names_are_never_code() {
    let layers = vec![Layer::Flatten, Layer::Dense(Dense { units: 1 })];
    for program in [pytorch::program as Program, keras::program] {
        let code = written(program, layers.clone(), vec!["\"]; exit()\\".to_owned()]);
        assert!(code.contains(r#"NAME = "\"\"\"\nimport os""#), "{code}");
        assert!(code.contains(r#"CLASSES = ["\"]; exit()\\"]"#), "{code}");
        assert!(code.contains("TEMPERATURE = 1.0 "));
    }
}
