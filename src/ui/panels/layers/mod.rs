//! The layers of the network: a list with shapes and costs, and the fields of the selected one.

mod fields;
mod fine_tune;
mod outline;
mod totals;

use egui::{Align, Frame, Key, Layout, Margin, Modifiers, Response, Ui, vec2};

use super::PanelContext;
use crate::model::{Layer, LayerName, LayerReport, Shape, SpecReport};
use crate::train::{Setting, TrainConfig};
use crate::ui::command::{Command, DraftCommand};
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::{Icon, LayerRow, error_ui, icon_button, layer_header};
use fields::fields_ui;
use fine_tune::{frozen_ui, start_ui, trained_ui};
use outline::Path;
use totals::{no_totals_ui, totals_ui};

/// The list of layers.
#[derive(Default)]
pub struct LayersPanel {
    selected: Option<Path>,
    /// The row that gets the keyboard focus in the next frame, after its layer has moved.
    focus: Option<Path>,
}

/// An edit of a layer as a whole.
#[derive(Debug)]
enum Edit {
    Select(Path),
    Remove(Path),
    Duplicate(Path),
    /// From the first path to before the second.
    Shift(Path, Path),
    Insert(Path, Layer),
}

/// Height of an entry in the menu of layers to add.
const KIND_HEIGHT: f32 = 24.0;

