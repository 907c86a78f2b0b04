//! What can be done with datasets.

use std::path::PathBuf;
use std::sync::Arc;

use super::Datasets;
use super::importer::{Answer, Goal};
use super::look::DatasetLook;
use crate::data::edits::Edit;
use crate::data::import::ImportRecipe;
use crate::data::store::Store;
use crate::data::{BuiltIn, DataFormat, ImageRef};
use crate::evaluate::Uncertainty;
use crate::studio::message::Message;
use crate::studio::recent::forget_missing;
use crate::studio::{LastEdited, Studio};

/// An action on datasets.
#[derive(Clone, Debug)]
pub enum DataAction {
    /// Open a folder or file: a dataset as it is, anything else in the form for an import.
    Look(PathBuf),
    /// Import by this recipe.
    SetRecipe(Box<ImportRecipe>),
    /// Name the imported dataset.
    SetName(String),
    /// Import what the form shows, and open it.
    Import {
        /// Whether it takes the place of a dataset with its name.
        replaces: bool,
    },
    /// Cancel the import, or close the form.
    CancelImport,
    /// Find out what is in the open dataset as a whole, and which datasets are stored.
    Examine,
    /// Also find images that look the same.
    FindNearDuplicates,
    /// Put an image of the dataset on the canvas, with its label.
    OpenImage(ImageRef),
    /// Open a dataset that comes with the program.
    OpenBuiltIn(BuiltIn),
    /// Open a stored dataset.
    OpenStored(String),
    /// Rename a stored dataset.
    Rename {
        /// Its name.
        name: String,
        /// Its new one.
        new: String,
    },
    /// Move a stored dataset to the trash; what it was made of stays.
    Remove(String),
    /// Move a dataset from the trash back.
    Restore(String),
    /// Delete the datasets in the trash for good.
    EmptyTrash,
    /// Search labels that are probably wrong, with the network and the settings of the panel.
    FindLabelIssues,
    /// End that search.
    StopLabelSearch,
    /// Find the training images that are nearest to an image in the space of the model on the canvas.
    FindNear(ImageRef),
    /// Find the training images that are farthest from their class in that space.
    FindOddOnes,
    /// Edit the label of an image or leave it out, or remove its edit.
    Edit(ImageRef, Option<Edit>),
    /// Undo the last decision.
    UndoEdit,
    /// Train a model of the labels given so far, and ask about the images it is least certain of.
    AskForLabels,
    /// End that.
    StopAsking,
    /// Choose the images by this measure.
    SetUncertainty(Uncertainty),
    /// Label an image that was asked about, or leave it out.
    Answer(ImageRef, Edit),
    /// Give images that were never sorted the classes that they can be labeled as.
    NameClasses(Vec<String>),
    /// Store the images that were labeled as a dataset, and open it.
    SaveLabeled,
    /// Store the open dataset with its edits under a name of its own, and open it.
    SaveEdited,
    /// Do that, train on it with the settings of the newest run on the dataset, and compare the two.
    TrainEdited,
    /// Write the open dataset to a new folder or file.
    Export(DataFormat, PathBuf),
}

impl Studio {
    /// The datasets, and an import that is being prepared.
    pub fn datasets(&self) -> &Datasets {
        &self.datasets
    }

    /// What is in the open dataset as a whole, once it was found out.
    pub fn dataset_look(&self) -> Option<&Arc<DatasetLook>> {
        self.datasets.looker.of(self.dataset()?)
    }

    /// The stored datasets of the workspace.
    pub(super) fn store(&self) -> Option<Store> {
        self.workspace().map(Store::of)
    }

