//! Explain, Layers: what every layer computes for what is on the canvas, down to one value.

use std::path::Path;

use candle_core::Device;
use candle_studio::data::unit_values;
use candle_studio::explain::{LayerActivation, Position, activations};
use candle_studio::model::{Classifier, Init, Network, Provenance, preset};
use candle_studio::studio::{CanvasAction, FileAction, LayerMaps, Model};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::places::{SIZES, faults};
use crate::support::screenshots;
use crate::support::window::{
    Window, choose, click, draw_one, press, settle, studio, wait, window, window_of,
};

/// Opens a model, and the view, with a test image on the canvas.
fn open(window: &mut Window, model: &Path) {
    window.state_mut().act(FileAction::OpenModel(model.into()));
    wait(window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(window);
    press(window, Modifiers::COMMAND, Key::Num5);
    click(window, "Layers");
    window.state_mut().act(CanvasAction::TestImage(0));
    wait_for_maps(window);
}

fn open_lenet(window: &mut Window) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    open(window, &fixtures.join("lenet-5.safetensors"));
}

/// A window with a network of a preset that has learned nothing.
fn window_with(name: &str) -> Window {
    let mut window = window();
    let preset = preset(name).unwrap();
    let spec = preset.spec([1, 28, 28], 10);
    let classifier = Classifier {
        network: Network::new(&spec, Init::default(), 1, &Device::Cpu).unwrap(),
        classes: (0..10).map(|class| class.to_string()).collect(),
        provenance: Provenance {
            dataset: "MNIST".to_owned(),
            ..Provenance::default()
        },
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("model.safetensors");
    classifier.save(&file).unwrap();
    open(&mut window, &file);
    window
}

/// Waits until what is shown is of what is on the canvas now.
fn wait_for_maps(window: &mut Window) {
    wait(window, "the layers", |app| {
        let layers = app.studio().explainer().layers();
        let prediction = app.studio().prediction();
        let is_newest = layers.newest().zip(prediction).is_some_and(|(maps, p)| {
            unit_values(&p.input).eq(maps.activations.input.iter().copied())
        });
        is_newest && !layers.is_busy()
    });
    window.run_steps(4);
}

fn newest(window: &Window) -> &LayerMaps {
    studio(window).explainer().layers().newest().unwrap()
}

fn layer<'w>(window: &'w Window, name: &str) -> &'w LayerActivation {
    let layers = &newest(window).activations.layers;
    layers.iter().find(|l| l.name.name == name).unwrap()
}

/// As the view writes a value.
fn number(value: f32) -> String {
    format!("{value:.4}").replace('-', "−")
}

