//! Actions on Explain.

use std::sync::Arc;

use super::Explainer;
use super::follower::Followed;
use super::settings::ExplainSettings;
use super::unit::UnitQuery;
use super::view::ExplainView;
use crate::data::{DecodedImage, InputImage};
use crate::explain::{Sweep, variant};
use crate::studio::Studio;
use crate::studio::canvas::Model;

/// An action on Explain.
#[derive(Clone, Debug)]
pub enum ExplainAction {
    /// Keep following the canvas with this view, or stop.
    Show(Option<ExplainView>),
    /// Explain this, in this way.
    Set(Box<ExplainSettings>),
    /// Vary the input along these axes.
    SetSweep(Sweep),
    /// Put this variant of the input on the canvas.
    OpenVariant(usize),
    /// Show where ink would raise this class; `None` for the most probable one after the answer.
    SetInkClass(Option<usize>),
    /// Add the least ink to the canvas that makes this class the answer.
    AddLeastInk(usize),
    /// Add none after all.
    CancelLeastInk,
    /// Seek an image that a unit answers to.
    SeekUnit(Box<UnitQuery>),
    /// Seek no further.
    CancelUnit,
    /// Put the image that was found on the canvas.
    OpenUnitImage,
}

impl Explainer {
    /// Whether an action would change anything.
    pub(in crate::studio) fn would_change(&self, action: &ExplainAction) -> bool {
        match action {
            ExplainAction::Show(view) => *view != self.shown,
            ExplainAction::Set(settings) => settings.as_ref() != self.why.settings(),
            ExplainAction::SetSweep(sweep) => sweep != self.robustness.settings(),
            ExplainAction::SetInkClass(class) => class != self.ink.settings(),
            ExplainAction::CancelLeastInk => self.ink_search.is_busy(),
            ExplainAction::CancelUnit => self.unit.is_busy(),
            ExplainAction::OpenVariant(_)
            | ExplainAction::AddLeastInk(_)
            | ExplainAction::SeekUnit(_)
            | ExplainAction::OpenUnitImage => true,
        }
    }
}

impl Studio {
    pub(in crate::studio) fn handle_explain(&mut self, action: ExplainAction) {
        match action {
            ExplainAction::Show(view) => {
                // Nobody expects ink on a canvas that shows nothing of it.
                if view != Some(ExplainView::Ink) {
                    self.explainer.ink_search.cancel();
                }
                self.explainer.shown = view;
            }
            ExplainAction::Set(settings) => self.explainer.why.set(*settings),
            ExplainAction::SetSweep(sweep) => self.explainer.robustness.set(sweep),
            ExplainAction::OpenVariant(idx) => self.open_variant(idx),
            ExplainAction::SetInkClass(class) => self.explainer.ink.set(class),
            ExplainAction::AddLeastInk(class) => self.seek_least_ink(class),
            ExplainAction::CancelLeastInk => self.explainer.ink_search.cancel(),
            ExplainAction::SeekUnit(query) => {
                if let Some(classifier) = self.canvas.classifier() {
                    self.explainer.unit.ask(classifier, *query);
                }
            }
            ExplainAction::CancelUnit => self.explainer.unit.cancel(),
            ExplainAction::OpenUnitImage => {
                if let Some(found) = self.explainer.unit.newest().cloned() {
                    self.put_input(found.shape, &found.pixels());
                }
            }
        }
    }

    /// What Explain shows.
    pub fn explainer(&self) -> &Explainer {
        &self.explainer
    }

    /// Takes what was made, and asks for what is next.
    pub(in crate::studio) fn pump_explainer(&mut self) {
        let followed = Followed {
            classifier: self.canvas.classifier(),
            prediction: self.canvas.answer().and_then(|answer| answer.as_ref().ok()),
            is_training: self.live_run().is_some() && matches!(self.model(), Model::Trained(_)),
        };
        self.explainer.pump(followed);
        self.take_least_ink();
    }

    fn open_variant(&mut self, idx: usize) {
        let Some(map) = self.explainer.robustness.newest().cloned() else {
            return;
        };
        let sweep = map.robustness.sweep;
        if idx < sweep.n_variants() {
            self.put_input(map.shape, &variant(&map.input, map.shape, sweep, idx));
        }
    }

    /// Puts an input of the network on the canvas, as it is.
    fn put_input(&mut self, shape: [usize; 3], pixels: &[u8]) {
        let picture = DecodedImage::from_pixels(shape, pixels);
        let shown = picture.gray();
        let input = InputImage::Input(Arc::new(picture));
        self.edit_canvas(|pad| pad.paste(&shown, Some(input), None));
    }

    fn seek_least_ink(&mut self, class: usize) {
        let prediction = self.canvas.answer().and_then(|answer| answer.as_ref().ok());
        if let (Some(classifier), Some(prediction)) = (self.canvas.classifier(), prediction) {
            let version = self.canvas.pad.version();
            let search = &mut self.explainer.ink_search;
            search.ask(classifier, prediction, class, version);
        }
    }

    /// Adds the ink that was found to the canvas, unless that has changed meanwhile.
    fn take_least_ink(&mut self) {
        let version = self.canvas.pad.version();
        let Some((asked, found)) = self.explainer.ink_search.take(version) else {
            return;
        };
        if found.n_dabs > 0 {
            let [channels, height, width] = asked.shape;
            let pairs = found.input.iter().zip(&asked.input);
            let added = pairs
                .take(height * width)
                .map(|(after, before)| after - before);
            let added: Vec<u8> = added.collect();
            let picture = DecodedImage::from_pixels([channels, height, width], &found.input);
            let input = InputImage::Input(Arc::new(picture));
            self.edit_canvas(|pad| pad.add_ink(&added, [height, width], asked.frame, input));
        }
        let version = self.canvas.pad.version();
        self.explainer.ink_search.added(version, found);
    }
}
