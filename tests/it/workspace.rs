//! Many runs in one folder: listed, watched, found.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_studio::model::{Classifier, preset};
use candle_studio::runs::{
    Metric, Notes, Record, Recorder, RunFolder, RunId, RunState, Status, Summary, Watch, WatchNews,
    delete_run, list_runs,
};
use candle_studio::train::{Control, Event, Finish, Job, Observer, TrainConfig, train};

use crate::support::tiny;

/// The run as version 0.1.0 wrote it, copied into `workspace`.
pub fn copy_released(workspace: &Path, name: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs/format-1");
    let to = workspace.join(name);
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    to
}

fn job() -> Job {
    let dataset = tiny::dataset();
    let mut config = TrainConfig::new(
        preset("softmax").unwrap(),
        dataset.image_shape(),
        dataset.n_classes(),
        tiny::N_TRAIN,
    );
    config.epochs = 2;
    Job::new(config, Arc::new(dataset)).unwrap()
}

fn listed(workspace: &Path) -> Vec<Record> {
    let listing = list_runs(workspace).unwrap();
    assert_eq!(listing.unreadable, []);
    listing.records
}

#[test]
fn a_run_of_the_first_release_still_opens() {
    let dir = tempfile::tempdir().unwrap();
    let path = copy_released(dir.path(), "old");
    let records = listed(dir.path());
    let record = &records[0];
    assert_eq!((records.len(), record.id.as_str()), (1, "old"));
    assert_eq!(
        (record.name.as_str(), record.created.as_str()),
        ("format-1", "2026-11-23T15:45:06Z")
    );
    assert_eq!(record.status, Status::Finished(Finish::Completed));
    assert_eq!(record.metrics[&Metric::TestAccuracy].last, 0.5761);
    assert_eq!(record.metrics[&Metric::Steps].last, 26.0);
    assert_eq!(record.settings()["learning_rate"].to_string(), "0.001");
    let folder = RunFolder::open(&path).unwrap();
    let state = folder.replay().unwrap();
    assert_eq!((state.points.len(), state.epochs.len()), (26, 2));
    assert_eq!(folder.summary().unwrap().unwrap().epochs, 2.0);
    Classifier::load(&folder.model_path()).unwrap();
}

#[test]
fn a_newer_run_is_refused_politely_and_the_others_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    copy_released(dir.path(), "old");
    let newer = dir.path().join("newer");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("run.toml"), "format_version = 99\n").unwrap();
    fs::create_dir(dir.path().join("no run")).unwrap();
    let listing = list_runs(dir.path()).unwrap();
    assert_eq!(listing.records.len(), 1);
    assert_eq!(listing.unreadable.len(), 1);
    let reason = &listing.unreadable[0].reason;
    assert!(reason.contains("update Candle Studio"), "{reason}");
}

#[test]
fn the_index_is_only_a_cache() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        copy_released(dir.path(), name);
    }
    let index = dir.path().join(".index.sqlite");
    let first = listed(dir.path());
    assert!(index.is_file());
    assert_eq!(listed(dir.path()), first, "from the index");
    fs::remove_file(&index).unwrap();
    assert_eq!(listed(dir.path()), first, "without one");
    fs::write(
        &index,
        "no database at all, but long enough to be looked at as one",
    )
    .unwrap();
    assert_eq!(listed(dir.path()), first, "with a broken one");

    // What changed since it was written is read again; what is gone is gone.
    let notes = Notes {
        name: Some("renamed".to_owned()),
        starred: true,
        ..Notes::default()
    };
    notes.write(&dir.path().join("b")).unwrap();
    fs::remove_dir_all(dir.path().join("a")).unwrap();
    let names: Vec<String> = listed(dir.path()).into_iter().map(|r| r.name).collect();
    assert_eq!(names, ["renamed", "format-1"]);
}

fn sql(index: &Path, text: &str) -> rusqlite::Result<()> {
    rusqlite::Connection::open(index)?.execute_batch(text)
}

#[test]
fn a_damaged_row_of_the_index_shows_no_wrong_number() {
    let dir = tempfile::tempdir().unwrap();
    copy_released(dir.path(), "a");
    let first = listed(dir.path());
    let index = dir.path().join(".index.sqlite");
    for change in [
        "UPDATE runs SET record = replace(record, '0.', '0.9')",
        "UPDATE runs SET record = replace(record, 'completed', 'stopped')",
        "UPDATE runs SET record = ''",
        "UPDATE runs SET checksum = ''",
        "INSERT INTO runs SELECT 'b', stamp, record, checksum FROM runs",
    ] {
        sql(&index, change).unwrap();
        assert_eq!(listed(dir.path()), first, "{change}");
    }
}