/// The number at the end of the line that begins with a text.
fn line(window: &Window, begin: &str) -> String {
    let node = window.get_by_label_contains(begin);
    let label = node.accesskit_node().label().unwrap_or_default();
    let text = if label.is_empty() {
        node.accesskit_node().value().unwrap()
    } else {
        label
    };
    text.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn every_layer_is_shown_as_the_engine_computes_it_and_a_stroke_changes_it() {
    let mut window = window();
    open_lenet(&mut window);
    let found = newest(&window);
    let network = &studio(&window).classifier().unwrap().network;
    let expected = activations(network, &found.activations.input, &false.into());
    assert_eq!(found.activations, expected.unwrap());
    window.get_by_label("filter 0 of conv1");
    window.get_by_role_and_label(Role::Button, "conv1 unit 5");
    let before = layer(&window, "conv1").map(0);
    window.state_mut().act(CanvasAction::Clear);
    window.run_steps(4);
    window.get_by_label_contains("Draw something on the canvas");
    draw_one(&mut window);
    wait_for_maps(&mut window);
    assert_ne!(layer(&window, "conv1").map(0), before);
    window.get_by_role_and_label(Role::Button, "conv1 unit 5");
}

#[test]
fn a_click_on_a_unit_shows_what_feeds_it_and_its_arithmetic_which_follows_the_pointer() {
    let mut window = window();
    open_lenet(&mut window);
    click(&mut window, "conv1 unit 2");
    window.get_by_label("input 0 of conv1 unit 2");
    let conv = layer(&window, "conv1");
    let furthest = conv
        .map(2)
        .into_iter()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    assert_eq!(line(&window, "= conv1 unit 2"), number(furthest.unwrap()));
    window.get_by_label("patch");
    window.get_by_label("× kernel");

    let map = window.get_by_label("Values of conv1").rect();
    let [rows, columns] = layer(&window, "conv1").map_size();
    let (row, column) = (9, 13);
    let at = egui::vec2(
        (column as f32 + 0.5) / columns as f32,
        (row as f32 + 0.5) / rows as f32,
    );
    window.hover_at(map.lerp_inside(at));
    window.run_steps(4);
    let at = Position {
        unit: 2,
        row,
        column,
    };
    assert_eq!(
        line(&window, "= conv1 unit 2"),
        number(layer(&window, "conv1").value(at))
    );
    window.get_by_label("row 9, column 13");

    // The keyboard moves on from there, and the view keeps its place while one draws.
    window.get_by_label("Values of conv1").focus();
    window.remove_cursor();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    window.get_by_label("row 10, column 13");
    window.state_mut().act(CanvasAction::TestImage(1));
    wait_for_maps(&mut window);
    let at = Position {
        unit: 2,
        row: 10,
        column,
    };
    assert_eq!(
        line(&window, "= conv1 unit 2"),
        number(layer(&window, "conv1").value(at))
    );
    click(&mut window, "Close");
    assert!(window.query_by_label("Values of conv1").is_none());
}

#[test]
fn the_keyboard_reaches_a_unit_and_the_terms_of_the_softmax() {
    let mut window = window();
    open_lenet(&mut window);
    window.get_by_label("conv1 unit 0").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("Values of conv1");
    choose(&mut window, "Scale of the colors", "per layer");
    choose(&mut window, "Scale of the colors", "fixed, −1 to 1");
    click(&mut window, "Close");
    let maps = newest(&window);
    assert!((maps.softmax.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let logit = number(maps.activations.logits()[7]);
    let row = window.get_all_by_label_contains(&logit).count();
    assert!(row > 0, "the table has no logit {logit}");
}

#[test]
fn tokens_have_the_attention_of_every_head_and_recurrent_layers_their_gates() {
    let mut window = window_with("vit-tiny");
    click(&mut window, "tokens of patches1");
    window.get_by_label_contains("= token 0, value 0");
    click(&mut window, "tokens of transformer1");
    window.get_by_label("Attention of head 0");
    let image = window.get_by_label("The image as patches").rect();
    window.hover_at(image.center());
    window.run_steps(4);
    window.get_by_label_contains("the patch at row 3, column 3 reads");
    click(&mut window, "all tokens");
    window.get_by_label_contains("all tokens, on average, read");

    for (name, layer, gates) in [
        ("lstm", "lstm1", ["i", "f", "g", "o", "c", "h"].as_slice()),
        ("gru", "gru1", ["r", "z", "n", "h"].as_slice()),
    ] {
        if preset(name).is_none() {
            continue;
        }
        let mut window = window_with(name);
        click(&mut window, &format!("{layer} unit 4"));
        for gate in gates {
            window.get_by_label(&format!("Gate {gate}"));
        }
    }
}

#[test]
fn the_view_is_whole_at_every_size() {
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
        window.set_pixels_per_point(scale);
        open_lenet(&mut window);
        assert_eq!(faults(&window), Vec::<String>::new(), "{size:?}");
        click(&mut window, "conv1 unit 0");
        assert_eq!(faults(&window), Vec::<String>::new(), "a unit at {size:?}");
    }
}

#[test]
fn a_picture_of_the_layers() {
    for (size, theme, name) in [
        ([1440.0, 900.0], egui::Theme::Dark, "layers-dark"),
        ([1024.0, 600.0], egui::Theme::Light, "layers-small-light"),
    ] {
        let mut window = screenshots::window(size, theme, 1600);
        press(&mut window, Modifiers::COMMAND, Key::Num5);
        click(&mut window, "Layers");
        screenshots::draw_three(&mut window);
        wait_for_maps(&mut window);
        click(&mut window, "conv1 unit 3");
        window.remove_cursor();
        window.run_steps(8);
        screenshots::check(&mut window, name);
    }
}
