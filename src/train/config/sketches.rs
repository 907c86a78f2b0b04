//! The sketches that a run trains on.

use super::TrainConfig;
use super::error::FieldError;
use super::setting::Setting;
use crate::data::sketches::MixedSketches;
use crate::data::{Dataset, ImageSet};

impl TrainConfig {
    /// Chooses the sketches to train on among those of `dataset`, and notes which they are; `None`
    /// without a share of them.
    pub(in crate::train) fn choose_sketches(
        &mut self,
        dataset: &Dataset,
    ) -> Result<Option<ImageSet>, FieldError> {
        // A share of another run's settings: what it noted has no meaning without one.
        if self.sketch_share == 0.0 {
            self.sketches = None;
            return Ok(None);
        }
        let all = dataset.sketches.get();
        let chosen = MixedSketches::choose(all.as_ref(), self.seed, self.sketches.as_ref());
        let (set, noted) =
            chosen.map_err(|error| FieldError::new(Setting::SketchShare, error.to_string()))?;
        self.sketches = Some(noted);
        Ok(Some(set))
    }
}
