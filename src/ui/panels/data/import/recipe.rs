//! What is made of the images: size, color, orientation, how many, and for what.

use egui::Ui;

use crate::data::import::{ImportRecipe, SIDES};
use crate::data::{Framing, Recipe};
use crate::ui::panels::draw::about_framing;
use crate::ui::widgets::{Number, Row, combo};

/// Sizes to choose from.
const SIZES: [usize; 6] = [8, 28, 32, 64, 96, 128];

/// Draws the settings.
pub(super) fn ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    size_ui(ui, recipe);
    color_ui(ui, recipe);
    framing_ui(ui, recipe);
    turn_ui(ui, recipe);
    amount_ui(ui, recipe);
}

fn row<'a>(label: &'a str, explanation: &'a str) -> Row<'a> {
    Row {
        label,
        explanation,
        effect: None,
        error: None,
    }
}

fn size_ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    let about = "Height and width of the images. As they are if all are the same, otherwise 28 in \
                 gray and 32 in color. Larger images train slower.";
    row("Size", about).show(ui, |ui| {
        let label = match recipe.size {
            None => "automatic".to_owned(),
            Some([height, width]) => format!("{height}×{width}"),
        };
        let shown = combo(ui, "Size", &label, |ui| {
            ui.selectable_value(&mut recipe.size, None, "automatic");
            for side in SIZES {
                let size = Some([side; 2]);
                ui.selectable_value(&mut recipe.size, size, format!("{side}×{side}"));
            }
        });
        shown.on_hover_text(about);
    });
    let Some(size) = &mut recipe.size else {
        return;
    };
    let number = Number::count(*SIDES.start() as f64, *SIDES.end() as f64, " pixels").held(true);
    for (side, label) in size.iter_mut().zip(["Height", "Width"]) {
        let row = row(label, "8 to 128 pixels.");
        if let Some(new) = row.number_ui(ui, &number, *side as f64) {
            *side = new as usize;
        }
    }
}

fn color_ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    let about = "Color has three times as many inputs; where color does not matter, gray learns \
                 faster.";
    let choices = [
        (None, "automatic"),
        (Some(false), "gray"),
        (Some(true), "color"),
    ];
    row("Color", about).show(ui, |ui| {
        let label = choices.iter().find(|(color, _)| *color == recipe.color);
        let shown = combo(ui, "Color", label.map_or("", |(_, label)| label), |ui| {
            for (color, label) in choices {
                ui.selectable_value(&mut recipe.color, color, label);
            }
        });
        shown.on_hover_text(about);
    });
}

fn framing_ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    let about = "How a picture fills the image. Every picture that a model trained on this is asked \
                 about goes the same way.";
    row("Framing", about).show(ui, |ui| {
        let name = |framing: Framing| Recipe::new(framing).to_string();
        let label = recipe.framing.map_or("automatic".to_owned(), name);
        let shown = combo(ui, "Framing", &label, |ui| {
            ui.selectable_value(&mut recipe.framing, None, "automatic")
                .on_hover_text("Fitted, or centered if the images are.");
            for framing in Framing::ALL {
                ui.selectable_value(&mut recipe.framing, Some(framing), name(framing))
                    .on_hover_text(about_framing(framing));
            }
        });
        shown.on_hover_text(about);
    });
}

fn turn_ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    let about = "Dark becomes bright: for dark ink on white paper.";
    row("Invert", about).show(ui, |ui| {
        ui.checkbox(&mut recipe.invert, "")
            .accessible_name("Invert".to_owned())
    });
    row("Mirror", "Left becomes right.").show(ui, |ui| {
        ui.checkbox(&mut recipe.mirror, "")
            .accessible_name("Mirror".to_owned())
    });
    row("Turn", "Clockwise, after mirroring.").show(ui, |ui| {
        let label = |turns: u8| format!("{}°", u32::from(turns) * 90);
        combo(ui, "Turn", &label(recipe.quarter_turns), |ui| {
            for turns in 0..4 {
                ui.selectable_value(&mut recipe.quarter_turns, turns, label(turns));
            }
        })
    });
}

fn amount_ui(ui: &mut Ui, recipe: &mut ImportRecipe) {
    let about = "At most so many images of each class in training and in test; 0 takes all.";
    let most = Number::count(0.0, 1e6, "").held(true);
    let n = recipe.per_class.unwrap_or(0) as f64;
    if let Some(n) = row("Most per class", about).number_ui(ui, &most, n) {
        recipe.per_class = (n > 0.0).then_some(n as usize);
    }
    let about = "Sets this share of the images aside for testing, whatever splits there are. \
                 At 0 %, the splits of the source, or one image in six if it has no test images.";
    let share = Number::share().held(true);
    let now = recipe.test_share.unwrap_or(0.0);
    if let Some(share) = row("Test share", about).number_ui(ui, &share, now) {
        recipe.test_share = (share > 0.0 && share < 1.0).then_some(share);
    }
    let about = "The seed of what is drawn: the test images, and the images per class. Not that of \
                 a run: all runs are tested on the same images.";
    let seed = Number::count(0.0, 1e9, "").held(true);
    if let Some(seed) = row("Seed of the split", about).number_ui(ui, &seed, recipe.seed as f64) {
        recipe.seed = seed as u64;
    }
}
