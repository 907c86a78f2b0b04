//! The eframe application: applies messages from the threads, draws, and runs commands.

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::{Context, Ui};

use super::attention::Attention;
use super::clipboard;
use super::command::{Command, CommandEffect, HelpCommand};
use super::dialogs::Dialogs;
use super::drop;
use super::help::{Help, tour};
use super::hover::Hover;
use super::layout::Panels;
use super::options::Options;
use super::pace::Pace;
use super::palette::Palette;
use super::panels::classified::ClassifiedPanel;
use super::panels::sketches::SketchesPanel;
use super::panels::{PanelContext, PanelOutput, lr_finder};
use super::place::{DataView, Place, TrainView};
use super::session::SessionFile;
use super::settings::Settings;
use super::shortcuts::{self, OpenWindow, When};
use super::side;
use super::theme;
use crate::runs::RunId;
use crate::studio::{Action, FileAction, LibraryAction, LrFinder, RunAction, Studio, Wake};

/// The app with its window.
pub struct StudioApp {
    studio: Studio,
    session: Option<SessionFile>,
    pace: Pace,
    settings: Settings,
    hover: Hover,
    panels: Panels,
    dialogs: Dialogs,
    palette: Palette,
    help: Help,
    attention: Attention,
    classified: ClassifiedPanel,
    /// The import that was shown in the last frame.
    import: Option<PathBuf>,
    sketches: SketchesPanel,
    /// Commands that wait until the text field hands over its text.
    waiting: Vec<Command>,
}

/// The key under which eframe stores [`Settings`].
const SETTINGS_KEY: &str = "settings";

/// Time that a frame may spend on messages from the threads.
const PUMP_BUDGET: Duration = Duration::from_millis(4);

impl StudioApp {
    /// Creates an app that starts loading its data.
    ///
    /// # Errors
    /// If the system cannot start threads.
    pub fn new(cc: &eframe::CreationContext<'_>, options: Options) -> std::io::Result<StudioApp> {
        let (workspace, problem) = options.choose_workspace(&kept_settings(cc));
        let file = options.session.map(SessionFile::new);
        let session = file.as_ref().map(SessionFile::read).unwrap_or_default();
        let pace = Pace::default();
        let mut studio = Studio::restored(workspace, session, pace.wake(&cc.egui_ctx))?;
        problem
            .into_iter()
            .for_each(|text| studio.notify_error(text));
        Ok(StudioApp {
            session: file,
            pace,
            ..StudioApp::with_studio(cc, studio)
        })
    }

    /// Creates an app around an existing studio.
    pub fn with_studio(cc: &eframe::CreationContext<'_>, studio: Studio) -> StudioApp {
        theme::install(&cc.egui_ctx);
        let settings = kept_settings(cc);
        if cc.storage.is_some() {
            cc.egui_ctx.set_theme(settings.theme.preference());
        }
        StudioApp {
            studio,
            session: None,
            pace: Pace::default(),
            settings,
            hover: Hover::default(),
            panels: Panels::default(),
            dialogs: Dialogs::default(),
            palette: Palette::default(),
            help: Help::default(),
            attention: Attention::default(),
            classified: ClassifiedPanel::default(),
            import: None,
            sketches: SketchesPanel::default(),
            waiting: Vec::new(),
        }
    }

    /// Returns what the threads of a studio call, for [`StudioApp::with_studio`].
    pub fn wake(ctx: &Context) -> Wake {
        Pace::default().wake(ctx)
    }

    /// The state behind the window.
    pub fn studio(&self) -> &Studio {
        &self.studio
    }

    /// The run under the pointer, in any view.
    pub fn hovered_run(&self) -> Option<&RunId> {
        self.hover.run()
    }

    /// Applies an action.
    pub fn act(&mut self, action: impl Into<Action>) {
        let action = action.into();
        let opens_workspace = matches!(action, Action::Library(LibraryAction::OpenWorkspace(_)));
        self.studio.handle(action);
        if opens_workspace {
            self.settings.workspace = self.studio.workspace().map(Path::to_owned);
        }
    }

