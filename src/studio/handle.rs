//! Applies actions: the only place where a front end changes the studio.

use rand::RngCore;

use super::action::Action;
use super::background::Origin;
use super::lr_finder::LrFinder;
use super::{Model, Studio};
use crate::data::{read_image_bytes, read_image_file};
use crate::random::{Stream, rng};
use crate::train::{Control, FieldError, Job, TrainConfig};

/// Why a run was not started.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The dataset is missing, or another run is live.
    NotNow,
    /// The configuration does not fit the dataset.
    Wrong(Vec<FieldError>),
    /// The system cannot start a thread.
    NoThread(String),
}

impl Studio {
    /// Applies an action, or adds a notice that explains why not. Never blocks on files, training
    /// or prediction: those run on other threads.
    pub fn handle(&mut self, action: Action) {
        match action {
            Action::SetDraft(draft) => self.set_draft(*draft),
            Action::UndoEdit => self.undo_edit(),
            Action::RedoEdit => self.redo_edit(),
            Action::ChoosePreset(name) => self.choose_preset(name),
            Action::NewSeed => self.new_seed(),
            Action::Train => self.train(Control::default()),
            Action::Pause => self.steer(Control::pause),
            Action::Resume => self.steer(Control::resume),
            Action::Step => self.step(),
            Action::Stop => {
                // After a stop, the next queued run must not start by itself.
                self.clear_queue();
                self.steer(Control::stop);
            }
            Action::Recover(recovery) => self.recover(recovery),
            Action::Continue(id, n_more) => self.continue_run(&id, n_more),
            Action::Branch => self.branch(),
            Action::OpenTimeline(id) => self.open_timeline(&id),
            Action::CloseTimeline => self.close_timeline(),
            Action::Inspect => self.inspect(),
            Action::WatchLayers(is_on) => self.watch_layers(is_on),
            Action::CloseInspection => self.inspection = None,
            Action::FindLr => self.find_lr(),
            Action::UseLr(rate) => self.use_lr(rate),
            Action::CloseLrFinder => self.lr_finder = LrFinder::Closed,
            Action::ShowStep(step) => self.show_step(step),
            Action::ShowNextSnapshot => self.move_along_timeline(true),
            Action::ShowPreviousSnapshot => self.move_along_timeline(false),
            Action::SetTimelineBudget(bytes) => self.background.timeline().set_budget(bytes),
            Action::ShowRun(id, is_visible) => {
                self.library.show(&id, is_visible, self.watch.as_ref());
            }
            Action::SetFilter(text) => self.library.set_filter(text),
            Action::Select(ids) => self.library.select(ids),
            Action::UseSettings(id) => self.use_settings(&id),
            Action::Ask(question) => self.compare(question),
            Action::QueueRuns(configs) => self.enqueue(configs),
            Action::ClearQueue => self.clear_queue(),
            Action::ExportRuns(format, path) => self.export(format, path),
            Action::TestImage(idx) => self.test_image(idx),
            Action::OpenData(dir) => self.open_data(dir),
            Action::UseMnist => self.use_mnist(),
            Action::SaveModel(path) => self.save_model(path),
            Action::SaveDiagram(path) => self.save_diagram(path),
            Action::SaveCurves(path, view) => self.save_curves(path, &view),
            Action::OpenModel(path) => self.open_model(path),
            Action::UseTrainedModel => self.use_trained_model(),
            Action::OpenImage(path) => self.open_picture(path.display().to_string(), move || {
                read_image_file(&path).map_err(|e| e.to_string())
            }),
            Action::OpenImageBytes(bytes, origin) => self.open_picture(origin.clone(), move || {
                read_image_bytes(&bytes, &origin).map_err(|e| e.to_string())
            }),
            Action::RandomTestImage => self.random_test_image(),
            Action::Sweep(action) => self.handle_sweep(action),
            Action::DismissNotice(idx) => {
                if idx < self.notices.len() {
                    self.notices.remove(idx);
                }
            }
            Action::SetBaseline(_)
            | Action::SetNotes(..)
            | Action::DeleteRuns(_)
            | Action::RestoreRuns(_)
            | Action::EmptyTrash
            | Action::RefreshTrash
            | Action::OpenWorkspace(_) => self.handle_shelf(action),
            canvas => {
                self.handle_canvas(canvas);
                self.ask();
            }
        }
    }

    /// Starts a run with the settings of the panel, unless the dataset is missing, the settings are
    /// invalid or another run is live.
    fn train(&mut self, control: Control) {
        match self.begin(self.draft.clone(), control) {
            Ok(()) => self.is_from_queue = false,
            Err(Refusal::Wrong(errors)) => self.errors = errors,
            Err(Refusal::NotNow) => {}
            Err(Refusal::NoThread(text)) => self.notify_error(text),
        }
    }

    /// Starts a run with `config`.
    pub(super) fn begin(&mut self, config: TrainConfig, control: Control) -> Result<(), Refusal> {
        let Some(dataset) = self.dataset().cloned() else {
            return Err(Refusal::NotNow);
        };
        if self.live_run().is_some() {
            return Err(Refusal::NotNow);
        }
        let job = Job::new(config.clone(), dataset).map_err(Refusal::Wrong)?;
        self.launch(
            Studio::watched(job),
            config,
            control,
            Origin::default(),
            None,
        )
    }

    fn step(&mut self) {
        if self.live_run().is_some() {
            self.steer(Control::step);
        } else {
            // Set before the run begins, so that it takes effect from the first batch.
            let control = Control::default();
            control.step();
            self.train(control);
        }
    }

    fn steer(&self, command: fn(&Control)) {
        if let Some(trainer) = self.background.trainer() {
            command(trainer.control());
        }
    }

    pub(super) fn use_trained_model(&mut self) {
        self.model = self.trained.clone().map_or(Model::None, Model::Trained);
        self.answer = None;
        self.ask();
    }

    /// A different number each time, for random choices that are not part of a run.
    pub(super) fn pick(&mut self) -> u64 {
        self.n_picks += 1;
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as u64);
        rng(now, Stream::Pick, self.n_picks, 0).next_u64()
    }
}
