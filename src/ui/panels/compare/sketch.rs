//! What several runs' models say to the sketch, side by side, while it is drawn.

use egui::{Label, RichText, ScrollArea, Ui, vec2};

use super::choose;
use super::rows::Rows;
use crate::runs::RunId;
use crate::studio::{Action, Opinion, Question};
use crate::ui::format;
use crate::ui::panels::Cx;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Bar, probability_bars};

/// Models asked at most: each is asked anew with every bit of a stroke.
const MOST_MODELS: usize = 8;

/// Width of one model's answer.
const WIDTH: f32 = 176.0;

/// Whose answers are shown.
#[derive(Default)]
pub(super) struct Opinions {
    asked: Vec<RunId>,
}

impl Opinions {
    /// Shows the answers of the selected runs.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &Rows) {
        let selected = rows
            .rows
            .iter()
            .filter(|row| cx.studio.is_selected(&row.id));
        let ids: Vec<RunId> = selected
            .map(|row| row.id.clone())
            .take(MOST_MODELS)
            .collect();
        self.ask(cx, ids);
        if self.asked.is_empty() {
            choose::nothing(
                ui,
                "Select runs in the table, then draw: their models answer here.",
            );
            return;
        }
        if cx.studio.pad().is_empty() {
            choose::word(ui, "Draw something on the right.");
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(16.0, 12.0);
                for id in &self.asked {
                    let row = rows.rows.iter().find(|row| row.id == *id);
                    let name = row.map_or("", |row| row.name.as_str());
                    let color = row.map_or(0, |row| row.color);
                    let color = tokens(ui).run_color(color);
                    let opinion = cx.studio.compared().opinions.iter().find(|o| o.run == *id);
                    ui.allocate_ui(vec2(WIDTH, 232.0), |ui| {
                        ui.vertical(|ui| opinion_ui(ui, name, color, opinion));
                    });
                }
            });
        });
    }

    /// Nobody looks any more: the models need not be asked with every stroke.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        self.ask(cx, Vec::new());
    }

    fn ask(&mut self, cx: &mut Cx<'_>, ids: Vec<RunId>) {
        if self.asked != ids {
            cx.act(Action::Ask(Question::Sketch(ids.clone())));
            self.asked = ids;
        }
    }
}

fn opinion_ui(ui: &mut Ui, name: &str, color: egui::Color32, opinion: Option<&Opinion>) {
    let t = tokens(ui);
    ui.set_width(WIDTH);
    ui.spacing_mut().item_spacing.y = 2.0;
    let title = RichText::new(name).strong().color(color);
    ui.add(Label::new(title).truncate());
    let prediction = match opinion.map(|o| &o.answer) {
        Some(Err(reason)) => {
            ui.label(RichText::new(reason).small().color(t.bad));
            return;
        }
        Some(Ok(prediction)) => prediction.as_ref(),
        None => None,
    };
    let Some(opinion) = opinion else {
        ui.label(theme::quiet(ui, "asking…"));
        return;
    };
    let sees = prediction.map(|p| {
        let sure = format::percent(f64::from(p.probabilities[p.class]));
        format!("sees {} ({sure})", opinion.classes[p.class])
    });
    ui.label(RichText::new(sees.unwrap_or_else(|| "no ink yet".to_owned())).small());
    let bars: Vec<Bar<'_>> = opinion
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
