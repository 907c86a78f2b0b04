//! The layers of a Keras model: class, settings, and what each reads.

use serde_json::Value;

/// Most layers read.
const MAX_LAYERS: usize = 2_000;

/// A layer.
#[derive(Debug)]
pub(super) struct LayerConfig {
    /// Its class, such as `Conv2D`.
    pub class: String,
    /// Its name, which no other layer has.
    pub name: String,
    /// Its settings.
    pub settings: Value,
    /// The layers whose outputs it reads.
    pub inputs: Vec<String>,
}

/// A model.
#[derive(Debug)]
pub(super) struct Config {
    pub layers: Vec<LayerConfig>,
}

impl Config {
    /// Parses the configuration of a model.
    ///
    /// # Errors
    /// When it is none, or of a model that is a class of its own.
    pub fn parse(json: &str) -> Result<Config, String> {
        let model: Value = serde_json::from_str(json)
            .map_err(|e| format!("its configuration cannot be parsed ({e})"))?;
        let class = model["class_name"].as_str().unwrap_or_default();
        let is_chain = match class {
            "Sequential" => true,
            "Functional" | "Model" => false,
            other => {
                return Err(format!(
                    "it is a model of the class `{other}`, whose code is not in the file: Sequential \
                     and functional models can be read"
                ));
            }
        };
        let layers = match &model["config"] {
            // Before Keras 2.2.3.
            Value::Array(layers) => layers,
            config => config["layers"]
                .as_array()
                .ok_or("its configuration has no layers")?,
        };
        if layers.len() > MAX_LAYERS {
            return Err(format!(
                "it has {} layers, the limit is {MAX_LAYERS}",
                layers.len()
            ));
        }
        let mut found: Vec<LayerConfig> = Vec::new();
        for layer in layers {
            let mut layer = LayerConfig::of(layer)?;
            if is_chain {
                layer.inputs = found
                    .last()
                    .map(|before| before.name.clone())
                    .into_iter()
                    .collect();
            }
            found.push(layer);
        }
        Ok(Config { layers: found })
    }

    /// The layers that read the output of the layer `name`.
    pub fn readers(&self, name: &str) -> Vec<&LayerConfig> {
        let reads = |layer: &&LayerConfig| layer.inputs.iter().any(|input| input == name);
        self.layers.iter().filter(reads).collect()
    }
}

impl LayerConfig {
    fn of(layer: &Value) -> Result<LayerConfig, String> {
        let settings = &layer["config"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let name = text(&layer["name"]).or_else(|| text(&settings["name"]));
        let mut inputs = Vec::new();
        collect_inputs(&layer["inbound_nodes"], &mut inputs, 0);
        Ok(LayerConfig {
            class: text(&layer["class_name"]).ok_or("a layer of its configuration has no class")?,
            name: name.ok_or("a layer of its configuration has no name")?,
            settings: settings.clone(),
            inputs,
        })
    }

    /// A setting that is a word, or the class of an object.
    pub fn word(&self, key: &str) -> Option<&str> {
        let value = &self.settings[key];
        value
            .as_str()
            .or_else(|| value["config"].as_str())
            .or_else(|| value["class_name"].as_str())
    }

    /// A setting that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.settings[key].as_f64()
    }

    /// A setting that is a switch.
    pub fn switch(&self, key: &str, default: bool) -> bool {
        self.settings[key].as_bool().unwrap_or(default)
    }

    /// A setting that is the same count for rows and columns.
    ///
    /// # Errors
    /// When it is not.
    pub fn square(&self, key: &str) -> Result<usize, String> {
        let value = &self.settings[key];
        let count = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let both = match value {
            Value::Array(sides) => sides.iter().map(count).collect::<Option<Vec<_>>>(),
            side => count(side).map(|n| vec![n, n]),
        };
        match both.as_deref() {
            Some(&[h, w]) if h == w => Ok(h),
            _ => Err(format!(
                "has {key} of {value}, here it is the same for rows and columns"
            )),
        }
    }

    /// The shape of the input, without the number of images, if the layer says it.
    pub fn input_shape(&self) -> Option<Vec<Option<usize>>> {
        let keys = ["batch_shape", "batch_input_shape"];
        let shape = keys.iter().find_map(|key| self.settings[*key].as_array())?;
        let side = |side: &Value| side.as_u64().and_then(|n| usize::try_from(n).ok());
        Some(shape.iter().skip(1).map(side).collect())
    }

    /// One sentence about the layer.
    pub fn wrong(&self, reason: &str) -> String {
        format!("its layer `{}` ({}) {reason}", self.name, self.class)
    }
}

/// The names of layers in what a layer reads: `["conv2d", 0, 0]`, as Keras 2 wrote it and as Keras 3
/// keeps it under `keras_history`.
fn collect_inputs(value: &Value, found: &mut Vec<String>, depth: usize) {
    const MAX_DEPTH: usize = 12;
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(name), Value::Number(_), Value::Number(_), ..] => {
                found.push(name.clone());
            }
            parts => parts
                .iter()
                .for_each(|part| collect_inputs(part, found, depth + 1)),
        },
        Value::Object(parts) => {
            parts
                .values()
                .for_each(|part| collect_inputs(part, found, depth + 1));
        }
        _ => {}
    }
}
