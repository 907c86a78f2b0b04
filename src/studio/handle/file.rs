//! Reading and writing files on request: datasets, models, images. All of it runs on the file
//! thread.

use std::path::PathBuf;

use crate::data::Dataset;
use crate::import::{self, ImportError, NetworkHint};
use crate::picture::{self, Curve, CurvesView, Picture, diagram};
use crate::studio::Studio;
use crate::studio::action::FileAction;
use crate::studio::message::Message;

/// Width of a saved drawing, in points.
const DIAGRAM_WIDTH: f32 = 440.0;

/// Width and height of saved curves, in points.
const CURVES_SIZE: [f32; 2] = [1000.0, 700.0];

impl Studio {
    pub(super) fn handle_file(&mut self, action: FileAction) {
        match action {
            FileAction::OpenData(dir) => self.open_data(dir),
            FileAction::UseMnist => self.use_mnist(),
            FileAction::OpenModel(path) => self.open_model(path),
            FileAction::SaveModel(path) => self.save_model(path),
            FileAction::SaveDiagram(path) => self.save_diagram(path),
            FileAction::SaveCurves(path, view) => self.save_curves(path, &view),
            FileAction::CopyCurves(view) => {
                let drawn = self.curves_picture(&view);
                self.files.run("copying the curves".to_owned(), move || {
                    Message::CurvesCopied(drawn.pixels().map_err(|e| e.to_string()))
                });
            }
        }
    }

    fn use_mnist(&mut self) {
        self.load_data("MNIST".to_owned(), None, || {
            Dataset::mnist().map_err(|e| e.to_string())
        });
    }

    pub(in crate::studio) fn open_data(&mut self, dir: PathBuf) {
        let name = dir.display().to_string();
        self.load_data(name, Some(dir.clone()), move || {
            Dataset::open(&dir).map_err(|e| e.to_string())
        });
    }

    pub(in crate::studio) fn load_data(
        &mut self,
        name: String,
        folder: Option<PathBuf>,
        read: impl FnOnce() -> Result<Dataset, String> + Send + 'static,
    ) {
        let activity = format!("reading {name}");
        self.data.load(name);
        self.files.run(activity, || Message::Data(folder, read()));
    }

    fn save_model(&mut self, path: PathBuf) {
        let Some(classifier) = self.classifier().cloned() else {
            let text = "There is no model to save yet: train one first";
            return self.notices.error(text.to_owned());
        };
        self.files
            .run(format!("saving {}", path.display()), move || {
                let result = classifier.save(&path).map_err(|e| format!("{e:#}"));
                Message::Saved(path, result)
            });
    }

    fn save_diagram(&mut self, path: PathBuf) {
        // In print colors.
        let drawn = diagram(&self.draft().model, DIAGRAM_WIDTH, &picture::LIGHT);
        self.save_picture(path, drawn.picture);
    }

    fn save_curves(&mut self, path: PathBuf, view: &CurvesView) {
        let drawn = self.curves_picture(view);
        self.save_picture(path, drawn);
    }

    /// Draws the curves of all visible runs in print colors.
    fn curves_picture(&self, view: &CurvesView) -> Picture {
        let visible = self.runs().iter().filter(|run| run.is_visible);
        let curves: Vec<Curve<'_>> = visible
            .map(|run| Curve {
                record: &run.record,
                run: &run.state,
            })
            .collect();
        let baseline = self.baseline().map(|run| &run.state);
        let baseline = baseline.filter(|state| !state.points.is_empty());
        picture::curves(&curves, baseline, view, CURVES_SIZE, &picture::LIGHT)
    }

    fn save_picture(&mut self, path: PathBuf, picture: Picture) {
        self.files
            .run(format!("saving {}", path.display()), move || {
                let result = picture.write(&path).map_err(|e| e.to_string());
                Message::Saved(path, result)
            });
    }

    fn open_model(&mut self, path: PathBuf) {
        let hint = NetworkHint::Perhaps(self.draft().model.clone());
        self.files
            .run(format!("opening {}", path.display()), move || {
                let result = import::open(&path, &hint).map_err(in_window_words);
                Message::Opened(path, result)
            });
    }
}

/// The error, with what can be done about it in the window.
fn in_window_words(error: ImportError) -> String {
    match error {
        ImportError::NoLayers { .. } => format!(
            "{error}; choose their preset, or build their layers in the editor, and open the file again"
        ),
        other => other.to_string(),
    }
}
