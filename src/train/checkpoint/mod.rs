//! Everything a run needs to resume as if it had never been interrupted: bit for bit.
//!
//! Random numbers are keyed by seed, epoch and step, so the cursor is all the state they need.

mod branch;
mod cursor;
mod extra_weights;
mod file;
mod order;
mod rollback;

use candle_core::{Result as CandleResult, Tensor};

use super::config::TrainConfig;
use super::error::TrainError;
use super::optim::OptimizerState;
use crate::files;
use crate::kernels::Copies;
use crate::model::{ModelSpec, Network, Param};
pub use cursor::Cursor;
pub use extra_weights::ExtraWeights;
pub(super) use extra_weights::{load, values};
pub use rollback::RollbackStates;

/// The full state of a run between two batches.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The configuration with every change applied so far.
    pub config: TrainConfig,
    /// Position in the data.
    pub cursor: Cursor,
    /// The optimizer state.
    pub optimizer: OptimizerState,
    /// The EMA and the best weights.
    pub kept: ExtraWeights,
    /// The state of the guard. `None` in a rollback state, and in files of versions that did not
    /// have it.
    pub rollback: Option<RollbackStates>,
    /// Length of the run's event file at this point, in bytes, if events are recorded.
    pub n_event_bytes: Option<u64>,
    /// If it was made because of the time: the step of the last checkpoint that was not.
    pub after: Option<u64>,
    /// Name, shape and values of each of the network's tensors, in the layout they have in memory.
    tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// Whether it comes from a file of version 1 and has not been converted to its network's
    /// layout.
    has_channel_order: bool,
}

/// Why a file is not a checkpoint: a reason without the file's name.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It can be read, but is truncated, of another format, newer, or inconsistent.
    #[error("{0}")]
    Invalid(String),
}

impl From<String> for CheckpointError {
    fn from(reason: String) -> CheckpointError {
        CheckpointError::Invalid(files::one_line(&reason))
    }
}

impl Checkpoint {
    pub(super) fn new(
        config: &TrainConfig,
        cursor: &Cursor,
        optimizer: &OptimizerState,
        kept: ExtraWeights,
        params: &[Param],
        copies: &mut Copies,
    ) -> CandleResult<Checkpoint> {
        let mut copy = |p: &Param| {
            let values = copies.of_tensor(&p.var)?;
            Ok((p.name.clone(), p.var.dims().to_vec(), values))
        };
        Ok(Checkpoint {
            config: config.clone(),
            cursor: cursor.clone(),
            kept,
            rollback: None,
            n_event_bytes: None,
            after: None,
            tensors: params.iter().map(&mut copy).collect::<CandleResult<_>>()?,
            optimizer: optimizer.copy(copies),
            has_channel_order: false,
        })
    }

    /// The memory of this state, to be reused for another one.
    pub(super) fn into_copies(self) -> Copies {
        let OptimizerState { first, second, .. } = self.optimizer;
        let ExtraWeights { average, best } = self.kept;
        let own = self.tensors.into_iter().map(|(_, _, values)| values);
        let others = [first, second, average, best].into_iter().flatten();
        Copies::in_place_of(own.chain(others))
    }

    /// Updates done.
    pub fn step(&self) -> u64 {
        self.optimizer.step
    }

    /// Epochs done, fractions included, for a run with `n_train` training images.
    pub fn epochs(&self, n_train: usize) -> f64 {
        self.cursor.epoch as f64 + self.config.share_of_epoch(&self.cursor, n_train)
    }

    /// Loads the weights this state is evaluated with into `network`: the EMA if there is one.
    ///
    /// # Errors
    /// When the network has other parameters.
    pub fn load_into(&self, network: &Network) -> Result<(), TrainError> {
        if !self.fits(network.params()) {
            return Err(TrainError::Checkpoint(self.step()));
        }
        if self.kept.average.is_empty() {
            self.restore(network.params())?;
        } else {
            load(&self.kept.average, network.params())?;
        }
        Ok(())
    }

    /// Memory it takes in bytes, without its rollback states.
    pub fn n_bytes(&self) -> usize {
        let moments = self.optimizer.first.iter().chain(&self.optimizer.second);
        let kept = self.kept.average.iter().chain(&self.kept.best);
        let values = self.tensors.iter().map(|(_, _, values)| values);
        4 * values
            .chain(moments)
            .chain(kept)
            .map(Vec::len)
            .sum::<usize>()
    }

    /// Whether all weights are finite.
    pub(super) fn is_finite(&self) -> bool {
        let own = self.tensors.iter().map(|(_, _, values)| values);
        let mut all = own.chain(&self.kept.average);
        // NaN and infinity have the largest exponent there is.
        let size = |v: &f32| v.to_bits() & !(1 << 31);
        let largest = |values: &Vec<f32>| values.iter().map(size).max().unwrap_or(0);
        all.all(|values| largest(values) < f32::INFINITY.to_bits())
    }

    /// Loads the values into `params`, which belong to a network of the same spec.
    pub(super) fn restore(&self, params: &[Param]) -> CandleResult<()> {
        for (param, (_, dims, values)) in params.iter().zip(&self.tensors) {
            let values = Tensor::from_slice(values, dims.as_slice(), param.var.device())?;
            param.var.set(&values)?;
        }
        Ok(())
    }

    /// Whether the checkpoint is of a network of `model`, whatever the order of its tensors. Needs
    /// no network.
    pub(super) fn is_of(&self, model: &ModelSpec) -> bool {
        let Ok(shapes) = model.param_shapes() else {
            return false;
        };
        let mut wanted: Vec<_> = shapes.iter().map(|s| (&s.name, &s.dims)).collect();
        let mut found: Vec<_> = self.tensors.iter().map(|(n, dims, _)| (n, dims)).collect();
        wanted.sort();
        found.sort();
        wanted == found
    }

    /// Whether the checkpoint has exactly the tensors `params`.
    pub(super) fn fits(&self, params: &[Param]) -> bool {
        let is_whole = |(_, kept): (_, &Vec<Vec<f32>>)| {
            let sizes = self.tensors.iter().map(|(_, _, values)| values.len());
            kept.is_empty() || kept.iter().map(Vec::len).eq(sizes)
        };
        if !self.kept.parts().into_iter().all(is_whole) {
            return false;
        }
        let same = |(p, (name, dims, _)): (&Param, &(String, Vec<usize>, Vec<f32>))| {
            p.name == *name && p.var.dims() == dims
        };
        params.len() == self.tensors.len() && params.iter().zip(&self.tensors).all(same)
    }
}
