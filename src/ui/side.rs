//! The panels at the sides of a place: in their own room, over the place, or folded to a strip.

use egui::{
    Align, Area, Frame, Id, Layout, Margin, Order, Panel, Rect, Role, Sense, TextStyle, Ui,
    UiBuilder, WidgetInfo, vec2,
};

use super::command::{Command, ViewCommand};
use super::panels::PanelContext;
use super::place::{Place, Side};
use super::rail;
use super::settings::Folds;
use super::theme::{self, PANEL_PADDING, ROW_HEIGHT, tokens};
use super::widgets::{Icon, icon_button};

/// Width of a folded panel.
const STRIP: f32 = 28.0;

/// Width of the window below which one of two panels is folded at first.
const FOLDS_ONE: f32 = 1200.0;

/// Width of the window below which two panels have no room beside the place.
const ROOM_FOR_TWO: f32 = 1100.0;

/// Width of the window below which no panel has.
const ROOM_FOR_ONE: f32 = 1000.0;

/// Width that the panels leave to the place, as far as they can.
const PLACE_WIDTH: f32 = 560.0;

/// How a panel is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// As a strip.
    Folded,
    /// Beside the place.
    Beside,
    /// Over the place.
    Over,
}

/// Returns how a panel is shown at `place`, in a window of `width`.
fn shown(folds: &Folds, side: Side, place: Place, width: f32) -> Shown {
    let is_second = side == Side::Draw && place.has_settings();
    let fold = folds.get(side);
    let is_folded = match width < ROOM_FOR_ONE {
        true => !fold.is_over,
        false => fold.is_folded.unwrap_or(is_second && width < FOLDS_ONE),
    };
    let is_beside_settings =
        || is_second && shown(folds, Side::Settings, place, width) == Shown::Beside;
    if is_folded {
        Shown::Folded
    } else if width < ROOM_FOR_ONE || width < ROOM_FOR_TWO && is_beside_settings() {
        Shown::Over
    } else {
        Shown::Beside
    }
}

/// Folds a panel, or unfolds it.
pub fn toggle(folds: &mut Folds, side: Side, place: Place, width: f32) {
    let was_open = shown(folds, side, place, width) != Shown::Folded;
    let fold = folds.get_mut(side);
    if width < ROOM_FOR_ONE {
        fold.is_over = !was_open;
    } else {
        fold.is_folded = Some(was_open);
    }
}

/// Shows a panel in its own room, or its strip. Returns `true` if the panel is to be shown over the
/// place, by [`over_ui`].
pub fn ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    side: Side,
    content: impl FnOnce(&mut Ui, &mut PanelContext<'_>),
) -> bool {
    let window = ui.content_rect().width();
    let shown = shown(&cx.settings.folds, side, cx.settings.place, window);
    if shown != Shown::Beside {
        strip_ui(ui, cx, side, shown == Shown::Over);
        return shown == Shown::Over;
    }
    let (narrow, wide) = widths(side);
    // Both keep their narrow width at 1024; they get a share of any extra width.
    let share = ((window - 1024.0) / 416.0).clamp(0.0, 1.0);
    let panel = match side {
        Side::Settings => Panel::left("setup"),
        Side::Draw => Panel::right("draw"),
    };
    // A width remembered from another session is clamped to what this window has room for.
    let most = ((window - rail::WIDTH - PLACE_WIDTH) / 2.0).min(1.5 * wide);
    panel
        .default_size((narrow + share * (wide - narrow)).round())
        .size_range(narrow..=most.max(narrow))
        .frame(Frame::new().fill(tokens(ui).panel))
        .show(ui, |ui| exactly(ui, |ui| whole_ui(ui, cx, side, content)));
    false
}

