//! Runs in the window: tabs, the table, the filter and the selection.

use candle_studio::model::{Classifier, PRESETS};
use candle_studio::runs::RunState;
use candle_studio::studio::{LibraryAction, Studio};
use candle_studio::train::TrainConfig;
use candle_studio::ui::{Options, StudioApp};
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use crate::support::kept::{Kept, open_kept};
use crate::support::window::{open, settle, wait};

type Window = Harness<'static, StudioApp>;

fn runs(names: &[&str]) -> Vec<RunState> {
    let config = TrainConfig::new(&PRESETS[0], [1, 28, 28], 10, 60_000);
    names
        .iter()
        .map(|name| RunState::new(*name, config.clone()))
        .collect()
}

/// A window with runs of these names.
fn window(names: &'static [&'static str]) -> Window {
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(|cc| {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/window/lenet-5.safetensors"
            );
            let model = Classifier::load(path.as_ref()).unwrap();
            let studio = Studio::new(None, StudioApp::wake(&cc.egui_ctx)).unwrap();
            StudioApp::with_studio(cc, studio.with_history(runs(names), model))
        });
    settle(&mut window);
    window
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

#[test]
fn tabs_are_reached_by_mouse_and_by_keyboard_and_say_what_to_do_first() {
    let mut window = Harness::builder().with_max_steps(60).build_eframe(open);
    settle(&mut window);
    window.get_by_label("Train a network and watch it learn.");
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    window.get_by_label("No runs to compare yet.");
    assert!(
        window
            .query_by_label("Train a network and watch it learn.")
            .is_none()
    );
    press(&mut window, Modifiers::COMMAND, Key::Num7);
    window.get_by_label("No sweep yet.");
    window.get_by_role_and_label(Role::Tab, "Train tab").click();
    window.run_steps(4);
    window.get_by_label("Train a network and watch it learn.");
}

#[test]
fn a_filter_that_is_typed_leaves_the_runs_that_have_its_words() {
    let mut window = window(&["wide net 1", "deep net 2", "deep one 3"]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    window.get_by_label("3 runs");
    window.get_by_label("Filter runs").focus();
    window.run_steps(2);
    window.event(egui::Event::Text("net DEEP".to_owned()));
    window.run_steps(4);
    window.get_by_label("1 of 3 runs");
    window.get_by_label("deep net 2");
    assert!(window.query_by_label("wide net 1").is_none());
    window.event(egui::Event::Text("x".to_owned()));
    window.run_steps(4);
    window.get_by_label("No run matches the filter.");
}

#[test]
fn the_selection_holds_only_runs_that_there_are() {
    let mut studio = Studio::new(None, std::sync::Arc::new(|| {})).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/window/lenet-5.safetensors"
    );
    studio = studio.with_history(runs(&["a", "b"]), Classifier::load(path.as_ref()).unwrap());
    let known = studio.runs()[1].id.clone();
    let ids = vec![known.clone(), candle_studio::runs::RunId::new("gone")];
    studio.handle(LibraryAction::Select(ids));
    let picked: Vec<_> = studio.selected_runs().map(|run| run.id.clone()).collect();
    assert_eq!(picked, [known]);
    studio.handle(LibraryAction::Select(Vec::new()));
    assert_eq!(studio.selected_runs().count(), 0);
}

/// A workspace with two runs of the released format.
fn workspace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, rate) in [("slow", "0.001"), ("quick", "0.5")] {
        let run = crate::workspace::copy_released(dir.path(), name);
        for file in ["run.toml", "events.jsonl"] {
            let text = std::fs::read_to_string(run.join(file)).unwrap();
            let text = text.replace("learning_rate = 0.001", &format!("learning_rate = {rate}"));
            let text = text.replace(
                "\"learning_rate\":0.001",
                &format!("\"learning_rate\":{rate}"),
            );
            let text = text.replace("name = \"format-1\"", &format!("name = \"{name}\""));
            std::fs::write(run.join(file), text).unwrap();
        }
    }
    dir
}

fn window_on(workspace: &std::path::Path) -> Window {
    window_sized(workspace, [1440.0, 900.0])
}

