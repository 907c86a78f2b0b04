//! The timelines of runs that are over: what they show, and branches that grow out of them.

use candle_studio::runs::{Record, RunFolder, RunId, RunState};
use candle_studio::studio::{Model, RunAction, Studio, TimelineAction};

use crate::support::studio::{choose_small, edit, is_finished, run, studio, wait};

fn train(studio: &mut Studio) -> (RunId, RunState) {
    studio.handle(RunAction::Train);
    wait(studio, "the end", is_finished);
    wait(studio, "the timeline", |s| {
        s.timeline()
            .states()
            .last()
            .is_some_and(|last| run(s).points.last().is_some_and(|p| p.step >= last.step()))
    });
    let run = studio.runs().last().unwrap();
    (run.id.clone(), run.state.clone())
}

fn losses(run: &RunState) -> Vec<(u64, u64)> {
    run.points
        .iter()
        .map(|p| (p.step, p.loss.to_bits()))
        .collect()
}

#[test]
fn any_run_of_the_session_can_be_looked_at_and_branched_from() {
    let mut studio = studio(None);
    choose_small(&mut studio, 3);
    let (first, parent) = train(&mut studio);
    assert!(!studio.can_open_timeline(&first), "it is shown as it is");
    edit(&mut studio, |c| c.learning_rate = 3e-3);
    let (second, _) = train(&mut studio);
    assert_eq!(studio.earlier_run(), None);

    studio.handle(TimelineAction::Open(first.clone()));
    wait(&mut studio, "the timeline", |s| s.earlier_run().is_some());
    assert_eq!(studio.earlier_run(), Some(&first));
    assert_eq!(studio.timeline_run().unwrap().name, parent.name);
    assert_eq!(studio.draft().learning_rate, parent.config.learning_rate);
    // What is shown is that run's.
    studio.handle(TimelineAction::ShowStep(Some(32)));
    assert!(matches!(studio.model(), Model::Snapshot { step: 32, .. }));
    studio.handle(TimelineAction::ShowPrevious);
    assert_eq!(studio.shown_step(), Some(16));

    studio.handle(RunAction::Branch);
    wait(&mut studio, "the end of the twin", is_finished);
    let twin = run(&studio).clone();
    assert_eq!(studio.earlier_run(), None, "its own timeline is shown");
    assert_eq!(losses(&twin), losses(&parent)[15..]);
    assert_eq!(twin.parent.unwrap().run, parent.name);

    studio.handle(TimelineAction::Open(second));
    wait(&mut studio, "the timeline", |s| s.earlier_run().is_some());
    studio.handle(TimelineAction::Close);
    assert!(matches!(studio.model(), Model::Trained(_)));
}

#[test]
fn a_run_of_an_earlier_session_shows_the_states_its_folder_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let (first, parent) = {
        let mut studio = studio(Some(dir.path()));
        choose_small(&mut studio, 8);
        train(&mut studio)
    };
    let kept = RunFolder::open(&dir.path().join(first.as_str())).unwrap();
    let kept = kept.checkpoints().unwrap();
    assert!(kept.len() > 1, "{}", kept.len());
    let step = kept[0].step();

    let mut studio = studio(Some(dir.path()));
    wait(&mut studio, "the list", |s| s.run(&first).is_some());
    studio.handle(TimelineAction::Open(first.clone()));
    wait(&mut studio, "the timeline", |s| s.earlier_run().is_some());
    let steps: Vec<u64> = studio
        .timeline()
        .states()
        .iter()
        .map(|s| s.step())
        .collect();
    assert_eq!(steps, kept.iter().map(|s| s.step()).collect::<Vec<_>>());
    assert_eq!(studio.shown_step(), steps.last().copied());
    studio.handle(TimelineAction::ShowStep(Some(step)));
    studio.handle(RunAction::Branch);
    wait(&mut studio, "the end of the branch", is_finished);
    let child = run(&studio);
    let at = parent.points.iter().position(|p| p.step == step).unwrap();
    assert_eq!(losses(child), losses(&parent)[at..]);
    assert_eq!(child.test, parent.test);

    // The table counts what is its own.
    let id = studio.runs().last().unwrap().id.clone();
    drop(studio);
    let record = Record::read(&dir.path().join(id.as_str())).unwrap();
    let parent_name = format!("{}@{step}", parent.name);
    assert_eq!(record.value("parent").unwrap().to_string(), parent_name);
    let own = child_losses(&parent, step);
    assert_eq!(
        record.metrics[&candle_studio::runs::Metric::BatchLoss].min,
        own
    );
}

/// The smallest loss of a batch after `step`.
fn child_losses(parent: &RunState, step: u64) -> f64 {
    let own = parent.points.iter().filter(|p| p.step > step);
    own.map(|p| p.loss).fold(f64::INFINITY, f64::min)
}

#[test]
fn a_run_without_full_states_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let first = {
        let mut studio = studio(Some(dir.path()));
        choose_small(&mut studio, 1);
        train(&mut studio).0
    };
    std::fs::remove_dir_all(dir.path().join(first.as_str()).join("checkpoints")).unwrap();
    let mut studio = studio(Some(dir.path()));
    wait(&mut studio, "the list", |s| s.run(&first).is_some());
    studio.handle(TimelineAction::Open(first));
    wait(&mut studio, "a notice", |s| !s.notices().is_empty());
    assert!(studio.notices()[0].text.contains("has no checkpoint"));
    assert_eq!(studio.earlier_run(), None);
}
