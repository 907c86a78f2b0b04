//! Sweeps in the studio: the one in the form, and the one that is shown, live or read from disk.

mod context;
mod live;
mod shown;

use super::thread::thread_problem;
use crate::sweep::{
    self, Axis, Definition, Plan, Problem, SweepControl, SweepEvent, SweepState, Values,
};
use crate::text;
pub(super) use context::SweepContext;
use live::{LiveSweep, Message};
pub use shown::{ShownSweep, SweepPhase};

/// Everything that can be done with sweeps.
#[derive(Clone, Debug)]
pub enum SweepAction {
    /// Replace the sweep in the form.
    SetDraft(Box<Definition>),
    /// Start the sweep in the form, based on the settings on the left.
    Start,
    /// Resume the sweep that is shown, after it has stopped.
    Continue,
    /// Pause all trials.
    Pause,
    /// Resume all paused trials.
    Resume,
    /// Stop the sweep; it can be resumed later.
    Stop,
    /// Rerun a trial.
    Retry(usize),
    /// Show the saved sweep with this name.
    Show(String),
}

/// The state of all sweeps.
pub struct Sweeps {
    draft: Definition,
    problems: Vec<Problem>,
    shown: Option<ShownSweep>,
    /// The other sweeps of the workspace, by name.
    kept: Vec<ShownSweep>,
    live: Option<LiveSweep>,
}

impl Default for Sweeps {
    fn default() -> Sweeps {
        let mut draft = Definition::new("sweep-1");
        draft.method = sweep::Method::Sobol;
        draft.trials = Some(12);
        let rates = Values::LogRange([1e-4, 1e-1]);
        draft.search = vec![Axis::new("learning_rate", rates)];
        Sweeps {
            draft,
            problems: Vec::new(),
            shown: None,
            kept: Vec::new(),
            live: None,
        }
    }
}

impl Sweeps {
    /// The sweep in the form; it may be invalid.
    pub fn draft(&self) -> &Definition {
        &self.draft
    }

    /// The errors in it. It can start if there are none.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The sweep that is shown.
    pub fn shown(&self) -> Option<&ShownSweep> {
        self.shown.as_ref()
    }

