//! What of an evaluation can be saved as a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::Evaluation;
use crate::export::write_predictions;
use crate::files::write_atomically;
use crate::picture::{LIGHT, class_curves, confusion_matrix, reliability_diagram};
use crate::report::{Subject, html};
use crate::runs::{Record, RunFolder, RunState};
use crate::studio::Studio;
use crate::studio::canvas::Model;
use crate::studio::message::Message;

/// Something to save of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The predictions, one row per image, as CSV or JSON lines.
    Predictions,
    /// The confusion matrix, as SVG or PNG.
    Confusion,
    /// The reliability diagram, as SVG or PNG.
    Reliability,
    /// ROC and precision–recall curves, as SVG or PNG.
    ClassCurves,
    /// A report as one HTML page.
    Report {
        /// Whether it shows images of the data.
        with_images: bool,
    },
}

impl Saved {
    /// All of them.
    pub const ALL: [Saved; 6] = [
        Saved::Predictions,
        Saved::Confusion,
        Saved::Reliability,
        Saved::ClassCurves,
        Saved::Report { with_images: true },
        Saved::Report { with_images: false },
    ];
}

/// A run, as a report shows it.
struct ReportRun {
    record: Record,
    state: RunState,
    folder: Option<PathBuf>,
}

impl Studio {
    /// Saves something of the newest evaluation on the file thread.
    pub(super) fn save_evaluation(&mut self, saved: Saved, path: PathBuf) {
        let (Some(evaluation), Some(name)) =
            (self.evaluator().newest().cloned(), self.model_name())
        else {
            return;
        };
        let run = self.report_run();
        self.files
            .run(format!("saving {}", path.display()), move || {
                let result = match saved {
                    Saved::Report { with_images } => {
                        write_report(&path, &name, &evaluation, run, with_images)
                    }
                    _ => write(&path, &evaluation, saved),
                };
                Message::Saved(path, result)
            });
    }

    /// The run that the model on the canvas is from.
    fn report_run(&self) -> Option<ReportRun> {
        let id = match self.model() {
            Model::None | Model::Opened { .. } => return None,
            Model::Snapshot { .. } => self.timeline_run_id()?,
            Model::Trained(_) => &self.trained_run()?.id,
        };
        let run = self.run(id)?;
        Some(ReportRun {
            record: run.record.clone(),
            state: run.state.clone(),
            folder: self.library.workspace.folder_of(id),
        })
    }
}

fn write(path: &Path, evaluation: &Evaluation, saved: Saved) -> Result<(), String> {
    let classes = &evaluation.classifier.classes;
    let report = &evaluation.report;
    let picture = match saved {
        Saved::Predictions => {
            let written = write_predictions(path, &evaluation.predictions, classes);
            return written.map_err(|error| error.to_string());
        }
        Saved::Confusion => confusion_matrix(&report.confusion, classes, &LIGHT),
        Saved::ClassCurves => class_curves(&evaluation.predictions, classes, &LIGHT),
        Saved::Reliability | Saved::Report { .. } => {
            reliability_diagram(&report.calibration, &LIGHT)
        }
    };
    picture.write(path).map_err(|error| error.to_string())
}

fn write_report(
    path: &Path,
    name: &str,
    evaluation: &Arc<Evaluation>,
    run: Option<ReportRun>,
    with_images: bool,
) -> Result<(), String> {
    let run = run.map(|run| {
        // In memory are the points of shown curves only.
        let read = run
            .folder
            .and_then(|folder| RunFolder::open(&folder).ok()?.replay().ok());
        (run.record, read.unwrap_or(run.state))
    });
    let page = html(&Subject {
        name,
        classifier: &evaluation.classifier,
        dataset: &evaluation.dataset,
        split: evaluation.split,
        set: &evaluation.set,
        predictions: &evaluation.predictions,
        run: run.as_ref().map(|(record, state)| (record, state)),
        with_images,
    });
    write_atomically(path, page.as_bytes()).map_err(|error| error.to_string())
}
