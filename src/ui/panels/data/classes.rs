//! How many images each class has, and what they look like on average.

use std::sync::Arc;

use egui::{
    Align2, Image, Rect, Response, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::images::ImagesView;
use crate::studio::DatasetLook;
use crate::text;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, UNIT, tokens};
use crate::ui::widgets::Textures;

/// Height of a row, and side of the pictures in it.
const ROW: f32 = 40.0;
const SIDE: f32 = 36.0;

/// Width of the column of numbers.
const NUMBERS: f32 = 108.0;

/// The pictures of the classes: the mean, and the spread around it.
#[derive(Default)]
pub(super) struct ClassesView {
    textures: Textures<(usize, usize)>,
    of: Option<Arc<DatasetLook>>,
}

impl ClassesView {
    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        *self = ClassesView::default();
    }

    /// Draws the rows; a click on one shows its images.
    pub(super) fn ui(&mut self, ui: &mut Ui, images: &mut ImagesView, look: &Arc<DatasetLook>) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, look)) {
            self.textures.clear();
            self.of = Some(look.clone());
        }
        self.textures.tidy();
        rows_ui(ui, images, look, &mut self.textures);
    }
}

fn rows_ui(
    ui: &mut Ui,
    images: &mut ImagesView,
    look: &DatasetLook,
    textures: &mut Textures<(usize, usize)>,
) {
    ui.label(theme::quiet(ui, balance(&look.counts)));
    let most = look.counts.iter().map(|n| n[0]).max().unwrap_or(0).max(1);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("class balance")
        .auto_shrink(false)
        .show_rows(ui, ROW, look.counts.len(), |ui, rows| {
            for class in rows {
                let response = row_ui(ui, images, look, class, most);
                pictures_ui(ui, look, class, response.rect, textures);
            }
        });
}

/// Says how equally the training images are distributed.
fn balance(counts: &[[usize; 2]]) -> String {
    let train = || counts.iter().map(|n| n[0]);
    match (train().min(), train().max()) {
        (Some(0), _) => "Some classes have no training image.".to_owned(),
        (Some(least), Some(most)) => format!(
            "The largest class has {} times as many training images as the smallest.",
            text::significant(most as f64 / least as f64)
        ),
        _ => String::new(),
    }
}

fn row_ui(
    ui: &mut Ui,
    images: &mut ImagesView,
    look: &DatasetLook,
    class: usize,
    most: usize,
) -> Response {
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = &look.dataset.classes[class];
    let [train, test] = look.counts[class];
    let is_chosen = images.class() == Some(class as u32);
    let told = format!("Class {name}: {train} training and {test} test images");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &told));
    let t = tokens(ui);
    if is_chosen || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4.0, t.raised);
    }
    let numbers = rect.with_min_x(rect.max.x - NUMBERS);
    let left = rect.min + vec2(2.0 * (SIDE + UNIT) + UNIT, 0.0);
    let middle = Rect::from_min_max(left, pos2(numbers.min.x, rect.max.y));
    let font = TextStyle::Body.resolve(ui.style());
    let ink = if is_chosen { t.accent } else { t.text };
    let painter = ui.painter();
    painter
        .with_clip_rect(middle.intersect(ui.clip_rect()))
        .text(
            pos2(middle.min.x, rect.min.y + 12.0),
            Align2::LEFT_CENTER,
            name,
            font,
            ink,
        );
    let track = Rect::from_min_size(
        pos2(middle.min.x, rect.min.y + 25.0),
        vec2(middle.width(), 6.0),
    );
    let bar = track.with_max_x(track.min.x + track.width() * train as f32 / most as f32);
    painter.rect_filled(track, 2.0, t.raised);
    painter.rect_filled(bar, 2.0, t.quiet);
    let font = TextStyle::Monospace.resolve(ui.style());
    let counts = [train, test].map(|n| text::thousands(n as u64));
    for (y, count, color) in [(12.0, &counts[0], t.text), (28.0, &counts[1], t.quiet)] {
        let at = pos2(numbers.max.x - 6.0, rect.min.y + y);
        painter.text(at, Align2::RIGHT_CENTER, count, font.clone(), color);
    }
    let about = format!(
        "{told}. Left: the mean of its training images, and how much each pixel differs from it. A click shows its images."
    );
    let response = response.on_hover_text(about);
    if response.clicked() {
        images.show_class((!is_chosen).then_some(class as u32));
    }
    response
}

/// Draws the mean image of a class and the spread around it.
fn pictures_ui(
    ui: &Ui,
    look: &DatasetLook,
    class: usize,
    row: Rect,
    textures: &mut Textures<(usize, usize)>,
) {
    let class_look = &look.statistics.classes[class];
    for (i, pixels) in [&class_look.mean, &class_look.spread]
        .into_iter()
        .enumerate()
    {
        let left = row.min.x + UNIT + i as f32 * (SIDE + UNIT);
        let at = Rect::from_min_size(pos2(left, row.min.y + 2.0), vec2(SIDE, SIDE));
        let image = || color_image(look.dataset.image_shape(), pixels);
        Image::new(textures.get(ui, (class, i), image)).paint_at(ui, at);
    }
}
