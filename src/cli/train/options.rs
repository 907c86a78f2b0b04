//! A run's options beside its configuration: from the arguments, else from the resumed run, else
//! the defaults.

use super::args::{Args, BestArg};
use crate::cli::out;
use crate::runs::{BestBy, CheckpointPolicy, RunFolder};
use crate::train::{OnDivergence, RunOptions};

/// Default number of updates between checkpoints.
const CHECKPOINT_EVERY: u64 = 2000;

/// How a run is guarded and computed, and which checkpoints it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) run: RunOptions,
    pub(super) policy: CheckpointPolicy,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            run: RunOptions {
                checkpoint_every: Some(CHECKPOINT_EVERY),
                ..RunOptions::default()
            },
            policy: CheckpointPolicy::default(),
        }
    }
}

impl Options {
    /// Returns the options that the run in `folder` started with.
    pub(super) fn of(folder: &RunFolder) -> Options {
        let (default, manifest) = (Options::default(), folder.manifest());
        // A run of an older version does not record it, and may have kept more.
        let kept = || CheckpointPolicy {
            keep_last: folder
                .checkpoint_steps()
                .map_or(0, |steps| steps.len())
                .max(3),
            ..default.policy
        };
        Options {
            run: manifest.options.unwrap_or(default.run),
            policy: manifest.checkpoints.unwrap_or_else(kept),
        }
    }

    /// Replaces "ask" by "stop": the command line cannot ask.
    pub(super) fn without_questions(mut self) -> Options {
        if self.run.on_divergence == OnDivergence::Ask {
            out::eprint(
                "warning: this run would ask what to do if its loss becomes NaN or spikes, which \
                 only the window can: it stops instead, unless --on-divergence is given",
            );
            self.run.on_divergence = OnDivergence::Stop;
        }
        self
    }
}

impl Args {
    /// Returns `options` with the arguments applied.
    pub(super) fn options(&self, mut options: Options) -> Options {
        let Options { run, policy } = &mut options;
        if let Some(every) = self.checkpoint_every {
            run.checkpoint_every = Some(every);
        }
        if let Some(what) = self.on_divergence {
            run.on_divergence = what.into();
        }
        run.is_fused &= !self.no_fuse;
        run.layer_stats |= self.layer_stats;
        if let Some(n) = self.checkpoint_keep {
            policy.keep_last = n as usize;
        }
        if let Some(best) = self.checkpoint_best {
            policy.keep_best = match best {
                BestArg::Accuracy => Some(BestBy::Accuracy),
                BestArg::Loss => Some(BestBy::Loss),
                BestArg::None => None,
            };
        }
        options
    }
}
