//! One round: a model of the labels, and what it is least certain of.

use std::sync::Arc;

use super::{ActivePoint, PER_ROUND};
use crate::data::Dataset;
use crate::data::edits::{Edit, Edits};
use crate::evaluate::Uncertainty;
use crate::train::{Control, Query, TrainConfig, next_images, train_round};

/// What a round found.
pub(super) struct Found {
    pub(super) dataset: Arc<Dataset>,
    pub(super) images: Vec<u32>,
    pub(super) point: Option<ActivePoint>,
}

pub(super) struct Question {
    pub(super) dataset: Arc<Dataset>,
    /// The images that were labeled, and those that were left out.
    pub(super) labeled: Vec<(u32, u32)>,
    pub(super) skipped: Vec<u32>,
    pub(super) measure: Uncertainty,
    pub(super) config: TrainConfig,
    pub(super) control: Arc<Control>,
}

/// The images that were labeled, with their labels, and those that were left out.
pub(super) fn known(dataset: &Dataset, edits: &Edits) -> (Vec<(u32, u32)>, Vec<u32>) {
    let (mut labeled, mut skipped) = (Vec::new(), Vec::new());
    for (image, edit) in edits.all().filter(|(image, _)| !image.is_test) {
        let idx = image.idx as u32;
        match edit {
            Edit::Relabel(class) => labeled.push((idx, class)),
            Edit::Keep => labeled.push((idx, dataset.label(image))),
            Edit::Exclude => skipped.push(idx),
        }
    }
    (labeled, skipped)
}

/// Whether the labels of a dataset mean nothing: its images were never sorted into classes.
pub(super) fn is_unlabeled(dataset: &Dataset) -> bool {
    let labels = dataset.train.labels();
    labels.iter().all(|label| *label == labels[0])
}

/// Trains a model of the labels and finds what it is least certain of; `None` if it was stopped.
pub(super) fn answer(question: Question) -> Option<Result<Found, String>> {
    let found = round(&question);
    (!question.control.is_stopped()).then_some(found)
}

fn round(question: &Question) -> Result<Found, String> {
    let Question {
        dataset,
        labeled,
        skipped,
        measure,
        config,
        control,
    } = question;
    let mut is_open = vec![true; dataset.train.len()];
    let known = labeled.iter().map(|(idx, _)| idx).chain(skipped);
    known.for_each(|&idx| is_open[idx as usize] = false);
    let is_open = |idx: u32| is_open[idx as usize];
    let first = labeled.first().map(|(_, class)| class);
    let has_classes = labeled.iter().any(|(_, class)| Some(class) != first);
    let learned = match has_classes {
        false => None,
        true => {
            let part = dataset.labeled(labeled, is_unlabeled(dataset));
            let part = Arc::new(part.map_err(|e| e.to_string())?);
            Some(train_round(config, &part, control).map_err(|e| e.to_string())?)
        }
    };
    let test = learned.as_ref().and_then(|learned| learned.test);
    let classifier = learned.as_ref().map(|learned| &learned.classifier);
    let wanted = [PER_ROUND as u64, config.seed, labeled.len() as u64];
    let query = Query::Uncertain(*measure);
    let images = next_images(query, classifier, dataset, is_open, wanted);
    Ok(Found {
        images: images.map_err(|e| e.to_string())?,
        point: test.map(|test| ActivePoint {
            n_labels: labeled.len(),
            accuracy: test.accuracy,
        }),
        dataset: dataset.clone(),
    })
}
