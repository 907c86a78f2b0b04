//! How the window is opened.

use std::path::PathBuf;

use super::settings::Settings;

/// How to open the window.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder in which runs are saved, as given on the command line.
    pub workspace: Option<PathBuf>,
    /// The folder used if none was given and none was opened last. `None` saves no runs.
    pub default_workspace: Option<PathBuf>,
    /// The file that stores the session for the next one. `None` neither stores nor restores any.
    pub session: Option<PathBuf>,
}

impl Options {
    /// The folder for runs, and a notice about it if there is one.
    pub(super) fn choose_workspace(
        &self,
        settings: &Settings,
    ) -> (Option<PathBuf>, Option<String>) {
        if self.workspace.is_some() {
            return (self.workspace.clone(), None);
        }
        match &settings.workspace {
            Some(last) if last.is_dir() => (Some(last.clone()), None),
            Some(last) => {
                let last = last.display();
                let text = format!("The workspace opened last, {last}, no longer exists");
                (self.default_workspace.clone(), Some(text))
            }
            None => (self.default_workspace.clone(), None),
        }
    }
}
