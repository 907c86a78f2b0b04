//! Actions on Explain.

use std::sync::Arc;

use super::Explainer;
use super::embedding_map::MapMethod;
use super::follower::Followed;
use super::settings::ExplainSettings;
use super::unit::UnitQuery;
use super::view::ExplainView;
use crate::data::{DecodedImage, InputImage};
use crate::evaluate::{Among, Filter, Selection};
use crate::explain::{Sweep, variant};
use crate::studio::canvas::Model;
use crate::studio::{EvaluateAction, Studio};

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
    /// Embed images by the output of this layer; `None` for the last hidden one.
    EmbedAt(Option<String>),
    /// Make maps of embeddings in this way.
    MapBy(MapMethod),
    /// Put a training image on the canvas, by its index.
    OpenTrainingImage(usize),
    /// Find the training images that taught the answer.
    FindTeachers,
    /// Put an image of the map on the canvas, by its position.
    OpenMapped(usize),
    /// Select images of the map, by their positions, to look at them in Evaluate.
    SelectMapped(Vec<usize>),
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
            ExplainAction::EmbedAt(layer) => layer != self.neighbors.settings(),
            ExplainAction::MapBy(method) => *method != self.map.settings().method,
            ExplainAction::OpenTrainingImage(_)
            | ExplainAction::FindTeachers
            | ExplainAction::OpenMapped(_)
            | ExplainAction::SelectMapped(_) => true,
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
            ExplainAction::EmbedAt(layer) => self.explainer.embed_at(layer),
            ExplainAction::MapBy(method) => self.explainer.map.set_method(method),
            ExplainAction::OpenTrainingImage(idx) => self.open_training_image(idx),
            ExplainAction::FindTeachers => self.find_teachers(),
            ExplainAction::OpenMapped(position) => self.open_mapped(position),
            ExplainAction::SelectMapped(positions) => self.select_mapped(&positions),
        }
    }

    fn open_training_image(&mut self, idx: usize) {
        if let Some(dataset) = self.dataset().cloned()
            && idx < dataset.train.len()
        {
            self.put_image(&dataset.train, idx);
        }
    }

    fn find_teachers(&mut self) {
        let prediction = self.canvas.answer().and_then(|answer| answer.as_ref().ok());
        let (Some(classifier), Some(dataset), Some(prediction)) =
            (self.canvas.classifier(), self.data.dataset(), prediction)
        else {
            return;
        };
        // Of a file, the model itself is all there is.
        let states = match self.canvas.model() {
            Model::Opened { .. } | Model::None => &[],
            Model::Trained(_) | Model::Snapshot { .. } => self.timelines.shown().states(),
        };
        let states = match self.shown_step() {
            Some(shown) => &states[..states.partition_point(|state| state.step() <= shown)],
            None => states,
        };
        self.explainer
            .teachers
            .ask(classifier, states, dataset, prediction);
    }

    fn open_mapped(&mut self, position: usize) {
        let Some(map) = self.explainer.map.newest().cloned() else {
            return;
        };
        if position < map.points.len() {
            let (set, image) = map.of.image(position);
            self.put_image(set, image);
        }
    }

    fn select_mapped(&mut self, positions: &[usize]) {
        let Some(map) = self.explainer.map.newest().cloned() else {
            return;
        };
        let places = positions.iter().filter_map(|&at| map.of.places.get(at));
        let places = places.map(|&place| place as usize);
        let among = Among::new("images chosen on the map", places, map.of.n_all);
        let filter = Filter {
            among: (!positions.is_empty()).then_some(among),
            ..Filter::default()
        };
        let old = self.evaluator().selection().clone();
        self.handle_evaluate(EvaluateAction::Select(Selection { filter, ..old }));
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
            dataset: self.data.dataset(),
            is_training: self.live_run().is_some() && matches!(self.model(), Model::Trained(_)),
        };
        self.explainer.pump(followed, self.evaluator.split());
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
