//! The layout of the panels. Sizes set by dragging are stored in egui's memory.

use egui::{CentralPanel, Frame, Margin, Panel, Ui, UiBuilder};

use super::help::tour;
use super::panels::compare::ComparePanel;
use super::panels::curves::{self, CurvesPanel};
use super::panels::draw::DrawPanel;
use super::panels::guard::GuardPanel;
use super::panels::network::NetworkPanel;
use super::panels::runs::{self, RunsPanel};
use super::panels::setup::SetupPanel;
use super::panels::sweep::SweepPanel;
use super::panels::{PanelContext, layer_stats, status, timeline, top_bar};
use super::tab::Tab;
use super::tabs;
use super::theme::{PANEL_PADDING, tokens};

/// The panels with their state between frames.
#[derive(Default)]
pub struct Panels {
    setup: SetupPanel,
    /// The curves.
    pub curves: CurvesPanel,
    guard: GuardPanel,
    runs: RunsPanel,
    /// The Compare tab.
    pub compare: ComparePanel,
    sweep: SweepPanel,
    network: NetworkPanel,
    draw: DrawPanel,
}

/// Widths at which the side panels stay readable.
const SETUP_WIDTH: (f32, f32) = (284.0, 336.0);
const DRAW_WIDTH: (f32, f32) = (256.0, 336.0);

/// The allowed widths of a side panel in a window of `width`; a width remembered from another
/// session is clamped to it.
fn side_range((narrow, wide): (f32, f32), width: f32) -> std::ops::RangeInclusive<f32> {
    let most = (0.4 * width).min(1.5 * wide);
    narrow..=most.max(narrow)
}

/// Shows `content` in exactly the available space. A panel grows to fit its content, so a row that
/// is too wide would widen it frame by frame.
fn exactly(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect));
    inside.shrink_clip_rect(rect);
    content(&mut inside);
    ui.advance_cursor_after_rect(rect);
}

impl Panels {
    /// Shows everything except floating windows.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let t = tokens(ui);
        let bar = Frame::new()
            .fill(t.panel)
            .inner_margin(Margin::symmetric(PANEL_PADDING, 0));
        let side = Frame::new().fill(t.panel);
        let width = ui.available_width();
        // Everything fits at 1024; the sides get a share of any extra width.
        let share = ((width - 1024.0) / 416.0).clamp(0.0, 1.0);
        let wide = |(narrow, wide): (f32, f32)| (narrow + share * (wide - narrow)).round();
        let middle = Frame::new()
            .fill(t.background)
            .inner_margin(Margin::symmetric(PANEL_PADDING, 8));

        Panel::top("top bar")
            .exact_size(48.0)
            .frame(bar)
            .show(ui, |ui| top_bar::ui(ui, cx));
        Panel::bottom("status")
            .exact_size(26.0)
            .frame(bar)
            .show(ui, |ui| status::ui(ui, cx));
        status::notices_ui(ui, cx);
        Panel::left("setup")
            .default_size(wide(SETUP_WIDTH))
            .size_range(side_range(SETUP_WIDTH, width))
            .frame(side)
            .show(ui, |ui| {
                tour::mark(ui, tour::Stop::Settings, ui.max_rect());
                exactly(ui, |ui| self.setup.ui(ui, cx));
            });
        Panel::right("draw")
            .default_size(wide(DRAW_WIDTH))
            .size_range(side_range(DRAW_WIDTH, width))
            .frame(side)
            .show(ui, |ui| exactly(ui, |ui| self.draw.ui(ui, cx)));
        CentralPanel::default()
            .frame(middle)
            .show(ui, |ui| self.middle_ui(ui, cx));
    }

    /// Shows the tabs, and the selected one's content.
    fn middle_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        tour::mark(ui, tour::Stop::Center, ui.max_rect());
        tabs::ui(ui, cx);
        if cx.settings.tab != Tab::Compare {
            self.compare.leave(cx);
        }
        match cx.settings.tab {
            Tab::Train => self.train_ui(ui, cx),
            Tab::Network => self.network.ui(ui, cx),
            Tab::Layers => layer_stats::ui(ui, cx),
            Tab::Compare => self.compare.ui(ui, cx),
            Tab::Sweep => self.sweep.ui(ui, cx),
        }
    }

    /// Shows the curves, and below them the timeline and the table of runs.
    fn train_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.guard.ui(ui, cx);
        let n_runs = cx.studio.runs().len();
        let table = if n_runs > 0 {
            runs::wanted_height(n_runs)
        } else {
            0.0
        };
        let has_timeline = timeline::is_shown(cx);
        let strip = if has_timeline { timeline::HEIGHT } else { 0.0 };
        let height = ui.available_height() - table - strip;
        if cx.studio.runs().iter().any(|run| run.is_visible) {
            self.curves.ui(ui, cx, height - 8.0);
        } else {
            ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
                curves::empty_ui(ui, cx);
                ui.take_available_space();
            });
        }
        if has_timeline {
            let scale = self.curves.take_scale();
            ui.scope(|ui| timeline::ui(ui, cx, scale.as_ref()));
        }
        if n_runs > 0 {
            self.runs.ui(ui, cx);
        }
    }
}
