//! The eframe application: applies messages from the threads, draws, and runs commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::{Context, Key, KeyboardShortcut, Modifiers, Ui};

use super::attention::Attention;
use super::clipboard;
use super::command::{Command, CommandEffect, HelpCommand, ViewCommand};
use super::dialogs::Dialogs;
use super::drop;
use super::help::{Help, tour};
use super::hover::Hover;
use super::layout::Panels;
use super::options::Options;
use super::palette::Palette;
use super::panels::classified::ClassifiedPanel;
use super::panels::inspect::InspectPanel;
use super::panels::{PanelContext, PanelOutput, lr_finder};
use super::session::SessionFile;
use super::settings::Settings;
use super::tab::Tab;
use super::theme;
use crate::runs::RunId;
use crate::studio::{Action, LibraryAction, LrFinder, Studio, Wake};

/// The app with its window.
pub struct StudioApp {
    studio: Studio,
    session: Option<SessionFile>,
    settings: Settings,
    hover: Hover,
    panels: Panels,
    dialogs: Dialogs,
    palette: Palette,
    help: Help,
    attention: Attention,
    inspect: InspectPanel,
    classified: ClassifiedPanel,
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
        let file = options.session.map(SessionFile::new);
        let session = file.as_ref().map(SessionFile::read).unwrap_or_default();
        let wake = StudioApp::wake(&cc.egui_ctx);
        let mut studio = Studio::restored(workspace, session, wake)?;
        problem
            .into_iter()
            .for_each(|text| studio.notify_error(text));
        Ok(StudioApp {
            session: file,
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
            settings,
            hover: Hover::default(),
            panels: Panels::default(),
            dialogs: Dialogs::default(),
            palette: Palette::default(),
            help: Help::default(),
            attention: Attention::default(),
            inspect: InspectPanel::default(),
            classified: ClassifiedPanel::default(),
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
        if !output.commands.is_empty() && leave_text_field(ctx) {
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
            CommandEffect::Act(action) => self.studio.handle(action),
            CommandEffect::AskPath(purpose) => {
                let folder = self.settings.folder.as_deref();
                self.dialogs.ask(purpose, &self.studio, folder);
            }
            CommandEffect::ToggleLogLoss => self.settings.is_loss_log ^= true,
            CommandEffect::ToggleLogHorizontal => self.settings.is_x_log ^= true,
            CommandEffect::ShowWholeCurves => self.panels.curves.show_whole(),
            CommandEffect::ShowTab(tab) => self.settings.tab = tab,
            CommandEffect::CompareRuns(filter) => {
                self.studio.handle(LibraryAction::SetFilter(filter));
                self.settings.tab = Tab::Compare;
            }
            CommandEffect::CopyTable => {
                ctx.copy_text(self.panels.compare.table_text(&self.studio));
            }
            CommandEffect::CopyCurves => self.copy_curves(ctx),
            CommandEffect::SetTheme(choice) => {
                self.settings.theme = choice;
                ctx.set_theme(choice.preference());
            }
            CommandEffect::Zoom(zoom) => zoom(ctx),
            CommandEffect::CopySketch => {
                ctx.copy_image(clipboard::sketch(self.studio.pad().image()))
            }
            CommandEffect::TogglePalette => self.palette.toggle(),
            CommandEffect::ShowHelp(page) => self.help.show(page),
            CommandEffect::StartTour => {
                self.settings.tab = Tab::Train;
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

    /// Opens what was dropped, or says why not.
    fn take_drop(&mut self, ctx: &Context, output: &mut PanelOutput) {
        match drop::dropped(ctx) {
            Some(Ok(action)) => output.actions.push(action),
            Some(Err(text)) => {
                self.studio.notify_error(text);
                ctx.request_repaint();
            }
            None => {}
        }
    }

    /// Copies the curves that are shown to the clipboard.
    fn copy_curves(&mut self, ctx: &Context) {
        let picture = self.studio.curves_picture(&self.settings.curves_view());
        let pixels = picture.png().map_err(|e| e.to_string()).and_then(|png| {
            let decoded = image::load_from_memory(&png).map_err(|e| e.to_string())?;
            let rgba = decoded.into_rgba8();
            let size = [rgba.width(), rgba.height()].map(|n| n as usize);
            Ok(egui::ColorImage::from_rgba_unmultiplied(
                size,
                rgba.as_raw(),
            ))
        });
        match pixels {
            Ok(pixels) => ctx.copy_image(pixels),
            Err(error) => self.studio.notify_error(error),
        }
    }

    fn open_folders(&self, folders: Vec<PathBuf>) {
        for folder in folders {
            // There is no better way to report a failure: the path is in the menu's tooltip.
            let _ = open::that_detached(folder);
        }
    }

    /// Collects the commands whose shortcuts were pressed.
    fn shortcuts(&self, ctx: &Context, commands: &mut Vec<Command>) {
        let has_window = self.dialogs.is_open()
            || self.palette.is_open()
            || self.help.is_open()
            || self.studio.inspection().is_some()
            || !self.studio.classified().is_empty()
            || *self.studio.lr_finder() != LrFinder::Closed;
        let is_typing = ctx.text_edit_focused();
        let has_focus = ctx.memory(|m| m.focused().is_some());
        // Help has two: one that is looked for, and one that also works while typing.
        let question = KeyboardShortcut::new(Modifiers::NONE, Key::Questionmark);
        let all: Vec<(Command, KeyboardShortcut)> = Command::all()
            .filter_map(|command| Some((command, command.shortcut()?)))
            .chain([(HelpCommand::Shortcuts.into(), question)])
            .filter(|&(command, keys)| match command {
                Command::View(ViewCommand::Palette) => !self.dialogs.is_open(),
                _ if has_window => false,
                // A text field has its own undo, and Space and Delete belong to what has focus.
                Command::LastEdit(_) => !is_typing,
                Command::Help(_) if keys.logical_key == Key::F1 => true,
                _ => keys.modifiers != Modifiers::NONE || !has_focus,
            })
            .collect();
        ctx.input_mut(|input| {
            // A shortcut with Shift also matches without it, so the longer ones are tried first.
            let (with_shift, without): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|(_, keys)| keys.modifiers.shift);
            for (command, keys) in with_shift.into_iter().chain(without) {
                if input.consume_shortcut(&keys) {
                    commands.push(command);
                }
            }
        });
    }
}

impl eframe::App for StudioApp {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.studio.pump(PUMP_BUDGET);
        self.attention.update(ctx, &self.studio);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let mut output = PanelOutput {
            commands: std::mem::take(&mut self.waiting),
            ..PanelOutput::default()
        };
        self.shortcuts(ui, &mut output.commands);
        self.hover.begin_frame();
        let mut cx = PanelContext {
            studio: &self.studio,
            settings: &mut self.settings,
            hover: &mut self.hover,
            output: &mut output,
        };
        self.panels.ui(ui, &mut cx);
        lr_finder::ui(ui, &mut cx);
        self.inspect.ui(ui, &mut cx);
        self.classified.ui(ui, &mut cx);
        self.help.ui(ui, &mut cx);
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
        drop::hint_ui(ui);
        self.apply(ui, output);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS_KEY, &self.settings);
        if let Some(file) = &mut self.session {
            file.write(self.studio.session());
        }
    }
}

/// Removes focus from a text field, so that it hands over its text in the next frame. Returns
/// `false` if no text field has focus.
fn leave_text_field(ctx: &Context) -> bool {
    let is_typing = ctx.text_edit_focused();
    if is_typing {
        ctx.memory_mut(|memory| {
            if let Some(field) = memory.focused() {
                memory.surrender_focus(field);
            }
        });
    }
    is_typing
}

/// Loads the settings of the last session.
fn kept_settings(cc: &eframe::CreationContext<'_>) -> Settings {
    let kept = cc.storage.and_then(|s| eframe::get_value(s, SETTINGS_KEY));
    kept.unwrap_or_default()
}
