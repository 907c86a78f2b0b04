//! Opens the window, and explains failures to open it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use anyhow::anyhow;

use super::app::StudioApp;
use super::attention::TITLE;
use super::options::Options;
use super::session;
use crate::signals;

/// Name of the program, and of the folder in which eframe stores the layout.
const APP_ID: &str = "candle-studio";

/// Opens the window, and `files` in it as if they were dropped there; returns when it is closed.
///
/// # Errors
/// One sentence if there is no display or a system library is missing.
pub fn run(mut options: Options, files: &[PathBuf]) -> anyhow::Result<()> {
    if !has_display() {
        return Err(anyhow!(NO_DISPLAY));
    }
    let session = || Some(eframe::storage_dir(APP_ID)?.join(session::FILE_NAME));
    options.session = options.session.or_else(session);
    // winit reports a missing libxkbcommon by a panic; none of our state is affected.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        eframe::run_native(
            APP_ID,
            native_options(),
            Box::new(|cc| {
                let mut app = StudioApp::new(cc, options)?;
                app.open(files);
                close_when_asked(&cc.egui_ctx);
                Ok(Box::new(app))
            }),
        )
    }));
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(anyhow!(explain(&error.to_string()))),
        Err(panic) => Err(anyhow!(explain(&panic_text(&*panic)))),
    }
}

/// Closes the window cleanly on the first signal to end, and exits immediately on the second.
fn close_when_asked(ctx: &egui::Context) {
    let ctx = ctx.clone();
    let mut is_asked = false;
    let listening = signals::listen(move || {
        if is_asked {
            std::process::exit(signals::INTERRUPTED.into());
        }
        is_asked = true;
        ctx.send_viewport_cmd_to(egui::ViewportId::ROOT, egui::ViewportCommand::Close);
        // The repaint that the command requests may have begun before the command was queued.
        ctx.request_repaint_of(egui::ViewportId::ROOT);
    });
    // Without a listener a signal ends the program immediately, the default behavior.
    let _ = listening;
}

const NO_DISPLAY: &str =
    "there is no display to open a window on: train without one with `candle-studio train`";

fn native_options() -> eframe::NativeOptions {
    eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title(TITLE)
            .with_app_id(APP_ID)
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([820.0, 420.0])
            .with_icon(super::logo::icon()),
        ..eframe::NativeOptions::default()
    }
}

/// Whether the environment names a display, on systems that use environment variables for it.
fn has_display() -> bool {
    let is_named = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
            .into_iter()
            .any(is_named)
}

/// Turns the system's error into one sentence with a suggestion.
fn explain(complaint: &str) -> String {
    let packages = [
        ("libxkbcommon-x11", "libxkbcommon-x11-0"),
        ("libxkbcommon", "libxkbcommon0"),
        ("libX11-xcb", "libx11-xcb1"),
        ("libXcursor", "libxcursor1"),
        ("libXi", "libxi6"),
        ("libX11", "libx11-6"),
        ("libEGL", "libegl1"),
        ("libGL", "libgl1"),
    ];
    if let Some((library, package)) = packages
        .into_iter()
        .find(|(library, _)| complaint.contains(library))
    {
        return format!(
            "the window needs the library {library}: install it (on Debian and Ubuntu `apt install \
             {package}`), or train without a window with `candle-studio train`"
        );
    }
    // Wording of glutin and winit, matched literally.
    if complaint.contains("NoGlutinConfigs")
        || complaint.contains("glutin")
        || complaint.contains("OpenGL")
    {
        return format!(
            "the window needs OpenGL 2.0 or newer: install a driver (on Debian and Ubuntu `apt install \
             libegl1 libgl1-mesa-dri`), or train without a window with `candle-studio train` ({complaint})"
        );
    }
    if [
        "DISPLAY",
        "display",
        "compositor",
        "XOpenDisplay",
        "X server",
    ]
    .iter()
    .any(|word| complaint.contains(word))
    {
        return NO_DISPLAY.to_owned();
    }
    format!("the window could not be opened: {complaint}")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown error".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_what_to_install() {
        for (complaint, word) in [
            (
                "LibraryOpenError { kind: Open, detail: \"libXcursor.so.1: cannot open\" }",
                "libxcursor1",
            ),
            ("Failed to load libxkbcommon-x11.so", "libxkbcommon-x11-0"),
            (
                "Found no glutin configs matching the template",
                "libgl1-mesa-dri",
            ),
            ("neither WAYLAND_DISPLAY nor DISPLAY is set", "no display"),
            ("Failed to open connection to X server", "no display"),
            ("something else", "something else"),
        ] {
            let text = explain(complaint);
            assert!(text.contains(word), "{text}");
        }
    }
}
