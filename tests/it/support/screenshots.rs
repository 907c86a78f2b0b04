//! Pictures of the window, compared with those in `screenshots/`.

use std::fs;
use std::path::{Path, PathBuf};

use candle_studio::model::Classifier;
use candle_studio::runs::RunState;
use candle_studio::studio::{DraftAction, Studio};
use candle_studio::train::Event;
use candle_studio::ui::StudioApp;
use egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use crate::support::renderer::CpuRenderer;
use crate::support::window::{answer, draw, settle};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window")
}

/// The runs as they were recorded; of the last one only the first `n_live` events, so that it is
/// still training.
fn recorded(n_live: usize) -> Vec<RunState> {
    let names = ["softmax 1", "mlp 2", "lenet-5 3"];
    let run = |(idx, name): (usize, &&str)| {
        let path = fixtures().join(format!("{name}.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        let events: Vec<Event> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let Event::Started { config, .. } = &events[0] else {
            panic!("{name} does not begin with its start");
        };
        let mut state = RunState::new(*name, (**config).clone());
        let n = if idx + 1 < names.len() {
            usize::MAX
        } else {
            n_live
        };
        events.iter().take(n).for_each(|event| state.apply(event));
        state
    };
    names.iter().enumerate().map(run).collect()
}

/// The window in the middle of a session.
pub fn window(size: [f32; 2], theme: Theme, n_live: usize) -> Harness<'static, StudioApp> {
    let mut window = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(60)
        .renderer(CpuRenderer::default())
        .build_eframe(|cc| {
            let model = Classifier::load(&fixtures().join("lenet-5.safetensors")).unwrap();
            let runs = recorded(n_live);
            let config = runs.last().unwrap().config.clone();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            let mut studio = studio.with_history(runs, model);
            studio.handle(DraftAction::Set(Box::new(config)));
            StudioApp::with_studio(cc, studio)
        });
    settle(&mut window);
    window
}

const THREE: &[[f32; 2]] = &[
    [0.33, 0.26],
    [0.40, 0.19],
    [0.50, 0.17],
    [0.60, 0.20],
    [0.64, 0.28],
    [0.61, 0.37],
    [0.53, 0.44],
    [0.44, 0.46],
    [0.55, 0.48],
    [0.64, 0.54],
    [0.67, 0.63],
    [0.64, 0.73],
    [0.56, 0.80],
    [0.45, 0.82],
    [0.33, 0.77],
];

pub fn draw_three(window: &mut Harness<'_, StudioApp>) {
    let canvas = window.get_by_label("Drawing canvas").rect();
    draw(window, canvas, THREE);
    answer(window);
    window.remove_cursor();
    window.run_steps(8);
}

/// Compares what the window looks like with the picture of that name, or writes it.
pub fn check(window: &mut Harness<'_, StudioApp>, name: &str) {
    let picture = window.render().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("screenshots/{name}.png"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        picture.save(&path).unwrap();
        return;
    }
    let is_same = image::open(&path).is_ok_and(|old| old.into_rgba8() == picture);
    if !is_same {
        picture.save(path.with_extension("new.png")).unwrap();
        panic!(
            "{} no longer shows the window; compare it with {name}.new.png",
            path.display()
        );
    }
}

/// Writes a picture that depends on the machine, such as on its number of threads; it is drawn but
/// not compared.
pub fn draw_only(window: &mut Harness<'_, StudioApp>, name: &str) {
    let picture = window.render().unwrap();
    assert!(picture.width() > 0);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("screenshots/{name}.png"));
        picture.save(&path).unwrap();
    }
}
