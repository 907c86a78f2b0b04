//! Models as a service, asked over real sockets.

mod access;
mod client;
mod command;
mod hostile;
mod limits;
mod models;
mod page;
mod protocol;
#[cfg(feature = "tls")]
mod tls;
mod triton;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::{Device, Tensor};
use candle_studio::model::{
    Classifier, Dense, Init, Layer, ModelSpec, Network, ParamKind, Provenance,
};
use candle_studio::serve::{ModelSource, Options, ServeError, Server};

use client::Client;

/// A softmax regression for 28×28 images that answers 0, 1, … `step` · 9 to a black one.
fn digits(step: f32) -> Classifier {
    let spec = ModelSpec {
        input: [1, 28, 28],
        classes: 10,
        layers: vec![Layer::Flatten, Layer::Dense(Dense { units: 10 })],
    };
    let network = Network::new(&spec, Init::HeUniform, 7, &Device::Cpu).unwrap();
    let biases: Vec<f32> = (0..10_u8).map(|class| step * f32::from(class)).collect();
    for param in network.params() {
        assert_eq!(param.kind, ParamKind::Weight);
        if param.name.ends_with("bias") {
            let biases = Tensor::from_vec(biases.clone(), 10, &Device::Cpu).unwrap();
            param.set_from_pytorch(&biases).unwrap();
        }
    }
    let classes = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    Classifier {
        network,
        classes: classes.map(str::to_owned).to_vec(),
        provenance: Provenance::default(),
    }
}

fn save(dir: &Path, name: &str, model: &Classifier) -> PathBuf {
    let path = dir.join(name);
    model.save(&path).unwrap();
    path
}

fn source(name: &str, path: &Path) -> ModelSource {
    ModelSource {
        name: name.to_owned(),
        is_named: true,
        path: path.to_owned(),
    }
}

/// A service on a free port, with what it told.
struct Running {
    server: Server,
    told: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(sources: &[ModelSource]) -> Running {
        Running::with(sources, |_| ()).unwrap()
    }

    fn with(
        sources: &[ModelSource],
        change: impl FnOnce(&mut Options),
    ) -> Result<Running, ServeError> {
        let mut options = Options::new("127.0.0.1:0".parse().unwrap());
        change(&mut options);
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = {
            let told = told.clone();
            Arc::new(move |line: &str| told.lock().unwrap().push(line.to_owned()))
        };
        let server = Server::start(sources, options, tell)?;
        Ok(Running { server, told })
    }

    /// With the model of [`digits`], named so.
    fn digits() -> Running {
        let dir = tempfile::tempdir().unwrap();
        let path = save(dir.path(), "digits.safetensors", &digits(1.0));
        Running::start(&[source("digits", &path)])
    }

    fn client(&self) -> Client {
        Client::new(self.server.address())
    }

    /// Waits until a line with `words` was told.
    fn wait_for(&self, words: &str) {
        for _ in 0..1_000 {
            if self
                .told
                .lock()
                .unwrap()
                .iter()
                .any(|line| line.contains(words))
            {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("expected {words:?} in {:?}", self.told.lock().unwrap());
    }
}
