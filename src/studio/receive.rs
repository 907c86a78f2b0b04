//! Handles the results of the studio's threads.

use std::path::PathBuf;
use std::sync::Arc;

use super::Studio;
use super::canvas::Model;
use super::message::Message;
use super::recent::{forget_missing, remember};
use crate::data::{Dataset, DecodedImage, GrayImage};
use crate::import::Opened;
use crate::runs::Status;
use crate::text::capitalized;
use crate::train::Finish;

impl Studio {
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Data(folder, read) => self.receive_data(folder, read),
            Message::Edits(Ok(news)) => {
                self.datasets.take_log(news);
                self.ask_again();
            }
            Message::Edited(edited) => self.receive_edited(edited),
            Message::Stored(changed, listed) => self.receive_stored(changed, listed),
            #[cfg(feature = "serve")]
            Message::Service(changed) => self.receive_service(changed),
            #[cfg(feature = "serve")]
            Message::Exchanged(Err(text)) => self.notices.error(text),
            #[cfg(feature = "serve")]
            Message::Exchanged(Ok(())) => {}
            Message::Restored(path, read) => self.receive_restored(path, read),
            Message::RestoredSnapshot(read) => self.receive_restored_snapshot(*read),
            Message::Opened(path, read) => self.receive_model(path, read),
            Message::Rates(found) => {
                let received = self.lr_finder.receive(found);
                self.notices.check(received);
            }
            Message::Timeline(Ok(opened)) => self.show_opened(*opened),
            Message::Beside(name, Ok(model)) => self.receive_beside(name, *model),
            Message::Inspected(Ok(inspection)) => self.inspection = Some(*inspection),
            Message::Reopened(Ok(reopened)) => self.resume_with(*reopened),
            Message::Picture(path, read) => self.receive_picture(path, read),
            Message::Saved(path, Ok(())) => {
                self.notices.info(format!("Saved {}", path.display()));
            }
            Message::CurvesCopied(Ok(pixels)) => self.copied = Some(pixels),
            Message::CurvesCopied(Err(text))
            | Message::Edits(Err(text))
            | Message::Timeline(Err(text))
            | Message::Beside(_, Err(text))
            | Message::Inspected(Err(text))
            | Message::Reopened(Err(text))
            | Message::Saved(_, Err(text)) => self.notices.error(text),
            Message::Classified(files) => self.classified = files.into(),
            Message::Sweeps(kept, problems) => {
                self.sweeps.add_kept(kept);
                problems
                    .into_iter()
                    .for_each(|text| self.notices.error(text));
            }
            Message::SketchSaved(written) => self.receive_sketch_saved(written),
            Message::SketchesRead(folder, found) => self.receive_sketches(&folder, found),
            Message::Examples(made, problem) => self.receive_examples(made, problem),
            Message::ExamplesSaved(written) => self.receive_examples_saved(written),
            Message::ExamplesRead(folder, found) => self.receive_examples_read(&folder, found),
            Message::Prepared(prepared) => self.receive_prepared(prepared),
            Message::Tidied(result) => self.receive_tidied(result),
            Message::Baseline(workspace, found) => self.receive_baseline(&workspace, found),
            Message::Trash(changed, trash) => self.receive_trash(changed, trash),
        }
    }

    fn receive_data(&mut self, folder: Option<PathBuf>, read: Result<Dataset, String>) {
        match read {
            Ok(dataset) => {
                self.open_dataset(dataset);
                self.data_restored();
            }
            Err(text) => {
                if let Some(folder) = &folder {
                    forget_missing(&mut self.recent.data, folder);
                }
                self.data_failed(folder.as_deref(), text);
            }
        }
    }

    /// Works with `dataset` from now on, says what is odd about it, and remembers where it is from.
    pub(super) fn open_dataset(&mut self, dataset: Dataset) {
        for hint in dataset.hints() {
            self.notices.info(capitalized(&hint));
        }
        if let Some(folder) = &dataset.folder {
            remember(&mut self.recent.data, folder);
        }
        self.use_data(Arc::new(dataset));
    }

    fn receive_model(&mut self, path: PathBuf, read: Result<Opened, String>) {
        match read {
            Ok(Opened { classifier, notes }) => {
                remember(&mut self.recent.models, &path);
                self.notices.info(format!("Opened {}", path.display()));
                for note in notes {
                    self.notices.info(capitalized(&note));
                }
                let classifier = Arc::new(classifier);
                self.canvas.use_model(Model::Opened { path, classifier });
                self.ask();
            }
            Err(text) => {
                forget_missing(&mut self.recent.models, &path);
                self.notices.error(text);
            }
        }
    }

    fn receive_picture(
        &mut self,
        path: Option<PathBuf>,
        read: Result<(GrayImage, DecodedImage), String>,
    ) {
        match read {
            Ok((shown, image)) => {
                if let Some(path) = path {
                    remember(&mut self.recent.images, &path);
                }
                self.edit_canvas(|pad| pad.paste(&shown, Some(image.into()), None));
            }
            Err(text) => {
                if let Some(path) = path {
                    forget_missing(&mut self.recent.images, &path);
                }
                self.notices.error(text);
            }
        }
    }

    /// Adds a notice about how the run ended, if the curves do not show it.
    pub(super) fn report_end(&mut self) {
        let Some(own) = self.library.own().map(|run| &run.state) else {
            return;
        };
        let Status::Finished(finish) = &own.status else {
            return;
        };
        let (restored, keeps_best) = (own.restored, own.config.early_stopping.is_on());
        match finish.clone() {
            Finish::Stopped if !keeps_best => {}
            Finish::Stopped => self.notices.info(match restored {
                Some(epoch) => format!("The model has the weights of epoch {epoch}, the best"),
                None => "The model has the last weights: no epoch before was better".to_owned(),
            }),
            Finish::Completed | Finish::EarlyStopped => {}
            Finish::Diverged { step } => self.notices.error(format!(
                "Training diverged at step {step}: the loss became NaN. The last finite weights \
                 are kept; try a smaller learning rate"
            )),
            Finish::Failed { message } => self.notices.error(message),
        }
    }
}