#[test]
fn an_index_of_an_earlier_version_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let index = dir.path().join(".index.sqlite");
    copy_released(dir.path(), "a");
    let earlier = "CREATE TABLE runs (id TEXT PRIMARY KEY, stamp TEXT NOT NULL, record TEXT NOT NULL); \
                   PRAGMA user_version = 3";
    sql(&index, earlier).unwrap();
    listed(dir.path());
    sql(&index, "SELECT checksum FROM runs").unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_in_the_place_of_the_index_and_not_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (w, theirs) = (dir.path().join("w"), dir.path().join("theirs.sqlite"));
    let index = w.join(".index.sqlite");
    copy_released(&w, "a");
    let first = listed(&w);
    // Someone else's database, even one with a table of our name, itself and behind a link.
    for setup in [
        "CREATE TABLE runs (id INTEGER, seconds REAL); INSERT INTO runs VALUES (1, 2.5); \
         PRAGMA user_version = 3",
        "CREATE TABLE photos (id INTEGER); PRAGMA application_id = 77",
    ] {
        let _ = fs::remove_file(&theirs);
        sql(&theirs, setup).unwrap();
        let before = fs::read(&theirs).unwrap();
        for is_link in [false, true] {
            let _ = fs::remove_file(&index);
            if is_link {
                std::os::unix::fs::symlink(&theirs, &index).unwrap();
            } else {
                fs::copy(&theirs, &index).unwrap();
            }
            assert_eq!(listed(&w), first);
            assert_eq!(index.is_symlink(), is_link);
            assert!(fs::read(&index).unwrap() == before, "written: {setup}");
        }
    }
    // A link to what is no database, or to nothing.
    for target in ["notes.txt", "nothing"] {
        let notes = dir.path().join("notes.txt");
        fs::write(&notes, "mine").unwrap();
        fs::remove_file(&index).unwrap();
        std::os::unix::fs::symlink(dir.path().join(target), &index).unwrap();
        assert_eq!(listed(&w), first);
        assert_eq!(fs::read(&notes).unwrap(), b"mine");
        assert!(!dir.path().join("nothing").exists() && index.is_symlink());
    }
}

/// What a watch has told so far.
struct Seen {
    watch: Watch,
    records: Vec<Record>,
    state: Option<RunState>,
}

impl Seen {
    fn new(workspace: &Path) -> Seen {
        let watch = Watch::spawn(workspace.to_owned(), Arc::new(|| {})).unwrap();
        Seen {
            watch,
            records: Vec::new(),
            state: None,
        }
    }

    fn wait(&mut self, what: &str, is_so: impl Fn(&Seen) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "waited in vain for {what}"
            );
            match self.watch.news() {
                Some(WatchNews::Records(new)) => {
                    for record in new {
                        self.records.retain(|old| old.id != record.id);
                        self.records.push(record);
                    }
                }
                Some(WatchNews::Gone(ids)) => self.records.retain(|r| !ids.contains(&r.id)),
                Some(WatchNews::Replayed(_, state)) => self.state = Some(*state),
                Some(WatchNews::Happened(_, events)) => {
                    let state = self.state.as_mut().unwrap();
                    events.iter().for_each(|event| state.apply(event));
                }
                Some(WatchNews::Unreadable(run)) => panic!("{run:?}"),
                Some(WatchNews::Problem(text)) => panic!("{text}"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn status(&self, id: &str) -> Option<&Status> {
        let record = self.records.iter().find(|r| r.id.as_str() == id);
        record.map(|r| &r.status)
    }
}

#[test]
fn a_run_that_another_writes_appears_moves_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Seen::new(dir.path());
    let job = job();
    let mut recorder = Recorder::create(&dir.path().join("theirs"), "theirs", &job).unwrap();
    seen.wait("the run", |s| s.status("theirs").is_some());

    /// Keeps the events, to hand them on one by one.
    struct Kept(Vec<Event>);
    impl Observer for Kept {
        fn event(&mut self, event: &Event) {
            self.0.push(event.clone());
        }
    }
    let mut kept = Kept(Vec::new());
    let outcome = train(&job, &Control::default(), &mut kept).unwrap();
    let (end, before) = kept.0.split_last().unwrap();
    recorder.event(&before[0]);
    seen.wait("its start", |s| {
        s.status("theirs") == Some(&Status::Running)
    });
    seen.watch.follow(RunId::new("theirs"));
    seen.wait("its history", |s| s.state.is_some());
    before[1..].iter().for_each(|event| recorder.event(event));
    seen.wait("its points", |s| {
        s.state
            .as_ref()
            .is_some_and(|state| state.epochs.len() == 2)
    });
    assert!(matches!(seen.status("theirs"), Some(Status::Running)));
    recorder.event(end);
    let summary = Summary::new(&outcome);
    let model = outcome.into_classifier(&job);
    recorder.finish(&summary, &model).unwrap();
    let done = Status::Finished(Finish::Completed);
    seen.wait("its end", |s| s.status("theirs") == Some(&done));
    let replayed = RunFolder::open(&dir.path().join("theirs"))
        .unwrap()
        .replay()
        .unwrap();
    seen.wait("its last event", |s| {
        s.state.as_ref().is_some_and(|state| *state == replayed)
    });
}

#[test]
fn a_run_whose_writer_is_gone_was_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Seen::new(dir.path());
    let mut recorder = Recorder::create(&dir.path().join("a"), "a", &job()).unwrap();
    recorder.event(&Event::Paused { step: 0 });
    seen.wait("the run", |s| s.status("a") == Some(&Status::Paused));
    assert_eq!(listed(dir.path())[0].status, Status::Paused);
    drop(recorder);
    seen.wait("the interruption", |s| {
        s.status("a") == Some(&Status::Interrupted)
    });
    assert_eq!(listed(dir.path())[0].status, Status::Interrupted);
}

