//! The test images on which two models disagree: a sheet of them, and both predictions for one.

use std::sync::Arc;

use egui::{
    Color32, ColorImage, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui,
    WidgetInfo, pos2, vec2,
};

use super::selectors;
use crate::compare::{Comparison, Disagreement, Kind};
use crate::data::Dataset;
use crate::runs::RunId;
use crate::studio::{Analysis, CanvasAction};
use crate::text;
use crate::ui::panels::PanelContext;
use crate::ui::theme::{self, ROW_HEIGHT, tokens};
use crate::ui::widgets::{Bar, Weight, labeled_button, probability_bars};

/// Maximum number of images on the sheet; the clearest cases are shown.
const MAX_IMAGES: usize = 120;

/// Maximum texture side that every graphics card supports, in pixels.
const LONGEST_SIDE: usize = 2_048;

/// Shown in place of a class if a model's output is NaN or infinite.
const NO_OUTPUT: &str = "not finite";

/// Side of an image, and size of a tile with its label.
const SIDE: f32 = 44.0;
const TILE: egui::Vec2 = vec2(52.0, 62.0);

/// The state of the view.
#[derive(Default)]
pub(super) struct DisagreementsView {
    kind: Option<Kind>,
    /// The image whose predictions are shown, by its index in the test set.
    looked_at: Option<usize>,
    sheet: Option<(Key, TextureHandle)>,
}

/// Images arranged in a grid within one texture.
struct Sheet {
    columns: usize,
    rows: usize,
    /// Width and height of an image.
    size: [usize; 2],
}

impl Sheet {
    fn new(n: usize, dataset: &Dataset) -> Sheet {
        let [_, height, width] = dataset.image_shape();
        let columns = (LONGEST_SIDE / width).clamp(1, 16);
        Sheet {
            columns,
            rows: n.div_ceil(columns),
            size: [width, height],
        }
    }

    /// Number of images that fit on a sheet.
    fn room(dataset: &Dataset) -> usize {
        let sheet = Sheet::new(1, dataset);
        let rows = (LONGEST_SIDE / sheet.size[1]).max(1);
        MAX_IMAGES.min(sheet.columns * rows)
    }

    /// The position of the image at `idx`, in texture coordinates from 0 to 1.
    fn part(&self, idx: usize) -> Rect {
        let (x, y) = ((idx % self.columns) as f32, (idx / self.columns) as f32);
        let (columns, rows) = (self.columns as f32, self.rows as f32);
        Rect::from_min_max(
            pos2(x / columns, y / rows),
            pos2((x + 1.0) / columns, (y + 1.0) / rows),
        )
    }

    fn draw(&self, images: &[usize], dataset: &Dataset) -> ColorImage {
        let [width, height] = self.size;
        let across = width * self.columns;
        let mut pixels = vec![0; across * height * self.rows];
        for (idx, &image) in images.iter().enumerate() {
            let (left, top) = (idx % self.columns * width, idx / self.columns * height);
            for (y, row) in dataset.test.gray(image).chunks(width).enumerate() {
                let at = (top + y) * across + left;
                pixels[at..at + width].copy_from_slice(row);
            }
        }
        ColorImage::from_gray([across, height * self.rows], &pixels)
    }
}

/// The dataset and the images that a sheet was drawn from.
type Key = (String, Vec<usize>);

impl DisagreementsView {
    /// Shows how the two models' predictions for the same images differ.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        pair: &[RunId; 2],
        comparison: &Comparison,
    ) {
        ui.add_space(3.0 * theme::UNIT);
        ui.label(theme::section(ui, "Disagreements"));
        let found = cx.studio.compared().disagreements.as_ref();
        let found = found.filter(|p| p.runs == *pair).map(|p| &p.found);
        match (found, cx.studio.dataset().cloned()) {
            (Some(Ok((_, all))), Some(dataset)) => {
                if let Some(words) = comparison.image_words() {
                    ui.label(words);
                }
                let all = all.clone();
                self.kinds_ui(ui, &all, comparison);
                self.sheet_ui(ui, cx, &all, &dataset, comparison);
            }
            (Some(Err(reason)), _) => {
                let ink = tokens(ui).bad;
                ui.label(egui::RichText::new(reason).color(ink));
                ask_ui(ui, cx, pair);
            }
            _ => ask_ui(ui, cx, pair),
        }
    }

    /// Shows buttons to filter the disagreements by which model is right.
    fn kinds_ui(&mut self, ui: &mut Ui, all: &[Disagreement], comparison: &Comparison) {
        ui.horizontal_wrapped(|ui| {
            let kinds = [
                (None, "all".to_owned()),
                (
                    Some(Kind::OnlyCandidate),
                    format!("only {} is right", comparison.candidate.name),
                ),
                (
                    Some(Kind::OnlyBaseline),
                    format!("only {} is right", comparison.baseline.name),
                ),
                (Some(Kind::Neither), "both wrong, differently".to_owned()),
            ];
            for (kind, label) in kinds {
                let n = all
                    .iter()
                    .filter(|d| kind.is_none_or(|k| k == d.kind))
                    .count();
                let label = egui::RichText::new(format!("{label}: {n}")).small();
                ui.selectable_value(&mut self.kind, kind, label)
                    .on_hover_text("Shows these images, clearest cases first.");
            }
        });
    }

    fn sheet_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut PanelContext<'_>,
        all: &[Disagreement],
        dataset: &Arc<Dataset>,
        comparison: &Comparison,
    ) {
        let shown: Vec<&Disagreement> = all
            .iter()
            .filter(|d| self.kind.is_none_or(|kind| kind == d.kind))
            .take(Sheet::room(dataset))
            .collect();
        if shown.is_empty() {
            selectors::nothing(ui, "No such images.");
            return;
        }
        let texture = self.texture(ui, &shown, dataset);
        let looked_at = shown.iter().find(|d| Some(d.image) == self.looked_at);
        answers_ui(ui, looked_at.unwrap_or(&shown[0]), dataset, comparison);
        let sheet = Sheet::new(shown.len(), dataset);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(theme::UNIT, theme::UNIT);
            for (idx, d) in shown.iter().enumerate() {
                let part = sheet.part(idx);
                let tile = tile_ui(ui, d, dataset, (&texture, part));
                if tile.hovered() || tile.has_focus() {
                    self.looked_at = Some(d.image);
                }
                if tile.clicked() {
                    cx.act(CanvasAction::TestImage(d.image));
                }
            }
        });
    }

    /// Returns all images of the sheet in one texture.
    fn texture(&mut self, ui: &Ui, shown: &[&Disagreement], dataset: &Dataset) -> TextureHandle {
        let images: Vec<usize> = shown.iter().map(|d| d.image).collect();
        let key = (dataset.fingerprint.clone(), images);
        if let Some((old, texture)) = &self.sheet
            && *old == key
        {
            return texture.clone();
        }
        let image = Sheet::new(key.1.len(), dataset).draw(&key.1, dataset);
        let texture = ui.load_texture("disagreements", image, TextureOptions::NEAREST);
        self.sheet = Some((key, texture.clone()));
        texture
    }
}

