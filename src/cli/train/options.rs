//! What belongs to a run beside its configuration: from what was typed, else from the run that goes
//! on, else as usual.

use super::Args;
use super::args::BestArg;
use crate::cli::out;
use crate::runs::{BestBy, CheckpointPolicy, RunFolder};
use crate::train::{OnDivergence, RunOptions};

/// Updates between two full states, unless somebody says otherwise.
const CHECKPOINT_EVERY: u64 = 2000;

/// How a run is guarded, kept and computed, and which of its full states stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Options {
    pub(in crate::cli) run: RunOptions,
    pub(in crate::cli) policy: CheckpointPolicy,
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
    /// Those of the run in `folder`, as it was begun.
    pub(in crate::cli) fn of(folder: &RunFolder) -> Options {
        let (usual, manifest) = (Options::default(), folder.manifest());
        // A run that does not say may have been asked to keep more.
        let kept = || CheckpointPolicy {
            keep_last: folder
                .checkpoint_steps()
                .map_or(0, |steps| steps.len())
                .max(3),
            ..usual.policy
        };
        Options {
            run: manifest.options.unwrap_or(usual.run),
            policy: manifest.checkpoints.unwrap_or_else(kept),
        }
    }

    /// Where nobody can be asked, a run that would ask ends instead.
    pub(in crate::cli) fn without_questions(mut self) -> Options {
        if self.run.on_divergence == OnDivergence::Ask {
            out::say(
                "warning: this run was to ask what to do when its loss cannot be trusted, and \
                 nobody can be asked here: it stops then, unless --on-divergence says otherwise",
            );
            self.run.on_divergence = OnDivergence::Stop;
        }
        self
    }
}

impl Args {
    /// `options` with everything that was typed.
    pub(in crate::cli) fn options(&self, mut options: Options) -> Options {
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
