//! The predictions of several runs' models for the sketch, side by side, while it is drawn.

use egui::{Label, RichText, ScrollArea, Ui, vec2};

use super::rows::Rows;
use super::selectors;
use crate::runs::RunId;
use crate::studio::{Analysis, ModelPrediction};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Bar, probability_bars};

/// Maximum number of models: each predicts again after every bit of a stroke.
const MAX_MODELS: usize = 8;

/// Width of one model's prediction.
const WIDTH: f32 = 176.0;

/// The models whose predictions are shown.
#[derive(Default)]
pub(super) struct ModelPredictions {
    asked: Vec<RunId>,
}

impl ModelPredictions {
    /// Shows the predictions of the selected runs.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, rows: &Rows) {
        let selected = rows
            .rows
            .iter()
            .filter(|row| cx.studio.is_selected(&row.id));
        let ids: Vec<RunId> = selected
            .map(|row| row.id.clone())
            .take(MAX_MODELS)
            .collect();
        self.ask(cx, ids);
        if self.asked.is_empty() {
            let text = "Select runs in the table, then draw: their predictions appear here.";
            return selectors::nothing_selected(ui, cx, text);
        }
        if cx.studio.pad().is_empty() {
            selectors::word(ui, "Draw something on the right.");
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(16.0, 12.0);
                for id in &self.asked {
                    let row = rows.rows.iter().find(|row| row.id == *id);
                    let name = row.map_or("", |row| row.name.as_str());
                    let color = row.map_or(0, |row| row.color);
                    let color = tokens(ui).run_color(color);
                    let prediction_of = cx
                        .studio
                        .compared()
                        .predictions
                        .iter()
                        .find(|o| o.run == *id);
                    ui.allocate_ui(vec2(WIDTH, 232.0), |ui| {
                        ui.vertical(|ui| prediction_ui(ui, name, color, prediction_of));
                    });
                }
            });
        });
    }

    /// Stops the predictions while the view is hidden.
    pub(super) fn leave(&mut self, cx: &mut PanelContext<'_>) {
        self.ask(cx, Vec::new());
    }

    fn ask(&mut self, cx: &mut PanelContext<'_>, ids: Vec<RunId>) {
        if self.asked != ids {
            cx.act(Analysis::Predict(ids.clone()));
            self.asked = ids;
        }
    }
}

fn prediction_ui(
    ui: &mut Ui,
    name: &str,
    color: egui::Color32,
    prediction_of: Option<&ModelPrediction>,
) {
    let t = tokens(ui);
    ui.set_width(WIDTH);
    ui.spacing_mut().item_spacing.y = 2.0;
    let title = RichText::new(name).strong().color(color);
    ui.add(Label::new(title).truncate());
    let prediction = match prediction_of.map(|o| &o.answer) {
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).small().color(t.bad));
            return;
        }
        Some(Ok(prediction)) => prediction.as_ref(),
        None => None,
    };
    let Some(prediction_of) = prediction_of else {
        ui.label(theme::quiet(ui, "predicting…"));
        return;
    };
    let sees = prediction.map(|p| {
        let sure = text::percent(f64::from(p.probabilities[p.class]));
        format!("predicts {} ({sure})", prediction_of.classes[p.class])
    });
    ui.label(RichText::new(sees.unwrap_or_else(|| "nothing drawn yet".to_owned())).small());
    let bars: Vec<Bar<'_>> = prediction_of
        .classes
        .iter()
        .enumerate()
        .take(10)
        .map(|(class, name)| Bar {
            name,
            probability: prediction.map(|p| p.probabilities[class]),
            is_winner: prediction.is_some_and(|p| p.class == class),
        })
        .collect();
    probability_bars(ui, &bars, 16.0);
}
