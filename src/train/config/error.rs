//! Errors of a configuration, and the settings they are about.

use super::setting::Setting;

/// A problem with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct FieldError {
    /// The setting.
    pub setting: Setting,
    /// What was expected and what was found.
    pub message: String,
}

impl FieldError {
    /// Joins all of them in one line.
    pub fn joined(errors: &[FieldError]) -> String {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("; ")
    }

    fn place(&self) -> String {
        match self.setting {
            Setting::Layer(idx) => format!("layer {}", idx + 1),
            setting => setting.label().to_owned(),
        }
    }
}