impl LayersPanel {
    /// Draws and edits the layers of `draft`.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, draft: &mut TrainConfig) {
        let layers = &draft.model.layers;
        let is_there = |path: &Path| outline::get(layers, path).is_some();
        self.selected = self.selected.take().filter(is_there);
        let (report, errors) = draft.model.check();
        let reports = reports(layers, Shape::Image(draft.model.input), &report);
        let rows: Vec<_> = draft.model.layer_names().into_iter().zip(reports).collect();
        let mut edit = self.title_ui(ui, cx, draft);
        layer_header(ui);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (name, report) in rows {
                let new = self.layer_ui(ui, cx, draft, &name, report.as_ref());
                edit = edit.take().or(new);
            }
        });
        if let Some(error) = cx.studio.error_at(Setting::Model) {
            error_ui(ui, &error.message);
        }
        ui.add_space(6.0);
        if errors.is_empty() {
            totals_ui(ui, cx, draft, &report);
        } else {
            no_totals_ui(ui);
        }
        trained_ui(ui, draft);
        start_ui(ui, cx, draft);
        if let Some(edit) = edit {
            self.apply(&mut draft.model.layers, edit);
        }
    }

    fn title_ui(
        &self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        draft: &TrainConfig,
    ) -> Option<Edit> {
        let mut edit = None;
        ui.horizontal(|ui| {
            ui.label(theme::section(ui, "Network"));
            if cx.studio.live_run().is_some() {
                let about = "Adding, removing and resizing layers takes effect in the next run, \
                             dropout rates at the next batch.";
                ui.label(theme::quiet(ui, "next run")).on_hover_text(about);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                let add = icon_button(ui, Icon::Plus, "Add layer", true)
                    .on_hover_text("Adds a layer after the selected one, or before the last.");
                egui::Popup::menu(&add).show(|ui| edit = self.kinds_ui(ui, draft));
                for (icon, command) in [
                    (Icon::Redo, Command::from(DraftCommand::Redo)),
                    (Icon::Undo, DraftCommand::Undo.into()),
                ] {
                    let is_possible = command.is_possible(cx.studio);
                    let button = icon_button(ui, icon, &command.label(), is_possible);
                    if button.on_hover_text(command.tooltip(ui)).clicked() {
                        cx.command(command);
                    }
                }
            });
        });
        edit
    }

    /// Draws the menu of layers to add.
    fn kinds_ui(&self, ui: &mut Ui, draft: &TrainConfig) -> Option<Edit> {
        let mut edit = None;
        // All entries are visible at once, even in the smallest window.
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = KIND_HEIGHT;
        for kind in Layer::kinds() {
            let item = ui.button(kind.label()).on_hover_text(kind.explanation());
            if item.clicked() {
                let before_last = vec![draft.model.layers.len().saturating_sub(1)];
                let at = self.selected.as_deref().map_or(before_last, behind);
                edit = Some(Edit::Insert(at, kind));
            }
        }
        edit
    }

    fn layer_ui(
        &mut self,
        ui: &mut Ui,
        cx: &PanelContext<'_>,
        draft: &mut TrainConfig,
        name: &LayerName,
        report: Option<&LayerReport>,
    ) -> Option<Edit> {
        let (layers, path) = (&draft.model.layers, name.path.as_slice());
        let error = match path {
            [idx] => cx.studio.error_at(Setting::Layer(*idx)),
            _ => None,
        };
        let is_selected = self.selected.as_deref() == Some(path);
        let row = LayerRow {
            name,
            layer: outline::get(layers, path)?,
            report,
            is_selected,
            is_wrong: error.is_some(),
        };
        let response = row.ui(ui);
        let dropped = drop_ui(ui, &response, layers, path);
        let mut edit = dropped.or_else(|| self.keys(ui, &response, layers, path));
        if response.clicked() {
            response.request_focus();
            edit = edit.or(Some(Edit::Select(path.to_vec())));
        }
        if let Some(error) = error {
            error_ui(ui, &error.message);
        }
        if is_selected {
            let has_weights = report.is_some_and(|report| report.n_parameters > 0);
            let arranged = edit_ui(ui, cx, draft, has_weights.then_some(name), path);
            edit = edit.or(arranged);
        }
        edit
    }

    /// Returns the edit of the key pressed while the row has the focus.
    fn keys(
        &mut self,
        ui: &Ui,
        response: &Response,
        layers: &[Layer],
        path: &[usize],
    ) -> Option<Edit> {
        if self.focus.as_deref() == Some(path) {
            self.focus = None;
            response.request_focus();
        }
        if !response.has_focus() {
            return None;
        }
        let pressed = |modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
        let shift = |to: Option<Path>| to.map(|to| Edit::Shift(path.to_vec(), to));
        if pressed(Modifiers::ALT, Key::ArrowUp) {
            shift(outline::above(layers, path))
        } else if pressed(Modifiers::ALT, Key::ArrowDown) {
            shift(outline::below(layers, path))
        } else if pressed(Modifiers::COMMAND, Key::D) {
            Some(Edit::Duplicate(path.to_vec()))
        } else if pressed(Modifiers::NONE, Key::Delete) {
            Some(Edit::Remove(path.to_vec()))
        } else {
            None
        }
    }

    fn apply(&mut self, layers: &mut Vec<Layer>, edit: Edit) {
        match edit {
            Edit::Select(path) if self.selected.as_ref() == Some(&path) => self.selected = None,
            Edit::Select(path) => self.selected = Some(path),
            Edit::Remove(path) => {
                outline::remove(layers, &path);
                self.selected = None;
                // The focus moves to the layer that is there now, or to the last one.
                self.focus = match outline::get(layers, &path) {
                    Some(_) => Some(path),
                    None => outline::paths(layers).pop(),
                };
            }
            Edit::Duplicate(path) => {
                let copy = outline::get(layers, &path).cloned();
                let at = copy.and_then(|copy| outline::insert(layers, &behind(&path), copy));
                self.follow(at);
            }
            Edit::Shift(from, to) => {
                let at = outline::shift(layers, &from, &to);
                self.follow(at);
            }
            Edit::Insert(path, layer) => {
                let at = outline::insert(layers, &path, layer);
                self.follow(at);
            }
        }
    }

    /// Moves selection and focus to the layer's new path.
    fn follow(&mut self, at: Option<Path>) {
        if at.is_some() {
            self.selected.clone_from(&at);
            self.focus = at;
        }
    }
}

/// Returns the path right after `path`.
fn behind(path: &[usize]) -> Path {
    let mut path = path.to_vec();
    if let Some(idx) = path.last_mut() {
        *idx += 1;
    }
    path
}