    /// Applies what was requested during the frame.
    fn apply(&mut self, ctx: &Context, mut output: PanelOutput) {
        // Typed text is applied before any other request of the same frame.
        output.actions.sort_by_key(|action| !action.is_edit());
        for action in output.actions {
            if self.studio.would_change(&action) {
                self.act(action);
                ctx.request_repaint();
            }
        }
        if !output.commands.is_empty() && shortcuts::leave_text_field(ctx) {
            self.waiting = output.commands;
            ctx.request_repaint();
            return self.open_folders(output.folders);
        }
        for command in output.commands {
            if let Some(effect) = command.effect(&self.studio) {
                self.carry_out(ctx, effect);
            }
            ctx.request_repaint();
        }
        self.open_folders(output.folders);
    }

    fn carry_out(&mut self, ctx: &Context, effect: CommandEffect) {
        match effect {
            CommandEffect::Act(action) => {
                if matches!(action, Action::Run(RunAction::Inspect)) {
                    self.show_train(TrainView::LookInside);
                }
                self.studio.handle(action);
            }
            CommandEffect::AskPath(purpose) => {
                let folder = self.settings.folder.as_deref();
                self.dialogs.ask(purpose, &self.studio, folder);
            }
            CommandEffect::ToggleLogLoss => self.settings.is_loss_log ^= true,
            CommandEffect::ToggleLogHorizontal => self.settings.is_x_log ^= true,
            CommandEffect::ShowWholeCurves => self.panels.train.curves.show_whole(),
            CommandEffect::ShowPlace(place) => self.settings.place = place,
            CommandEffect::ShowTrainView(view) => self.show_train(view),
            CommandEffect::ShowDataView(view) => self.settings.show_data(view),
            CommandEffect::ShowEvaluateView(view) => self.settings.show_evaluate(view),
            CommandEffect::ShowExplainView(view) => self.settings.show_explain(view),
            CommandEffect::ToggleFold(side) => {
                let place = self.settings.place;
                if self.panels.has(side, place) {
                    let width = ctx.content_rect().width();
                    side::toggle(&mut self.settings.folds, side, place, width);
                }
            }
            CommandEffect::CompareRuns(filter) => {
                self.studio.handle(LibraryAction::SetFilter(filter));
                self.settings.place = Place::Compare;
            }
            CommandEffect::CopyTable => {
                ctx.copy_text(self.panels.compare.table_text(&self.studio));
            }
            CommandEffect::CopyCurves => {
                let view = Box::new(self.settings.curves_view());
                self.studio.handle(FileAction::CopyCurves(view));
            }
            CommandEffect::SetTheme(choice) => {
                self.settings.theme = choice;
                ctx.set_theme(choice.preference());
            }
            CommandEffect::Zoom(zoom) => zoom(ctx),
            CommandEffect::CopySketch => {
                ctx.copy_image(clipboard::sketch(self.studio.pad().image()))
            }
            CommandEffect::ShowSketches => self.sketches.open(),
            CommandEffect::TogglePalette => self.palette.toggle(),
            CommandEffect::ShowHelp(page) => self.help.show(page),
            CommandEffect::StartTour => {
                self.show_train(TrainView::Curves);
                self.help.tour.start();
            }
        }
    }

    /// Offers the tour once, where no run was ever trained. An app whose session is not stored could
    /// not remember the answer.
    fn offer_tour(&mut self, ctx: &Context, commands: &mut Vec<Command>) {
        let is_new = self.studio.runs().is_empty() && !self.studio.is_reading_runs();
        if self.session.is_none()
            || self.settings.is_tour_offered
            || self.help.tour.is_on()
            || !is_new
        {
            return;
        }
        if let Some(is_taken) = tour::offer_ui(ctx) {
            self.settings.is_tour_offered = true;
            commands.extend(is_taken.then_some(Command::from(HelpCommand::Tour)));
        }
    }

