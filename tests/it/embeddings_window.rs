//! Explain: the training images nearest to what is on the canvas, and the map of embeddings.

use std::time::Duration;

use candle_studio::embed::{embed, embed_image, last_hidden, nearest};
use candle_studio::evaluate::SplitName;
use candle_studio::studio::{CanvasAction, EmbeddingMap, Neighbors, RunAction, Teacher};
use egui::{Key, Modifiers, Role, pos2, vec2};
use egui_kittest::kittest::Queryable;

use crate::places::{SIZES, faults};
use crate::support::window::{
    Window, choose, choose_small, click, draw, draw_one, press, set, studio, wait, wait_for_end,
    window,
};

/// Trains a model on 400 images, and opens a view of Explain.
fn open(window: &mut Window, view: &str) {
    choose_small(window, 1);
    set(window, "Validation", 59_600.0);
    window.state_mut().act(RunAction::Train);
    wait_for_end(window);
    press(window, Modifiers::COMMAND, Key::Num5);
    click(window, view);
}

fn neighbors(window: &Window) -> &Neighbors {
    studio(window).explainer().neighbors().newest().unwrap()
}

fn wait_for_neighbors(window: &mut Window) {
    wait(window, "the neighbors", |app| {
        let follower = app.studio().explainer().neighbors();
        let both = follower.newest().zip(app.studio().prediction());
        both.is_some_and(|(n, p)| n.input == p.input) && !follower.is_busy()
    });
    window.run_steps(4);
}

fn map(window: &Window) -> &EmbeddingMap {
    studio(window).explainer().map().newest().unwrap()
}

/// Waits for a map that stands still.
fn wait_for_map(window: &mut Window, is_wanted: impl Fn(&EmbeddingMap) -> bool) {
    wait(window, "the map", |app| {
        let mapper = app.studio().explainer().map();
        let is_made = mapper
            .newest()
            .is_some_and(|m| m.is_settled && is_wanted(m));
        is_made && !mapper.is_busy()
    });
    window.run_steps(4);
}

/// Whom the network learned an answer from has that label, and who taught against it another.
#[test]
fn the_images_that_taught_an_answer_have_its_label() {
    let mut window = window();
    open(&mut window, "Neighbors");
    click(&mut window, "Take a test image");
    wait_for_neighbors(&mut window);
    click(&mut window, "Taught by");
    click(&mut window, "Find them");
    wait(&mut window, "the images", |app| {
        let teachers = app.studio().explainer().teachers();
        teachers.newest().is_some() && !teachers.is_busy()
    });
    window.run_steps(4);
    let found = studio(&window)
        .explainer()
        .teachers()
        .newest()
        .unwrap()
        .clone();
    assert_eq!(
        Some(found.class),
        studio(&window).prediction().map(|p| p.class)
    );
    assert!(found.n_snapshots > 1 && found.n_compared == 400);
    let label = |image: usize| found.dataset.train.labels()[image] as usize;
    assert!(!found.proponents.is_empty() && !found.opponents.is_empty());
    assert!(
        found
            .proponents
            .iter()
            .all(|t| label(t.image) == found.class && t.influence > 0.0)
    );
    assert!(
        found
            .opponents
            .iter()
            .all(|t| label(t.image) != found.class && t.influence < 0.0)
    );
    let sorted = |all: &[Teacher]| {
        all.windows(2)
            .all(|two| two[0].influence.abs() >= two[1].influence.abs())
    };
    assert!(sorted(&found.proponents) && sorted(&found.opponents));
    window.get_by_label_contains("by the gradients of the last dense layer");
    let name = format!("training image {}: label", found.proponents[0].image);
    window.get_by_label_contains(&name).click();
    window.run_steps(4);
    assert_eq!(studio(&window).pad().true_label(), Some(found.class as u32));
    wait(&mut window, "its answer", |app| {
        app.studio()
            .prediction()
            .is_some_and(|p| p.input != found.input)
    });
    window.run_steps(4);
    window.get_by_label_contains("for what was on the canvas before");
}

