//! Evaluate: the numbers of the model that predicts, its confusion matrix, and the images behind
//! each.

use std::path::Path;
use std::time::Instant;

use candle_studio::evaluate::{Filter, SplitName};
use candle_studio::studio::{EvaluateAction, Evaluation, FileAction, Model, TimelineAction};
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use crate::places::{SIZES, faults};
use crate::support::window::{
    Window, choose, choose_small, click, press, settle, studio, type_text, wait, wait_for_end,
    window, window_of,
};

/// Opens the place, with a model that was trained on MNIST.
fn open() -> Window {
    open_at([1440.0, 900.0], 1.0)
}

fn open_at(size: [f32; 2], scale: f32) -> Window {
    let mut window = window_of(size.map(|n| n * scale), egui::Theme::Dark);
    window.set_pixels_per_point(scale);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/window");
    let model = fixtures.join("lenet-5.safetensors");
    window.state_mut().act(FileAction::OpenModel(model));
    wait(&mut window, "the model", |app| {
        matches!(app.studio().model(), Model::Opened { .. })
    });
    settle(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num4);
    choose(&mut window, "Evaluated images", "Test");
    wait_for(&mut window, SplitName::Test);
    window
}

fn wait_for(window: &mut Window, split: SplitName) {
    wait(window, "the evaluation", |app| {
        let evaluator = app.studio().evaluator();
        !evaluator.is_busy() && evaluator.newest().is_some_and(|e| e.split == split)
    });
    window.run_steps(4);
}

fn newest(window: &Window) -> &Evaluation {
    studio(window).evaluator().newest().unwrap()
}

/// The number of images that the selection shows.
fn n_selected(window: &Window) -> usize {
    studio(window).evaluator().positions().len()
}

fn filter(window: &Window) -> &Filter {
    &studio(window).evaluator().selection().filter
}

#[test]
fn an_opened_file_is_evaluated_and_its_wrong_images_are_found() {
    let mut window = open();
    let report = &newest(&window).report;
    assert_eq!(report.n_images, 10_000);
    let n_wrong = 10_000 - report.confusion.n_right() as usize;
    assert!((1..2_000).contains(&n_wrong), "{n_wrong}");
    let accuracy = format!("{:.2} %", 100.0 * report.accuracy);
    assert!(window.query_all_by_label(&accuracy).count() >= 1);

    click(&mut window, "Wrong");
    assert_eq!(n_selected(&window), n_wrong);
    window.get_by_label(&format!("{n_wrong} of 10,000 images"));
    // The images of the highest loss come first.
    let evaluation = newest(&window);
    let losses = evaluation.predictions.losses();
    let positions = studio(&window).evaluator().positions();
    assert!(positions.windows(2).all(|p| losses[p[0]] >= losses[p[1]]));

    // A pair of classes that are confused.
    let pair = newest(&window).report.confusion.confused_pairs()[0];
    let [a, b] = pair.classes;
    let n = (pair.n_images[0] + pair.n_images[1]) as usize;
    click(&mut window, &format!("{a} and {b}: {n}"));
    assert_eq!(n_selected(&window), n);
    click(&mut window, "Clear filter");
    assert_eq!(*filter(&window), Filter::default());
    assert_eq!(n_selected(&window), 10_000);
}

#[test]
fn an_image_goes_to_the_canvas_with_its_label() {
    let mut window = open();
    click(&mut window, "Wrong");
    let position = studio(&window).evaluator().positions()[0];
    let label = newest(&window).predictions.labels()[position];
    let (_, idx) = newest(&window).image(position);
    let name = format!("test image {idx}: label {label}");
    window.get_by_label_contains(&name).click();
    window.run_steps(4);
    assert_eq!(studio(&window).pad().true_label(), Some(label));
    wait(&mut window, "the answer", |app| {
        let evaluator = app.studio().evaluator();
        let answer = evaluator.newest().unwrap().predictions.answers()[position];
        let found = app.studio().prediction().map(|p| p.class as u32);
        found.is_some() && found == answer
    });
}

#[test]
fn classes_bins_and_curves_lead_to_their_images() {
    let mut window = open();
    click(&mut window, "Classes");
    let recall = newest(&window).report.per_class[7].scores.recall;
    click(
        &mut window,
        &format!("Class 7: recall {:.2} %", 100.0 * recall),
    );
    assert_eq!(filter(&window).label, Some(7));
    assert_eq!(
        n_selected(&window),
        newest(&window).report.per_class[7].support as usize
    );
    click(&mut window, "Sort by recall");
    click(&mut window, "Calibration");
    click(&mut window, "Confidence 0.93 to 1.00");
    let range = filter(&window).confidence.clone().unwrap();
    let predictions = &newest(&window).predictions;
    let n = (0..predictions.len())
        .filter(|&at| {
            predictions
                .confidence(at)
                .is_some_and(|c| range.contains(&c))
        })
        .count();
    assert!(n > 0 && n == n_selected(&window));
    click(&mut window, "ROC and PR");
    window.get_by_label_contains("area under ROC");
}