/// Returns a report for each path, up to the first layer that does not fit.
fn reports(layers: &[Layer], input: Shape, report: &SpecReport) -> Vec<Option<LayerReport>> {
    let mut found = Vec::new();
    let mut shape = Some(input);
    for (idx, layer) in layers.iter().enumerate() {
        let own = report.layers.get(idx).copied();
        found.push(own);
        if !layer.inside().is_empty() {
            let inside = shape.map_or_else(SpecReport::default, |shape| {
                SpecReport::inside(layer.inside(), shape)
            });
            found.extend(reports(layer.inside(), shape.unwrap_or(input), &inside));
        }
        shape = own.map(|r| r.output);
    }
    found
}

/// Makes the row draggable and a drop target: a layer dropped on its upper half is inserted before
/// it, on its lower half after it.
fn drop_ui(ui: &Ui, response: &Response, layers: &[Layer], path: &[usize]) -> Option<Edit> {
    response.dnd_set_drag_payload(path.to_vec());
    let from = response.dnd_hover_payload::<Path>()?;
    let rect = response.rect;
    let is_lower = ui
        .pointer_interact_pos()
        .is_some_and(|pos| pos.y > rect.center().y);
    // After a block's own row comes its first layer.
    let is_block = outline::get(layers, path).is_some_and(|l| matches!(l, Layer::Residual(_)));
    let to = match (is_lower, is_block) {
        (false, _) => path.to_vec(),
        (true, true) => [path, &[0]].concat(),
        (true, false) => behind(path),
    };
    let y = if is_lower { rect.bottom() } else { rect.top() };
    let left = rect.left() + 12.0 * (to.len() - 1) as f32;
    let stroke = egui::Stroke::new(2.0, tokens(ui).accent);
    ui.painter().hline(left..=rect.right(), y, stroke);
    response.dnd_release_payload::<Path>()?;
    Some(Edit::Shift(from.to_vec(), to))
}

/// Draws the fields of the selected layer, and the buttons for the layer as a whole.
///
/// * `name`: its name, if it has weights
fn edit_ui(
    ui: &mut Ui,
    cx: &PanelContext<'_>,
    draft: &mut TrainConfig,
    name: Option<&LayerName>,
    path: &[usize],
) -> Option<Edit> {
    let frame = Frame::new().inner_margin(Margin {
        left: 12,
        right: 0,
        top: 2,
        bottom: 6,
    });
    let shown = frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = UNIT;
        ui.push_id(path, |ui| {
            if let Some(layer) = outline::get_mut(&mut draft.model.layers, path) {
                let effect = cx
                    .studio
                    .live_run()
                    .map(|_| cx.studio.effect_of_layer(layer));
                fields_ui(ui, layer, effect);
            }
        });
        if let Some(name) = name {
            frozen_ui(ui, draft, &name.name);
        }
        arrange_ui(ui, &draft.model.layers, path)
    });
    shown.inner
}

/// Draws the buttons that move, duplicate and remove a layer.
fn arrange_ui(ui: &mut Ui, layers: &[Layer], path: &[usize]) -> Option<Edit> {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let (up, down) = (outline::above(layers, path), outline::below(layers, path));
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let mut button = |icon, name: &str, keys: &str, is_enabled| {
            icon_button(ui, icon, name, is_enabled)
                .on_hover_text(format!("{name} ({keys})"))
                .clicked()
        };
        let is_removed = button(Icon::Cross, "Remove layer", "Delete", true);
        let is_doubled = button(Icon::Duplicate, "Duplicate layer", "Ctrl+D", true);
        let is_lower = button(Icon::Down, "Move layer down", "Alt+↓", down.is_some());
        let is_higher = button(Icon::Up, "Move layer up", "Alt+↑", up.is_some());
        let path = path.to_vec();
        if is_removed {
            Some(Edit::Remove(path))
        } else if is_doubled {
            Some(Edit::Duplicate(path))
        } else if is_lower {
            down.map(|to| Edit::Shift(path, to))
        } else if is_higher {
            up.map(|to| Edit::Shift(path, to))
        } else {
            None
        }
    })
    .inner
}
