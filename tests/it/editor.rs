//! The layers as a person edits them: by mouse, by keys, back and forth.

use candle_studio::model::{Layer, Residual, write_layers};
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::kittest::Queryable;

use crate::support::screenshots;
use crate::support::window::{
    Window, choose, click, draw_one, press, set, studio, type_text, wait, window,
};

/// The layers in short, such as `Dense 128`; those of a block in brackets.
fn layers(window: &Window) -> Vec<String> {
    fn words(layer: &Layer) -> String {
        match layer {
            Layer::Residual(Residual { layers }) => {
                let inside: Vec<String> = layers.iter().map(words).collect();
                format!("[{}]", inside.join(" | "))
            }
            _ => format!("{} {}", layer.label(), layer.detail())
                .trim()
                .to_owned(),
        }
    }
    let layers = &studio(window).draft().model.layers;
    layers.iter().map(words).collect()
}

/// Gives a row the focus without selecting its layer.
fn focus(window: &mut Window, label: &str) {
    window.get_by_label(label).focus();
    window.run_steps(2);
}

#[test]
fn keys_move_duplicate_and_delete_the_layer_that_has_the_focus() {
    let mut window = window();
    choose(&mut window, "Preset", "MLP");
    let first = layers(&window);
    focus(&mut window, "relu1: ReLU");
    press(&mut window, Modifiers::ALT, Key::ArrowDown);
    press(&mut window, Modifiers::ALT, Key::ArrowDown);
    assert_eq!(layers(&window)[4], "ReLU");
    assert_eq!(layers(&window)[2], "Dense 128");
    // Selection and focus went along, so that the same keys bring it back.
    press(&mut window, Modifiers::ALT, Key::ArrowUp);
    press(&mut window, Modifiers::ALT, Key::ArrowUp);
    assert_eq!(layers(&window), first);

    focus(&mut window, "dense1: Dense 256");
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert_eq!(layers(&window)[1..3], ["Dense 256", "Dense 256"]);
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert_eq!(layers(&window), first);
    // The first and the last stay where they are.
    focus(&mut window, "flatten1: Flatten");
    press(&mut window, Modifiers::ALT, Key::ArrowUp);
    assert_eq!(layers(&window), first);
}

#[test]
fn layers_are_dragged_to_where_they_belong() {
    let mut window = window();
    choose(&mut window, "Preset", "MLP");
    let from = window.get_by_label("relu2: ReLU").rect().center();
    let row = window.get_by_label("dense1: Dense 256").rect();
    window.drag_at(from);
    window.run_steps(2);
    for share in [0.5, 0.9, 1.0] {
        let to = egui::pos2(row.center().x, row.top() + 4.0);
        window.hover_at(from + share * (to - from));
        window.step();
    }
    window.drop_at(egui::pos2(row.center().x, row.top() + 4.0));
    window.run_steps(4);
    assert_eq!(layers(&window)[..3], ["Flatten", "ReLU", "Dense 256"]);
}

#[test]
fn layers_go_into_a_block_and_out_of_it() {
    let mut window = window();
    choose(&mut window, "Preset", "Small ResNet");
    // Inside a block every layer has its own row, with shape and fields.
    click(
        &mut window,
        "residual1.conv1: Conv 2-D 16 of 3×3, padding 1",
    );
    set(&mut window, "Kernel size", 5.0);
    set(&mut window, "Padding", 2.0);
    assert_eq!(studio(&window).errors(), []);
    window.get_by_label("residual1.conv1: Conv 2-D 16 of 5×5, padding 2");
    focus(&mut window, "pool1: Max pool 2×2");
    press(&mut window, Modifiers::ALT, Key::ArrowDown);
    let block = &layers(&window)[3];
    assert!(block.starts_with("[Max pool 2×2 | Conv 2-D"), "{block}");
    press(&mut window, Modifiers::ALT, Key::ArrowUp);
    assert_eq!(layers(&window)[3], "Max pool 2×2");
}

#[test]
fn every_kind_of_layer_can_be_added_and_all_of_its_numbers_set() {
    let mut window = window();
    for mut kind in Layer::kinds() {
        click(&mut window, "Add layer");
        let (label, detail) = (kind.label(), kind.detail());
        window.get_by_role_and_label(Role::Button, label).click();
        window.run_steps(4);
        let at = layers(&window).len() - 2;
        let name = studio(&window).draft().model.layer_name(at).unwrap();
        let row = format!("{name}: {label} {detail}");
        window.get_by_label(row.trim());
        for field in kind.fields() {
            assert!(
                window.query_all_by_label(field.label).next().is_some(),
                "{label} has no {}",
                field.label
            );
        }
        click(&mut window, "Remove layer");
    }
}

#[test]
fn every_kind_of_layer_is_seen_at_once_in_the_smallest_window() {
    let mut window = screenshots::window([1024.0, 700.0], Theme::Light, usize::MAX);
    click(&mut window, "Add layer");
    window.run_steps(20);
    for kind in Layer::kinds() {
        let item = window.get_by_role_and_label(Role::Button, kind.label());
        let (item, all) = (item.rect(), window.ctx.content_rect());
        assert!(all.contains_rect(item), "{} {item:?}", kind.label());
    }
}

#[test]
fn a_network_that_does_not_fit_has_no_size() {
    let mut window = window();
    window.get_by_label("MACs per image");
    click(&mut window, "flatten1: Flatten");
    click(&mut window, "Remove layer");
    assert_ne!(studio(&window).errors(), []);
    assert!(window.query_by_label("MACs per image").is_none());
    window.get_by_label("Size and cost appear once all layers fit together.");
}

