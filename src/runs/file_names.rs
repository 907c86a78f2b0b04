//! The files in the folder of a run that more than one part of the room knows.

/// What decided the run; it makes a folder a run.
pub(super) const MANIFEST: &str = "run.toml";
/// The file of the final model in a run folder.
pub const MODEL_FILE: &str = "model.safetensors";
/// A copy of the model that a fine-tuned run started from.
pub(super) const START: &str = "start.safetensors";
/// How the run ended.
pub(super) const SUMMARY: &str = "summary.json";