#[test]
fn a_temperature_calibrates_the_answers_and_is_saved_with_the_model() {
    let mut window = window();
    choose_small(&mut window, 2);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    wait_for_end(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num4);
    wait_for(&mut window, SplitName::Validation);
    let before = newest(&window).report.clone();
    click(&mut window, "Calibration");
    click(&mut window, "Fit temperature");
    wait(&mut window, "the temperature", |app| {
        let newest = app.studio().evaluator().newest();
        newest.is_some_and(|e| e.report.temperature.is_some())
    });
    let after = &newest(&window).report;
    assert_eq!(after.accuracy, before.accuracy);
    assert!(after.loss < before.loss, "{} {}", after.loss, before.loss);
    let used = studio(&window).classifier().unwrap().provenance.temperature;
    assert_eq!(used, after.temperature);
    window.run_steps(4);
    click(&mut window, "Remove");
    wait(&mut window, "the probabilities as they were", |app| {
        let newest = app.studio().evaluator().newest();
        newest.is_some_and(|e| e.report.temperature.is_none())
    });
    assert_eq!(newest(&window).report.loss, before.loss);
}

#[test]
fn without_a_model_the_place_says_what_to_do() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND, Key::Num4);
    window.get_by_label_contains("No model yet. Train one, or open a file");
    assert_eq!(window.query_all_by_label("Open model…").count(), 2);
}

#[test]
fn nothing_is_evaluated_while_another_place_is_shown() {
    let mut window = open();
    press(&mut window, Modifiers::COMMAND, Key::Num3);
    window.run_steps(4);
    assert!(!studio(&window).evaluator().is_shown());
    window
        .state_mut()
        .act(EvaluateAction::Split(SplitName::Train));
    window.run_steps(8);
    assert!(!studio(&window).evaluator().is_busy());
}

/// Trains a small network in this session, and shows the place.
fn open_trained() -> Window {
    let mut window = window();
    choose_small(&mut window, 3);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    press(&mut window, Modifiers::COMMAND, Key::Num4);
    choose(&mut window, "Evaluated images", "Test");
    wait_for(&mut window, SplitName::Test);
    window
}

#[test]
fn snapshots_tell_when_images_were_learned_and_which_flipped() {
    let mut window = open_trained();
    click(&mut window, "Over time");
    click(&mut window, "Evaluate every snapshot");
    wait(&mut window, "the history", |app| {
        let historian = app.studio().evaluator().historian();
        historian.progress().is_none() && historian.newest().is_some()
    });
    window.run_steps(4);
    let n_states = studio(&window).timeline().states().len();
    let found = studio(&window)
        .evaluator()
        .historian()
        .newest()
        .unwrap()
        .clone();
    let moments = found.history.moments();
    assert_eq!(moments.len(), n_states);
    // The last moment is the model that is evaluated.
    let last = moments.last().unwrap();
    assert_eq!(last.answers, newest(&window).predictions.answers());
    assert!(last.accuracy > moments[0].accuracy);

    let not_learned = (0..10_000).filter(|&at| found.history.learned(at).since.is_none());
    let n = not_learned.count();
    assert_eq!(
        n as u64,
        10_000 - newest(&window).report.confusion.n_right()
    );
    click(&mut window, &format!("not learned: {}", thousands(n)));
    assert_eq!(n_selected(&window), n);

    // The timeline below moves the matrix, and what flipped since the moment before.
    let step = moments[n_states / 2].step;
    window.state_mut().act(TimelineAction::ShowStep(Some(step)));
    wait(&mut window, "the moment", |app| {
        let newest = app.studio().evaluator().newest();
        newest.is_some_and(|e| e.moment.as_ref().is_some_and(|(_, of)| *of == step))
    });
    window.run_steps(4);
    assert_eq!(
        newest(&window).predictions.answers(),
        found.history.at(step).unwrap().answers
    );
    let flipped = found.history.flipped(moments[n_states / 2 - 1].step, step);
    click(
        &mut window,
        &format!("flipped: {}", thousands(flipped.len())),
    );
    assert_eq!(n_selected(&window), flipped.len());
    window.get_by_label("Timeline");
}

fn thousands(n: usize) -> String {
    candle_studio::text::thousands(n as u64)
}

#[test]
fn the_int8_twin_is_held_against_its_model_image_by_image() {
    let mut window = open_trained();
    click(&mut window, "Models");
    click(&mut window, "Add its int8 twin");
    wait(&mut window, "the twin", |app| {
        let evaluator = app.studio().evaluator();
        let newest = evaluator.newest().unwrap();
        let beside = evaluator.beside().first();
        beside.is_some_and(|twin| twin.evaluation(newest).is_some()) && !evaluator.is_busy()
    });
    window.run_steps(4);
    let this = newest(&window);
    let beside = &studio(&window).evaluator().beside()[0];
    assert!(beside.name.ends_with(", int8"), "{}", beside.name);
    let twin = beside.evaluation(this).unwrap();
    let pairs = this.predictions.answers().iter();
    let flips = pairs.zip(twin.predictions.answers());
    let n = flips.filter(|(a, b)| a != b).count();
    assert_ne!(this.predictions.logits(0), twin.predictions.logits(0));
    assert!(n <= this.predictions.len() / 10, "{n} flips");
    click(
        &mut window,
        &format!("both answer differently: {}", thousands(n)),
    );
    assert_eq!(n_selected(&window), n);
}

