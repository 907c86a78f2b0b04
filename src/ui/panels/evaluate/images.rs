//! The images of the selection with their answers.

use std::sync::Arc;

use egui::Ui;

use super::filter;
use crate::studio::{EvaluateAction, Evaluation};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, tokens};
use crate::ui::widgets::{Textures, Thumbnail, thumbnails};

/// The images of the selection.
#[derive(Default)]
pub(super) struct ImagesView {
    textures: Textures<usize>,
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
        if !self.of.as_ref().is_some_and(shows_same) {
            self.textures.clear();
        }
        self.textures.tidy();
        self.of = Some(evaluation.clone());
        filter::filter_ui(ui, cx, evaluation);
        filter::order_ui(ui, cx);
        let positions = cx.studio.evaluator().positions().clone();
        if positions.is_empty() {
            ui.label(theme::quiet(ui, "No image is selected by this filter."));
            return;
        }
        thumbnails(ui, positions.len(), |ui, i| {
            self.image_ui(ui, cx, evaluation, positions[i]);
        });
    }

    fn image_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        evaluation: &Evaluation,
        position: usize,
    ) {
        let told = Told::new(evaluation, position);
        let t = tokens(ui);
        let thumbnail = Thumbnail {
            name: &told.name,
            caption: &told.short,
            color: if told.is_right { t.quiet } else { t.bad },
            is_chosen: cx.studio.evaluator().opened() == Some(position),
        };
        let response = thumbnail.ui(ui, |ui| {
            self.textures.get(ui, position, || {
                let (set, idx) = evaluation.image(position);
                color_image(set.shape(), set.image(idx))
            })
        });
        if response.on_hover_text(told.about).clicked() {
            cx.act(EvaluateAction::Open(position));
        }
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