#[test]
fn edits_are_taken_back_one_by_one_and_put_back() {
    let mut window = window();
    let first = studio(&window).draft().clone();
    assert!(!studio(&window).can_undo_edit());
    click(&mut window, "dense1: Dense 128");
    set(&mut window, "Units", 64.0);
    click(&mut window, "Remove layer");
    set(&mut window, "Epochs", 9.0);
    let last = studio(&window).draft().clone();
    for _ in 0..3 {
        click(&mut window, "Undo edit");
    }
    assert_eq!(*studio(&window).draft(), first);
    assert!(!studio(&window).can_undo_edit());
    for _ in 0..3 {
        click(&mut window, "Redo edit");
    }
    assert_eq!(*studio(&window).draft(), last);
    // A preset is an edit like any other.
    choose(&mut window, "Preset", "LeNet-5");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(*studio(&window).draft(), last);
}

#[test]
fn undo_means_what_was_touched_last() {
    const REDO: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
    let mut window = window();
    set(&mut window, "Epochs", 9.0);
    draw_one(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(studio(&window).pad().is_empty());
    assert_eq!(studio(&window).draft().epochs, 9);
    // There is no more of the canvas to take back, and nothing else is.
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(studio(&window).draft().epochs, 9);
    press(&mut window, REDO, Key::Z);
    assert!(!studio(&window).pad().is_empty());

    set(&mut window, "Batch size", 64.0);
    press(&mut window, Modifiers::NONE, Key::Escape);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(studio(&window).draft().batch_size, 32);
    assert!(!studio(&window).pad().is_empty());
    press(&mut window, REDO, Key::Z);
    assert_eq!(studio(&window).draft().batch_size, 64);
}

/// Replaces the whole text of the layers.
fn type_layers(window: &mut Window, text: &str) {
    let field = window.get_by_role_and_label(Role::MultilineTextInput, "Layers as text");
    field.focus();
    window.run_steps(2);
    press(window, Modifiers::COMMAND, Key::A);
    type_text(window, text);
    window.run_steps(2);
}

#[test]
fn the_network_is_edited_as_text_with_mistakes_at_their_line() {
    let mut window = window();
    choose(&mut window, "Preset", "Small ResNet");
    click(&mut window, "Network tab");
    let before = studio(&window).draft().clone();
    window.get_by_label_contains("Valid: ");

    // What cannot be read, and what does not fit, is told with its line and never applied.
    let text = write_layers(&before.model.layers);
    type_layers(
        &mut window,
        &text.replacen("\"batch_norm\"", "\"batch_nrom\"", 1),
    );
    window.get_by_label_contains("Line 3: there is no `batch_nrom`; did you mean `batch_norm`?");
    click(&mut window, "Apply text");
    type_layers(&mut window, &text.replace("units = 10", "units = 11"));
    window.get_by_label_contains("Line 31: the last layer gives 11 values");
    assert_eq!(*studio(&window).draft(), before);

    // A text that fits is drawn at once, used when it is applied, and taken back by an undo.
    let wider = text.replace("channels = 64", "channels = 96");
    type_layers(&mut window, &wider);
    window.get_by_label_contains("residual3.conv2: Conv 2-D 96 of 3×3, padding 1, gives");
    assert_eq!(*studio(&window).draft(), before);
    click(&mut window, "Apply text");
    let after = studio(&window).draft().clone();
    assert_eq!(write_layers(&after.model.layers), wider);
    assert_eq!(studio(&window).errors(), []);
    click(&mut window, "Undo edit");
    assert_eq!(*studio(&window).draft(), before);
    window.get_by_label_contains("residual3.conv2: Conv 2-D 64 of 3×3, padding 1, gives");

    // What was typed can be forgotten, and a network edited elsewhere shows in the text.
    type_layers(&mut window, "layers = [");
    click(&mut window, "Revert text");
    window.get_by_label_contains("Valid: ");
    choose(&mut window, "Preset", "Softmax regression");
    window.get_by_label("flatten1: Flatten, gives 784, 0 parameters");
}

#[test]
fn the_drawing_is_saved_as_svg() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("drawing.svg");
    let mut window = window();
    click(&mut window, "Network tab");
    click(&mut window, "Save drawing…");
    press(&mut window, Modifiers::COMMAND, Key::A);
    type_text(&mut window, &path.display().to_string());
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the file", |app| {
        !app.studio().notices().is_empty()
    });
    let svg = std::fs::read_to_string(path).unwrap();
    assert!(svg.starts_with("<svg xmlns="), "{svg}");
    for words in ["5408", "693,962 parameters", "pool1", "max 2×2"] {
        assert!(svg.contains(words), "no {words} in {svg}");
    }
}

#[test]
fn pictures_of_the_editor() {
    for (name, size, theme) in [
        ("editor", [1440.0, 900.0], Theme::Dark),
        ("editor-small", [1024.0, 700.0], Theme::Light),
    ] {
        let mut window = screenshots::window(size, theme, usize::MAX);
        choose(&mut window, "Preset", "Small ResNet");
        click(
            &mut window,
            "residual1.conv1: Conv 2-D 16 of 3×3, padding 1",
        );
        click(&mut window, "Network tab");
        window.remove_cursor();
        window.run_steps(8);
        screenshots::check(&mut window, name);
    }
}
