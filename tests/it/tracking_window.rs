//! Runs of the window in an MLflow server, which may be away.

use std::net::TcpListener;
use std::path::Path;

use candle_studio::studio::{LibraryAction, RunAction, TrackForm, TrackState};
use candle_studio::ui::Options;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use crate::support::kept::{Kept, open_kept};
use crate::support::mlflow::Server;
use crate::support::window::{
    Window, choose_small, click, press, settle, studio, type_text, wait, wait_for_end,
};

fn window_in(folder: &Path) -> Window {
    let options = Options {
        workspace: Some(folder.join("runs")),
        session: Some(folder.join("session.json")),
        ..Options::default()
    };
    let mut window = open_kept(&Kept::default(), options);
    settle(&mut window);
    window
}

fn train(window: &mut Window) {
    choose_small(window, 1);
    window.state_mut().act(RunAction::Train);
    wait_for_end(window);
}

fn state(window: &Window) -> TrackState {
    studio(window).run_tracker().state()
}

#[test]
fn a_run_waits_for_a_server_that_is_away_and_is_then_sent_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_in(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    window.get_by_label("MLflow").scroll_to_me();
    window.run_steps(8);
    click(&mut window, "MLflow");
    window.run_steps(8);
    window.get_by_label("MLflow server").scroll_to_me();
    window.run_steps(8);
    click(&mut window, "MLflow server");
    type_text(&mut window, &format!("http://{address}"));
    click(&mut window, "Send runs to MLflow");
    let form = studio(&window).run_tracker().form().clone();
    assert_eq!(
        form,
        TrackForm {
            is_on: true,
            url: format!("http://{address}"),
        }
    );
    window.get_by_label("Runs are sent to MLflow");
    // Training does not notice.
    train(&mut window);
    wait(&mut window, "the first try", |app| {
        matches!(app.studio().run_tracker().state(), TrackState::Waiting(_))
    });
    window.run_steps(2);
    window.get_by_label_contains("Waiting, and trying again: the MLflow server");

    let server = Server::at(TcpListener::bind(address).unwrap(), "");
    wait(&mut window, "the server", |app| {
        app.studio().run_tracker().state() == TrackState::Sent
    });
    assert_eq!(server.bodies("runs/update")[0]["status"], "FINISHED");
    assert!(
        server
            .metrics()
            .iter()
            .any(|(key, _)| key == "test_accuracy")
    );
}

#[test]
fn an_address_that_is_none_fails_in_one_sentence_and_the_next_session_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let form = TrackForm {
        is_on: true,
        url: "localhost:5000".to_owned(),
    };
    let mut window = window_in(folder.path());
    window.state_mut().act(LibraryAction::Track(form.clone()));
    train(&mut window);
    wait(&mut window, "the answer", |app| {
        matches!(app.studio().run_tracker().state(), TrackState::Failed(_))
    });
    let TrackState::Failed(reason) = state(&window) else {
        unreachable!()
    };
    assert!(reason.ends_with("found `localhost:5000`"), "{reason}");
    let session = studio(&window).session().to_json();
    let session = candle_studio::studio::Session::from_json(&session);
    let wake = std::sync::Arc::new(|| {});
    let restored = candle_studio::studio::Studio::restored(None, session, wake).unwrap();
    assert_eq!(*restored.run_tracker().form(), form);
}

/// Types into the palette, and has the command with this label.
fn find(window: &mut Window, label: &str) {
    press(window, Modifiers::COMMAND, Key::P);
    type_text(window, &label.to_lowercase());
    window.run_steps(2);
}

#[test]
fn the_palette_switches_sending_for_the_address_in_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_in(folder.path());
    let is_on = |window: &Window| studio(window).run_tracker().form().is_on;
    let (send, stop) = ("Send runs to MLflow", "Stop sending runs to MLflow");
    // Without an address there is nowhere to send them.
    find(&mut window, send);
    let found = window.get_by_label_contains(send);
    assert!(found.accesskit_node().is_disabled());
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(!is_on(&window));
    press(&mut window, Modifiers::NONE, Key::Escape);

    let url = "http://localhost:5000".to_owned();
    let form = TrackForm { is_on: false, url };
    window.state_mut().act(LibraryAction::Track(form.clone()));
    find(&mut window, send);
    window.get_by_label_contains(send).click();
    window.run_steps(4);
    let expected = TrackForm {
        is_on: true,
        ..form.clone()
    };
    assert_eq!(*studio(&window).run_tracker().form(), expected);
    window.get_by_label("Runs are sent to MLflow");

    find(&mut window, stop);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(*studio(&window).run_tracker().form(), form);
}
