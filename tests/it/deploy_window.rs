//! Deploy: the model as files, and as a service.

use std::path::Path;

use candle_studio::export::model::ModelFormat;
use candle_studio::studio::{DeployAction, FileAction};
use egui_kittest::kittest::Queryable;

use crate::support::window::{Window, click, settle, studio, wait, window};

fn window_with_model() -> Window {
    let mut window = window();
    click(&mut window, "Deploy tab");
    window.get_by_label_contains("There is no model yet");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(&mut window, "the model", |app| {
        app.studio().classifier().is_some()
    });
    settle(&mut window);
    window
}

#[test]
fn the_model_is_written_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = window_with_model();
    for format in ModelFormat::all() {
        let path = dir.path().join(format!("digits{}", format.ending()));
        window
            .state_mut()
            .act(DeployAction::Export(format, path.clone()));
        settle(&mut window);
        let last = studio(&window).notices().last().unwrap();
        assert!(last.text.starts_with("Saved"), "{format:?}: {}", last.text);
        assert_eq!(path.is_dir(), format.is_folder());
    }
    // A file that cannot be written is said.
    let nowhere = dir.path().join("missing/digits.onnx");
    window
        .state_mut()
        .act(DeployAction::Export(ModelFormat::Onnx, nowhere));
    settle(&mut window);
    let last = studio(&window).notices().last().unwrap();
    assert!(last.is_error, "{}", last.text);
    // Each has a button that asks where to.
    click(&mut window, "Save as ONNX");
    window.get_by_label("Export model to…");
    click(&mut window, "Cancel");
}

#[cfg(feature = "serve")]
mod service {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use candle_studio::studio::{
        CanvasAction, EvaluateAction, Offer, RunAction, ServiceForm, ServiceState,
    };
    use egui::{Key, Modifiers};
    use egui_kittest::kittest::NodeT;

    use super::*;
    use crate::support::window::{choose_small, press, type_text, wait_for_end};

    /// Port 0: other tests run beside this one.
    const FREE: ServiceForm = ServiceForm {
        port: 0,
        is_open: false,
        offer: Offer::Canvas,
    };

    fn ask(url: &str, path: &str) -> String {
        send(url, &format!("GET {path}"), "", "")
    }