    pub(in crate::studio) fn handle_data(&mut self, action: DataAction) {
        match action {
            DataAction::Look(path) => {
                self.datasets.begin(path);
                self.list_stored();
            }
            DataAction::SetRecipe(recipe) => self.datasets.set_recipe(*recipe),
            DataAction::SetName(name) => self.datasets.set_name(name),
            DataAction::Import { replaces } => self.import(replaces),
            DataAction::CancelImport => self.datasets.cancel(),
            DataAction::Examine => {
                self.examine(false);
                self.list_stored();
                self.read_edits();
            }
            DataAction::FindNearDuplicates => self.examine(true),
            DataAction::OpenImage(image) => {
                if let Some(dataset) = self.dataset().cloned() {
                    self.put_image(dataset.split_of(image), image.idx);
                }
            }
            DataAction::OpenBuiltIn(built_in) => {
                self.load_data(built_in.name().to_owned(), None, move || {
                    built_in.open().map_err(|error| error.to_string())
                });
            }
            DataAction::OpenStored(name) => {
                let path = self.store().and_then(|store| store.find(&name));
                path.into_iter().for_each(|path| self.open_data(path));
            }
            DataAction::Rename { name, new } => self.rename_stored(name, new),
            DataAction::Remove(name) => self.remove_stored(name),
            DataAction::Restore(name) => self.restore_stored(name),
            DataAction::EmptyTrash => self.empty_data_trash(),
            DataAction::FindLabelIssues => self.find_label_issues(),
            DataAction::StopLabelSearch => self.datasets.cleaner.stop(),
            DataAction::FindNear(image) => self.find_near(image),
            DataAction::FindOddOnes => self.find_odd(),
            DataAction::Edit(image, edit) => {
                self.last_edited = LastEdited::Labels;
                self.decide(image, edit);
            }
            DataAction::AskForLabels => self.ask_for_labels(),
            DataAction::StopAsking => self.stop_asking(),
            DataAction::SetUncertainty(measure) => self.datasets.active.set_measure(measure),
            DataAction::Answer(image, edit) => {
                self.last_edited = LastEdited::Labels;
                self.answer_label(image, edit);
            }
            DataAction::NameClasses(names) => self.name_classes(&names),
            DataAction::SaveLabeled => self.save_labeled(),
            DataAction::UndoEdit => self.undo_edit(),
            DataAction::SaveEdited => self.save_edited(),
            DataAction::TrainEdited => self.train_edited(),
            DataAction::Export(format, path) => self.export_data(format, path),
        }
    }

    fn import(&mut self, replaces: bool) {
        let store = self.store();
        let Some(form) = self.datasets.form.as_mut().filter(|form| form.is_ready()) else {
            return;
        };
        form.is_importing = true;
        let name = form.name.clone();
        self.datasets.ask(Goal::Import {
            store,
            name,
            replaces,
        });
    }

    fn examine(&mut self, with_near: bool) {
        if let Some(dataset) = self.data.dataset() {
            self.datasets.looker.ask(dataset, with_near);
        }
    }

    fn export_data(&mut self, format: DataFormat, path: PathBuf) {
        let Some(dataset) = self.dataset().cloned() else {
            return;
        };
        self.files
            .run(format!("writing {}", path.display()), move || {
                let written = dataset.export(format, &path);
                Message::Saved(path, written.map_err(|error| error.to_string()))
            });
    }

    /// Takes what the import thread found.
    pub(in crate::studio) fn pump_datasets(&mut self) {
        self.datasets.looker.pump();
        self.datasets.cleaner.pump();
        self.datasets.space.pump();
        self.datasets.active.pump();
        self.pump_retrainer();
        let Some(answer) = self.datasets.importer.take() else {
            return;
        };
        // A newer question is on its way, or the form was closed.
        if self.datasets.importer.is_busy() || self.datasets.form.is_none() {
            return;
        }
        match answer {
            Answer::Opened(dataset) | Answer::Imported(dataset) => {
                self.datasets.form = None;
                self.open_dataset(*dataset);
                self.list_stored();
            }
            answer => {
                if let (Answer::Failed(_), Some(form)) = (&answer, &self.datasets.form) {
                    forget_missing(&mut self.recent.data, &form.path);
                }
                self.datasets.receive(answer);
            }
        }
    }
}
