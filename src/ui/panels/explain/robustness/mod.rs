//! A map of the answers to variants of what is on the canvas.

mod map;

use std::sync::Arc;

use egui::{Label, RichText, TextureHandle, TextureOptions, Ui, vec2};

use super::super::PanelContext;
use super::super::draw::color_image;
use super::picture::{picture_ui, problem_ui, swatch_ui};
use crate::explain::{STEPS, Sweep, variant};
use crate::model::class_name;
use crate::studio::{ExplainAction, RobustnessMap};
use crate::text;
use crate::ui::theme::{self, ROW_HEIGHT, UNIT, tokens};
use crate::ui::widgets::combo_of_width;
use map::{map_ui, variant_text};

/// Width of what is beside the map.
const BESIDE: f32 = 176.0;

/// Side of the picture of a variant.
const VARIANT_SIDE: f32 = 112.0;

/// Least and most side of a cell.
const CELLS: [f32; 2] = [8.0, 26.0];

/// Most classes that are named beside the map.
const MAX_NAMED: usize = 8;

/// The state of the view.
#[derive(Default)]
pub(super) struct RobustnessView {
    /// The variant that the keyboard is on; `None` for the input itself.
    cursor: Option<usize>,
    picture: Option<VariantPicture>,
}

/// The picture of a variant.
struct VariantPicture {
    of: Arc<RobustnessMap>,
    idx: usize,
    texture: TextureHandle,
}

impl RobustnessView {
    /// Draws the view in the available space.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        self.sweep_ui(ui, cx);
        if let Some(problem) = cx.studio.explainer().robustness().problem() {
            return problem_ui(ui, problem);
        }
        let Some(map) = cx.studio.explainer().robustness().newest().cloned() else {
            ui.label(theme::quiet(ui, "Answering the variants…"));
            return;
        };
        let millis = 1e3 * map.secs;
        ui.add(Label::new(sentence(&map)).wrap())
            .on_hover_text(format!(
                "The stronger a color, the more probable the answer. The map took {millis:.0} ms."
            ));
        ui.add_space(UNIT);
        let room = ui.available_size() - vec2(BESIDE + 4.0 * UNIT, 2.0 * UNIT);
        let [columns, rows] = map.robustness.sweep.size();
        let of_height = match rows {
            1 => CELLS[1],
            _ => room.y / rows as f32,
        };
        let cell = (room.x / columns as f32).min(of_height);
        let cell = cell.clamp(CELLS[0], CELLS[1]).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0 * UNIT;
            let shown = map_ui(ui, cx, &map, cell, &mut self.cursor);
            ui.vertical(|ui| {
                ui.set_width(BESIDE);
                self.variant_ui(ui, &map, shown);
                axes_ui(ui, &map);
                legend_ui(ui, &map);
            });
        });
    }

    /// Called while the view is not shown.
    pub(super) fn leave(&mut self) {
        self.picture = None;
    }

    fn sweep_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext<'_>) {
        let old = *cx.studio.explainer().robustness().settings();
        let mut sweep = old;
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.label(theme::quiet(ui, "varied"));
            combo_of_width(ui, "Varied", &sweep.label(), 176.0, |ui| {
                for each in Sweep::ALL {
                    ui.selectable_value(&mut sweep, each, each.label());
                }
            })
            .on_hover_text("How the input is varied: from left to right × from top to bottom.");
        });
        if sweep != old {
            self.cursor = None;
            cx.act(ExplainAction::SetSweep(sweep));
        }
    }

    /// Shows a variant, and says what it is and what the answer to it is.
    fn variant_ui(&mut self, ui: &mut Ui, map: &Arc<RobustnessMap>, idx: usize) {
        let picture = self.picture.take();
        let picture = picture.filter(|p| Arc::ptr_eq(&p.of, map) && p.idx == idx);
        let picture = picture.unwrap_or_else(|| {
            let pixels = variant(&map.input, map.shape, map.robustness.sweep, idx);
            let image = color_image(map.shape, &pixels);
            VariantPicture {
                of: map.clone(),
                idx,
                texture: ui.load_texture("variant", image, TextureOptions::NEAREST),
            }
        });
        picture_ui(ui, "variant", &picture.texture, VARIANT_SIDE);
        self.picture = Some(picture);
        ui.add(Label::new(RichText::new(variant_text(map, idx)).color(tokens(ui).text)).wrap());
    }
}

/// How robust the answer is, in a sentence.
fn sentence(map: &RobustnessMap) -> String {
    let n = map.robustness.answers.len();
    match map.robustness.answer() {
        None => String::new(),
        Some(answer) => format!(
            "{} of {n} variants are answered with {}, as the input is.",
            text::percent(map.robustness.share()),
            class_name(&map.classes, answer.class)
        ),
    }
}

/// Says what the directions of the map mean.
fn axes_ui(ui: &mut Ui, map: &RobustnessMap) {
    let sweep = map.robustness.sweep;
    for (arrow, axis) in [("→", Some(sweep.x)), ("↓", sweep.y)] {
        let Some(axis) = axis else { continue };
        let [from, to] = [0, STEPS - 1].map(|step| axis.text(axis.value(step, map.size())));
        let line = theme::quiet(ui, format!("{arrow} {from} to {to}"));
        ui.add(Label::new(line).wrap());
    }
}

/// Names the classes on the map, the most frequent first.
fn legend_ui(ui: &mut Ui, map: &RobustnessMap) {
    let mut counts = vec![0usize; map.classes.len()];
    for answer in &map.robustness.answers {
        if let Some(count) = counts.get_mut(answer.class) {
            *count += 1;
        }
    }
    let mut classes: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] > 0).collect();
    classes.sort_by_key(|&class| std::cmp::Reverse(counts[class]));
    ui.add_space(UNIT);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = UNIT;
        for &class in classes.iter().take(MAX_NAMED) {
            let name = class_name(&map.classes, class);
            swatch_ui(ui, tokens(ui).run_color(class), &name);
        }
        if classes.len() > MAX_NAMED {
            let n = classes.len() - MAX_NAMED;
            ui.label(theme::quiet(ui, format!("and {n} more")));
        }
    });
}
