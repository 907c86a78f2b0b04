//! Pictures of a run under control: the divergence guard and the timeline, from a real run of LeNet-5
//! whose clock is fixed.

use std::sync::{Arc, OnceLock};

use candle_studio::data::Dataset;
use candle_studio::model::{Classifier, preset};
use candle_studio::runs::RunState;
use candle_studio::studio::{DraftAction, Studio};
use candle_studio::train::{
    Change, Checkpoint, Control, Event, Job, Observer, OnDivergence, Setting, TrainConfig, inspect,
    train,
};
use candle_studio::ui::StudioApp;
use egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::renderer::CpuRenderer;
use crate::support::screenshots::{check, draw_three};
use crate::support::window::{click, settle};

/// The update after which the learning rate becomes absurd.
const BREAK: u64 = 300;

/// A run that goes well, and then wrong.
struct Story {
    job: Job,
    events: Vec<Event>,
    states: Vec<Arc<Checkpoint>>,
    model: Classifier,
}

struct Ear<'a> {
    control: &'a Control,
    events: Vec<Event>,
    states: Vec<Arc<Checkpoint>>,
}

impl Observer for Ear<'_> {
    fn event(&mut self, event: &Event) {
        // The story ends where training waits, not with the stop that ends this run.
        if matches!(self.events.last(), Some(Event::Diverged { .. })) {
            return;
        }
        let mut event = event.clone();
        if let Event::Steps { points } = &mut event {
            // The same clock on every machine.
            points
                .iter_mut()
                .for_each(|p| p.secs = p.step as f64 * 4e-3);
        }
        if matches!(event, Event::Diverged { .. }) {
            self.control.stop();
        }
        self.events.push(event);
    }

    fn snapshot(&mut self, state: &Arc<Checkpoint>) {
        if state.step() == BREAK {
            self.control.change(Change {
                setting: Setting::LearningRate,
                value: 0.5.into(),
            });
        }
        self.states.push(state.clone());
    }
}

/// Told once for all tests.
fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(tell)
}

fn tell() -> Story {
    let data = Arc::new(Dataset::mnist().unwrap());
    let preset = preset("lenet-5").unwrap();
    let mut config = TrainConfig::new(preset, data.image_shape(), 10, data.train.len());
    config.batch_size = 64;
    config.learning_rate = 2e-3;
    config.epochs = 2;
    let job = Job::new(config, data)
        .unwrap()
        .on_divergence(OnDivergence::Ask);
    let control = Control::default();
    let mut ear = Ear {
        control: &control,
        events: Vec::new(),
        states: Vec::new(),
    };
    let outcome = train(&job, &control, &mut ear).unwrap();
    Story {
        model: outcome.into_classifier(&job),
        events: ear.events,
        states: ear.states,
        job,
    }
}

fn window(
    size: [f32; 2],
    theme: Theme,
    is_told: impl Fn(&Event) -> bool,
) -> Harness<'static, StudioApp> {
    let story = story();
    let mut state = RunState::new("lenet-5 1", story.job.config().clone());
    let told = story.events.iter().filter(|e| is_told(e));
    told.for_each(|event| state.apply(event));
    let config = state.config.clone();
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(|cc| {
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            let model = Classifier {
                network: story.model.network.deep_copy().unwrap(),
                classes: story.model.classes.clone(),
                provenance: story.model.provenance.clone(),
            };
            let studio = studio.with_history(vec![state], model);
            let mut studio = studio.with_timeline(&story.states);
            studio.handle(DraftAction::Set(Box::new(config)));
            StudioApp::with_studio(cc, studio)
        });
    settle(&mut window);
    window
}

#[test]
fn pictures_of_a_run_under_control() {
    for (name, size, theme) in [
        ("guard", [1440.0, 900.0], Theme::Dark),
        ("guard-small", [1024.0, 700.0], Theme::Light),
    ] {
        let is_told = |e: &Event| !matches!(e, Event::Finished { .. });
        let mut window = window(size, theme, is_told);
        window.run_steps(4);
        window.get_by_label_contains("Paused: ");
        check(&mut window, name);
    }
    for (name, size, theme) in [
        ("timeline", [1440.0, 900.0], Theme::Light),
        ("timeline-small", [1024.0, 700.0], Theme::Dark),
    ] {
        let well = |e: &Event| match e {
            Event::Steps { points } => points.iter().all(|p| p.step <= BREAK),
            Event::Started { .. } => true,
            _ => false,
        };
        let mut window = window(size, theme, well);
        if window.query_by_label("Unfold Draw").is_some() {
            click(&mut window, "Unfold Draw");
            click(&mut window, "Fold Settings");
        }
        draw_three(&mut window);
        let slider = window.get_by_role_and_label(egui::Role::Slider, "Timeline");
        // After 32 updates.
        slider.set_value_accesskit(6.0);
        window.run_steps(8);
        crate::support::window::answer(&mut window);
        window.run_steps(8);
        check(&mut window, name);
    }
}

/// Not a picture: the story the pictures tell must be one the inspection agrees with.
#[test]
fn the_story_of_the_pictures_is_a_real_one() {
    let story = story();
    let state = story.states.iter().find(|s| s.step() == 100).unwrap();
    let seen = inspect(&story.job, state).unwrap();
    let points = story.events.iter().filter_map(|e| match e {
        Event::Steps { points } => Some(points),
        _ => None,
    });
    let point = points.flatten().find(|p| p.step == 101).copied().unwrap();
    assert_eq!(seen.loss.to_bits(), point.loss.to_bits());
}
