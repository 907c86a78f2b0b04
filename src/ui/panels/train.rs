//! Train: a view of the run above, the timeline and the runs below.

use egui::{ScrollArea, Ui, vec2};

use super::curves::{self, CurvesPanel};
use super::guard::GuardPanel;
use super::inspect::InspectPanel;
use super::runs::{self, RunsPanel};
use super::{PanelContext, layer_stats, timeline};
use crate::ui::command::{Command, ViewCommand};
use crate::ui::place::TrainView;
use crate::ui::theme::{ROW_HEIGHT, UNIT};

/// Height below which a view cannot be read; where there is less, the place scrolls.
const LEAST_HEIGHT: f32 = 200.0;

/// Height of the place from which on it has room for four runs.
const HIGH: f32 = 520.0;

/// The panel of Train.
#[derive(Default)]
pub struct TrainPanel {
    /// The curves.
    pub curves: CurvesPanel,
    guard: GuardPanel,
    inspect: InspectPanel,
    runs: RunsPanel,
    /// Whether the timeline was shown: then its room stays while a new run has no snapshots yet.
    has_timeline: bool,
}

impl TrainPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        views_ui(ui, cx);
        ScrollArea::vertical()
            .id_salt("train")
            .auto_shrink(false)
            .show(ui, |ui| self.content_ui(ui, cx));
    }

    fn content_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let has_runs = !cx.studio.runs().is_empty() || !cx.studio.unreadable_runs().is_empty();
        self.has_timeline |= timeline::is_shown(cx);
        // As much for the first run as for many, so that nothing moves when one is added.
        let n_rows = if ui.available_height() < HIGH { 2 } else { 4 };
        let table = if has_runs {
            runs::wanted_height(n_rows)
        } else {
            0.0
        };
        let strip = if has_runs && self.has_timeline {
            timeline::HEIGHT
        } else {
            0.0
        };
        self.guard.ui(ui, cx);
        let gaps = 2.0 * ui.spacing().item_spacing.y;
        let height = (ui.available_height() - table - strip - gaps).max(LEAST_HEIGHT);
        sized_ui(ui, height, |ui| self.view_ui(ui, cx, height));
        if strip > 0.0 {
            let scale = self.curves.take_scale();
            sized_ui(ui, strip, |ui| {
                if timeline::is_shown(cx) {
                    timeline::ui(ui, cx, scale.as_ref());
                }
            });
        }
        if has_runs {
            sized_ui(ui, table, |ui| self.runs.ui(ui, cx));
        }
    }

    fn view_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, height: f32) {
        let has_curves = cx.studio.runs().iter().any(|run| run.is_visible);
        match cx.settings.train_view {
            TrainView::Curves if has_curves => self.curves.ui(ui, cx, height - 8.0),
            TrainView::Curves => curves::empty_ui(ui, cx),
            TrainView::Layers => layer_stats::ui(ui, cx),
            TrainView::LookInside => self.inspect.ui(ui, cx),
        }
    }
}

/// Shows `content` in the whole width and exactly `height`.
fn sized_ui(ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        content(ui);
    });
}

/// Shows the choice of the view.
fn views_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        ui.spacing_mut().item_spacing.x = UNIT;
        for view in TrainView::ALL {
            let is_chosen = cx.settings.train_view == view;
            let command = Command::from(ViewCommand::TrainView(view));
            let item = ui.selectable_label(is_chosen, view.label());
            if item.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        }
    });
}
