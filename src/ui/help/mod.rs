//! Help: the shortcuts, what the program is made of, and a tour of the first session.

mod about;
mod licenses;
pub mod page;
mod shortcuts;
pub mod tour;

use egui::{Id, Key, Modal, Modifiers, RichText, Ui};

use super::command::{Command, HelpCommand, ViewCommand};
use super::panels::PanelContext;
use super::widgets::{Weight, labeled_button};
use licenses::Licenses;
use page::HelpPage;
use tour::Tour;

/// The help window and the tour, open or closed.
#[derive(Default)]
pub struct Help {
    page: Option<HelpPage>,
    licenses: Licenses,
    /// The tour.
    pub tour: Tour,
}

impl Help {
    /// Opens the help window.
    pub fn show(&mut self, page: HelpPage) {
        self.page = Some(page);
    }

    /// Whether the help window is open; the tour is no window.
    pub fn is_open(&self) -> bool {
        self.page.is_some()
    }

    /// Shows what is open.
    pub fn ui(&mut self, ui: &Ui, cx: &mut PanelContext<'_>) {
        self.tour.ui(ui);
        let Some(page) = self.page else {
            return;
        };
        let frame = egui::Frame::popup(&ui.global_style()).inner_margin(16);
        let modal = Modal::new(Id::unique("help")).frame(frame).show(ui, |ui| {
            ui.set_width(560.0);
            ui.label(RichText::new(page.title()).heading());
            ui.add_space(8.0);
            match page {
                HelpPage::Shortcuts => shortcuts::ui(ui, cx.settings.place),
                HelpPage::About => about::ui(ui, cx),
                HelpPage::Licenses => self.licenses.ui(ui),
            }
            ui.add_space(12.0);
            links_ui(ui, cx, page)
        });
        let is_pressed = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::F1));
        if modal.inner || is_pressed || modal.should_close() {
            self.page = None;
        }
    }
}

/// Shows the links to other help; returns whether the window closes.
fn links_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, page: HelpPage) -> bool {
    let other = match page {
        HelpPage::Shortcuts | HelpPage::Licenses => HelpCommand::About,
        HelpPage::About => HelpCommand::Licenses,
    };
    let links: [Command; 3] = [
        HelpCommand::Tour.into(),
        other.into(),
        ViewCommand::Palette.into(),
    ];
    let mut is_left = false;
    ui.horizontal(|ui| {
        for command in links {
            let link = labeled_button(ui, None, &command.label(), Weight::Plain, 0.0, true);
            if link.on_hover_text(command.tooltip(ui)).clicked() {
                cx.command(command);
                is_left = true;
            }
        }
        is_left |= labeled_button(ui, None, "Close", Weight::Plain, 80.0, true).clicked();
    });
    is_left
}
