//! What Explain shows about the model and what is on the canvas: each view follows both in a thread
//! of its own while it is shown.

mod action;
mod embedding_map;
mod follower;
mod ink;
mod layers;
mod neighbors;
mod robustness;
mod settings;
mod taught;
mod unit;
mod view;
mod why;

use super::thread::Wake;
use crate::evaluate::SplitName;
use crate::explain::{Method, Sweep, Target};

pub use action::ExplainAction;
pub use embedding_map::{EmbeddingMap, EmbeddingMapper, MapMethod, MapSettings, MappedImages};
use follower::Followed;
pub use follower::Follower;
pub use ink::{InkHint, InkOutcome, InkSearch};
pub use layers::LayerMaps;
pub use neighbors::{NearImage, Neighbors};
pub use robustness::RobustnessMap;
pub use settings::ExplainSettings;
pub use taught::{Taught, Teacher, TeacherSearch};
pub use unit::{FoundImage, UnitQuery, UnitSearch};
pub use view::ExplainView;
pub use why::Explanation;

/// What Explain shows.
pub struct Explainer {
    shown: Option<ExplainView>,
    why: Follower<ExplainSettings, Explanation>,
    layers: Follower<(), LayerMaps>,
    robustness: Follower<Sweep, RobustnessMap>,
    ink: Follower<Option<usize>, InkHint>,
    ink_search: InkSearch,
    unit: UnitSearch,
    neighbors: Follower<Option<String>, Neighbors>,
    map: EmbeddingMapper,
    teachers: TeacherSearch,
}

impl Explainer {
    pub(super) fn new(wake: Wake) -> std::io::Result<Explainer> {
        let why = ExplainSettings {
            method: Method::IntegratedGradients { steps: 50 },
            target: Target::default(),
            with_random_weights: false,
        };
        Ok(Explainer {
            shown: None,
            why: Follower::new("explainer", wake.clone(), why, why::explain)?,
            layers: Follower::new("layers", wake.clone(), (), layers::run)?,
            robustness: Follower::new("robustness", wake.clone(), Sweep::ALL[0], robustness::map)?,
            ink: Follower::new("ink map", wake.clone(), None, ink::hint)?,
            ink_search: InkSearch::new(wake.clone())?,
            unit: UnitSearch::new(wake.clone())?,
            neighbors: Follower::new("neighbors", wake.clone(), None, neighbors::worker())?,
            map: EmbeddingMapper::new(wake.clone())?,
            teachers: TeacherSearch::new(wake)?,
        })
    }

    /// The view that is shown.
    pub fn shown(&self) -> Option<ExplainView> {
        self.shown
    }

    /// The map of the pixels that count.
    pub fn why(&self) -> &Follower<ExplainSettings, Explanation> {
        &self.why
    }

    /// What every layer computes.
    pub fn layers(&self) -> &Follower<(), LayerMaps> {
        &self.layers
    }

    /// The answers to variants of the input.
    pub fn robustness(&self) -> &Follower<Sweep, RobustnessMap> {
        &self.robustness
    }

    /// Where ink would make another class the answer.
    pub fn ink(&self) -> &Follower<Option<usize>, InkHint> {
        &self.ink
    }

    /// The search for the least ink.
    pub fn ink_search(&self) -> &InkSearch {
        &self.ink_search
    }

    /// The search for an image that a unit answers to.
    pub fn unit(&self) -> &UnitSearch {
        &self.unit
    }

    /// The training images nearest to what is on the canvas. The setting is the layer whose output
    /// is compared; `None` for the last hidden one.
    pub fn neighbors(&self) -> &Follower<Option<String>, Neighbors> {
        &self.neighbors
    }

    /// The map of embeddings.
    pub fn map(&self) -> &EmbeddingMapper {
        &self.map
    }

    /// The search for the training images that taught the answer.
    pub fn teachers(&self) -> &TeacherSearch {
        &self.teachers
    }

    fn embed_at(&mut self, layer: Option<String>) {
        self.map.set_layer(layer.clone());
        self.neighbors.set(layer);
    }

    /// Takes what was made, and asks for what is next. `split` has the images of the map.
    fn pump(&mut self, followed: Followed<'_>, split: SplitName) {
        let shown = self.shown;
        let is_shown = |view| shown == Some(view);
        self.why.pump(followed, is_shown(ExplainView::Why));
        self.layers.pump(followed, is_shown(ExplainView::Layers));
        self.robustness
            .pump(followed, is_shown(ExplainView::Robustness));
        self.ink.pump(followed, is_shown(ExplainView::Ink));
        self.unit.pump();
        self.teachers.pump();
        self.neighbors
            .pump(followed, is_shown(ExplainView::Neighbors));
        self.map.pump(followed, split, is_shown(ExplainView::Map));
    }
}
