//! Where ink would make another class the answer, and the least ink that does.

use std::sync::Arc;

use egui::{ColorImage, Label, TextureHandle, TextureOptions, Ui};

use super::super::PanelContext;
use super::picture::{picture_ui, problem_ui, swatch_ui};
use crate::data::unit_values;
use crate::explain::{AGAINST, FOR, LeastInk, overlay};
use crate::model::class_name;
use crate::studio::{ExplainAction, InkHint, InkOutcome};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Weight, combo_of_width, labeled_button};

/// Least and most side of the picture, in points.
const SIDES: [f32; 2] = [120.0, 420.0];

/// How much the colors cover the input.
const STRENGTH: f32 = 0.9;

/// The state of the view.
#[derive(Default)]
pub(super) struct InkView {
    made: Option<(Arc<InkHint>, TextureHandle)>,
}

impl InkView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let hint = cx.studio.explainer().ink().newest().cloned();
        choices_ui(ui, cx);
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            search_ui(ui, cx, hint.as_deref());
        });
        if let Some(problem) = cx.studio.explainer().ink().problem() {
            return problem_ui(ui, problem);
        }
        let Some(hint) = hint else {
            ui.label(theme::quiet(ui, "Looking where ink would help…"));
            return;
        };
        let millis = 1e3 * hint.secs;
        ui.add(Label::new(sentence(&hint)).wrap())
            .on_hover_text(format!("The map took {millis:.0} ms."));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            swatch_ui(ui, theme::rgb(FOR), "draw here");
            swatch_ui(ui, theme::rgb(AGAINST), "erase here");
        });
        ui.add_space(UNIT);
        let made = self.made.take().filter(|(of, _)| Arc::ptr_eq(of, &hint));
        let (of, texture) = made.unwrap_or_else(|| (hint.clone(), texture(ui, &hint)));
        let room = ui.available_size();
        let side = room.x.min(room.y - 2.0 * UNIT).clamp(SIDES[0], SIDES[1]);
        picture_ui(ui, "where ink helps", &texture, side.floor());
        self.made = Some((of, texture));
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.made = None;
    }
}

fn texture(ui: &Ui, hint: &InkHint) -> TextureHandle {
    let [_, height, width] = hint.shape;
    let input: Vec<f32> = unit_values(&hint.input).collect();
    // The map has one plane; the others add nothing to it.
    let mut map = hint.map.values.clone();
    map.resize(input.len(), 0.0);
    let pixels = overlay(&map, &input, hint.shape, STRENGTH);
    let pixels: Vec<u8> = pixels.into_iter().flatten().collect();
    let image = ColorImage::from_rgb([width, height], &pixels);
    ui.load_texture("ink", image, TextureOptions::NEAREST)
}

fn choices_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let old = *cx.studio.explainer().ink().settings();
    let mut class = old;
    let names = cx.studio.classifier().map(|c| c.classes.clone());
    let names = names.unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.label(theme::quiet(ui, "become"));
        let none = "the next class";
        let chosen = class.and_then(|class| names.get(class)).map(String::as_str);
        combo_of_width(ui, "Become class", chosen.unwrap_or(none), 128.0, |ui| {
            ui.selectable_value(&mut class, None, none);
            for (idx, name) in names.iter().enumerate() {
                ui.selectable_value(&mut class, Some(idx), name);
            }
        })
        .on_hover_text(
            "The class that ink should make the answer. The next class is the most probable one \
             after the answer.",
        );
        ui.checkbox(&mut cx.settings.ink_on_canvas, "show on the canvas")
            .on_hover_text("Shows on the canvas where to draw and where to erase, as you draw.");
    });
    if class != old {
        cx.act(ExplainAction::SetInkClass(class));
    }
}

/// Draws the button that lets the program add ink, and what became of it.
fn search_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, hint: Option<&InkHint>) {
    let search = cx.studio.explainer().ink_search();
    if search.is_busy() {
        if labeled_button(ui, None, "Cancel", Weight::Plain, 140.0, true).clicked() {
            cx.act(ExplainAction::CancelLeastInk);
        }
        ui.label(theme::quiet(ui, "Looking for the least ink…"));
        return;
    }
    let outcome = search.outcome(cx.studio.pad().version()).cloned();
    let is_possible = hint.is_some_and(|hint| hint.map.class != hint.map.answer);
    let text = "Add the least ink";
    let button = labeled_button(ui, None, text, Weight::Plain, 140.0, is_possible);
    let about = match is_possible {
        true => {
            "Adds dabs of the pen to the input until the class is the answer, and takes away what \
             is not needed. It can be undone like a stroke."
        }
        false => "The class already is the answer.",
    };
    if button.on_hover_text(about).clicked()
        && let Some(hint) = hint
    {
        cx.act(ExplainAction::AddLeastInk(hint.map.class));
    }
    let names = cx.studio.classifier().map_or(&[][..], |c| &c.classes);
    match outcome {
        Some(InkOutcome::Added(ink)) => {
            ui.add(Label::new(added_text(&ink, names)).wrap());
        }
        Some(InkOutcome::Failed(problem)) => problem_ui(ui, &problem),
        None => {}
    }
}

/// How much ink it was, in a sentence.
fn added_text(ink: &LeastInk, names: &[String]) -> String {
    let class = class_name(names, ink.class);
    if ink.n_dabs == 0 {
        return format!("The answer was {class} without any ink.");
    }
    let dabs = text::count(ink.n_dabs, "dab");
    let share = ink.share.map_or_else(String::new, |share| {
        let share = text::percent(f64::from(share));
        format!(", {share} of the ink there was")
    });
    let pixels = (f64::from(ink.ink) * 10.0).round() / 10.0;
    format!("{dabs} made the answer {class}: the ink of {pixels} white pixels{share}.")
}

/// How far the class is from the answer, in a sentence.
fn sentence(hint: &InkHint) -> String {
    let map = &hint.map;
    let [class, rival] = [map.class, map.rival].map(|class| class_name(&hint.classes, class));
    let by = text::setting((f64::from(map.lead.abs()) * 100.0).round() / 100.0);
    match map.class == map.answer {
        true => format!("The answer is {class}; its logit is {by} above that of {rival}."),
        false => format!("The answer is {rival}; the logit of {class} is {by} below."),
    }
}