/// Shows a panel at the side of `place`, over it.
pub fn over_ui(
    ui: &Ui,
    cx: &mut PanelContext<'_>,
    side: Side,
    place: Rect,
    content: impl FnOnce(&mut Ui, &mut PanelContext<'_>),
) {
    let size = vec2(widths(side).0.min(place.width()), place.height());
    let at = match side {
        Side::Settings => place.left_top(),
        Side::Draw => place.right_top() - vec2(size.x, 0.0),
    };
    let frame = Frame::new()
        .fill(tokens(ui).panel)
        .shadow(ui.visuals().popup_shadow);
    let area = Area::new(Id::unique(("panel over the place", side.label())))
        .order(Order::Middle)
        .movable(false)
        .fade_in(false)
        .fixed_pos(at)
        .constrain(false);
    area.show(ui, |ui| {
        frame.show(ui, |ui| {
            ui.set_min_size(size);
            ui.set_max_size(size);
            exactly(ui, |ui| whole_ui(ui, cx, side, content));
        });
    });
}

/// Widths at which a panel stays readable.
fn widths(side: Side) -> (f32, f32) {
    match side {
        Side::Settings => (284.0, 336.0),
        Side::Draw => (256.0, 336.0),
    }
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

/// Shows a panel below its heading; Draw has its own.
fn whole_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    side: Side,
    content: impl FnOnce(&mut Ui, &mut PanelContext<'_>),
) {
    if side == Side::Settings {
        let margin = Margin {
            left: PANEL_PADDING,
            right: PANEL_PADDING,
            top: 8,
            bottom: 0,
        };
        ui.spacing_mut().item_spacing.y = 0.0;
        Frame::new().inner_margin(margin).show(ui, |ui| {
            let size = vec2(ui.available_width(), ROW_HEIGHT);
            ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                ui.label(theme::section(ui, side.label()));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    fold_button(ui, cx, side);
                });
            });
        });
        ui.reset_style();
    }
    content(ui, cx);
}

/// Shows the button that folds a panel.
pub fn fold_button(ui: &mut Ui, cx: &mut PanelContext<'_>, side: Side) {
    let icon = match side {
        Side::Settings => Icon::Left,
        Side::Draw => Icon::Right,
    };
    let command = Command::from(ViewCommand::Fold(side));
    let name = format!("Fold {}", side.label());
    if icon_button(ui, icon, &name, true)
        .on_hover_text(command.tooltip(ui))
        .clicked()
    {
        cx.command(command);
    }
}

/// Shows the strip of a panel that is folded or shown over the place.
fn strip_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, side: Side, is_open: bool) {
    let panel = match side {
        Side::Settings => Panel::left("settings strip"),
        Side::Draw => Panel::right("draw strip"),
    };
    panel
        .exact_size(STRIP)
        .resizable(false)
        .frame(Frame::new().fill(tokens(ui).panel))
        .show(ui, |ui| {
            let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click());
            let name = match is_open {
                true => format!("Close {}", side.label()),
                false => format!("Unfold {}", side.label()),
            };
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, &name));
            let is_lit = response.hovered() || response.has_focus();
            paint_strip(ui, rect, side, is_open, is_lit);
            let command = Command::from(ViewCommand::Fold(side));
            if response.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
            }
        });
}

/// Draws a chevron, and the panel's name from top to bottom.
fn paint_strip(ui: &Ui, rect: Rect, side: Side, is_open: bool, is_lit: bool) {
    let t = tokens(ui);
    let ink = if is_lit { t.text } else { t.quiet };
    if is_lit {
        ui.painter().rect_filled(rect, 0.0, t.raised);
    }
    let icon = match (side == Side::Settings) != is_open {
        true => Icon::Right,
        false => Icon::Left,
    };
    let top = rect.center_top() + vec2(0.0, 22.0);
    icon.paint(
        ui.painter(),
        Rect::from_center_size(top, vec2(16.0, 16.0)),
        ink,
    );
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui
        .painter()
        .layout_no_wrap(side.label().to_owned(), font, ink);
    let at = top + vec2(galley.size().y / 2.0, 20.0);
    let text = egui::epaint::TextShape::new(at, galley, ink);
    ui.painter()
        .add(text.with_angle(std::f32::consts::FRAC_PI_2));
}
