//! The studio without a window, and runs that end in a moment.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use candle_studio::model::{Classifier, Network, Provenance, preset};
use candle_studio::runs::{RunState, Status};
use candle_studio::studio::{DraftAction, Studio};
use candle_studio::train::TrainConfig;

/// Pumps until `is_done`, or fails with `what` after a time no machine should need.
pub fn wait(studio: &mut Studio, what: &str, is_done: impl Fn(&Studio) -> bool) {
    let start = Instant::now();
    while !is_done(studio) {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "waited in vain for {what}; notices: {:?}",
            studio.notices()
        );
        studio.pump(Duration::from_millis(5));
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub fn studio(workspace: Option<&Path>) -> Studio {
    let mut studio = Studio::new(workspace.map(Path::to_owned), Arc::new(|| {})).unwrap();
    wait(&mut studio, "the data", |s| s.dataset().is_some());
    studio
}

pub fn edit(studio: &mut Studio, change: impl FnOnce(&mut TrainConfig)) {
    let mut draft = studio.draft().clone();
    change(&mut draft);
    studio.handle(DraftAction::Set(Box::new(draft)));
}

/// A network and a share of the data that train in a moment: 1,000 images, the rest held out.
pub fn choose_small(studio: &mut Studio, epochs: usize) {
    studio.handle(DraftAction::ChoosePreset("softmax"));
    edit(studio, |c| {
        c.n_validation = 59_000;
        c.epochs = epochs;
    });
    assert_eq!(studio.errors(), []);
}

pub fn run(studio: &Studio) -> &RunState {
    &studio.runs().last().unwrap().state
}

pub fn is_finished(studio: &Studio) -> bool {
    matches!(run(studio).status, Status::Finished(_))
}

/// A model of finite weights so large that its output is not finite, in a file.
pub fn write_diverged_model(path: &Path) {
    let preset = preset("softmax").unwrap();
    let spec = preset.spec([1, 28, 28], 10);
    let network = Network::new(&spec, preset.init, 1, &Device::Cpu).unwrap();
    let weight = &network.params()[0].var;
    weight
        .set(&Tensor::full(f32::MAX, weight.dims(), &Device::Cpu).unwrap())
        .unwrap();
    let model = Classifier {
        network,
        classes: (0..10).map(|class| class.to_string()).collect(),
        provenance: Provenance::default(),
    };
    model.save(path).unwrap();
}