#[test]
fn two_models_side_by_side_and_the_images_they_answer_differently() {
    let mut window = open_trained();
    click(&mut window, "Models");
    click(&mut window, "Keep this model here");
    let early = studio(&window).timeline().states()[1].step();
    window
        .state_mut()
        .act(TimelineAction::ShowStep(Some(early)));
    wait(&mut window, "both", |app| {
        let evaluator = app.studio().evaluator();
        let newest = evaluator.newest().unwrap();
        newest.moment.is_some()
            && evaluator.beside()[0].evaluation(newest).is_some()
            && !evaluator.is_busy()
    });
    window.run_steps(4);
    let this = newest(&window);
    let other = studio(&window).evaluator().beside()[0]
        .evaluation(this)
        .unwrap();
    let answers = this
        .predictions
        .answers()
        .iter()
        .zip(other.predictions.answers());
    let n = answers.filter(|(a, b)| a != b).count();
    let accuracies = [this, other].map(|e| format!("{:.2} %", 100.0 * e.report.accuracy));
    assert_ne!(accuracies[0], accuracies[1]);
    for accuracy in &accuracies {
        assert!(
            window.query_all_by_label(accuracy).count() >= 1,
            "{accuracy}"
        );
    }
    window.get_by_label_contains("McNemar p < 0.001");
    click(
        &mut window,
        &format!("both answer differently: {}", thousands(n)),
    );
    assert_eq!(n_selected(&window), n);
    // Images of another split are other images: the choice is gone.
    choose(&mut window, "Evaluated images", "Training");
    wait_for(&mut window, SplitName::Train);
    assert_eq!(filter(&window).among, None);
    click(&mut window, "Remove softmax 1");
    window.get_by_label_contains("No other model is shown");
}

#[test]
fn predictions_pictures_and_a_report_are_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = open();
    let mut save = |item: &str, name: &str| {
        let path = dir.path().join(name);
        click(&mut window, "Save…");
        click(&mut window, item);
        let field = window.get_by_role_and_label(egui::Role::TextInput, "Path");
        assert!(field.value().unwrap().contains("lenet-5"));
        field.focus();
        window.run_steps(2);
        press(&mut window, Modifiers::COMMAND, Key::A);
        type_text(&mut window, &path.display().to_string());
        click(&mut window, "Save");
        settle(&mut window);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{item}: {error}"))
    };
    let table = String::from_utf8(save("Save predictions…", "p.csv")).unwrap();
    assert_eq!(table.lines().count(), 10_001);
    let lines = String::from_utf8(save("Save predictions…", "p.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 10_000);
    assert!(save("Save confusion matrix…", "m.png").starts_with(b"\x89PNG"));
    let svg = String::from_utf8(save("Save reliability diagram…", "r.svg")).unwrap();
    assert!(svg.contains("expected calibration error"));
    let with = save("Save report…", "with.html");
    let without = save("Save report without images…", "without.html");
    assert!(with.len() > without.len() + 10_000);
    let page = String::from_utf8(without).unwrap();
    assert!(page.contains("Confusion matrix") && !page.contains("data:image"));
}

#[test]
fn every_view_is_whole_at_every_size() {
    for (size, scale) in SIZES {
        let mut window = open_at(size, scale);
        for view in [
            "Confusion",
            "Classes",
            "Calibration",
            "ROC and PR",
            "Over time",
            "Models",
        ] {
            click(&mut window, view);
            window.run_steps(4);
            assert_eq!(faults(&window), Vec::<String>::new(), "{view} at {size:?}");
        }
    }
}

/// `cargo test --test it -- --ignored --nocapture what_sixty_thousand_images_cost`
#[test]
#[ignore = "measures; takes a minute"]
fn what_sixty_thousand_images_cost() {
    let mut window = open();
    choose(&mut window, "Evaluated images", "Training");
    wait_for(&mut window, SplitName::Train);
    let evaluation = newest(&window);
    println!(
        "{} images evaluated in {:.2} s",
        evaluation.predictions.len(),
        evaluation.secs
    );
    for view in ["Confusion", "Classes", "Calibration", "ROC and PR"] {
        let start = Instant::now();
        click(&mut window, view);
        let opened = start.elapsed() / 4;
        let start = Instant::now();
        window.run_steps(50);
        let frame = start.elapsed() / 50;
        println!("{view}: {opened:.1?} per frame while opening, {frame:.2?} after");
    }
    let start = Instant::now();
    click(&mut window, "Wrong");
    println!("Wrong: {:.1?} per frame", start.elapsed() / 4);
}
