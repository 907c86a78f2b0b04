//! What the points of a map are colored by.

use egui::{Color32, Painter, Pos2, Sense, Stroke, Ui, vec2};

use crate::picture::Palette;
use crate::studio::MappedImages;
use crate::ui::theme::{self, Tokens, UNIT, tokens};
use crate::ui::widgets::combo_of_width;

/// Most classes that are named below the map.
const MAX_NAMED: usize = 12;

/// Whether points of a class are rings.
fn is_ring(class: usize) -> bool {
    class / (Palette::N_DATA / 4) % 2 == 1
}

/// Paints a point or a ring.
pub(super) fn paint_point(painter: &Painter, at: Pos2, radius: f32, color: Color32, is_ring: bool) {
    match is_ring {
        true => painter.circle_stroke(at, radius - 0.5, Stroke::new(1.2, color)),
        false => painter.circle_filled(at, radius, color),
    };
}

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

    /// Whether the image at `position` is a ring, as those of every other round of colors are: a
    /// color and its paler repetition look alike on points.
    pub(super) fn is_ring(self, of: &MappedImages, position: usize) -> bool {
        let class = match self {
            Coloring::Label => Some(of.predictions.labels()[position]),
            Coloring::Answer => of.predictions.answers()[position],
            Coloring::Loss | Coloring::Right => None,
        };
        class.is_some_and(|class| is_ring(class as usize))
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
            let mark = |ui: &mut Ui, color: Color32, is_ring: bool, text: &str| {
                let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                paint_point(ui.painter(), rect.center(), 4.0, color, is_ring);
                ui.label(theme::quiet(ui, text));
                ui.add_space(UNIT);
            };
            match self {
                Coloring::Label | Coloring::Answer => {
                    let classes = &of.classifier.classes;
                    for (idx, class) in classes.iter().take(MAX_NAMED).enumerate() {
                        mark(ui, t.run_color(idx), is_ring(idx), class);
                    }
                    if classes.len() > MAX_NAMED {
                        let more = format!("and {} more", classes.len() - MAX_NAMED);
                        ui.label(theme::quiet(ui, more));
                    }
                }
                Coloring::Loss => {
                    mark(ui, t.hairline, false, "no loss");
                    mark(ui, t.bad, false, "high loss");
                }
                Coloring::Right => {
                    mark(ui, theme::mix(t.background, t.good, 0.7), false, "right");
                    mark(ui, t.bad, false, "wrong");
                }
            }
        });
    }
}