fn window_sized(workspace: &std::path::Path, size: [f32; 2]) -> Window {
    let options = Options {
        workspace: Some(workspace.to_owned()),
        ..Options::default()
    };
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(move |cc| StudioApp::new(cc, options).unwrap());
    settle(&mut window);
    wait(&mut window, "the runs", |app| {
        app.studio().runs().len() == 2
    });
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    window
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(6);
}

/// The names of the rows, from top to bottom.
fn rows(window: &Window) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = window
        .get_all_by_role(Role::Row)
        .map(|row| {
            (
                row.rect().min.y,
                row.accesskit_node().label().unwrap_or_default(),
            )
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn the_table_shows_what_differs_sorts_filters_and_groups() {
    let dir = workspace();
    let mut window = window_on(dir.path());
    window.get_by_label("Sort by learning rate");
    assert!(
        window.query_by_label("Sort by batch size").is_none(),
        "it is the same in both"
    );
    click(&mut window, "Sort by learning rate");
    assert_eq!(rows(&window), ["slow", "quick"]);
    click(&mut window, "Sort by learning rate");
    assert_eq!(rows(&window), ["quick", "slow"]);
    window.get_by_label("Filter runs").focus();
    window.run_steps(2);
    window.event(egui::Event::Text("lr < 0.01 and".to_owned()));
    window.run_steps(4);
    window.get_by_label_contains("at character 14");
    assert_eq!(
        rows(&window),
        ["quick", "slow"],
        "the last filter that made sense"
    );
    window.event(egui::Event::Text(" model = softmax".to_owned()));
    window.run_steps(4);
    assert_eq!(rows(&window), ["slow"]);
    click(&mut window, "Groups");
    click(&mut window, "by all but seed");
    window.get_by_label_contains("slow · 1 run");
    click(&mut window, "Collapse slow");
    assert!(window.query_by_role(Role::Row).is_none());
}

#[test]
fn runs_are_picked_compared_renamed_deleted_and_brought_back() {
    let dir = workspace();
    let mut window = window_on(dir.path());
    click(&mut window, "quick");
    window.get_by_label("1 run selected");
    window
        .get_by_label("slow")
        .click_modifiers(Modifiers::COMMAND);
    window.run_steps(6);
    window.get_by_label("2 runs selected");
    click(&mut window, "Diff");
    window.get_by_label("learning rate");
    assert!(window.query_by_label("batch size").is_none());
    click(&mut window, "Table");
    click(&mut window, "slow");
    click(&mut window, "1 run selected");
    click(&mut window, "Name, tags and note…");
    window.get_by_label("Run tags").focus();
    window.run_steps(2);
    window.event(egui::Event::Text("paper".to_owned()));
    window.run_steps(2);
    click(&mut window, "Save");
    wait(&mut window, "the tag", |app| {
        app.studio()
            .runs()
            .iter()
            .any(|run| run.record.notes.tags == ["paper"])
    });
    let notes = std::fs::read_to_string(dir.path().join("slow/notes.toml")).unwrap();
    assert!(notes.contains("paper"), "{notes}");
    click(&mut window, "1 run selected");
    click(&mut window, "Move to trash");
    wait(&mut window, "the deletion", |app| {
        app.studio().runs().len() == 1
    });
    assert!(!dir.path().join("slow").exists());
    window.get_by_label("Moved slow to the trash");
    click(&mut window, "Undo delete");
    wait(&mut window, "the run again", |app| {
        app.studio().runs().len() == 2
    });
    assert!(dir.path().join("slow").is_dir());
    assert!(window.query_by_label("Moved slow to the trash").is_none());

    click(&mut window, "slow");
    click(&mut window, "1 run selected");
    click(&mut window, "Move to trash");
    wait(&mut window, "the second deletion", |app| {
        app.studio().runs().len() == 1
    });
    click(&mut window, "Table actions");
    click(&mut window, "Trash…");
    wait(&mut window, "the trash", |app| {
        app.studio().trash().len() == 1
    });
    click(&mut window, "Restore slow");
    wait(&mut window, "the run", |app| app.studio().runs().len() == 2);
}

fn picked(window: &Window) -> Vec<String> {
    let picked = window.state().studio().selected_runs();
    picked.map(|run| run.record.name.clone()).collect()
}

#[test]
fn rows_are_reached_and_picked_by_keys() {
    let mut window = window(&["a", "b", "c", "d"]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    assert_eq!(rows(&window), ["d", "c", "b", "a"], "the newest first");
    let focus = |window: &Window| {
        let all = window.get_all_by_role(Role::Row);
        let mut focused = all.filter(|row| row.accesskit_node().is_focused());
        focused.next().and_then(|row| row.accesskit_node().label())
    };
    window.get_by_role_and_label(Role::Row, "d").focus();
    window.run_steps(2);
    for (key, row) in [
        (Key::ArrowDown, "c"),
        (Key::ArrowDown, "b"),
        (Key::End, "a"),
        (Key::ArrowDown, "a"),
        (Key::Home, "d"),
        (Key::PageDown, "a"),
        (Key::ArrowUp, "b"),
    ] {
        press(&mut window, Modifiers::NONE, key);
        assert_eq!(focus(&window).as_deref(), Some(row), "{key:?}");
    }
    press(&mut window, Modifiers::NONE, Key::Space);
    assert_eq!(picked(&window), ["b"]);
    press(&mut window, Modifiers::SHIFT, Key::ArrowUp);
    assert_eq!(picked(&window), ["b", "c"]);
}

#[test]
fn a_row_under_the_pointer_stands_out_everywhere() {
    let mut window = window(&["a", "b"]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    let row = window.get_by_role_and_label(Role::Row, "a").rect();
    window.hover_at(row.center());
    window.run_steps(3);
    let hovered = window.state().hovered_run().map(ToString::to_string);
    assert_eq!(hovered.as_deref(), Some("a"));
}

#[test]
fn the_workspace_opened_last_is_there_the_next_time() {
    let (usual, other) = (workspace(), tempfile::tempdir().unwrap());
    crate::workspace::copy_released(other.path(), "alone");
    let options = |named: Option<&std::path::Path>| Options {
        workspace: named.map(ToOwned::to_owned),
        default_workspace: Some(usual.path().to_owned()),
        ..Options::default()
    };
    let mut kept = Kept::default();
    let mut window = open_kept(&kept, options(None));
    assert_eq!(window.state().studio().workspace(), Some(usual.path()));
    let action = LibraryAction::OpenWorkspace(other.path().to_owned());
    window.state_mut().act(action);
    wait(&mut window, "the runs", |app| {
        app.studio().runs().len() == 1
    });
    eframe::App::save(window.state_mut(), &mut kept);

    let window = open_kept(&kept, options(None));
    assert_eq!(window.state().studio().workspace(), Some(other.path()));
    // A name on the command line wins, and a folder that is gone is told.
    let window = open_kept(&kept, options(Some(usual.path())));
    assert_eq!(window.state().studio().workspace(), Some(usual.path()));
    let gone = other.path().to_owned();
    drop(other);
    let window = open_kept(&kept, options(None));
    let studio = window.state().studio();
    assert_eq!(studio.workspace(), Some(usual.path()));
    let told = &studio.notices()[0].text;
    assert!(told.contains(&gone.display().to_string()), "{told}");
}

/// The list of runs in the Train tab, where two clicks count as a double click however slowly the
/// window is drawn.
fn list(workspace: &std::path::Path) -> Window {
    let mut window = window_on(workspace);
    window.get_by_role_and_label(Role::Tab, "Train tab").click();
    window.run_steps(4);
    let options = |options: &mut egui::Options| {
        options.input_options.max_double_click_delay = 2.5;
    };
    window.ctx.options_mut(options);
    // The click on the tab is too long ago to count as the first of three.
    window.run_steps(20);
    window
}

#[test]
fn a_run_is_renamed_in_its_row_by_a_double_click_or_f2() {
    let dir = workspace();
    let mut window = list(dir.path());
    for _ in 0..2 {
        window.get_by_label("slow").click();
        window.run_steps(4);
    }
    window.get_by_label("Name of slow");
    window.event(egui::Event::Text("patient".to_owned()));
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait(&mut window, "the name", |app| {
        let mut runs = app.studio().runs().iter();
        runs.any(|run| run.record.name == "patient")
    });
    let notes = std::fs::read_to_string(dir.path().join("slow/notes.toml")).unwrap();
    assert_eq!(notes, "name = \"patient\"\n");
    // Escape keeps the old name.
    window.run_steps(4);
    window.get_by_label("patient").hover();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::F2);
    window.get_by_label("Name of patient");
    window.event(egui::Event::Text("hasty".to_owned()));
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.get_by_label("patient");
    assert!(window.query_by_label("Name of patient").is_none());
    // The same in the table.
    window
        .get_by_role_and_label(Role::Tab, "Compare tab")
        .click();
    window.run_steps(4);
    window.get_by_role_and_label(Role::Row, "quick").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::F2);
    window.get_by_label("Name of quick");
}

#[test]
fn a_right_click_on_a_run_in_the_list_leads_everywhere() {
    let dir = workspace();
    let mut window = list(dir.path());
    window.get_by_label("slow").click_secondary();
    window.run_steps(4);
    for item in [
        "Show curves",
        "Copy settings",
        "Train longer",
        "Open folder",
    ] {
        window.get_by_label(item);
    }
    click(&mut window, "Open in Compare");
    window.get_by_label("1 run selected");
    assert_eq!(picked(&window), ["slow"]);
    window.get_by_role_and_label(Role::Tab, "Train tab").click();
    window.run_steps(4);
    window.get_by_label("slow").click_secondary();
    window.run_steps(4);
    click(&mut window, "Move to trash");
    wait(&mut window, "the deletion", |app| {
        app.studio().runs().len() == 1
    });
}

#[test]
fn long_numbers_in_the_list_do_not_run_into_the_status() {
    let dir = workspace();
    for file in ["run.toml", "events.jsonl"] {
        let path = dir.path().join("quick").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("learning_rate = 0.5", "learning_rate = 0.001947");
        std::fs::write(
            path,
            text.replace("\"learning_rate\":0.5", "\"learning_rate\":0.001947"),
        )
        .unwrap();
    }
    let window = list(dir.path());
    let rate = window.get_by_label("0.001947").rect();
    let status = window.state().studio().runs()[0].record.status.label();
    let statuses = window.get_all_by_label(status).map(|cell| cell.rect());
    let same_row: Vec<_> = statuses
        .filter(|cell| (cell.center().y - rate.center().y).abs() < 4.0)
        .collect();
    assert_eq!(same_row.len(), 1);
    assert!(
        same_row[0].right() + 8.0 < rate.left(),
        "{same_row:?} {rate}"
    );
}

/// The workspace, where the learning rate of `quick` was changed during training; it is a branch.
fn changed_workspace() -> tempfile::TempDir {
    let dir = workspace();
    let path = dir.path().join("quick/events.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let (start, rest) = text.split_once('\n').unwrap();
    let changed = r#"{"event":"changed","step":1509,"epoch":0.5,"setting":"learning_rate","old":0.5,"new":0.05}"#;
    std::fs::write(path, format!("{start}\n{changed}\n{rest}")).unwrap();
    dir
}

#[test]
fn a_setting_changed_on_the_way_is_told_with_its_start_beside_the_results() {
    let dir = changed_workspace();
    let mut window = window_on(dir.path());
    let record = |name: &str| {
        let mut runs = window.state().studio().runs().iter();
        runs.find(|run| run.id.as_str() == name)
            .unwrap()
            .record
            .clone()
    };
    let quick = record("quick");
    assert_eq!(quick.config.learning_rate, 0.05);
    assert_eq!(quick.settings()["learning_rate"].to_string(), "0.5");
    click(&mut window, "Diff");
    // An empty view has the button that fills it.
    click(&mut window, "Compare the two newest");
    window.get_by_label("learning rate");
    window.get_by_label("0.5, changed at update 1,509 to 0.05");
    window.get_by_label("0.001");
    window.get_by_label("test accuracy");
    assert_eq!(window.get_all_by_label("57.61 %").count(), 2);
    for view in ["Parallel", "Scatter"] {
        click(&mut window, view);
        let label = match view {
            "Parallel" => "Parallel coordinates of learning rate, test accuracy",
            _ => "Scatter of test accuracy against learning rate",
        };
        window.get_by_label(label);
    }
}

#[test]
fn views_without_runs_to_show_have_the_button_that_fills_them() {
    let mut window = window(&["a", "b", "c"]);
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    click(&mut window, "Sketch");
    click(&mut window, "Compare the two newest");
    assert_eq!(picked(&window), ["b", "c"]);
    click(&mut window, "Scatter");
    click(&mut window, "Vary settings in a sweep");
    window.get_by_label("No sweep yet.");
    press(&mut window, Modifiers::COMMAND, Key::Num6);
    window
        .state_mut()
        .act(LibraryAction::SetFilter("nothing like it".to_owned()));
    window.run_steps(4);
    click(&mut window, "Clear filter");
    window.get_by_label("3 runs");
}

#[test]
fn the_table_and_the_curves_are_copied_to_the_clipboard() {
    let dir = workspace();
    let mut window = window_on(dir.path());
    let copied = |window: &mut Window| -> Option<egui::OutputCommand> {
        // The picture is drawn on another thread.
        let start = std::time::Instant::now();
        while start.elapsed().as_secs() < 60 {
            window.step();
            let commands = &window.output().platform_output.commands;
            let is_copy = |command: &&egui::OutputCommand| {
                !matches!(command, egui::OutputCommand::OpenUrl(_))
            };
            if let Some(command) = commands.iter().find(is_copy) {
                return Some(command.clone());
            }
        }
        None
    };
    window.get_by_label("Copy table").click();
    let Some(egui::OutputCommand::CopyText(text)) = copied(&mut window) else {
        panic!("nothing was copied");
    };
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0][..3], ["id", "name", "status"]);
    let column = lines[0]
        .iter()
        .position(|name| *name == "learning_rate")
        .unwrap();
    assert_eq!(
        lines[1..].iter().map(|l| l[column]).collect::<Vec<_>>(),
        ["0.001", "0.5"]
    );

    let id = window.state().studio().runs()[0].id.clone();
    window.state_mut().act(LibraryAction::ShowRun(id, true));
    wait(&mut window, "the curves", |app| {
        !app.studio().runs()[0].state.points.is_empty()
    });
    press(&mut window, Modifiers::COMMAND, Key::Num3);
    click(&mut window, "More options for the curves");
    window.get_by_label("Copy curves as a picture").click();
    let Some(egui::OutputCommand::CopyImage(picture)) = copied(&mut window) else {
        panic!("no picture was copied");
    };
    assert_eq!(picture.size, [2000, 1400]);
}

#[test]
fn a_run_that_cannot_be_read_is_listed_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    crate::workspace::copy_released(dir.path(), "sound");
    let manifest = crate::workspace::copy_released(dir.path(), "damaged").join("run.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, "name = ").unwrap();
    let options = Options {
        workspace: Some(dir.path().to_owned()),
        ..Options::default()
    };
    let mut window = Harness::builder()
        .with_size([1440.0, 900.0])
        .with_max_steps(60)
        .build_eframe(move |cc| StudioApp::new(cc, options).unwrap());
    settle(&mut window);
    wait(&mut window, "the run", |app| {
        app.studio().unreadable_runs().len() == 1 && app.studio().runs().len() == 1
    });
    window.get_by_label_contains("damaged cannot be read: ");
    // Repaired, it is a run like any other.
    std::fs::write(&manifest, text).unwrap();
    wait(&mut window, "the repaired run", |app| {
        app.studio().unreadable_runs().is_empty() && app.studio().runs().len() == 2
    });
    window.step();
    assert!(window.query_by_label_contains("cannot be read").is_none());
}
