//! The progress of a run on the terminal, or as JSON lines.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::out;
use crate::runs::Recorder;
use crate::text;
use crate::train::{
    Checkpoint, Control, Divergence, EpochPoint, Event, Finish, Job, Metrics, Observer,
};

/// Shows a run on the terminal and passes it to the recorder.
pub(super) struct Progress<'a> {
    control: &'a Control,
    is_json: bool,
    /// Whether the run is recorded or saved, so that it is worth training without a reader.
    is_kept: bool,
    n_epochs: usize,
    /// On standard error; invisible if that is not a terminal.
    bar: ProgressBar,
    pub(super) recorder: Option<Recorder>,
    /// Why standard output cannot be written to any more.
    pub(super) print_error: Option<anyhow::Error>,
    /// A divergence without a recovery yet.
    pub(super) divergence: Option<Divergence>,
    /// Why the run failed.
    pub(super) failure: Option<String>,
    /// The best epoch, if its weights were restored at the end.
    pub(super) restored: Option<usize>,
}

/// A finished epoch as JSON.
#[derive(Serialize)]
struct EpochLine {
    event: &'static str,
    epoch: usize,
    train_loss: f64,
    train_accuracy: f64,
    val_loss: Option<f64>,
    val_accuracy: Option<f64>,
    #[serde(flatten)]
    sketches: Option<SketchKeys>,
    /// ε spent so far, if training is private.
    #[serde(skip_serializing_if = "Option::is_none")]
    epsilon: Option<f64>,
    epoch_seconds: f64,
}

/// What is there only if there are sketches.
#[derive(Serialize)]
struct SketchKeys {
    n_sketches: usize,
    sketch_loss: f64,
    sketch_accuracy: f64,
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
            print_error: None,
            divergence: None,
            failure: None,
            restored: None,
        }
    }

    /// Prepares for `job`: a resumed run sends no `Started` event.
    pub(super) fn expect(&mut self, job: &Job) {
        self.n_epochs = job.config().epochs;
        let n_images = job.split().train.len() * self.n_epochs;
        self.bar.set_length(n_images as u64);
    }

    /// Records an event of the run's past.
    pub(super) fn record(&mut self, event: &Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print(&mut self, line: &str) {
        if self.print_error.is_some() {
            return;
        }
        let Err(error) = self.bar.suspend(|| out::print(line)) else {
            return;
        };
        if !self.is_kept {
            // The result would be lost.
            self.control.stop();
        }
        self.print_error = Some(error);
    }

    /// Prints a value as one line of JSON.
    pub(super) fn print_json(&mut self, value: &impl Serialize) {
        // Our own lines have string keys and plain values: they always have a JSON form.
        self.print(&out::json_line(value).unwrap_or_default());
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
                sketches: point.sketches.map(|s| SketchKeys {
                    n_sketches: s.n,
                    sketch_loss: s.metrics.loss,
                    sketch_accuracy: s.metrics.accuracy,
                }),
                epsilon: point.epsilon,
                epoch_seconds: point.epoch_secs,
            });
        }
        let validation = point
            .validation
            .map(|v| format!("  validation {}", metrics(&v)))
            .unwrap_or_default();
        let sketches = point
            .sketches
            .map(|s| {
                let share = text::percent_exact(s.metrics.accuracy);
                format!("  {share} of {}", text::count(s.n, "sketch"))
            })
            .unwrap_or_default();
        let privacy = point.epsilon.map(|e| format!("  ε {e:.2}"));
        let privacy = privacy.unwrap_or_default();
        self.print(&format!(
            "epoch {}/{}  training {}{validation}{sketches}{privacy}  {:.1} s",
            point.epoch,
            self.n_epochs,
            metrics(&point.train),
            point.epoch_secs
        ));
    }

    /// Writes a line to standard error, above the bar.
    fn eprint(&self, line: &str) {
        self.bar.suspend(|| out::eprint(line));
    }

    /// Prints the divergence and its recovery.
    fn print_recovery(&mut self, recovery: &str) {
        if let Some(divergence) = self.divergence.take() {
            self.eprint(&format!("warning: {}; {recovery}", describe(&divergence)));
        }
    }

    /// Prints problems of the recorder at once: a full disk should not go unnoticed until the end.
    fn report_news(&mut self) {
        while let Some(news) = self.recorder.as_mut().and_then(Recorder::news) {
            self.eprint(&format!("warning: {news}"));
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
        self.report_news();
        match event {
            Event::Steps { points } => {
                if let Some(last) = points.last() {
                    let speed = last.images as f64 / last.secs;
                    self.bar.set_message(format!(
                        "loss {:.4}  {} images/s",
                        last.loss,
                        text::thousands(speed as u64)
                    ));
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
                self.print_recovery(&format!("rolled back to update {step}"));
            }
            Event::Skipped { n_images, .. } => {
                self.print_recovery(&format!(
                    "skipped the batch of {}",
                    text::count(*n_images, "image")
                ));
            }
            Event::Changed {
                setting, old, new, ..
            } => self.eprint(&format!("{} is now {new}, was {old}", setting.label())),
            Event::Started { .. }
            | Event::Branched { .. }
            | Event::Layers { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. } => {}
            Event::Restored { epoch } => {
                self.restored = Some(*epoch);
                if !self.is_json {
                    self.print(&format!("restored the weights of epoch {epoch}, the best"));
                }
            }
        }
    }
}

/// Describes a divergence in one sentence without a full stop.
pub(super) fn describe(divergence: &Divergence) -> String {
    let mut text = format!(
        "{}; {}",
        divergence.describe(),
        divergence.origin.describe()
    );
    if let Some(worst) = divergence.worst.first() {
        text += &format!(
            "; its worst image is training image {}, label {}",
            worst.index, worst.label
        );
        text += &match worst.predicted {
            Some(class) => format!(", predicted {class}"),
            None => ", with output NaN or infinite".to_owned(),
        };
    }
    text
}

pub(super) fn metrics(m: &Metrics) -> String {
    format!(
        "loss {:.4} accuracy {}",
        m.loss,
        text::percent_exact(m.accuracy)
    )
}

fn style() -> ProgressStyle {
    let template = "{bar:30} {percent:>3} %  {eta} left  {msg}";
    // An invalid template would only cost the layout.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
