//! A strip: as many tiles beside each other as fit; the others are scrolled to.

use egui::{Align, Label, Layout, RichText, Sense, Ui, UiBuilder, Vec2, vec2};

use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT};
use crate::ui::widgets::{Icon, icon_button};

/// Height of the name above the tiles.
pub(super) const HEADER: f32 = ROW_HEIGHT;

/// Distance between tiles.
pub(super) const GAP: f32 = UNIT;

/// A strip of tiles.
pub(super) struct Strip<'a> {
    pub(super) name: &'a str,
    /// What is said beside the name.
    pub(super) about: &'a str,
    /// Number of tiles.
    pub(super) n: usize,
    /// Size of one.
    pub(super) tile: Vec2,
}

impl Strip<'_> {
    /// Draws the strip; `first` is the first tile in sight, with a fraction while it is scrolled,
    /// and `tile_ui` draws one tile of the strip's size.
    pub(super) fn ui(&self, ui: &mut Ui, first: &mut f32, mut tile_ui: impl FnMut(&mut Ui, usize)) {
        let step = self.tile.x + GAP;
        let n_fitting = ((ui.available_width() + GAP) / step).max(1.0) as usize;
        let last = self.n.saturating_sub(n_fitting);
        self.scroll(ui, first, step, last);
        self.header_ui(ui, first, n_fitting, last);
        let begin = first.round() as usize;
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), self.tile.y), Sense::hover());
        let mut tiles = ui.new_child(
            UiBuilder::new()
                .max_rect(rect)
                .layout(Layout::left_to_right(Align::Min)),
        );
        tiles.spacing_mut().item_spacing = vec2(GAP, 0.0);
        for idx in begin..self.n.min(begin + n_fitting) {
            tile_ui(&mut tiles, idx);
        }
    }

    /// Follows a horizontal wheel over the strip.
    fn scroll(&self, ui: &Ui, first: &mut f32, step: f32, last: usize) {
        let size = vec2(ui.available_width(), HEADER + self.tile.y);
        let area = egui::Rect::from_min_size(ui.cursor().min, size);
        if ui.rect_contains_pointer(area) {
            *first -= ui.input(|i| i.smooth_scroll_delta().x) / step;
        }
        *first = first.clamp(0.0, last as f32);
    }

    fn header_ui(&self, ui: &mut Ui, first: &mut f32, n_fitting: usize, last: usize) {
        let size = vec2(ui.available_width(), HEADER);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let layout = Layout::right_to_left(Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), |ui| {
            if last > 0 {
                let page = n_fitting as f32;
                let begin = first.round() as usize;
                let name = format!("More of {}", self.name);
                if icon_button(ui, Icon::Right, &name, begin < last).clicked() {
                    *first = (*first + page).min(last as f32);
                }
                let name = format!("Back in {}", self.name);
                if icon_button(ui, Icon::Left, &name, begin > 0).clicked() {
                    *first = (*first - page).max(0.0);
                }
                let end = self.n.min(begin + n_fitting);
                let n = text::thousands(self.n as u64);
                ui.label(theme::quiet(ui, format!("{}–{end} of {n}", begin + 1)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new(self.name).strong());
                ui.add(Label::new(theme::quiet(ui, self.about)).truncate());
            });
        });
    }
}
