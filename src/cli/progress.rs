//! What a person, or a program, sees of a run while it happens.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{out, percent};
use crate::runs::Recorder;
use crate::train::{
    Checkpoint, Control, Divergence, EpochPoint, Event, Finish, Job, Metrics, Observer,
};

/// Shows a run on the terminal and hands it to the recorder.
pub(super) struct Progress<'a> {
    control: &'a Control,
    is_json: bool,
    /// Whether something of the run stays when nobody reads its output.
    is_kept: bool,
    n_epochs: usize,
    /// On standard error, and invisible where that is no terminal.
    bar: ProgressBar,
    pub(super) recorder: Option<Recorder>,
    is_problem_told: bool,
    /// Why standard output no longer takes anything.
    pub(super) deaf: Option<anyhow::Error>,
    /// The loss that could not be trusted and nothing was done about yet.
    pub(super) divergence: Option<Divergence>,
    /// What broke the run.
    pub(super) failure: Option<String>,
}

/// A finished epoch, for programs.
#[derive(Serialize)]
struct EpochLine {
    event: &'static str,
    epoch: usize,
    train_loss: f64,
    train_accuracy: f64,
    val_loss: Option<f64>,
    val_accuracy: Option<f64>,
    epoch_seconds: f64,
}

impl<'a> Progress<'a> {
    pub(super) fn new(
        control: &'a Control,
        is_json: bool,
        is_kept: bool,
        recorder: Option<Recorder>,
    ) -> Progress<'a> {
        Progress {
            control,
            is_json,
            is_kept,
            n_epochs: 0,
            bar: ProgressBar::new(0).with_style(style()),
            recorder,
            is_problem_told: false,
            deaf: None,
            divergence: None,
            failure: None,
        }
    }

    /// Gets ready for `job`: one that goes on after an interruption does not start again.
    pub(super) fn expect(&mut self, job: &Job) {
        self.n_epochs = job.config().epochs;
        let n_images = job.split().train.len() * self.n_epochs;
        self.bar.set_length(n_images as u64);
    }

    /// Puts something down that happened before.
    pub(super) fn record(&mut self, event: &Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&mut self, line: &str) {
        if self.deaf.is_some() {
            return;
        }
        let Err(error) = self.bar.suspend(|| out::print(line)) else {
            return;
        };
        if !self.is_kept {
            // Nobody would ever know the result.
            self.control.stop();
        }
        self.deaf = Some(error);
    }

    /// Prints a value as one line of JSON.
    pub(super) fn print_json(&mut self, value: &impl Serialize) {
        // Our own lines have string keys and plain values: they always have a JSON form.
        self.print(&serde_json::to_string(value).unwrap_or_default());
    }

    fn epoch_done(&mut self, point: &EpochPoint) {
        if self.is_json {
            return self.print_json(&EpochLine {
                event: "epoch",
                epoch: point.epoch,
                train_loss: point.train.loss,
                train_accuracy: point.train.accuracy,
                val_loss: point.validation.map(|v| v.loss),
                val_accuracy: point.validation.map(|v| v.accuracy),
                epoch_seconds: point.epoch_secs,
            });
        }
        let validation = point
            .validation
            .map(|v| format!("  validation {}", metrics(&v)))
            .unwrap_or_default();
        self.print(&format!(
            "epoch {}/{}  training {}{validation}  {:.1} s",
            point.epoch,
            self.n_epochs,
            metrics(&point.train),
            point.epoch_secs
        ));
    }

    /// Writes a line to standard error, above the bar.
    fn say(&self, line: &str) {
        self.bar.suspend(|| out::say(line));
    }

    /// Says what was wrong, and what was done about it.
    fn print_recovery(&mut self, recovery: &str) {
        if let Some(divergence) = self.divergence.take() {
            self.say(&format!("warning: {}; {recovery}", describe(&divergence)));
        }
    }

    /// A disk that fills up at night should be known in the evening's output.
    fn tell_problem(&mut self) {
        if let Some(problem) = self.recorder.as_ref().and_then(Recorder::checkpoint_news) {
            self.say(&format!("warning: a full state was not kept: {problem}"));
        }
        let problem = self.recorder.as_ref().and_then(Recorder::problem);
        if let Some(problem) = problem
            && !self.is_problem_told
        {
            self.bar.suspend(|| {
                out::say(&format!(
                    "warning: the run is no longer recorded: {problem}"
                ));
            });
            self.is_problem_told = true;
        }
    }
}

impl Observer for Progress<'_> {
    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if let Some(recorder) = &mut self.recorder {
            recorder.checkpoint(checkpoint);
        }
    }

    fn event(&mut self, event: &Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
        self.tell_problem();
        match event {
            Event::Steps { points } => {
                if let Some(last) = points.last() {
                    let speed = last.images as f64 / last.secs;
                    self.bar
                        .set_message(format!("loss {:.4}  {speed:.0} images/s", last.loss));
                    self.bar.set_position(last.images);
                }
            }
            Event::EpochDone { point } => self.epoch_done(point),
            Event::Finished { finish, .. } => {
                self.bar.finish_and_clear();
                if let Finish::Failed { message } = finish {
                    self.failure = Some(message.clone());
                }
            }
            Event::Diverged { divergence } => self.divergence = Some((**divergence).clone()),
            Event::RolledBack { step, .. } => {
                self.print_recovery(&format!("went back to update {step}"));
            }
            Event::Skipped { n_images, .. } => {
                self.print_recovery(&format!("left out the batch of {n_images} images"));
            }
            Event::Changed {
                setting, old, new, ..
            } => self.say(&format!("{} is now {new}, was {old}", setting.label())),
            Event::Started { .. }
            | Event::Branched { .. }
            | Event::Layers { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Saved { .. } => {}
            Event::Restored { epoch } if !self.is_json => self.print(&format!(
                "the weights of epoch {epoch} were the best, and are kept"
            )),
            Event::Restored { .. } => {}
        }
    }
}

/// What was wrong with a loss, in one sentence without its end.
pub(super) fn describe(divergence: &Divergence) -> String {
    let mut text = format!(
        "{}; {}",
        divergence.describe(),
        divergence.origin.describe()
    );
    if let Some(worst) = divergence.worst.first() {
        text += &format!(
            "; worst is training image {}, a {}",
            worst.index, worst.label
        );
        text += &match worst.predicted {
            Some(class) => format!(" taken for a {class}"),
            None => ", for which the output is not finite".to_owned(),
        };
    }
    text
}

pub(super) fn metrics(m: &Metrics) -> String {
    format!("loss {:.4} accuracy {}", m.loss, percent(m.accuracy))
}

fn style() -> ProgressStyle {
    let template = "{bar:30} {percent:>3} %  {eta} left  {msg}";
    // A template that cannot be read would only cost the layout.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
