//! Errors of a configuration, and the settings they are about.

use super::setting::Setting;

/// A problem with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct FieldError {
    /// The setting.
    pub setting: Setting,
    /// The layer's name, if the setting is a layer.
    pub layer: Option<String>,
    /// What was expected and what was found.
    pub message: String,
}

impl FieldError {
    /// A problem of a setting that is no layer.
    pub(super) fn new(setting: Setting, message: String) -> FieldError {
        FieldError {
            setting,
            layer: None,
            message,
        }
    }

    /// Joins all of them in one line.
    pub fn joined(errors: &[FieldError]) -> String {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("; ")
    }

    fn place(&self) -> String {
        match self.setting {
            Setting::Layer(_) => self.layer.as_deref().unwrap_or("layer").to_owned(),
            setting => setting.label().to_owned(),
        }
    }
}
