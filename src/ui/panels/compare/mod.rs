//! Compare. The studio holds one filter and one selection, which apply to every view.

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
use crate::studio::{Format, LibraryAction, Studio};
use crate::text;
use crate::ui::command::{Command, FileCommand, RunCommand};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Weight, labeled_button};
use table::TablePanel;

/// A view of the runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareView {
    /// One row per run.
    #[default]
    Table,
    /// The settings in which the selected runs differ.
    Diff,
    /// One axis per setting, one line per run.
    Parallel,
    /// Any column against any other.
    Scatter,
    /// Which settings affect a metric.
    Importance,
    /// Which of two is better.
    Verdict,
    /// The models' predictions for the sketch.
    Sketch,
}

impl CompareView {
    /// All views, in their order in the window.
    pub const ALL: [CompareView; 7] = [
        CompareView::Table,
        CompareView::Diff,
        CompareView::Parallel,
        CompareView::Scatter,
        CompareView::Importance,
        CompareView::Verdict,
        CompareView::Sketch,
    ];

    /// The label.
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

    /// One sentence that explains what the view shows.
    pub fn explanation(self) -> &'static str {
        match self {
            CompareView::Table => "One row per run, with settings and results.",
            CompareView::Diff => {
                "Only the settings in which the selected runs differ, and their results."
            }
            CompareView::Parallel => {
                "One vertical axis per setting or metric, one line per run; drag along an axis \
                 to select."
            }
            CompareView::Scatter => "Any setting or metric against any other, one dot per run.",
            CompareView::Importance => "Which settings affect a metric, and which do not.",
            CompareView::Verdict => {
                "Which of two settings is better, whether the difference is significant, and on \
                 which images they disagree."
            }
            CompareView::Sketch => {
                "The predictions of the selected runs' models for the sketch, while it is drawn."
            }
        }
    }
}

/// The state of Compare.
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
    /// Shows the selected view in the available space.
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
            copy_ui(ui, cx);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(theme::quiet(ui, count(cx.studio)));
                filter_ui(ui, cx);
            });
        });
        problem_ui(ui, cx);
        if cx.studio.filtered_runs().next().is_none() {
            let (text, about) = ("No run matches the filter.", "Shows all runs again.");
            if selectors::way_on(ui, text, "Clear filter", about, true) {
                cx.act(LibraryAction::SetFilter(String::new()));
            }
            return;
        }
        match self.view {
            CompareView::Table => self.table.ui(ui, cx),
            CompareView::Diff => diff::ui(ui, cx),
            _ => self.analysis_ui(ui, cx),
        }
    }

    /// Shows the views that treat the runs as rows of a table.
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

    /// The runs of the table with its columns, as text for a spreadsheet.
    pub fn table_text(&self, studio: &Studio) -> String {
        self.table.text(studio)
    }

    /// Called while another tab is shown.
    /// Whether the selected view is about what is drawn.
    pub fn is_sketch_shown(&self) -> bool {
        self.view == CompareView::Sketch
    }

    /// Called while another place is shown.
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

/// Shows the filter, which all views share.
fn filter_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let mut text = cx.studio.filter().text().to_owned();
    let edit = TextEdit::singleline(&mut text)
        .hint_text("filter")
        .min_size(vec2(0.0, ROW_HEIGHT))
        .desired_width((ui.available_width() - 16.0).clamp(80.0, 320.0));
    let response = ui
        .add(edit)
        .accessible_name("Filter runs")
        .on_hover_text(FILTER_HINT);
    if response.changed() {
        cx.act(LibraryAction::SetFilter(text));
    }
}

const FILTER_HINT: &str = "Words in name, tags and note, or comparisons such as lr < 0.01 and \
    model = cnn. Tooltips of the column headings show the names of settings and metrics. Join \
    with and, or, not and parentheses; ~ means contains.";

/// Shows why the filter is invalid, with a mark below the position.
fn problem_ui(ui: &mut Ui, cx: &PanelContext<'_>) {
    if let Some(problem) = cx.studio.filter().problem() {
        let text = format!("Filter: {problem}. The last valid filter still applies.");
        ui.label(egui::RichText::new(text).small().color(tokens(ui).bad));
    }
}

/// Shows the export menu.
fn export_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let button = labeled_button(ui, None, "Export", Weight::Plain, 0.0, true);
    let about = "Exports the selected runs, or all that match the filter, for other programs.";
    let button = button.on_hover_text(about);
    egui::Popup::menu(&button).show(|ui| {
        for command in [
            Command::from(FileCommand::Export(Format::Csv)),
            FileCommand::Export(Format::Jsonl).into(),
            FileCommand::Export(Format::Tensorboard).into(),
        ] {
            let item = ui.button(command.label());
            if item.on_hover_text(command.explanation()).clicked() {
                cx.command(command);
            }
        }
    });
}

/// Shows the button that copies the table.
fn copy_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let command = Command::from(FileCommand::CopyTable);
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, "Copy table", Weight::Plain, 0.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

/// How many runs match the filter.
fn count(studio: &Studio) -> String {
    let (n, n_all) = (studio.filtered_runs().count(), studio.runs().len());
    let all = text::count(n_all, "run");
    match n == n_all {
        true => all,
        false => format!("{} of {all}", text::thousands(n as u64)),
    }
}

/// Shows what to do before there is a run.
fn empty_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    if cx.studio.is_reading_runs() {
        return selectors::nothing(ui, "Reading the runs of the workspace…");
    }
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.38).max(0.0));
        ui.label(egui::RichText::new("No runs to compare yet.").heading());
        ui.add_space(4.0);
        let text = "Every run is saved and appears here with its settings and results.";
        ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
        ui.add_space(16.0);
        way_on_ui(ui, cx, "Train a first run", RunCommand::Train.into());
        ui.add_space(theme::UNIT);
        way_on_ui(
            ui,
            cx,
            "Open a workspace…",
            FileCommand::OpenWorkspace.into(),
        );
    });
}

/// Shows a button that leads to runs.
fn way_on_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, text: &str, command: Command) {
    let is_possible = command.is_possible(cx.studio);
    let button = labeled_button(ui, None, text, Weight::Plain, 168.0, is_possible);
    if button.on_hover_text(command.tooltip(ui)).clicked() {
        cx.command(command);
    }
}

/// Shows text beside the pointer, above everything else.
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
