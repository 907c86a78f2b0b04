//! An image that a class or a unit of a layer answers to.

use std::sync::Arc;

use egui::{Label, ProgressBar, TextureHandle, TextureOptions, Ui};

use super::super::PanelContext;
use super::super::draw::color_image;
use super::picture::{picture_ui, problem_ui};
use crate::explain::{Unit, UnitLayer, unit_layers};
use crate::model::class_name;
use crate::studio::{ExplainAction, FoundImage, UnitQuery};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Number, Weight, combo_of_width, labeled_button};

/// Least and most side of the picture, in points.
const SIDES: [f32; 2] = [120.0, 420.0];

/// Highest seed that can be typed.
const MAX_SEED: f64 = 9999.0;

/// What is chosen where no layer is.
const CLASSES: &str = "classes";

/// The state of the view.
#[derive(Default)]
pub(super) struct UnitView {
    /// Name of the layer; `None` for the classes.
    layer: Option<String>,
    /// Index of the class or unit.
    unit: usize,
    seed: u64,
    made: Option<(Arc<FoundImage>, TextureHandle)>,
}

impl UnitView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let query = self.choices_ui(ui, cx);
        buttons_ui(ui, cx, query);
        let search = cx.studio.explainer().unit();
        if let Some(problem) = search.problem() {
            return problem_ui(ui, problem);
        }
        let Some(found) = search.newest().cloned() else {
            let line = match search.is_busy() {
                true => "Starting from noise…",
                false => "No image yet: choose a class or a unit of a layer, and find one.",
            };
            ui.add(Label::new(theme::quiet(ui, line)).wrap());
            return;
        };
        ui.add(Label::new(sentence(&found)).wrap()).on_hover_text(
            "Gradient ascent from noise, moved at random and blurred on its way, against patterns \
             that no image has.",
        );
        ui.add_space(UNIT);
        let made = self.made.take().filter(|(of, _)| Arc::ptr_eq(of, &found));
        let (of, texture) = made.unwrap_or_else(|| {
            let image = color_image(found.shape, &found.pixels());
            let texture = ui.load_texture("unit image", image, TextureOptions::NEAREST);
            (found.clone(), texture)
        });
        let room = ui.available_size();
        let side = room.x.min(room.y - 2.0 * UNIT).clamp(SIDES[0], SIDES[1]);
        picture_ui(ui, "unit image", &texture, side.floor());
        self.made = Some((of, texture));
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.made = None;
    }

    fn choices_ui(&mut self, ui: &mut Ui, cx: &PanelContext<'_>) -> Option<UnitQuery> {
        let classifier = cx.studio.classifier()?;
        let layers = unit_layers(classifier.network.spec());
        ui.horizontal_wrapped(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            self.layer_ui(ui, &layers);
            self.unit_ui(ui, &layers, &classifier.classes);
            ui.label(theme::quiet(ui, "seed"));
            let about = "Another seed begins with other noise, and may find another image.";
            let seed = Number::count(0.0, MAX_SEED, "").with_width(64.0);
            if let Some(seed) = seed.ui(ui, "Seed", self.seed as f64).explained(ui, about) {
                self.seed = seed as u64;
            }
        });
        let (unit, name) = match self.chosen(&layers) {
            None => {
                let name = class_name(&classifier.classes, self.unit);
                (Unit::Class(self.unit), format!("Class {name}"))
            }
            Some(each) => {
                let (layer, channel) = (each.layer.clone(), self.unit);
                let name = format!("Unit {channel} of {}", layer.name);
                (Unit::Channel { layer, channel }, name)
            }
        };
        Some(UnitQuery {
            unit,
            name,
            seed: self.seed,
        })
    }

    /// The layer that is chosen, if the model has it.
    fn chosen<'l>(&self, layers: &'l [UnitLayer]) -> Option<&'l UnitLayer> {
        let name = self.layer.as_ref()?;
        layers.iter().find(|each| each.layer.name == *name)
    }

    fn layer_ui(&mut self, ui: &mut Ui, layers: &[UnitLayer]) {
        let chosen = self.chosen(layers).map(|each| each.layer.name.clone());
        let mut layer = chosen.clone();
        let shown = chosen.as_deref().unwrap_or(CLASSES);
        combo_of_width(ui, "Units of", shown, 152.0, |ui| {
            ui.selectable_value(&mut layer, None, CLASSES);
            for each in layers {
                let name = each.layer.name.clone();
                ui.selectable_value(&mut layer, Some(name.clone()), name);
            }
        })
        .on_hover_text("The layer whose unit should answer: a channel of its maps, or a feature.");
        if layer != self.layer {
            self.layer = layer;
            self.unit = 0;
        }
    }

    fn unit_ui(&mut self, ui: &mut Ui, layers: &[UnitLayer], classes: &[String]) {
        let n = self
            .chosen(layers)
            .map_or(classes.len(), |each| each.n_units);
        self.unit = self.unit.min(n.saturating_sub(1));
        if self.chosen(layers).is_some() {
            ui.label(theme::quiet(ui, "unit"));
            let about = format!("Which one of {}, counted from 0.", text::count(n, "unit"));
            let number = Number::count(0.0, n.saturating_sub(1) as f64, "").with_width(64.0);
            if let Some(unit) = number
                .ui(ui, "Unit", self.unit as f64)
                .explained(ui, &about)
            {
                self.unit = unit as usize;
            }
            return;
        }
        let shown = class_name(classes, self.unit);
        combo_of_width(ui, "Class", &shown, 128.0, |ui| {
            for (idx, name) in classes.iter().enumerate() {
                ui.selectable_value(&mut self.unit, idx, name);
            }
        })
        .on_hover_text("The class whose logit should be high.");
    }
}

fn buttons_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, query: Option<UnitQuery>) {
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        let search = cx.studio.explainer().unit();
        let (is_busy, newest) = (search.is_busy(), search.newest().cloned());
        if is_busy {
            if labeled_button(ui, None, "Cancel", Weight::Plain, 112.0, true).clicked() {
                cx.act(ExplainAction::CancelUnit);
            }
            let done = newest.map_or(0.0, |found| found.done);
            ui.add(ProgressBar::new(done).desired_width(160.0));
            return;
        }
        let button = labeled_button(
            ui,
            None,
            "Find image",
            Weight::Plain,
            112.0,
            query.is_some(),
        );
        let about = "Seeks an image that raises this unit as much as possible.";
        if button.on_hover_text(about).clicked()
            && let Some(query) = query
        {
            cx.act(ExplainAction::SeekUnit(Box::new(query)));
        }
        let text = "Put on the canvas";
        let button = labeled_button(ui, None, text, Weight::Plain, 112.0, newest.is_some());
        let about = "Classifies the image as it is, and lets you draw on it.";
        if button.on_hover_text(about).clicked() {
            cx.act(ExplainAction::OpenUnitImage);
        }
    });
}

/// What was found, in a sentence.
fn sentence(found: &FoundImage) -> String {
    let round = |value: f32| text::setting((f64::from(value) * 100.0).round() / 100.0);
    let [value, start] = [found.found.value, found.found.start].map(round);
    let name = &found.query.name;
    format!("{name}: {value} for this image, {start} for the noise it began with.")
}
