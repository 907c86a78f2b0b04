//! The middle of the window: runs against each other. One filter and one selection, kept by the
//! studio, hold for every view.

mod table;

use egui::{Align, Layout, TextEdit, Ui, vec2};

use super::Cx;
use crate::studio::{Action, Studio};
use crate::ui::theme::{self, ROW_HEIGHT, tokens};

/// A way to look at runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareView {
    /// One row a run.
    #[default]
    Table,
}

impl CompareView {
    /// All of them, as they stand in the window.
    pub const ALL: [CompareView; 1] = [CompareView::Table];

    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            CompareView::Table => "Table",
        }
    }

    /// One sentence: what it shows.
    pub fn explanation(self) -> &'static str {
        match self {
            CompareView::Table => "One row a run: settings, and what came of them.",
        }
    }
}

/// The runs against each other.
#[derive(Default)]
pub struct ComparePanel {
    view: CompareView,
}

impl ComparePanel {
    /// Shows the chosen view in the room there is.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.studio.runs().is_empty() {
            empty_ui(ui);
            return;
        }
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            self.views_ui(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(theme::quiet(ui, count(cx.studio)));
                filter_ui(ui, cx);
            });
        });
        if cx.studio.filtered_runs().next().is_none() {
            ui.label(theme::quiet(ui, "No run passes the filter."));
            return;
        }
        match self.view {
            CompareView::Table => table::ui(ui, cx),
        }
    }

    fn views_ui(&mut self, ui: &mut Ui) {
        for view in CompareView::ALL {
            ui.selectable_value(&mut self.view, view, view.label())
                .on_hover_text(view.explanation());
        }
    }
}

/// The one filter of all views.
fn filter_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let mut text = cx.studio.filter().text().to_owned();
    let edit = TextEdit::singleline(&mut text)
        .hint_text("filter")
        .min_size(vec2(0.0, ROW_HEIGHT))
        .desired_width((ui.available_width() - 16.0).clamp(80.0, 320.0));
    let response = ui
        .add(edit)
        .accessible_name("Filter of runs")
        .on_hover_text("Words of the name: only runs that have them all are looked at.");
    if response.changed() {
        cx.act(Action::SetFilter(text));
    }
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
fn empty_ui(ui: &mut Ui) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.38).max(0.0));
        ui.label(egui::RichText::new("There is no run to compare yet.").heading());
        ui.add_space(4.0);
        let text = "Every training is kept, and appears here with its settings and results.";
        ui.label(egui::RichText::new(text).color(tokens(ui).quiet));
    });
}
