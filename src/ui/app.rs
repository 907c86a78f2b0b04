//! The eframe application: applies messages from the threads, draws, and runs commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Ui};

use super::command::{Command, CommandEffect};
use super::dialogs::Dialogs;
use super::hover::Hover;
use super::layout::Panels;
use super::palette::Palette;
use super::panels::{PanelContext, PanelOutput, lr_finder};
use super::place::{Place, TrainView};
use super::settings::Settings;
use super::shortcuts::{self, OpenWindow, When};
use super::side;
use super::theme;
use crate::runs::RunId;
use crate::studio::{
    Action, CanvasAction, FileAction, LibraryAction, LrFinder, RunAction, Studio, Wake,
};

/// How to open the window.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder in which runs are saved, as given on the command line.
    pub workspace: Option<PathBuf>,
    /// The folder used if none was given and none was opened last. `None` saves no runs.
    pub default_workspace: Option<PathBuf>,
}

impl Options {
    /// The folder for runs, and a notice about it if there is one.
    fn choose_workspace(self, settings: &Settings) -> (Option<PathBuf>, Option<String>) {
        if self.workspace.is_some() {
            return (self.workspace, None);
        }
        match &settings.workspace {
            Some(last) if last.is_dir() => (Some(last.clone()), None),
            Some(last) => {
                let last = last.display();
                let text = format!("The workspace opened last, {last}, no longer exists");
                (self.default_workspace, Some(text))
            }
            None => (self.default_workspace, None),
        }
    }
}

/// The app with its window.
pub struct StudioApp {
    studio: Studio,
    settings: Settings,
    hover: Hover,
    panels: Panels,
    dialogs: Dialogs,
    palette: Palette,
    /// Commands that wait until the text field hands over its text.
    waiting: Vec<Command>,
}

/// The key under which eframe stores [`Settings`].
const SETTINGS_KEY: &str = "settings";

/// Time between two repaints while training: often enough to look smooth, at half the cost of
/// repainting at the full rate of the screen.
const FRAME: Duration = Duration::from_millis(33);

/// Time that a frame may spend on messages from the threads.
const PUMP_BUDGET: Duration = Duration::from_millis(4);

impl StudioApp {
    /// Creates an app that starts loading its data.
    ///
    /// # Errors
    /// If the system cannot start threads.
    pub fn new(cc: &eframe::CreationContext<'_>, options: Options) -> std::io::Result<StudioApp> {
        let (workspace, problem) = options.choose_workspace(&kept_settings(cc));
        let mut studio = Studio::new(workspace, StudioApp::wake(&cc.egui_ctx))?;
        problem
            .into_iter()
            .for_each(|text| studio.notify_error(text));
        Ok(StudioApp::with_studio(cc, studio))
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
            settings,
            hover: Hover::default(),
            panels: Panels::default(),
            dialogs: Dialogs::default(),
            palette: Palette::default(),
            waiting: Vec::new(),
        }
    }

    /// Returns what threads call when there is something new to show.
    pub fn wake(ctx: &Context) -> Wake {
        let ctx = ctx.clone();
        Arc::new(move || ctx.request_repaint_after(FRAME))
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
            CommandEffect::AskPath(purpose) => self.dialogs.ask(purpose, &self.studio),
            CommandEffect::ToggleLogLoss => self.settings.is_loss_log ^= true,
            CommandEffect::ToggleLogHorizontal => self.settings.is_x_log ^= true,
            CommandEffect::ShowWholeCurves => self.panels.train.curves.show_whole(),
            CommandEffect::ShowPlace(place) => self.settings.place = place,
            CommandEffect::ShowTrainView(view) => self.show_train(view),
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
            CommandEffect::SetTheme(choice) => {
                self.settings.theme = choice;
                ctx.set_theme(choice.preference());
            }
            CommandEffect::TogglePalette => self.palette.toggle(),
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
        } else if self.palette.is_open() || *self.studio.lr_finder() != LrFinder::Closed {
            OpenWindow::Other
        } else {
            OpenWindow::None
        }
    }
}

impl eframe::App for StudioApp {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        self.studio.pump(PUMP_BUDGET);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let mut output = PanelOutput {
            commands: std::mem::take(&mut self.waiting),
            ..PanelOutput::default()
        };
        let open = self.open_window();
        shortcuts::pressed(ui, open, When::BeforePanels, &mut output.commands);
        self.hover.begin_frame();
        let mut cx = PanelContext {
            studio: &self.studio,
            settings: &mut self.settings,
            hover: &mut self.hover,
            output: &mut output,
        };
        self.panels.ui(ui, &mut cx);
        lr_finder::ui(ui, &mut cx);
        shortcuts::pressed(ui, open, When::AfterPanels, &mut output.commands);
        if self.hover.is_stale() {
            ui.request_repaint();
        }
        self.palette.ui(ui, &self.studio, &mut output.commands);
        let view = self.settings.curves_view();
        self.dialogs.ui(ui, &view, &mut output.actions);
        output.actions.extend(dropped(ui));
        output.actions.extend(pasted(ui));
        drop_hint_ui(ui);
        self.apply(ui, output);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS_KEY, &self.settings);
    }
}

/// Loads the settings of the last session.
fn kept_settings(cc: &eframe::CreationContext<'_>) -> Settings {
    let kept = cc.storage.and_then(|s| eframe::get_value(s, SETTINGS_KEY));
    kept.unwrap_or_default()
}

/// Returns the actions for files that were dropped onto the window.
fn dropped(ctx: &Context) -> Vec<Action> {
    let files = ctx.input(|i| i.raw.dropped_files.clone());
    let action = |file: &egui::DroppedFileHandle| {
        let path = file.path().to_owned();
        if path.is_dir() {
            FileAction::OpenData(path).into()
        } else if path.extension().is_some_and(|e| e == "safetensors") {
            FileAction::OpenModel(path).into()
        } else {
            CanvasAction::OpenImage(path).into()
        }
    };
    files.iter().map(action).collect()
}

/// Returns the images pasted from the clipboard.
fn pasted(ctx: &Context) -> Vec<Action> {
    let pictures: Vec<Arc<egui::ColorImage>> = ctx.input(|i| {
        let picture = |event: &egui::Event| match event {
            egui::Event::PasteImage(image) => Some(image.clone()),
            _ => None,
        };
        i.events.iter().filter_map(picture).collect()
    });
    let open = |bytes| CanvasAction::OpenImageBytes(bytes, "the clipboard".to_owned()).into();
    pictures.iter().filter_map(|p| png(p)).map(open).collect()
}

/// Encodes the image as PNG, so that it is handled like any other image file.
fn png(picture: &egui::ColorImage) -> Option<Vec<u8>> {
    let [width, height] = picture.size.map(|n| u32::try_from(n).ok());
    let rgba = picture
        .pixels
        .iter()
        .flat_map(|c| c.to_srgba_unmultiplied());
    let image = image::RgbaImage::from_raw(width?, height?, rgba.collect())?;
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).ok()?;
    Some(bytes.into_inner())
}

/// Shows what can be dropped while a file is dragged over the window.
fn drop_hint_ui(ui: &Ui) {
    if ui.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    let t = theme::tokens(ui);
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop hint"));
    let painter = ui.layer_painter(layer);
    let rect = ui.content_rect();
    painter.rect_filled(rect, 0.0, t.background.gamma_multiply(0.8));
    let text = "Drop an image, a model, or a dataset folder.";
    let font = egui::TextStyle::Heading.resolve(ui.style());
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        text,
        font,
        t.text,
    );
}
