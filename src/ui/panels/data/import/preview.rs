//! What an import would give: a sample of the images, the classes, and what is not used.

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, Ui};

use crate::data::import::{Preview, Refused, SourceDuplicates};
use crate::studio::{ImportForm, SourceAbout};
use crate::text::{self, count, thousands};
use crate::ui::panels::draw::color_image;
use crate::ui::theme::{self, UNIT, tokens};
use crate::ui::widgets::{Textures, Thumbnail, thumbnails};

/// Most refused files that are listed.
const MAX_LISTED: usize = 100;

/// The sample of the newest preview.
#[derive(Default)]
pub(super) struct PreviewView {
    textures: Textures<usize>,
    of: Option<Arc<Preview>>,
}

impl PreviewView {
    pub(super) fn ui(&mut self, ui: &mut Ui, form: &ImportForm) {
        let (Some(source), Some(preview)) = (&form.source, &form.preview) else {
            if form.problem.is_none() {
                ui.label(theme::quiet(ui, "Reading…"));
            }
            return;
        };
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, preview)) {
            self.textures.clear();
            self.of = Some(preview.clone());
        }
        ui.add(Label::new(summary(preview)).wrap());
        for note in notes(source, preview) {
            ui.add(Label::new(theme::quiet(ui, note)).wrap());
        }
        let refused: Vec<&Refused> = source.refused.iter().chain(&preview.refused).collect();
        refused_ui(ui, &refused);
        if let Some(found) = source.duplicates.as_ref().filter(|found| found.n > 0) {
            duplicates_ui(ui, found);
        }
        ui.add_space(UNIT);
        let images = &preview.images;
        let n_all: usize = preview.counts.iter().flatten().sum();
        let text = format!("{} of {}", images.len(), count(n_all, "image"));
        ui.label(theme::quiet(ui, text));
        thumbnails(ui, images.len(), |ui, i| {
            let class = &preview.classes[images.labels()[i] as usize];
            let name = format!("sample image {i}: label {class}");
            let thumbnail = Thumbnail {
                name: &name,
                caption: class,
                color: tokens(ui).quiet,
                is_chosen: false,
            };
            let response = thumbnail.ui(ui, |ui| {
                let image = || color_image(images.shape(), images.image(i));
                self.textures.get(ui, i, image)
            });
            let [train, test] = preview.counts[images.labels()[i] as usize];
            response.on_hover_text(format!(
                "Class {class}: {} for training and {} for testing.",
                thousands(train as u64),
                thousands(test as u64)
            ));
        });
    }
}

/// The dataset in a line.
fn summary(preview: &Preview) -> String {
    let sum = |split: usize| preview.counts.iter().map(|n| n[split]).sum::<usize>();
    let [channels, height, width] = preview.images.shape();
    let kind = if channels == 1 { "gray" } else { "color" };
    format!(
        "{} for training and {} for testing, {height}×{width} {kind}, {}, {} in memory.",
        count(sum(0), "image"),
        thousands(sum(1) as u64),
        count(preview.classes.len(), "class"),
        text::bytes(preview.bytes)
    )
}

/// What was decided, one sentence each.
fn notes(source: &SourceAbout, preview: &Preview) -> Vec<String> {
    let mut notes: Vec<String> = source
        .notes
        .iter()
        .map(|note| text::sentence(&text::capitalized(note)))
        .collect();
    notes.extend(preview.n_drawn.map(|n| {
        format!(
            "{} are set aside for testing, the same ones in every run.",
            count(n, "image")
        )
    }));
    if preview.n_validation > 0 {
        notes.push(format!(
            "The {} for validation join the training images: every run sets its own aside.",
            count(preview.n_validation, "image")
        ));
    }
    let (least, most) = (
        preview.counts.iter().map(|n| n[0]).min().unwrap_or(0),
        preview.counts.iter().map(|n| n[0]).max().unwrap_or(0),
    );
    notes.push(format!(
        "The classes have {} to {} training images.",
        thousands(least as u64),
        thousands(most as u64)
    ));
    notes
}

/// Names the images that are there more than once; in red if they are for training and testing.
fn duplicates_ui(ui: &mut Ui, found: &SourceDuplicates) {
    let t = tokens(ui);
    let (title, color) = match found.n_leaks {
        0 => (
            format!("{} too many", count(found.n, "duplicate")),
            t.warning,
        ),
        n => (
            format!(
                "{} too many, {} in training and test alike",
                count(found.n, "duplicate"),
                thousands(n as u64)
            ),
            t.bad,
        ),
    };
    ui.collapsing(RichText::new(title).color(color), |ui| {
        ScrollArea::vertical()
            .id_salt("duplicates")
            .max_height(120.0)
            .show(ui, |ui| {
                for [first, same] in &found.pairs {
                    let text = format!("{same} is {first}");
                    ui.add(Label::new(theme::quiet(ui, &text)).truncate())
                        .on_hover_text(text);
                }
            });
    });
}

fn refused_ui(ui: &mut Ui, refused: &[&Refused]) {
    if refused.is_empty() {
        return;
    }
    let are = if refused.len() == 1 { "is" } else { "are" };
    let title = format!("{} {are} not used", count(refused.len(), "file"));
    let title = RichText::new(title).color(tokens(ui).warning);
    ui.collapsing(title, |ui| {
        ScrollArea::vertical()
            .id_salt("refused")
            .max_height(120.0)
            .show(ui, |ui| {
                for Refused { file, reason } in refused.iter().take(MAX_LISTED) {
                    let text = theme::quiet(ui, format!("{file}: {reason}"));
                    ui.add(Label::new(text).truncate())
                        .on_hover_text(format!("{file}: {reason}"));
                }
            });
    });
}
