//! Handles the results of the studio's threads.

use std::sync::Arc;

use super::background::Message;
use super::{DataState, Model, Studio};
use crate::predict::Request;
use crate::runs::{Status, WatchNews};
use crate::train::Finish;

impl Studio {
    pub(super) fn receive(&mut self, message: Message) {
        match message {
            Message::Data(Ok(dataset)) => self.use_data(Arc::new(dataset)),
            Message::Data(Err(text)) => {
                self.notify_error(text);
                self.data = match std::mem::replace(&mut self.data, DataState::None) {
                    DataState::Loading {
                        before: Some(dataset),
                        ..
                    } => DataState::Ready(dataset),
                    other => other,
                };
            }
            Message::Opened(path, Ok(classifier)) => {
                self.notify(format!("Opened {}", path.display()));
                let classifier = Arc::new(classifier);
                self.model = Model::Opened { path, classifier };
                self.ask();
            }
            Message::Rates(found) => self.receive_lr_curve(found),
            Message::Timeline(Ok(earlier)) => self.show_earlier(*earlier),
            Message::Timeline(Err(text)) => self.notify_error(text),
            Message::Inspected(Ok(inspection)) => self.inspection = Some(*inspection),
            Message::Reopened(Ok(reopened)) => self.resume_with(*reopened),
            Message::Inspected(Err(text))
            | Message::Reopened(Err(text))
            | Message::Opened(_, Err(text))
            | Message::Saved(_, Err(text))
            | Message::Picture(Err(text)) => {
                self.notify_error(text);
            }
            Message::Sweeps(kept, problems) => {
                self.sweeps.add_kept(kept);
                problems
                    .into_iter()
                    .for_each(|text| self.notify_error(text));
            }
            Message::Saved(path, Ok(())) => self.notify(format!("Saved {}", path.display())),
            Message::Tidied(result) => self.receive_trash_result(result),
            Message::Baseline(workspace, found) => self.receive_baseline(&workspace, found),
            Message::Trash(changed, trash) => self.receive_trash(changed, trash),
            Message::Picture(Ok(image)) => self.edit_canvas(|pad| pad.paste(image, None)),
        }
    }

    /// Adds a notice about how the run ended, if the curves do not show it.
    pub(super) fn tell_end(&mut self) {
        let own = self.library.own().map(|run| &run.state.status);
        let Some(Status::Finished(finish)) = own else {
            return;
        };
        match finish.clone() {
            Finish::Completed | Finish::EarlyStopped | Finish::Stopped => {}
            Finish::Diverged { step } => self.notify_error(format!(
                "Training diverged at step {step}: the loss became NaN. The last finite weights \
                 are kept; try a smaller learning rate"
            )),
            Finish::Failed { message } => self.notify_error(message),
        }
    }

    pub(super) fn receive_run_news(&mut self, news: WatchNews) {
        let was_listed = self.library.is_listed;
        if let Some(watch) = &self.watch
            && let Some(problem) = self.library.receive(news, watch)
        {
            self.notify_error(problem);
        }
        if self.library.is_listed && !was_listed {
            self.recall_baseline();
        }
    }

    /// Requests a prediction for the drawing; there is none without a drawing or a model.
    pub(super) fn ask(&mut self) {
        self.ask_predictions();
        let Some(classifier) = self.classifier().cloned() else {
            return;
        };
        if self.pad.is_empty() {
            self.answer = None;
            return;
        }
        if let Some(predictor) = &self.background.predictor {
            predictor.ask(Request {
                version: self.pad.version(),
                sketch: self.pad.image().clone(),
                classifier,
            });
        }
    }

    pub(super) fn take_answer(&mut self) {
        let answer = self
            .background
            .predictor
            .as_ref()
            .and_then(|p| p.take_answer());
        match answer.map(|a| a.prediction) {
            // A prediction for an older sketch is still the newest available, unless the canvas
            // was cleared meanwhile.
            Some(prediction) if !self.pad.is_empty() => self.answer = prediction.transpose(),
            _ => {}
        }
    }
}