#[test]
fn what_is_copied_in_renamed_and_deleted_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    copy_released(dir.path(), "first");
    let mut seen = Seen::new(dir.path());
    seen.wait("the first", |s| s.records.len() == 1);
    let second = copy_released(dir.path(), "second");
    seen.wait("the second", |s| s.records.len() == 2);
    let notes = Notes {
        name: Some("better name".to_owned()),
        ..Notes::default()
    };
    notes.write(&second).unwrap();
    seen.wait("the new name", |s| {
        s.records.iter().any(|r| r.name == "better name")
    });
    delete_run(dir.path(), &RunId::new("first")).unwrap();
    seen.wait("the deletion", |s| s.status("first").is_none());
    assert_eq!(seen.records.len(), 1);
}

#[test]
fn a_run_keeps_its_color_wherever_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        Recorder::create(&dir.path().join(name), name, &job()).unwrap();
    }
    let colors = |dir: &std::path::Path| -> Vec<usize> {
        listed(dir).iter().map(|record| record.color).collect()
    };
    let before = colors(dir.path());
    assert!(
        before[0] != before[1] && before[1] != before[2],
        "{before:?}"
    );
    delete_run(dir.path(), &RunId::new("a")).unwrap();
    assert_eq!(colors(dir.path()), before[1..]);
    // A run of the first version brings none: it has the one of its name, always.
    let other = tempfile::tempdir().unwrap();
    copy_released(dir.path(), "old");
    copy_released(other.path(), "old");
    let old = listed(dir.path())
        .into_iter()
        .find(|r| r.name == "format-1");
    assert_eq!(old.unwrap().color, colors(other.path())[0]);
}

#[test]
fn the_points_of_a_baseline_are_read_though_its_curves_are_hidden() {
    use candle_studio::studio::{LibraryAction, Studio};
    let dir = tempfile::tempdir().unwrap();
    copy_released(dir.path(), "first");
    copy_released(dir.path(), "second");
    let mut studio = Studio::new(Some(dir.path().to_owned()), std::sync::Arc::new(|| {})).unwrap();
    let id = RunId::new("first");
    let pump = |studio: &mut Studio, is_so: &dyn Fn(&Studio) -> bool| {
        let start = std::time::Instant::now();
        while !is_so(studio) {
            assert!(start.elapsed() < Duration::from_secs(20), "nothing happens");
            studio.pump(Duration::from_millis(5));
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    pump(&mut studio, &|s| s.runs().len() == 2);
    let n_points = |studio: &Studio| studio.run(&id).unwrap().state.points.len();
    assert_eq!(n_points(&studio), 0);
    studio.handle(LibraryAction::SetBaseline(Some(id.clone())));
    pump(&mut studio, &|s| n_points(s) > 0);
    studio.handle(LibraryAction::ShowRun(id.clone(), true));
    studio.handle(LibraryAction::ShowRun(id.clone(), false));
    assert!(n_points(&studio) > 0, "still the baseline");

    // The next session with the workspace has it, with its points, and the one after the next not.
    drop(studio);
    let next = || Studio::new(Some(dir.path().to_owned()), std::sync::Arc::new(|| {})).unwrap();
    let mut studio = next();
    pump(&mut studio, &|s| {
        s.baseline().is_some_and(|run| run.id == id)
    });
    pump(&mut studio, &|s| n_points(s) > 0);
    studio.handle(LibraryAction::SetBaseline(None));
    assert_eq!(n_points(&studio), 0);
    drop(studio);
    let mut studio = next();
    pump(&mut studio, &|s| {
        s.runs().len() == 2 && s.activities().is_empty()
    });
    assert!(studio.baseline().is_none() && studio.notices().is_empty());
}
