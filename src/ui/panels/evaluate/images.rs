//! The images of the selection with their answers. Only visible ones have textures, so that sixty
//! thousand scroll like sixty.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align2, FontId, Image, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, vec2,
};

use super::filter;
use crate::studio::{EvaluateAction, Evaluation};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, tokens};

/// Side of an image, and height of the text below it, in points.
const SIDE: f32 = 60.0;
const TEXT: f32 = 16.0;

/// Distance between images.
const GAP: f32 = 6.0;

/// Most textures that are kept.
const MAX_TEXTURES: usize = 800;

/// The textures of images that were visible.
#[derive(Default)]
pub(super) struct ImagesView {
    textures: HashMap<usize, TextureHandle>,
    of: Option<Arc<Evaluation>>,
}

impl ImagesView {
    /// Gives the textures back.
    pub(super) fn leave(&mut self) {
        self.textures.clear();
        self.of = None;
    }

    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Arc<Evaluation>,
    ) {
        let shows_same = |of: &Arc<Evaluation>| {
            Arc::ptr_eq(&of.dataset, &evaluation.dataset) && of.split == evaluation.split
        };
        if !self.of.as_ref().is_some_and(shows_same) || self.textures.len() > MAX_TEXTURES {
            self.textures.clear();
        }
        self.of = Some(evaluation.clone());
        filter::filter_ui(ui, cx, evaluation);
        filter::order_ui(ui, cx);
        self.grid_ui(ui, cx, evaluation);
    }

    fn grid_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>, evaluation: &Arc<Evaluation>) {
        let positions = cx.studio.evaluator().positions().clone();
        if positions.is_empty() {
            ui.label(theme::quiet(ui, "No image is selected by this filter."));
            return;
        }
        let n_columns = ((ui.available_width() + GAP - 8.0) / (SIDE + GAP)).max(1.0) as usize;
        let n_rows = positions.len().div_ceil(n_columns);
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        ScrollArea::vertical()
            .id_salt("images")
            .auto_shrink(false)
            .show_rows(ui, SIDE + TEXT, n_rows, |ui, rows| {
                for row in rows {
                    let end = positions.len().min((row + 1) * n_columns);
                    ui.horizontal(|ui| {
                        for &position in &positions[row * n_columns..end] {
                            self.image_ui(ui, cx, evaluation, position);
                        }
                    });
                }
            });
    }

    fn image_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Evaluation,
        position: usize,
    ) {
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE + TEXT), Sense::click());
        let told = Told::new(evaluation, position);
        let is_opened = cx.studio.evaluator().opened() == Some(position);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_opened, &told.name));
        if !ui.is_rect_visible(rect) {
            return;
        }
        let t = tokens(ui);
        let picture = Rect::from_min_size(rect.min, vec2(SIDE, SIDE));
        ui.painter().rect_filled(picture, 2.0, theme::CANVAS);
        let texture = self.texture(ui, evaluation, position);
        Image::new(texture).paint_at(ui, picture);
        if is_opened || response.hovered() || response.has_focus() {
            let line = Stroke::new(2.0, if is_opened { t.accent } else { t.text });
            ui.painter()
                .rect_stroke(picture, 2.0, line, StrokeKind::Outside);
        }
        let color = if told.is_right { t.quiet } else { t.bad };
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let at = rect.center_bottom();
        painter.text(
            at,
            Align2::CENTER_BOTTOM,
            &told.short,
            FontId::proportional(10.0),
            color,
        );
        if response.on_hover_text(told.about).clicked() {
            cx.act(EvaluateAction::Open(position));
        }
    }

    fn texture(&mut self, ui: &Ui, evaluation: &Evaluation, position: usize) -> &TextureHandle {
        self.textures.entry(position).or_insert_with(|| {
            let (set, idx) = evaluation.image(position);
            let image = color_image(set.shape(), set.image(idx));
            ui.load_texture(format!("image {idx}"), image, TextureOptions::NEAREST)
        })
    }
}

/// What is said about an image.
struct Told {
    name: String,
    short: String,
    about: String,
    is_right: bool,
}

impl Told {
    fn new(evaluation: &Evaluation, position: usize) -> Told {
        let predictions = &evaluation.predictions;
        let label = predictions.labels()[position];
        let class = evaluation.class(label);
        let (_, idx) = evaluation.image(position);
        let image = evaluation.split.image();
        let Some(answer) = predictions.answers()[position] else {
            return Told {
                name: format!("{image} {idx}: label {class}, not finite"),
                short: format!("{class} → ?"),
                about: format!("Label {class}; the network's output is NaN or infinite."),
                is_right: false,
            };
        };
        let share = predictions.confidence(position).unwrap_or(0.0);
        let (whole, share) = (
            text::percent_whole(f64::from(share)),
            text::percent(f64::from(share)),
        );
        let (is_right, answer) = (answer == label, evaluation.class(answer));
        let loss = text::loss(predictions.losses()[position]);
        Told {
            name: format!("{image} {idx}: label {class}, predicted {answer}, {share}"),
            short: match is_right {
                true => format!("{class}  {whole}"),
                false => format!("{class} → {answer}  {whole}"),
            },
            about: format!(
                "{} {idx}: label {class}, predicted {answer} with {share}, loss {loss}. A click \
                 puts it on the canvas.",
                text::capitalized(image)
            ),
            is_right,
        }
    }
}