    /// Opens files as if they were dropped on the window.
    pub fn open(&mut self, files: &[PathBuf]) {
        match drop::opened(files.to_vec(), false) {
            Some(Ok(action)) => self.studio.handle(action),
            Some(Err(text)) => self.studio.notify_error(text),
            None => {}
        }
    }

    /// Whether pictures that are dropped become examples of a new class.
    fn collects(&self) -> bool {
        let is_shown =
            self.settings.place == Place::Data && self.settings.data_view == DataView::Teach;
        is_shown && self.studio.teach().chosen().is_some()
    }

    /// Opens what was dropped, or says why not.
    fn take_drop(&mut self, ctx: &Context, output: &mut PanelOutput) {
        match drop::dropped(ctx, self.collects()) {
            Some(Ok(action)) => output.actions.push(action),
            Some(Err(text)) => {
                self.studio.notify_error(text);
                ctx.request_repaint();
            }
            None => {}
        }
    }

    /// Shows Data when an import begins, wherever it was asked for.
    fn show_import(&mut self) {
        let path = self.studio.datasets().form().map(|form| &form.path);
        if path != self.import.as_ref() {
            self.import = path.cloned();
            if self.import.is_some() {
                self.settings.place = Place::Data;
            }
        }
    }

    fn show_train(&mut self, view: TrainView) {
        self.settings.place = Place::Train;
        self.settings.train_view = view;
    }

    fn open_folders(&self, folders: Vec<PathBuf>) {
        for folder in folders {
            // There is no better way to report a failure: the path is in the menu's tooltip.
            let _ = open::that_detached(folder);
        }
    }

    /// What is open over the panels.
    fn open_window(&self) -> OpenWindow {
        if self.dialogs.is_open() {
            OpenWindow::Dialog
        } else if self.palette.is_open()
            || self.help.is_open()
            || !self.studio.classified().is_empty()
            || self.sketches.is_open()
            || *self.studio.lr_finder() != LrFinder::Closed
        {
            OpenWindow::Other
        } else {
            OpenWindow::None
        }
    }
}

impl eframe::App for StudioApp {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        self.pace.update(ctx, frame.info().cpu_usage);
        self.studio.pump(PUMP_BUDGET);
        self.attention.update(ctx, &self.studio);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let mut output = PanelOutput {
            commands: std::mem::take(&mut self.waiting),
            ..PanelOutput::default()
        };
        if let Some(pixels) = self.studio.take_copied() {
            ui.copy_image(clipboard::picture(&pixels));
        }
        let open = self.open_window();
        shortcuts::pressed(ui, open, When::BeforePanels, &mut output.commands);
        self.hover.begin_frame();
        self.show_import();
        let mut cx = PanelContext {
            studio: &self.studio,
            settings: &mut self.settings,
            hover: &mut self.hover,
            output: &mut output,
        };
        self.panels.ui(ui, &mut cx);
        lr_finder::ui(ui, &mut cx);
        self.classified.ui(ui, &mut cx);
        self.sketches.ui(ui, &mut cx);
        self.help.ui(ui, &mut cx);
        shortcuts::pressed(ui, open, When::AfterPanels, &mut output.commands);
        if self.hover.is_stale() {
            ui.request_repaint();
        }
        self.offer_tour(ui, &mut output.commands);
        self.palette.ui(ui, &self.studio, &mut output.commands);
        let view = self.settings.curves_view();
        self.dialogs
            .ui(ui, &view, &mut self.settings.folder, &mut output.actions);
        self.take_drop(ui, &mut output);
        output.actions.extend(clipboard::pasted(ui));
        drop::hint_ui(ui, self.collects());
        self.apply(ui, output);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS_KEY, &self.settings);
        if let Some(file) = &mut self.session {
            file.write(self.studio.session());
        }
    }
}

/// Loads the settings of the last session.
fn kept_settings(cc: &eframe::CreationContext<'_>) -> Settings {
    let kept = cc.storage.and_then(|s| eframe::get_value(s, SETTINGS_KEY));
    kept.unwrap_or_default()
}