#[test]
fn neighbors_follow_the_canvas_and_are_those_of_the_engine() {
    let mut window = window();
    open(&mut window, "Neighbors");
    window.get_by_label_contains("to see which training images are nearest");
    click(&mut window, "Take a test image");
    wait_for_neighbors(&mut window);

    let classifier = studio(&window).classifier().unwrap();
    let dataset = studio(&window).dataset().unwrap();
    let layer = last_hidden(classifier.network.spec());
    let (set, indices) = SplitName::Train.images(dataset, classifier).unwrap();
    let never = false.into();
    let all = embed(&classifier.network, &layer, &set, &indices, &never).unwrap();
    let found = neighbors(&window);
    let query = embed_image(&classifier.network, &layer, &found.input).unwrap();
    let expected = nearest(&all, &query, 24);
    assert_eq!((found.n_compared, found.n_all), (400, 400));
    assert_eq!(found.nearest.len(), expected.len());
    for (found, expected) in found.nearest.iter().zip(&expected) {
        assert_eq!(found.image, indices[expected.position] as usize);
        assert_eq!(found.distance, expected.distance);
    }
    window.get_by_label_contains("of the 24 nearest are labeled");

    // A click puts it on the canvas, where it is its own nearest neighbor.
    let first = neighbors(&window).nearest[0].image;
    let name = format!("training image {first}: label");
    window.get_by_label_contains(&name).click();
    window.run_steps(4);
    wait(&mut window, "its neighbors", |app| {
        let newest = app.studio().explainer().neighbors().newest();
        newest.is_some_and(|n| n.nearest[0].image == first && n.nearest[0].distance < 1e-3)
    });
    window.state_mut().act(CanvasAction::Clear);
    window.run_steps(4);
    draw_one(&mut window);
    wait_for_neighbors(&mut window);
    choose(&mut window, "Layer", "dense1");
    wait(&mut window, "another layer", |app| {
        let newest = app.studio().explainer().neighbors().newest();
        newest.is_some_and(|n| n.layer == "dense1" && n.n_dims == 10)
    });
}

#[test]
fn the_map_shows_images_the_sketch_among_them_and_selects_for_evaluate() {
    let mut window = window();
    open(&mut window, "Map of embeddings");
    choose(&mut window, "Images on the map", "Training");
    wait_for_map(&mut window, |m| m.points.len() == 400 && m.sketch.is_none());
    window.get_by_label_contains("of the variance across");
    window.state_mut().act(CanvasAction::TestImage(3));
    wait_for_map(&mut window, |m| m.sketch.is_some());
    let star = map(&window).sketch;
    window.state_mut().act(CanvasAction::TestImage(4));
    wait_for_map(&mut window, |m| m.sketch != star);
    for color in ["answer", "loss", "right or wrong"] {
        choose(&mut window, "Color of the points", color);
    }
    window.get_by_label("wrong");

    // Near enough, fewer images are in sight.
    click(&mut window, "Select in sight");
    let n_selected = |window: &Window| {
        let among = &studio(window).evaluator().selection().filter.among;
        let all = 0..400;
        all.filter(|&at| among.as_ref().is_some_and(|among| among.contains(at)))
            .count()
    };
    assert_eq!(n_selected(&window), 400);
    for _ in 0..4 {
        click(&mut window, "Zoom in");
    }
    click(&mut window, "Select in sight");
    let n_near = n_selected(&window);
    assert!((1..300).contains(&n_near), "{n_near}");
    click(&mut window, "Clear selection");
    assert_eq!(n_selected(&window), 0);
    click(&mut window, "Show all");

    // A line around the left half.
    let figure = window.get_by_role_and_label(Role::Figure, "Points of the map");
    let rect = figure.rect();
    let corners = [[0.01, 0.01], [0.5, 0.01], [0.5, 0.99], [0.01, 0.99]];
    draw(&mut window, rect, &corners);
    window.run_steps(4);
    let n = n_selected(&window);
    assert!((50..350).contains(&n), "{n}");
    click(&mut window, &format!("Show {n} in Evaluate"));
    wait(&mut window, "the evaluation", |app| {
        let evaluator = app.studio().evaluator();
        evaluator.newest().is_some() && !evaluator.is_busy()
    });
    window.run_steps(4);
    assert_eq!(studio(&window).evaluator().positions().len(), n);
    window.get_by_label_contains(&format!("{n} of 400 images"));
    window.get_by_label("only images chosen on the map");
    // Those of another split are others.
    choose(&mut window, "Evaluated images", "Test");
    assert!(
        studio(&window)
            .evaluator()
            .selection()
            .filter
            .among
            .is_none()
    );
}

