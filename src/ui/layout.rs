//! The layout of the window. Sizes set by dragging are stored in egui's memory.

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use super::help::tour;
use super::panels::compare::ComparePanel;
use super::panels::data::DataPanel;
use super::panels::deploy::DeployPanel;
use super::panels::draw::DrawPanel;
use super::panels::evaluate::EvaluatePanel;
use super::panels::explain::ExplainPanel;
use super::panels::network::NetworkPanel;
use super::panels::setup::SetupPanel;
use super::panels::sweep::SweepPanel;
use super::panels::train::TrainPanel;
use super::panels::{PanelContext, status, top_bar};
use super::place::{Place, Side};
use super::theme::{PANEL_PADDING, tokens};
use super::{rail, side};

/// The panels with their state between frames.
#[derive(Default)]
pub struct Panels {
    data: DataPanel,
    deploy: DeployPanel,
    setup: SetupPanel,
    /// Train.
    pub train: TrainPanel,
    evaluate: EvaluatePanel,
    explain: ExplainPanel,
    /// Compare.
    pub compare: ComparePanel,
    sweep: SweepPanel,
    network: NetworkPanel,
    draw: DrawPanel,
}

impl Panels {
    /// Shows everything except floating windows.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let t = tokens(ui);
        let bar = Frame::new()
            .fill(t.panel)
            .inner_margin(Margin::symmetric(PANEL_PADDING, 0));
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
        Panel::left("rail")
            .exact_size(rail::WIDTH)
            .resizable(false)
            .frame(Frame::new().fill(t.panel))
            .show(ui, |ui| {
                tour::mark(ui, tour::Stop::Rail, ui.max_rect());
                rail::ui(ui, cx);
            });
        // A place that a command shows is shown from the next frame on, with its panels.
        let shown = cx.settings.place;
        let has_settings = self.has(Side::Settings, shown);
        let has_draw = self.has(Side::Draw, shown);
        let settings_over =
            has_settings && side::ui(ui, cx, Side::Settings, |ui, cx| self.setup.ui(ui, cx));
        let draw_over = has_draw && side::ui(ui, cx, Side::Draw, |ui, cx| self.draw.ui(ui, cx));
        let place = CentralPanel::default()
            .frame(middle)
            .show(ui, |ui| self.place_ui(ui, cx))
            .response
            .rect;
        tour::mark(ui, tour::Stop::Center, place);
        if settings_over {
            side::over_ui(ui, cx, Side::Settings, place, |ui, cx| {
                self.setup.ui(ui, cx)
            });
        }
        if draw_over {
            side::over_ui(ui, cx, Side::Draw, place, |ui, cx| self.draw.ui(ui, cx));
        }
        status::notices_ui(ui, cx, place);
    }

    /// Whether a side panel belongs to a place, open or folded.
    pub fn has(&self, side: Side, place: Place) -> bool {
        match (side, place) {
            (Side::Settings, _) => place.has_settings(),
            (Side::Draw, Place::Compare) => self.compare.is_sketch_shown(),
            (Side::Draw, Place::Sweep) => false,
            (Side::Draw, _) => true,
        }
    }

    fn place_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        if cx.settings.place != Place::Data {
            self.data.leave();
        }
        if cx.settings.place != Place::Compare {
            self.compare.leave(cx);
        }
        if cx.settings.place != Place::Evaluate {
            self.evaluate.leave(cx);
        }
        if cx.settings.place != Place::Explain {
            self.explain.leave(cx);
        }
        match cx.settings.place {
            Place::Data => self.data.ui(ui, cx),
            Place::Deploy => self.deploy.ui(ui, cx),
            Place::Evaluate => self.evaluate.ui(ui, cx),
            Place::Explain => self.explain.ui(ui, cx),
            Place::Train => self.train.ui(ui, cx),
            Place::Network => self.network.ui(ui, cx),
            Place::Compare => self.compare.ui(ui, cx),
            Place::Sweep => self.sweep.ui(ui, cx),
        }
    }
}
