//! What the points of a map are colored by.

use egui::{Color32, Sense, Ui, vec2};

use crate::studio::MappedImages;
use crate::ui::theme::{self, Tokens, UNIT, tokens};
use crate::ui::widgets::combo_of_width;

/// Most classes that are named below the map.
const MAX_NAMED: usize = 12;

/// What the points are colored by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Coloring {
    /// The label of the image.
    #[default]
    Label,
    /// The model's answer.
    Answer,
    /// The loss.
    Loss,
    /// Whether the answer is the label.
    Right,
}

impl Coloring {
    const ALL: [Coloring; 4] = [
        Coloring::Label,
        Coloring::Answer,
        Coloring::Loss,
        Coloring::Right,
    ];

    fn label(self) -> &'static str {
        match self {
            Coloring::Label => "label",
            Coloring::Answer => "answer",
            Coloring::Loss => "loss",
            Coloring::Right => "right or wrong",
        }
    }

    /// Draws the choice.
    pub(super) fn choice_ui(&mut self, ui: &mut Ui) {
        ui.label(theme::quiet(ui, "color"));
        let label = self.label();
        combo_of_width(ui, "Color of the points", label, 104.0, |ui| {
            for each in Coloring::ALL {
                ui.selectable_value(self, each, each.label());
            }
        })
        .on_hover_text("What the points are colored by.");
    }

    /// The color of the image at `position`.
    pub(super) fn color(self, t: &Tokens, of: &MappedImages, position: usize) -> Color32 {
        let predictions = &of.predictions;
        let (label, answer) = (
            predictions.labels()[position],
            predictions.answers()[position],
        );
        match self {
            Coloring::Label => t.run_color(label as usize),
            Coloring::Answer => answer.map_or(t.bad, |answer| t.run_color(answer as usize)),
            Coloring::Loss => {
                // Of cross entropy, 1 minus the probability of the label.
                let loss = predictions.losses()[position];
                let share = if loss.is_nan() {
                    1.0
                } else {
                    1.0 - (-loss).exp()
                };
                theme::mix(t.hairline, t.bad, share.clamp(0.0, 1.0) as f32)
            }
            Coloring::Right if answer == Some(label) => theme::mix(t.background, t.good, 0.7),
            Coloring::Right => t.bad,
        }
    }

    /// Says what the colors mean.
    pub(super) fn legend_ui(self, ui: &mut Ui, of: &MappedImages) {
        let t = tokens(ui);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT;
            let entry = |ui: &mut Ui, color: Color32, text: &str| {
                let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                ui.painter().circle_filled(rect.center(), 4.0, color);
                ui.label(theme::quiet(ui, text));
                ui.add_space(UNIT);
            };
            match self {
                Coloring::Label | Coloring::Answer => {
                    let classes = &of.classifier.classes;
                    for (idx, class) in classes.iter().take(MAX_NAMED).enumerate() {
                        entry(ui, t.run_color(idx), class);
                    }
                    if classes.len() > MAX_NAMED {
                        let more = format!("and {} more", classes.len() - MAX_NAMED);
                        ui.label(theme::quiet(ui, more));
                    }
                }
                Coloring::Loss => {
                    entry(ui, t.hairline, "no loss");
                    entry(ui, t.bad, "high loss");
                }
                Coloring::Right => {
                    entry(ui, theme::mix(t.background, t.good, 0.7), "right");
                    entry(ui, t.bad, "wrong");
                }
            }
        });
    }
}