    fn send(url: &str, request: &str, header: &str, body: &str) -> String {
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let n = body.len();
        let request = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{header}\
             Content-Length: {n}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn start(window: &mut Window, form: ServiceForm) {
        window.state_mut().act(DeployAction::Serve(form));
        wait(window, "the service", |app| {
            app.studio().services().state() == ServiceState::On
        });
        window.run_steps(4);
    }

    fn infer(url: &str, model: &str, header: &str) -> String {
        let data = ["0"; 784].join(",");
        let body = format!(
            r#"{{"inputs":[{{"name":"image","shape":[1,1,28,28],"datatype":"UINT8","data":[{data}]}}]}}"#
        );
        send(
            url,
            &format!("POST /v2/models/{model}/infer"),
            header,
            &body,
        )
    }

    #[test]
    fn requests_are_counted_and_their_pictures_shown_on_demand() {
        let mut window = window_with_model();
        start(&mut window, FREE);
        let services = studio(&window).services();
        let (url, model) = (
            services.url().unwrap().to_owned(),
            services.model().unwrap().to_owned(),
        );
        assert!(infer(&url, &model, "").starts_with("HTTP/1.1 200"));
        window.run_steps(2);
        // Nothing is kept unless it is asked for.
        assert_eq!(
            window
                .query_all_by_label_contains("Picture answered")
                .count(),
            0
        );
        click(&mut window, "Show the last pictures");
        assert!(infer(&url, &model, "").starts_with("HTTP/1.1 200"));
        wait(&mut window, "the second", |app| {
            let traffic = app.studio().services().traffic().unwrap();
            traffic.seconds().iter().map(|s| s.n_requests).sum::<u32>() == 2
        });
        window.run_steps(2);
        window.get_by_label_contains("Picture answered with");
        window.get_by_label_contains("requests per second:");
        window.get_by_label_contains("latency: half within");
        click(&mut window, "Show the last pictures");
        assert_eq!(
            window
                .query_all_by_label_contains("Picture answered")
                .count(),
            0
        );
        for name in [
            "Copy curl example",
            "Copy Python example",
            "Copy JavaScript example",
        ] {
            window.get_by_label(name);
        }
    }

    #[test]
    fn others_need_the_token_and_find_the_page_by_its_code() {
        let mut window = window_with_model();
        start(
            &mut window,
            ServiceForm {
                is_open: true,
                ..FREE
            },
        );
        let services = studio(&window).services();
        let (url, model) = (
            services.url().unwrap().to_owned(),
            services.model().unwrap().to_owned(),
        );
        let token = services.token().unwrap().to_owned();
        window.get_by_label(&format!("QR code of {url}/"));
        window.get_by_label("Copy token");
        window.get_by_label("Other machines reach the service");
        assert!(ask(&url, "/").contains("<canvas"));
        assert!(infer(&url, &model, "").starts_with("HTTP/1.1 401"));
        let header = format!("Authorization: Bearer {token}\r\n");
        assert!(infer(&url, &model, &header).starts_with("HTTP/1.1 200"));
        // The token is in no line of the log.
        let lines = studio(&window).services().lines();
        assert!(lines.iter().all(|line| !line.contains(&token)), "{lines:?}");
    }

    #[test]
    fn the_best_run_is_served_and_none_is_said() {
        let mut window = window_with_model();
        click(&mut window, "the best run");
        let form = ServiceForm {
            offer: Offer::BestRun,
            ..FREE
        };
        window.state_mut().act(DeployAction::Serve(form));
        window.run_steps(2);
        let last = studio(&window).notices().last().unwrap();
        assert!(
            last.is_error && last.text.contains("No run has finished"),
            "{}",
            last.text
        );
        assert_eq!(studio(&window).services().state(), ServiceState::Off);
    }

    #[test]
    fn the_models_beside_it_are_served_each_by_its_name() {
        let mut window = window_with_model();
        let is_disabled = |window: &Window, label: &str| {
            let node = window.get_by_label(label);
            node.accesskit_node().is_disabled()
        };
        assert!(is_disabled(&window, "it and those beside it"));
        // An int8 twin is none to serve.
        window.state_mut().act(EvaluateAction::AddInt8);
        wait(&mut window, "the twin", |app| {
            app.studio().evaluator().beside().len() == 1
        });
        window.run_steps(4);
        assert!(is_disabled(&window, "it and those beside it"));
        window.state_mut().act(EvaluateAction::KeepBeside);
        window.run_steps(4);
        click(&mut window, "it and those beside it");
        let form = studio(&window).services().form();
        assert_eq!(form.offer, Offer::WithBeside);
        start(
            &mut window,
            ServiceForm {
                port: FREE.port,
                ..form
            },
        );
        let services = studio(&window).services();
        let [first, second] = services.models() else {
            panic!("{:?}", services.models());
        };
        // Two of the same name.
        assert_eq!(*second, format!("{first}-2"));
        window.get_by_label(&format!("models: {first}, {second}"));
        let url = services.url().unwrap();
        for model in [first, second] {
            assert!(infer(url, model, "").starts_with("HTTP/1.1 200"), "{model}");
        }
    }

    #[test]
    fn the_palette_starts_and_stops_the_service_and_keeps_models_beside() {
        let mut window = window_with_model();
        window.state_mut().act(DeployAction::SetService(FREE));
        let palette = |window: &mut Window, typed: &str| {
            press(window, Modifiers::COMMAND, Key::P);
            type_text(window, typed);
            press(window, Modifiers::NONE, Key::Enter);
        };
        palette(&mut window, "start the service");
        wait(&mut window, "the service", |app| {
            app.studio().services().state() == ServiceState::On
        });
        palette(&mut window, "stop the service");
        wait(&mut window, "the end", |app| {
            app.studio().services().state() == ServiceState::Off
        });
        palette(&mut window, "keep the model beside");
        wait(&mut window, "the model beside", |app| {
            app.studio().evaluator().beside().len() == 1
        });
        wait(&mut window, "the dataset", |app| {
            app.studio().dataset().is_some()
        });
        palette(&mut window, "int8 twin");
        wait(&mut window, "the twin", |app| {
            app.studio().evaluator().beside().len() == 2
        });
    }

    #[test]
    fn the_model_is_served_follows_a_run_and_ends_with_the_service() {
        let mut window = window_with_model();
        let state = |window: &Window| studio(window).services().state();
        start(&mut window, FREE);
        let services = studio(&window).services();
        let (url, model) = (
            services.url().unwrap().to_owned(),
            services.model().unwrap().to_owned(),
        );
        window.get_by_label(&format!("{url}/"));
        assert!(ask(&url, "/v2/health/ready").starts_with("HTTP/1.1 200"));
        assert!(ask(&url, "/").contains("<canvas"));
        let about = ask(&url, &format!("/v2/models/{model}"));
        assert!(about.contains("\"inputs\""), "{about}");
        wait(&mut window, "the log", |app| {
            app.studio().services().lines().len() >= 3
        });

        // A run in training is followed: its weights are exchanged.
        click(&mut window, "Train tab");
        choose_small(&mut window, 1);
        window.state_mut().act(RunAction::Train);
        wait_for_end(&mut window);
        window.state_mut().act(CanvasAction::UseTrainedModel);
        click(&mut window, "Deploy tab");
        click(&mut window, "Follow the run in training");
        let before = studio(&window).services().lines().len();
        wait(&mut window, "the exchange", |app| {
            app.studio().services().lines().len() > before
        });

        click(&mut window, "Stop service");
        wait(&mut window, "the end", |app| {
            app.studio().services().state() == ServiceState::Off
        });
        window.run_steps(4);
        assert_eq!(state(&window), ServiceState::Off);
        assert!(TcpStream::connect(url.trim_start_matches("http://")).is_err());
        assert!(
            !window
                .get_by_label("Start service")
                .accesskit_node()
                .is_disabled()
        );
    }
}
