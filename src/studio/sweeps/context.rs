//! What the sweeps need of the rest of the studio.

use std::path::Path;
use std::sync::Arc;

use crate::data::Dataset;
use crate::studio::thread::Wake;
use crate::train::TrainConfig;

/// The part of the studio's state that a sweep needs.
pub(in crate::studio) struct SweepContext<'a> {
    pub(in crate::studio) base: &'a TrainConfig,
    pub(in crate::studio) dataset: Option<&'a Arc<Dataset>>,
    pub(in crate::studio) workspace: Option<&'a Path>,
    pub(in crate::studio) wake: Wake,
}
