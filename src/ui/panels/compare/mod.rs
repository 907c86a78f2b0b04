//! The middle of the window: runs against each other. One filter and one selection, kept by the
//! studio, hold for every view.

mod diff;
mod disagreements;
mod importance;
mod parallel;
mod rows;
mod scatter;
mod selectors;
mod sketch;
mod table;
mod verdict;

use egui::{Align, Layout, TextEdit, Ui, vec2};

use super::PanelContext;
use crate::studio::{Action, Format, Studio};
use crate::ui::command::Command;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};
use table::TablePanel;

/// A way to look at runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareView {
    /// One row a run.
    #[default]
    Table,
    /// The settings in which the picked runs differ.
    Diff,
    /// One axis a setting, one line a run.
    Parallel,
    /// Anything against anything else.
    Scatter,
    /// Which setting mattered.
    Importance,
    /// Which of two is better.
    Verdict,
    /// What the models say to the sketch.
    Sketch,
}

impl CompareView {
    /// All of them, as they stand in the window.
    pub const ALL: [CompareView; 7] = [
        CompareView::Table,
        CompareView::Diff,
        CompareView::Parallel,
        CompareView::Scatter,
        CompareView::Importance,
        CompareView::Verdict,
        CompareView::Sketch,
    ];

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            CompareView::Table => "Table",
            CompareView::Diff => "Diff",
            CompareView::Parallel => "Parallel",
            CompareView::Scatter => "Scatter",
            CompareView::Importance => "Importance",
            CompareView::Verdict => "Verdict",
            CompareView::Sketch => "Sketch",
        }
    }

    /// One sentence: what it shows.
    pub fn explanation(self) -> &'static str {
        match self {
            CompareView::Table => "One row a run: settings, and what came of them.",
            CompareView::Diff => "The settings in which the picked runs differ, and nothing else.",
            CompareView::Parallel => {
                "One upright axis a setting or metric, one line a run; drag along an axis to select."
            }
            CompareView::Scatter => "Any setting or metric against any other, one dot a run.",
            CompareView::Importance => "Which settings mattered for a metric, and which did not.",
            CompareView::Verdict => {
                "Which of two settings is better, whether that is sure, and on which images they part."
            }
            CompareView::Sketch => {
                "What the models of the selected runs say to the sketch, while it is drawn."
            }
        }
    }
}

/// The runs against each other.
#[derive(Default)]
pub struct ComparePanel {
    view: CompareView,
    table: TablePanel,
    rows: rows::Rows,
    parallel: parallel::Parallel,
    scatter: scatter::Scatter,
    weights: importance::Weights,
    verdict: verdict::VerdictView,
    predictions: sketch::ModelPredictions,
}

impl ComparePanel {
    /// Shows the chosen view in the room there is.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        if self.view != CompareView::Sketch {
            self.predictions.leave(cx);
        }
        if cx.studio.runs().is_empty() {
            empty_ui(ui, cx);
            return;
        }
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.spacing_mut().item_spacing.x = theme::UNIT;
            self.views_ui(ui);
        });
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            export_ui(ui, cx);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(theme::quiet(ui, count(cx.studio)));
                filter_ui(ui, cx);
            });
        });
        problem_ui(ui, cx);
        if cx.studio.filtered_runs().next().is_none() {
            selectors::nothing(ui, "No run passes the filter.");
            return;
        }
        match self.view {
            CompareView::Table => self.table.ui(ui, cx),
            CompareView::Diff => diff::ui(ui, cx),
            _ => self.analysis_ui(ui, cx),
        }
    }

    /// What is made of the runs as rows of a table.
    fn analysis_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.rows.refresh(cx.studio);
        match self.view {
            CompareView::Table | CompareView::Diff => {}
            CompareView::Parallel => self.parallel.ui(ui, cx, &self.rows),
            CompareView::Scatter => self.scatter.ui(ui, cx, &self.rows),
            CompareView::Importance => self.weights.ui(ui, cx, &self.rows),
            CompareView::Verdict => self.verdict.ui(ui, cx, &self.rows),
            CompareView::Sketch => self.predictions.ui(ui, cx, &self.rows),
        }
    }

    /// Called while something else is looked at.
    pub fn leave(&mut self, cx: &mut PanelContext<'_>) {
        self.predictions.leave(cx);
    }

    fn views_ui(&mut self, ui: &mut Ui) {
        for view in CompareView::ALL {
            ui.selectable_value(&mut self.view, view, view.label())
                .on_hover_text(view.explanation());
        }
    }
}

/// The one filter of all views.
fn filter_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let mut text = cx.studio.filter().text().to_owned();
    let edit = TextEdit::singleline(&mut text)
        .hint_text("filter")
        .min_size(vec2(0.0, ROW_HEIGHT))
        .desired_width((ui.available_width() - 16.0).clamp(80.0, 320.0));
    let response = ui
        .add(edit)
        .accessible_name("Filter of runs")
        .on_hover_text(FILTER_HINT);
    if response.changed() {
        cx.act(Action::SetFilter(text));
    }
}

const FILTER_HINT: &str = "Words of name, tags and note, or comparisons such as lr < 0.01 and \
    model = cnn. Settings and metrics have the names of the Columns menu's hints; and, or, not and \
    brackets join them; ~ means contains.";

/// Why the filter makes no sense, with a mark below the place.
fn problem_ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    if let Some(problem) = cx.studio.filter().problem() {
        let text = format!("Filter: {problem}. The last filter that made sense still holds.");
        ui.label(egui::RichText::new(text).small().color(tokens(ui).bad));
    }
}

/// Runs for other programs.
fn export_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let button = labeled_button(ui, None, "Export", Weight::Plain, 0.0, true);
    let about = "Writes the selected runs, or all that pass the filter, for other programs.";
    let button = button.on_hover_text(about);
    egui::Popup::menu(&button).show(|ui| {
        for command in [
            Command::Export(Format::Csv),
            Command::Export(Format::Jsonl),
            Command::Export(Format::Tensorboard),
        ] {
            let item = ui.button(command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
    });
}

/// How many runs are looked at.
fn count(studio: &Studio) -> String {
    let (n, n_all) = (studio.filtered_runs().count(), studio.runs().len());
    match n_all {
        1 => "1 run".to_owned(),
        _ if n == n_all => format!("{n} runs"),
        _ => format!("{n} of {n_all} runs"),
    }
}

/// Before the first run: what to do.
fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if cx.studio.is_reading_runs() {
        return selectors::nothing(ui, "Reading the runs of the workspace…");
    }
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.38).max(0.0));
        ui.label(egui::RichText::new("There is no run to compare yet.").heading());
        ui.add_space(4.0);
        let text = "Every training is kept, and appears here with its settings and results.";
        ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
        ui.add_space(16.0);
        way_on_ui(ui, cx, "Train a first run", Command::Train);
        ui.add_space(theme::UNIT);
        way_on_ui(ui, cx, "Open a workspace…", Command::OpenWorkspace);
    });
}

/// A button that leads to runs.
fn way_on_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Plain, 168.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

/// Words beside the pointer, over everything else.
fn at_pointer(ui: &Ui, id: &str, words: &str) {
    let Some(at) = ui.input(|i| i.pointer.hover_pos()) else {
        return;
    };
    egui::Tooltip::always_open(
        ui.ctx().clone(),
        ui.layer_id(),
        ui.scope_id().with(id),
        egui::PopupAnchor::Position(at + vec2(16.0, 16.0)),
    )
    .gap(0.0)
    .show(|ui| ui.label(words));
}