    /// The names of the sweeps of the workspace that are not shown.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|s| s.plan.definition.name.as_str())
    }

    /// The sweep that is running or paused.
    pub fn running(&self) -> Option<&ShownSweep> {
        self.shown().filter(|shown| shown.is_live())
    }

    /// Whether a sweep is running or paused.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Shows a sweep as if it had run here, for reproducible screenshots.
    pub(super) fn show(&mut self, sweep: ShownSweep) {
        self.shown = Some(sweep);
    }

    /// Removes the sweeps of the workspace; the form stays.
    pub(super) fn leave_workspace(&mut self) {
        self.shown = None;
        self.kept.clear();
    }

    /// Adds the sweeps of the workspace that were read.
    pub(super) fn add_kept(&mut self, kept: Vec<(Plan, SweepState)>) {
        let kept = kept.into_iter().map(|(plan, state)| ShownSweep {
            plan,
            state,
            phase: SweepPhase::Kept,
        });
        self.kept = kept.collect();
        self.rename_draft();
    }

    /// Gives the sweep in the form a name that is not taken.
    fn rename_draft(&mut self) {
        let is_taken = |name: &str| {
            let mut shown = self.shown.iter().chain(&self.kept);
            shown.any(|s| s.plan.definition.name == name)
        };
        if is_taken(&self.draft.name) {
            let free = (1..).map(|n| format!("sweep-{n}")).find(|n| !is_taken(n));
            self.draft.name = free.unwrap_or_default();
        }
    }

    /// Checks the sweep in the form again.
    pub(super) fn check(&mut self, context: &SweepContext<'_>) {
        let plan = self.plan(context);
        self.problems = match context.dataset {
            Some(dataset) => plan.problems(dataset),
            None => plan.definition.problems(),
        };
    }

    fn plan(&self, context: &SweepContext<'_>) -> Plan {
        let mut definition = self.draft.clone();
        definition.data = context.dataset.and_then(|d| d.folder.clone());
        Plan {
            definition,
            base: context.base.clone(),
        }
    }

    /// Applies an action.
    ///
    /// # Errors
    /// One sentence that explains why not.
    pub(super) fn handle(
        &mut self,
        action: SweepAction,
        context: &SweepContext<'_>,
    ) -> Result<(), String> {
        match action {
            SweepAction::SetDraft(draft) => {
                self.draft = *draft;
                self.check(context);
            }
            SweepAction::Start => {
                self.check(context);
                if self.problems.is_empty() && !self.is_live() {
                    self.start(self.plan(context), SweepState::default(), None, context)?;
                    self.rename_draft();
                }
            }
            SweepAction::Continue => self.go_on(None, context)?,
            SweepAction::Retry(trial) => match &self.live {
                Some(live) => live.control.retry(trial),
                None => self.go_on(Some(trial), context)?,
            },
            SweepAction::Pause => self.steer(SweepControl::pause, SweepPhase::Paused),
            SweepAction::Resume => self.steer(SweepControl::resume, SweepPhase::Running),
            SweepAction::Stop => {
                if let Some(live) = &self.live {
                    live.control.stop();
                }
            }
            SweepAction::Show(name) => self.show_kept(&name),
        }
        Ok(())
    }

    fn steer(&mut self, command: fn(&SweepControl), phase: SweepPhase) {
        if let (Some(live), Some(shown)) = (&self.live, &mut self.shown) {
            command(&live.control);
            shown.phase = phase;
        }
    }

    fn show_kept(&mut self, name: &str) {
        let found = self
            .kept
            .iter()
            .position(|s| s.plan.definition.name == name);
        if let Some(idx) = found
            && self.live.is_none()
        {
            let next = self.kept.remove(idx);
            self.kept.extend(self.shown.replace(next));
        }
    }

    fn go_on(&mut self, retry: Option<usize>, context: &SweepContext<'_>) -> Result<(), String> {
        if self.is_live() {
            return Ok(());
        }
        match self.shown.take() {
            Some(shown) => self.start(shown.plan, shown.state, retry, context),
            None => Ok(()),
        }
    }

    fn start(
        &mut self,
        plan: Plan,
        state: SweepState,
        retry: Option<usize>,
        context: &SweepContext<'_>,
    ) -> Result<(), String> {
        let dataset = context.dataset.ok_or("The dataset is still being read")?;
        let workspace = context
            .workspace
            .ok_or("A sweep needs a workspace to save its runs in, and there is none")?;
        let live = LiveSweep::spawn(&plan, workspace, dataset, retry, context.wake.clone())
            .map_err(|e| thread_problem("sweep", &e))?;
        self.kept.extend(self.shown.take());
        self.shown = Some(ShownSweep {
            plan,
            state,
            phase: SweepPhase::Running,
        });
        self.live = Some(live);
        Ok(())
    }

    /// Handles the thread's messages; returns warnings and errors, one sentence each.
    pub(super) fn pump(&mut self) -> Vec<String> {
        let (Some(live), Some(shown)) = (&self.live, &mut self.shown) else {
            return Vec::new();
        };
        let (mut problems, mut end) = (Vec::new(), None);
        for messages in live.messages.try_iter() {
            match messages {
                Message::Opened(state) => shown.state = state,
                Message::Event(SweepEvent::Warned { message }) => {
                    problems.push(text::capitalized(&message));
                }
                Message::Event(event) => shown.state.apply(&event),
                Message::Ended(result) => end = Some(result),
            }
        }
        if let Some(end) = end {
            self.live = None;
            shown.phase = match end {
                Ok(end) => SweepPhase::Ended(end),
                Err(message) => {
                    problems.push(message.clone());
                    SweepPhase::Failed(message)
                }
            };
        }
        problems
    }
}
