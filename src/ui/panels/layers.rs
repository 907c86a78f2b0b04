//! The layers of the network: a list with shapes and costs, and the fields of the selected one.

use egui::{Align, Frame, Layout, Margin, Ui, vec2};

use super::Cx;
use super::layer_fields::{fields_ui, kinds};
use crate::model::{Layer, SpecReport};
use crate::train::{Field, TrainConfig};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Icon, LayerRow, error_ui, icon_button, layer_header};

/// The list of layers.
#[derive(Default)]
pub struct LayersPanel {
    selected: Option<usize>,
}

/// What is done to a layer as a whole.
enum Edit {
    Select(usize),
    Remove(usize),
    Swap(usize, usize),
    Insert(usize, Layer),
}

impl LayersPanel {
    /// Shows the layers of `draft` and edits them.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, draft: &mut TrainConfig) {
        if self
            .selected
            .is_some_and(|idx| idx >= draft.model.layers.len())
        {
            self.selected = None;
        }
        let (report, _) = draft.model.check();
        let mut edit = self.title_ui(ui, cx, draft);
        layer_header(ui);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for idx in 0..draft.model.layers.len() {
                edit = edit.take().or(self.layer_ui(ui, cx, draft, &report, idx));
            }
        });
        if let Some(error) = cx.studio.error_at(Field::Model) {
            error_ui(ui, &error.message);
        }
        ui.add_space(6.0);
        totals_ui(ui, cx, draft, &report);
        if let Some(edit) = edit {
            self.apply(draft, edit);
        }
    }

    fn title_ui(&self, ui: &mut Ui, cx: &Cx<'_>, draft: &TrainConfig) -> Option<Edit> {
        let mut edit = None;
        ui.horizontal(|ui| {
            ui.label(theme::section(ui, "Network"));
            if cx.studio.live_run().is_some() {
                ui.label(theme::quiet(ui, "next run"))
                    .on_hover_text("A change of the layers takes effect with a new run.");
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let add = icon_button(ui, Icon::Plus, "Add layer", true)
                    .on_hover_text("Adds a layer after the selected one, or before the last.");
                egui::Popup::menu(&add).show(|ui| {
                    for kind in kinds() {
                        let item = ui.button(kind.label()).on_hover_text(kind.explanation());
                        if item.clicked() {
                            let before_last = draft.model.layers.len().saturating_sub(1);
                            let at = self.selected.map_or(before_last, |idx| idx + 1);
                            edit = Some(Edit::Insert(at, kind));
                        }
                    }
                });
            });
        });
        edit
    }

    fn layer_ui(
        &self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        draft: &mut TrainConfig,
        report: &SpecReport,
        idx: usize,
    ) -> Option<Edit> {
        let error = cx.studio.error_at(Field::Layer(idx));
        let is_selected = self.selected == Some(idx);
        let row = LayerRow {
            idx,
            layer: &draft.model.layers[idx],
            report: report.layers.get(idx),
            is_selected,
            is_wrong: error.is_some(),
        };
        let mut edit = row.ui(ui).clicked().then_some(Edit::Select(idx));
        if let Some(error) = error {
            error_ui(ui, &error.message);
        }
        if is_selected {
            let n_layers = draft.model.layers.len();
            let frame = Frame::new().inner_margin(Margin {
                left: 12,
                right: 0,
                top: 2,
                bottom: 6,
            });
            frame.show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = UNIT;
                ui.push_id(idx, |ui| fields_ui(ui, &mut draft.model.layers[idx]));
                edit = edit.take().or(arrange_ui(ui, idx, n_layers));
            });
        }
        edit
    }

    fn apply(&mut self, draft: &mut TrainConfig, edit: Edit) {
        let layers = &mut draft.model.layers;
        self.selected = match edit {
            Edit::Select(idx) if self.selected == Some(idx) => None,
            Edit::Select(idx) => Some(idx),
            Edit::Remove(idx) => {
                layers.remove(idx);
                None
            }
            Edit::Swap(from, to) => {
                layers.swap(from, to);
                Some(to)
            }
            Edit::Insert(idx, layer) => {
                let idx = idx.min(layers.len());
                layers.insert(idx, layer);
                Some(idx)
            }
        };
    }
}

/// Up, down and away.
fn arrange_ui(ui: &mut Ui, idx: usize, n_layers: usize) -> Option<Edit> {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let mut button = |icon, name: &str, is_enabled| {
            icon_button(ui, icon, name, is_enabled)
                .on_hover_text(name)
                .clicked()
        };
        let is_removed = button(Icon::Cross, "Remove layer", true);
        let is_lower = button(Icon::Down, "Move layer down", idx + 1 < n_layers);
        let is_higher = button(Icon::Up, "Move layer up", idx > 0);
        match (is_removed, is_lower, is_higher) {
            (true, ..) => Some(Edit::Remove(idx)),
            (_, true, _) => Some(Edit::Swap(idx, idx + 1)),
            (.., true) => Some(Edit::Swap(idx, idx - 1)),
            _ => None,
        }
    })
    .inner
}

/// What the whole network holds and costs.
fn totals_ui(ui: &mut Ui, cx: &Cx<'_>, draft: &TrainConfig, report: &SpecReport) {
    let bytes = report.training_bytes(draft.batch_size, draft.optimizer.n_moments());
    total_ui(
        ui,
        "Parameters",
        format::thousands(report.n_parameters()),
        "Numbers that are learned, in all layers together.",
    );
    total_ui(
        ui,
        "Multiply-adds an image",
        format::thousands(report.multiply_adds()),
        "What one image costs, forwards; training costs about three times as much.",
    );
    total_ui(
        ui,
        "Memory while training",
        format::bytes(bytes),
        "Weights, gradients, the optimiser's memory, and the values of one batch.",
    );
    if let Some(secs) = epoch_secs(cx, draft, report) {
        total_ui(
            ui,
            "An epoch, estimated",
            format!("about {}", format::duration(secs)),
            "Judged by the speed of the newest run and by how much each network has to compute.",
        );
    }
}

fn total_ui(ui: &mut Ui, label: &str, value: String, about: &str) {
    let size = vec2(ui.available_width(), 16.0);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.label(theme::quiet(ui, label)).on_hover_text(about);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(theme::number(value).color(tokens(ui).text));
        });
    });
}

/// How long an epoch of `draft` would take, judged by the newest run of this session.
fn epoch_secs(cx: &Cx<'_>, draft: &TrainConfig, report: &SpecReport) -> Option<f64> {
    let run = cx.studio.runs().iter().rev().find(|r| r.is_visible)?;
    let speed = run.state.images_per_second()?;
    let cost = |report: &SpecReport| report.multiply_adds().max(1) as f64;
    let ratio = cost(report) / cost(&run.state.config.model.check().0);
    let n_train = cx
        .studio
        .dataset()?
        .train
        .len()
        .checked_sub(draft.n_validation)?;
    Some(n_train as f64 / speed * ratio)
}
