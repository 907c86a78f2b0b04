//! Several images with the answer to each, in a window over the others.

use std::sync::Arc;

use egui::{
    Align, Context, Id, Image, Label, Layout, Modal, RichText, Role, ScrollArea, Sense,
    TextureHandle, TextureOptions, Ui, WidgetInfo, vec2,
};

use super::PanelContext;
use super::draw::input_image;
use crate::studio::{CanvasAction, Classified, ClassifiedSource};
use crate::text;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Weight, labeled_button};

/// Side of an image, in points.
const SIDE: f32 = 72.0;

/// Size of an image with its answer.
const CELL: egui::Vec2 = vec2(112.0, 128.0);

/// Images side by side.
const COLUMNS: usize = 5;

/// The window and its state between frames.
#[derive(Default)]
pub struct ClassifiedPanel {
    shown: Option<Shown>,
}

/// The images that are shown, with their textures; none for those that could not be read.
struct Shown {
    files: Arc<[Classified]>,
    textures: Vec<Option<TextureHandle>>,
}

impl ClassifiedPanel {
    /// Shows the images, if there are any.
    pub fn ui(&mut self, ctx: &Context, cx: &mut PanelContext<'_>) {
        let files = cx.studio.classified().clone();
        if files.is_empty() {
            self.shown = None;
            return;
        }
        let shown = self.shown.take().filter(|s| Arc::ptr_eq(&s.files, &files));
        let shown = shown.unwrap_or_else(|| Shown {
            textures: textures(ctx, &files),
            files: files.clone(),
        });
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(16);
        let modal = Modal::new(Id::unique("classified")).frame(frame);
        let window = modal.show(ctx, |ui| {
            ui.set_width(COLUMNS as f32 * (CELL.x + 8.0) + 8.0);
            let title = format!("{} classified", text::count(files.len(), "image"));
            ui.label(RichText::new(title).heading());
            ui.label(theme::quiet(ui, "A click puts an image on the canvas."));
            ui.add_space(8.0);
            grid_ui(ui, cx, &shown);
            ui.add_space(8.0);
            labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked()
        });
        if window.inner || window.should_close() {
            cx.act(CanvasAction::CloseClassified);
        }
        self.shown = Some(shown);
    }
}

fn textures(ctx: &Context, files: &[Classified]) -> Vec<Option<TextureHandle>> {
    let texture = |file: &Classified| {
        let image = input_image(file.answer.as_ref().ok()?);
        Some(ctx.load_texture(&file.name, image, TextureOptions::NEAREST))
    };
    files.iter().map(texture).collect()
}

fn grid_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, shown: &Shown) {
    let cells: Vec<_> = shown
        .files
        .iter()
        .zip(&shown.textures)
        .enumerate()
        .collect();
    let area = ScrollArea::vertical().max_height(3.0 * (CELL.y + 8.0));
    area.show(ui, |ui| {
        for row in cells.chunks(COLUMNS) {
            ui.horizontal(|ui| {
                for (idx, (file, texture)) in row {
                    let layout = Layout::top_down(Align::Center);
                    ui.allocate_ui_with_layout(CELL, layout, |ui| {
                        ui.set_min_size(CELL);
                        cell_ui(ui, cx, *idx, file, texture.as_ref());
                    });
                }
            });
        }
    });
}

fn cell_ui(
    ui: &mut Ui,
    cx: &mut PanelContext<'_>,
    idx: usize,
    file: &Classified,
    texture: Option<&TextureHandle>,
) {
    let t = tokens(ui);
    let name = &file.name;
    let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
    ui.painter().rect_filled(rect, 2.0, theme::CANVAS);
    if let Some(texture) = texture {
        Image::new(texture).paint_at(ui, rect);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Open {name}")));
    let about = match &file.source {
        ClassifiedSource::File(path) => path.display().to_string(),
        ClassifiedSource::Object(_) => format!("{name}, from left to right"),
    };
    if response.on_hover_text(about).clicked() {
        cx.act(CanvasAction::OpenClassified(idx));
    }
    ui.add(Label::new(theme::quiet(ui, name)).truncate());
    let answer = match &file.answer {
        Ok(prediction) => {
            let share = prediction.probabilities[prediction.class];
            let text = format!("{}  {}", file.class, text::percent(f64::from(share)));
            Label::new(RichText::new(text).color(t.accent))
        }
        Err(error) => Label::new(RichText::new(error).small().color(t.bad)),
    };
    ui.add(answer.truncate());
}