/// Shows the button that starts the comparison.
fn ask_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, pair: &[RunId; 2]) {
    ui.horizontal(|ui| {
        ui.set_min_height(ROW_HEIGHT);
        if cx.studio.compared().is_finding_disagreements() {
            selectors::word(ui, "comparing both models on all test images…");
            return;
        }
        let is_possible = cx.studio.dataset().is_some();
        let text = "Compare on test images";
        let button = labeled_button(ui, None, text, Weight::Plain, 0.0, is_possible);
        let about = "Classifies every test image with both models: shows where they disagree, and \
                     whether one is significantly more accurate.";
        if button.on_hover_text(about).clicked() {
            let [baseline, candidate] = pair.clone();
            cx.act(Analysis::Disagreements(baseline, candidate));
        }
    });
}

/// Shows one image with both models' predictions.
fn tile_ui(
    ui: &mut Ui,
    d: &Disagreement,
    dataset: &Dataset,
    (texture, part): (&TextureHandle, Rect),
) -> egui::Response {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(TILE, Sense::click());
    let class = |idx: u32| dataset.classes[idx as usize].as_str();
    let [a, b] = d.classes.map(|seen| seen.map_or(NO_OUTPUT, class));
    let name = format!(
        "Test image {}, label: {}, predicted as {a} and {b}",
        d.image,
        class(d.label)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let image = Rect::from_min_size(rect.min + vec2(4.0, 0.0), vec2(SIDE, SIDE));
    let painter = ui.painter();
    painter.image(texture.id(), image, part, Color32::WHITE);
    if response.hovered() || response.has_focus() {
        let rim = Stroke::new(2.0, t.accent);
        painter.rect_stroke(image, 2.0, rim, StrokeKind::Outside);
    }
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let is_right = |idx: usize| {
        if d.classes[idx] == Some(d.label) {
            t.good
        } else {
            t.quiet
        }
    };
    let short = |text: &str| text.chars().take(3).collect::<String>();
    let y = image.max.y + 2.0;
    let left = pos2(image.min.x, y);
    let right = pos2(image.max.x, y);
    // As in the text above, the candidate comes first.
    painter.text(
        left,
        egui::Align2::LEFT_TOP,
        short(b),
        font.clone(),
        is_right(1),
    );
    painter.text(right, egui::Align2::RIGHT_TOP, short(a), font, is_right(0));
    response.on_hover_text(format!("{name}. Click to put it on the canvas."))
}

/// Shows the probabilities that both models give each class for one image.
fn answers_ui(ui: &mut Ui, d: &Disagreement, dataset: &Dataset, comparison: &Comparison) {
    let class = |idx: u32| dataset.classes[idx as usize].as_str();
    let words = format!("Test image {}, label: {}", d.image, class(d.label));
    ui.label(theme::quiet(ui, words));
    ui.columns(2, |columns| {
        let sides = [
            (1, &comparison.candidate.name),
            (0, &comparison.baseline.name),
        ];
        for (ui, (side, name)) in columns.iter_mut().zip(sides) {
            let words = match d.answer(side) {
                Some((seen, sure)) => {
                    let sure = text::percent(f64::from(sure));
                    format!("{name}: {} ({sure})", class(seen))
                }
                None => format!("{name}: {NO_OUTPUT}"),
            };
            ui.add(egui::Label::new(egui::RichText::new(words).small()).truncate());
            let bars: Vec<Bar<'_>> = dataset
                .classes
                .iter()
                .zip(&d.probabilities[side])
                .enumerate()
                .take(10)
                .map(|(idx, (class, &probability))| Bar {
                    name: class,
                    probability: Some(probability),
                    is_winner: d.classes[side] == Some(idx as u32),
                })
                .collect();
            probability_bars(ui, &bars, 14.0);
        }
    });
}
