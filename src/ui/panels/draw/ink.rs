//! Where ink would raise a class, on the canvas itself.

use std::sync::Arc;

use egui::{Color32, ColorImage, Pos2, Rect, TextureHandle, TextureOptions, Ui, vec2};

use crate::explain::{AGAINST, FOR};
use crate::studio::{ExplainView, InkHint};
use crate::ui::panels::PanelContext;
use crate::ui::theme;

/// Opacity of the strongest color.
const OPACITY: f32 = 0.75;

/// The texture of the newest map.
#[derive(Default)]
pub(super) struct InkOverlay(Option<(Arc<InkHint>, TextureHandle)>);

impl InkOverlay {
    /// Paints the map over the canvas in `rect` while its view is shown and the user wants it.
    pub(super) fn ui(&mut self, ui: &Ui, cx: &PanelContext<'_>, rect: Rect) {
        let explainer = cx.studio.explainer();
        let is_wanted = cx.settings.ink_on_canvas && explainer.shown() == Some(ExplainView::Ink);
        let frame = cx.studio.prediction().and_then(|p| p.frame);
        let shown = frame.zip(explainer.ink().newest());
        let Some((frame, hint)) = shown.filter(|_| is_wanted) else {
            self.0 = None;
            return;
        };
        let made = self.0.take().filter(|(of, _)| Arc::ptr_eq(of, hint));
        let (of, texture) = made.unwrap_or_else(|| (hint.clone(), texture(ui, hint)));
        let [left, top, width, height] = frame;
        let min = rect.min + vec2(left, top) * rect.size();
        let place = Rect::from_min_size(min, vec2(width, height) * rect.size());
        let whole = Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0));
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.image(texture.id(), place, whole, Color32::WHITE);
        self.0 = Some((of, texture));
    }
}

fn texture(ui: &Ui, hint: &InkHint) -> TextureHandle {
    let [_, height, width] = hint.shape;
    let values = &hint.map.values;
    let most = values
        .iter()
        .fold(f32::MIN_POSITIVE, |most, v| most.max(v.abs()));
    let color = |value: &f32| {
        let color = if *value < 0.0 { AGAINST } else { FOR };
        theme::rgb(color).gamma_multiply(OPACITY * value.abs() / most)
    };
    let image = ColorImage::new([width, height], values.iter().map(color).collect());
    ui.load_texture("ink on the canvas", image, TextureOptions::LINEAR)
}
