//! The status bar at the bottom, and the notices over the place.

use egui::{
    Align, Align2, Area, Frame, Id, Label, Layout, Margin, Order, Rect, RichText, Ui, vec2,
};

use super::PanelContext;
use crate::runs::Status;
use crate::studio::{Action, LibraryAction, Studio, SweepPhase};
use crate::text;
use crate::ui::theme::{self, PANEL_PADDING, tokens};
use crate::ui::widgets::{Icon, Weight, icon_button, labeled_button};

/// Maximum number of notices shown, the newest ones.
const MAX_NOTICES: usize = 3;

/// Maximum width of the notices.
const MAX_WIDTH: f32 = 640.0;

/// Seconds after which a notice that is no error disappears.
const INFO_SECS: f64 = 12.0;

/// Seconds during which a deletion can be undone from its notice; afterwards, from the trash.
const UNDO_SECS: f64 = 30.0;

/// Draws the status bar.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    ui.horizontal_centered(|ui| {
        let activities = cx.studio.activities();
        if activities.is_empty() {
            let text = match cx.studio.live_run() {
                Some(run) if run.status == Status::Paused => format!("{} is paused", run.name),
                Some(run) => format!("Training {}", run.name),
                None => match cx.studio.sweeps().running() {
                    Some(sweep) if sweep.phase == SweepPhase::Paused => {
                        format!("Sweep {} is paused", sweep.plan.definition.name)
                    }
                    Some(sweep) => {
                        let name = &sweep.plan.definition.name;
                        format!("Training sweep {name}, {}", sweep.trial_words())
                    }
                    None => "Ready".to_owned(),
                },
            };
            ui.label(theme::quiet(ui, text));
        } else {
            let text = format!("{}…", activities.join(", "));
            ui.add(egui::Spinner::new().size(12.0));
            ui.add(Label::new(theme::quiet(ui, text)).truncate());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (text, about) = reach(cx.studio);
            ui.label(theme::quiet(ui, text)).on_hover_text(about);
            if let Some(threads) = cx
                .studio
                .runs()
                .last()
                .map(|r| r.state.threads)
                .filter(|&n| n > 0)
            {
                let text = format!("{} ·", text::count(threads, "thread"));
                ui.label(theme::quiet(ui, text))
                    .on_hover_text("Threads used for training.");
            }
        });
    });
}

/// Draws the notices, if any, over the lower edge of `place`: they move nothing.
pub fn notices_ui(ui: &Ui, cx: &mut PanelContext<'_>, place: Rect) {
    if cx.studio.notices().is_empty() {
        return;
    }
    expire_info(ui, cx);
    let frame = Frame::new()
        .fill(tokens(ui).raised)
        .stroke(ui.visuals().window_stroke)
        .shadow(ui.visuals().popup_shadow)
        .corner_radius(8)
        .inner_margin(Margin::symmetric(PANEL_PADDING, 4));
    let area = Area::new(Id::unique("notices"))
        .order(Order::Middle)
        .movable(false)
        .fade_in(false)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(place.center_bottom() - vec2(0.0, 8.0));
    let width = (place.width() - 4.0 * f32::from(PANEL_PADDING)).min(MAX_WIDTH);
    area.show(ui, |ui| {
        frame.show(ui, |ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            newest_ui(ui, cx);
        });
    });
}

/// Draws the newest notices.
fn newest_ui(ui: &mut Ui, cx: &mut PanelContext<'_>) {
    let n = cx.studio.notices().len();
    for idx in n.saturating_sub(MAX_NOTICES)..n {
        notice_ui(ui, cx, idx);
    }
    if n > MAX_NOTICES {
        let text = format!("Dismiss all {n}");
        if labeled_button(ui, None, &text, Weight::Bare, 0.0, true).clicked() {
            // From the end, so that earlier indices stay valid.
            (0..n)
                .rev()
                .for_each(|idx| cx.act(Action::DismissNotice(idx)));
        }
    }
}

/// Dismisses notices after a while; errors stay until they are dismissed.
fn expire_info(ui: &Ui, cx: &mut PanelContext<'_>) {
    let now = ui.input(|i| i.time);
    for (idx, notice) in cx.studio.notices().iter().enumerate().rev() {
        if notice.is_error {
            continue;
        }
        let id = egui::Id::unique(("info notice", &notice.text));
        let first = ui.data_mut(|d| *d.get_temp_mut_or(id, now));
        let secs = match notice.deleted.is_empty() {
            true => INFO_SECS,
            false => UNDO_SECS,
        };
        let left = secs - (now - first);
        if left <= 0.0 {
            ui.data_mut(|d| d.remove::<f64>(id));
            cx.output.actions.push(Action::DismissNotice(idx));
        } else {
            ui.request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
    }
}

fn notice_ui(ui: &mut Ui, cx: &mut PanelContext<'_>, idx: usize) {
    let notice = &cx.studio.notices()[idx];
    let t = tokens(ui);
    let (mark, ink) = if notice.is_error {
        (t.bad, t.text)
    } else {
        (t.good, t.quiet)
    };
    ui.horizontal(|ui| {
        let (dot, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, mark);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Cross, "Dismiss", true).clicked() {
                cx.act(Action::DismissNotice(idx));
            }
            if !notice.deleted.is_empty() {
                let undo = labeled_button(ui, None, "Undo", Weight::Plain, 0.0, true)
                    .accessible_name("Undo delete");
                let about = "Moves the deleted runs back from the trash.";
                if undo.on_hover_text(about).clicked() {
                    cx.act(LibraryAction::Restore(notice.deleted.clone()));
                    cx.act(Action::DismissNotice(idx));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(&notice.text).color(ink);
                ui.add(Label::new(text).wrap().selectable(true));
            });
        });
    });
}

/// Whether anything leaves this machine, and what.
#[cfg_attr(
    not(any(feature = "mlflow", feature = "serve")),
    expect(unused_variables)
)]
pub fn reach(studio: &Studio) -> (&'static str, &'static str) {
    #[cfg(feature = "mlflow")]
    if studio.run_tracker().form().is_on {
        return (
            "Runs are sent to MLflow",
            "Settings, metrics, dataset's name and model of each run go to the server that the \
             settings name; images and drawings stay on this machine.",
        );
    }
    #[cfg(feature = "serve")]
    if studio.services().token().is_some() {
        return (
            "Other machines reach the service",
            "Who shows the token of the service in Deploy gets the model's answers; images, \
             drawings and runs stay on this machine.",
        );
    }
    (
        "Local: nothing leaves this machine",
        "Images, drawings, models and runs stay on this machine; the program makes no network \
         connections.",
    )
}