#[test]
fn t_sne_moves_until_it_settles_and_then_the_window_rests() {
    let mut window = window();
    open(&mut window, "Map of embeddings");
    choose(&mut window, "Images on the map", "Training");
    wait_for_map(&mut window, |m| m.points.len() == 400);
    let start = map(&window).points.clone();
    click(&mut window, "t-SNE");
    wait(&mut window, "iterations", |app| {
        let newest = app.studio().explainer().map().newest();
        newest.is_some_and(|m| m.iteration > 0 && !m.is_settled)
    });
    let seen = map(&window);
    let (iteration, points) = (seen.iteration, seen.points.clone());
    wait_for_map(&mut window, |m| m.iteration == 1_000);
    assert_ne!(map(&window).points, start);
    // On a fast machine the first iterations that are seen may be the last ones.
    assert!(iteration == 1_000 || map(&window).points != points);
    window.get_by_label_contains("settled after 1000 iterations");
    window.state_mut().act(CanvasAction::TestImage(3));
    wait_for_map(&mut window, |m| m.sketch.is_some());
    window.remove_cursor();
    window.run_steps(60);
    let outputs = window.output().viewport_output.values();
    let delay = outputs.map(|output| output.repaint_delay).min().unwrap();
    assert!(delay > Duration::from_secs(60), "repaints after {delay:?}");

    // The star lies among the points, and says what it is.
    let [x, y] = map(&window).sketch.unwrap();
    let bounds = map(&window)
        .points
        .iter()
        .fold(egui::Rect::NOTHING, |bounds, p| {
            bounds.union(egui::Rect::from_center_size(
                pos2(p[0], p[1]),
                vec2(0.0, 0.0),
            ))
        });
    assert!(bounds.contains(pos2(x, y)));
    // The same model trained further: points go on from where they are.
    let before = map(&window).points.clone();
    click(&mut window, "PCA");
    wait_for_map(&mut window, |m| m.points != before);
    click(&mut window, "t-SNE");
    wait_for_map(&mut window, |m| m.points == before);
}

#[test]
fn both_views_are_whole_at_every_size_and_say_what_to_do() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND, Key::Num5);
    window.get_by_label_contains("No model yet. Train one, or open a file, to see why");
    crate::explain_window::open(&mut window);
    click(&mut window, "Neighbors");
    window.get_by_label_contains("Draw something on the canvas");
    click(&mut window, "Map of embeddings");
    choose(&mut window, "Images on the map", "Test");
    wait_for_map(&mut window, |m| m.points.len() == 3_000);
    window.get_by_label_contains("3,000 of 10,000 test images");
    window.state_mut().act(CanvasAction::TestImage(0));
    click(&mut window, "Neighbors");
    wait_for_neighbors(&mut window);
    assert!(neighbors(&window).nearest.len() >= 12);
    for (size, scale) in SIZES {
        // One after the other: a size counts in the points of its frame.
        window.set_pixels_per_point(1.0);
        window.run_steps(2);
        window.set_size(egui::Vec2::from(size) * scale);
        window.run_steps(2);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        let width = window.ctx.content_rect().width();
        assert!((width - size[0]).abs() < 0.1, "{width} for {size:?}");
        for view in ["Neighbors", "Map of embeddings"] {
            click(&mut window, view);
            window.run_steps(8);
            assert_eq!(faults(&window), Vec::<String>::new(), "{view} at {size:?}");
        }
    }
}
