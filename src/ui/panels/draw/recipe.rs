//! How pictures become inputs of the network.

use egui::{Popup, PopupCloseBehavior, RichText, Ui};

use crate::data::{Framing, Recipe};
use crate::studio::CanvasAction;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};

const ABOUT: &str = "How a picture becomes the network's input. It should be what was done with the \
                     training images.";

/// Draws the recipe, which opens a menu to change it.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let recipe = cx.studio.recipe();
    let t = tokens(ui);
    let is_own = recipe != cx.studio.model_recipe();
    let color = if is_own { t.accent } else { t.quiet };
    let shape = cx.studio.prediction().map(|p| p.input_shape);
    let size = shape.map(|[_, height, width]| format!("{height}×{width}, "));
    let text = format!("{}{recipe}", size.unwrap_or_default());
    let text = RichText::new(text).small().color(color).underline();
    let button = egui::Button::new(text).frame(false).truncate();
    let button = ui
        .add(button)
        .accessible_name(format!("Network input: {recipe}"))
        .on_hover_text(ABOUT);
    Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_min_width(200.0);
            menu_ui(ui, cx, recipe);
        });
}

fn menu_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, recipe: Recipe) {
    let mut new = recipe;
    ui.label(theme::quiet(ui, "Pictures become inputs"))
        .on_hover_text(ABOUT);
    for framing in Framing::ALL {
        let label = Recipe::new(framing).to_string();
        ui.radio_value(&mut new.framing, framing, label)
            .on_hover_text(about_framing(framing));
    }
    ui.separator();
    ui.add_enabled_ui(new.framing != Framing::Center, |ui| {
        let about = "Dark becomes bright, for networks trained on bright shapes on black.";
        ui.checkbox(&mut new.invert, "Invert").on_hover_text(about);
    });
    ui.checkbox(&mut new.mirror, "Mirror")
        .on_hover_text("Left becomes right.");
    ui.horizontal(|ui| {
        ui.label("Turn");
        for turns in 0..4 {
            let label = format!("{}°", u32::from(turns) * 90);
            ui.selectable_value(&mut new.quarter_turns, turns, label)
                .on_hover_text("Clockwise.");
        }
    });
    ui.separator();
    let of_model = cx.studio.model_recipe();
    let reset = egui::Button::new("As the model was trained");
    let reset = ui.add_enabled(recipe != of_model, reset);
    if reset
        .on_hover_text(format!("Pictures are {of_model}."))
        .clicked()
    {
        cx.act(CanvasAction::SetRecipe(None));
    } else if new != recipe {
        cx.act(CanvasAction::SetRecipe(Some(new)));
    }
}

/// Returns what a framing does, in one sentence.
pub fn about_framing(framing: Framing) -> &'static str {
    match framing {
        Framing::Center => {
            "The ink is cropped, scaled to 20/28 of the frame, and placed with its center of mass in \
             the middle. Strokes much wider than MNIST's are thinned."
        }
        Framing::Fit => "The whole picture, with black bars where the aspect ratio differs.",
        Framing::Crop => "The middle of the picture, as much as fills the frame.",
        Framing::Stretch => "The whole picture, stretched to the frame.",
    }
}
