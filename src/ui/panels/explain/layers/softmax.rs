//! From the logits to the probabilities, term by term.

use egui::{Label, ScrollArea, Ui};

use super::numbers::number;
use super::unit::title_ui;
use crate::stats::argmax;
use crate::studio::LayerMaps;
use crate::text;
use crate::ui::theme::{self, tokens};

/// Height of a row.
const ROW: f32 = 18.0;

/// Characters of the name of a class.
const NAME: usize = 14;

/// Draws the terms of the softmax, with a title if it has the room to itself; returns whether it
/// stays.
pub(super) fn softmax_ui(ui: &mut Ui, maps: &LayerMaps, is_alone: bool) -> bool {
    let is_kept = !is_alone || title_ui(ui, "Softmax", false);
    let about = match maps.classifier.provenance.temperature {
        None => {
            "Each probability is exp(logit − largest logit), divided by the sum of all.".to_owned()
        }
        Some(t) => format!(
            "Each probability is exp((logit − largest logit) / {}), divided by the sum of all; the \
             number is the temperature.",
            text::setting(t)
        ),
    };
    ui.add(Label::new(theme::quiet(ui, about)).wrap());
    let heading = format!(
        "{:<NAME$}{:>10}{:>10}{:>9}",
        "class", "logit", "exp", "share"
    );
    ui.add(Label::new(theme::number(heading).color(tokens(ui).quiet)).truncate());
    let logits = maps.activations.logits();
    let answer = argmax(logits);
    let n = logits.len();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("softmax")
        .auto_shrink(false)
        .show_rows(ui, ROW, n + 1, |ui, rows| {
            for class in rows {
                let line = match class < n {
                    true => line(maps, class),
                    false => format!("{:<NAME$}{:>10}{:>10}", "sum", "", short(maps.softmax.sum)),
                };
                let mut text = theme::number(line);
                if answer == Some(class) {
                    text = text.color(tokens(ui).accent);
                }
                ui.set_min_height(ROW);
                ui.add(Label::new(text).truncate());
            }
        });
    is_kept
}

fn line(maps: &LayerMaps, class: usize) -> String {
    let names = &maps.classifier.classes;
    let name: String = names
        .get(class)
        .map_or("", String::as_str)
        .chars()
        .take(NAME - 1)
        .collect();
    let logit = number(maps.activations.logits()[class]);
    let (term, share) = (maps.softmax.terms[class], maps.softmax.probabilities[class]);
    let share = text::percent(share);
    format!("{name:<NAME$}{logit:>10}{:>10}{share:>9}", short(term))
}

fn short(value: f64) -> String {
    number(value as f32)
}
