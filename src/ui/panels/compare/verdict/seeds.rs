//! A button that trains missing seeds, and the queue.

use egui::Ui;

use super::Pair;
use crate::compare::{Comparison, seeds_to_add};
use crate::studio::{RunAction, Studio};
use crate::text;
use crate::train::TrainConfig;
use crate::ui::panels::PanelContext;
use crate::ui::panels::compare::rows::Rows;
use crate::ui::panels::compare::selectors;
use crate::ui::widgets::{Weight, labeled_button};

/// Shows a button that trains missing seeds, and the queue.
pub(super) fn ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    rows: &Rows,
    members: &Pair,
    comparison: &Comparison,
) {
    ui.horizontal(|ui| {
        if let Some(wanted) = comparison.seeds_wanted() {
            let configs = missing(cx.studio, rows, members, wanted);
            let n = configs.len();
            let text = format!("Train {}", text::count(n, "more seed"));
            let is_free = cx.studio.queue().len() == 0 && n > 0;
            let button = labeled_button(ui, None, &text, Weight::Plain, 0.0, is_free);
            let about = "Trains these runs one after the other, with the same settings and other \
                         seeds, once no other run is live.";
            if button.on_hover_text(about).clicked() {
                cx.act(RunAction::Queue(configs));
            }
        }
        queue_ui(ui, cx);
    });
}

/// Shows the queue.
fn queue_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let n = cx.studio.queue().len();
    if n == 0 {
        return;
    }
    selectors::word(ui, &format!("{} queued", text::count(n, "run")));
    let button = labeled_button(ui, None, "Clear queue", Weight::Bare, 0.0, true);
    let about = "Removes the queued runs; the one in training continues.";
    if button.on_hover_text(about).clicked() {
        cx.act(RunAction::ClearQueue);
    }
}

/// The settings of both sides with their missing seeds, alternating, so that both are ready at
/// about the same time.
fn missing(studio: &Studio, rows: &Rows, members: &Pair, wanted: [usize; 2]) -> Vec<TrainConfig> {
    let seeds = |side: usize| -> Vec<u64> {
        let runs = members[side].iter().map(|&idx| &rows.rows[idx]);
        runs.map(|row| row.config.seed).collect()
    };
    let configs = |side: usize| -> Vec<TrainConfig> {
        let id = &rows.rows[members[side][0]].id;
        let Some(run) = studio.run(id) else {
            return Vec::new();
        };
        let with_seed = |seed: u64| TrainConfig {
            seed,
            ..run.record.started()
        };
        let add = seeds_to_add(&seeds(side), &seeds(1 - side), wanted[side]);
        add.into_iter().map(with_seed).collect()
    };
    let (mut a, mut b) = (configs(0).into_iter(), configs(1).into_iter());
    let mut all = Vec::new();
    loop {
        let next = [a.next(), b.next()];
        if next.iter().all(Option::is_none) {
            return all;
        }
        all.extend(next.into_iter().flatten());
    }
}
