//! The columns of the list: headings, tooltips, widths and contents.

use egui::{Align, Color32, Label, Layout, Response, RichText, Sense, Ui, UiBuilder, vec2};

use crate::runs::{Metric, Status};
use crate::studio::Run;
use crate::text;
use crate::train::Finish;
use crate::ui::theme::{self, tokens};

/// A column.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) about: &'static str,
    /// Width, which its longest usual text fits into.
    pub(super) width: f32,
    text: fn(&Run) -> String,
    /// Columns of higher rank are dropped first when space is short.
    rank: u8,
    /// Numbers end at the right, words begin at the left.
    align: Align,
}

/// The heading of the accuracy on the user's sketches.
const SKETCHES: &str = "sketches";

const COLUMNS: &[Column] = &[
    Column {
        heading: "status",
        about: "Whether the run is training or paused, or how it ended.",
        width: 96.0,
        text: |run| run.record.status.label().to_owned(),
        rank: 2,
        align: Align::Min,
    },
    Column {
        heading: "optimizer",
        about: "The rule from gradients to updates.",
        width: 76.0,
        text: |run| run.record.config.optimizer.label().to_owned(),
        rank: 7,
        align: Align::Min,
    },
    Column {
        heading: "LR",
        about: "Learning rate, with changes made during the run.",
        width: 72.0,
        text: |run| text::setting(run.record.config.learning_rate),
        rank: 3,
        align: Align::Max,
    },
    Column {
        heading: "batch",
        about: "Images per update.",
        width: 52.0,
        text: |run| run.record.config.batch_size.to_string(),
        rank: 5,
        align: Align::Max,
    },
    Column {
        heading: "epochs",
        about: "Epochs completed, of those planned.",
        width: 60.0,
        text: |run| {
            let done = last(run, Metric::EpochsDone).unwrap_or(0.0);
            format!("{}/{}", done.floor(), run.record.config.epochs)
        },
        rank: 4,
        align: Align::Max,
    },
    Column {
        heading: "time",
        about: "Training time, without pauses and evaluation.",
        width: 92.0,
        text: |run| last(run, Metric::TrainSeconds).map_or_else(String::new, text::duration),
        rank: 6,
        align: Align::Max,
    },
    Column {
        heading: "best val.",
        about: "Highest validation accuracy after any epoch.",
        width: 72.0,
        text: |run| {
            let accuracy = run.record.metrics.get(&Metric::ValAccuracy);
            accuracy.map_or_else(String::new, |all| text::percent_exact(all.max))
        },
        rank: 1,
        align: Align::Max,
    },
    Column {
        heading: SKETCHES,
        about: "Accuracy on your labeled sketches after the last epoch.",
        width: 76.0,
        text: |run| last(run, Metric::SketchAccuracy).map_or_else(String::new, text::percent_exact),
        rank: 2,
        align: Align::Max,
    },
    Column {
        heading: "test",
        about: "Accuracy on the test images, measured once at the end.",
        width: 72.0,
        text: |run| last(run, Metric::TestAccuracy).map_or_else(String::new, text::percent_exact),
        rank: 0,
        align: Align::Max,
    },
];

/// Returns the latest value of a metric.
fn last(run: &Run, metric: Metric) -> Option<f64> {
    run.record.metrics.get(&metric).map(|all| all.last)
}

/// Returns the columns that fit into `width`: without that of sketches, unless one of `runs` was
/// measured on them.
pub(super) fn fitting(width: f32, runs: &[Run]) -> Vec<&'static Column> {
    let has_sketches = runs
        .iter()
        .any(|run| last(run, Metric::SketchAccuracy).is_some());
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    columns.retain(|column| has_sketches || column.heading != SKETCHES);
    while columns.iter().map(|c| c.width).sum::<f32>() > width && columns.len() > 2 {
        let last = columns.iter().map(|c| c.rank).max();
        columns.retain(|c| Some(c.rank) != last);
    }
    columns
}

/// Space between a text and the next column.
const GAP: f32 = 10.0;

impl Column {
    pub(super) fn heading_ui(&self, ui: &mut Ui) {
        let text = theme::quiet(ui, self.heading);
        self.text_ui(ui, text).on_hover_text(self.about);
    }

    pub(super) fn cell_ui(&self, ui: &mut Ui, run: &Run) {
        let color = self.ink(ui, &run.record.status);
        self.text_ui(ui, theme::number((self.text)(run)).color(color));
    }

    /// Draws a text, which is cut rather than written over the next column.
    fn text_ui(&self, ui: &mut Ui, text: RichText) -> Response {
        let size = vec2(self.width, ui.available_height());
        let (mut rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let layout = match self.align {
            Align::Max => Layout::right_to_left(Align::Center),
            _ => Layout::left_to_right(Align::Center),
        };
        match self.align {
            Align::Max => rect.min.x += GAP,
            _ => rect.min.x += 2.0 * GAP,
        }
        let builder = UiBuilder::new().max_rect(rect).layout(layout);
        ui.new_child(builder).add(Label::new(text).truncate());
        response
    }

    /// Returns the color of a cell: by status for the status, strong for results, quiet otherwise.
    fn ink(&self, ui: &Ui, status: &Status) -> Color32 {
        let t = tokens(ui);
        match (self.heading, status) {
            ("status", Status::Running | Status::Starting) => t.accent,
            ("status", Status::Paused) => t.warning,
            ("status", Status::Finished(Finish::Completed | Finish::EarlyStopped)) => t.good,
            ("status", Status::Finished(Finish::Diverged { .. } | Finish::Failed { .. })) => t.bad,
            ("best val." | "test" | SKETCHES, _) => t.text,
            _ => t.quiet,
        }
    }
}
