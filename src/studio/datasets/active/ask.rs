//! What is done with the images that are asked about.

use std::sync::Arc;

use super::round::{Question, is_unlabeled, known};
use crate::data::edits::Edit;
use crate::data::{Dataset, ImageRef};
use crate::studio::message::Message;
use crate::studio::{DataAction, Studio};
use crate::text::sentence;
use crate::train::Control;

impl Studio {
    /// How many images of the open dataset were labeled, or left out, by the user.
    pub fn n_labeled(&self) -> usize {
        let edits = self
            .dataset()
            .and_then(|d| Some((d, self.datasets.cleaner.edits(d)?)));
        edits.map_or(0, |(dataset, edits)| known(dataset, edits).0.len())
    }

    /// Whether the images of the open dataset were never sorted into classes.
    pub fn is_data_unlabeled(&self) -> bool {
        self.dataset().is_some_and(|dataset| is_unlabeled(dataset))
    }

    /// Trains a model of the labels, and asks about the images it is least certain of.
    pub(in crate::studio::datasets) fn ask_for_labels(&mut self) {
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        if !self.can_train() {
            return;
        }
        let Some(edits) = self.datasets.cleaner.edits(&dataset) else {
            return;
        };
        let (labeled, skipped) = known(&dataset, edits);
        let active = &mut self.datasets.active;
        active.stop();
        active.problem = None;
        let control = Arc::new(Control::default());
        active.control = Some(control.clone());
        active.thread.ask(Question {
            dataset,
            labeled,
            skipped,
            measure: active.measure,
            config: self.draft.config().clone(),
            control,
        });
    }

    /// Ends the round that is going on.
    pub(in crate::studio::datasets) fn stop_asking(&mut self) {
        self.datasets.active.stop();
    }

    /// Labels an image that was asked about, or leaves it out.
    pub(in crate::studio::datasets) fn answer_label(&mut self, image: ImageRef, edit: Edit) {
        self.change_log(move |log, dataset| {
            log.decide(dataset, image, Some(edit), "active learning")
        });
    }

    /// After the last answer of a round, asks for more.
    pub(in crate::studio) fn ask_again(&mut self) {
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        let asked = self.datasets.active.asked(&dataset);
        let Some(edits) = self.datasets.cleaner.edits(&dataset) else {
            return;
        };
        let is_answered = |image: &ImageRef| edits.of(*image).is_some();
        let is_over = !asked.is_empty() && asked.iter().all(is_answered);
        if is_over && !self.datasets.active.is_busy() && self.datasets.active.problem.is_none() {
            self.ask_for_labels();
        }
    }

    /// Gives images that were never sorted the classes that they can be labeled as.
    pub(in crate::studio::datasets) fn name_classes(&mut self, names: &[String]) {
        let Some(dataset) = self.dataset().filter(|dataset| is_unlabeled(dataset)) else {
            return;
        };
        let mut classes: Vec<String> = Vec::new();
        for name in names.iter().map(|name| name.trim()) {
            if !name.is_empty() && !classes.iter().any(|known| known == name) {
                classes.push(name.to_owned());
            }
        }
        if classes.len() < 2 {
            let text = "Name at least two classes, with a comma between them";
            return self.notices.error(text.to_owned());
        }
        // Its images have the first class until they are labeled; nothing is trained on that.
        let named = Dataset {
            classes,
            train: dataset.train.all_labeled(0),
            test: dataset.test.all_labeled(0),
            ..(**dataset).clone()
        };
        self.use_data(Arc::new(named));
        self.handle(DataAction::Examine);
    }

    /// Stores the images that were labeled as a dataset of their own, and opens it.
    pub(in crate::studio::datasets) fn save_labeled(&mut self) {
        let (Some(dataset), Some(store)) = (self.dataset().cloned(), self.store()) else {
            return;
        };
        let Some(edits) = self.datasets.cleaner.edits(&dataset) else {
            return;
        };
        let (labeled, _) = known(&dataset, edits);
        let made = match dataset.labeled(&labeled, is_unlabeled(&dataset)) {
            Ok(made) => made,
            Err(error) => return self.notices.error(sentence(&error.to_string())),
        };
        let activity = format!("storing the labeled images of {}", dataset.name);
        self.data.load(made.name.clone());
        self.files.run(activity, move || {
            let stored = store.save_made(made).map_err(|e| e.to_string());
            let path = stored
                .as_ref()
                .ok()
                .and_then(|stored| stored.folder.clone());
            Message::Data(path, stored)
        });
    }
}
