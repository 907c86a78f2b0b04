//! Data: the import form, what is in a dataset, and the datasets of the workspace.

use std::path::{Path, PathBuf};

use candle_studio::data::edits::{Edit, EditLog};
use candle_studio::data::{BuiltIn, DataFormat, ImageRef};
use candle_studio::studio::{DataAction, FileAction, RunAction};
use candle_studio::ui::Options;
use egui::{Key, Modifiers, Role, Theme};
use egui_kittest::kittest::{NodeT, Queryable};
use image::{Rgb, RgbImage};

use crate::places::{SIZES, faults};
use crate::support::kept::{Kept, open_kept};
use crate::support::window::{
    Window, choose, choose_small, click, press, set, settle, studio, type_text, wait, wait_for_end,
    window_of,
};

/// Colored pictures of three classes, 31 for training and 6 for testing of each, and a broken one.
fn write_pictures(dir: &Path) {
    for (class, name) in ["ant", "bee", "cat"].into_iter().enumerate() {
        for (part, n) in [("train", 31), ("test", 6)] {
            let folder = dir.join(part).join(name);
            std::fs::create_dir_all(&folder).unwrap();
            for i in 0..n {
                let picture = RgbImage::from_fn(40, 30, |x, y| {
                    let red = (x * 5) as u8;
                    let blue = (i * 8 + n) as u8;
                    Rgb([red.wrapping_add(80 * class as u8), (y * 7) as u8, blue])
                });
                picture.save(folder.join(format!("{i}.png"))).unwrap();
            }
        }
    }
    std::fs::write(dir.join("train/ant/broken.png"), "not a picture").unwrap();
}

/// A home with pictures and a workspace, and a window on it.
struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        write_pictures(&dir.path().join("animals"));
        Home { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn open(&self) -> Window {
        let options = Options {
            workspace: Some(self.path("runs")),
            ..Options::default()
        };
        let mut window = open_kept(&Kept::default(), options);
        settle(&mut window);
        window
    }

    fn look(&self, window: &mut Window, name: &str) {
        window.state_mut().act(DataAction::Look(self.path(name)));
        wait_for_preview(window);
    }
}

fn wait_for_preview(window: &mut Window) {
    wait(window, "the preview", |app| {
        let form = app.studio().datasets().form();
        form.is_some_and(|form| form.source.is_some() && !form.is_busy())
    });
    window.run_steps(4);
}

fn wait_for_data(window: &mut Window, name: &str) {
    wait(window, "the dataset", |app| {
        let data = app.studio().dataset();
        data.is_some_and(|data| data.name == name) && app.studio().datasets().form().is_none()
    });
    settle(window);
}

fn wait_for_look(window: &mut Window) {
    wait(window, "the look", |app| {
        app.studio().dataset_look().is_some() && !app.studio().datasets().is_looking()
    });
    window.run_steps(4);
}

fn sample(window: &Window) -> usize {
    window
        .query_all_by_label_contains("sample image")
        .filter(|node| node.accesskit_node().role() == Role::Button)
        .count()
}

/// Picks `item` of the list `list` of the form.
fn pick(window: &mut Window, list: &str, item: &str) {
    let combo = window.get_by_role_and_label(Role::ComboBox, list);
    combo.click();
    window.run_steps(4);
    click(window, item);
}

fn retype(window: &mut Window, field: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, field).click();
    window.run_steps(2);
    press(window, Modifiers::COMMAND, Key::A);
    type_text(window, text);
    window.run_steps(4);
}

#[test]
fn a_folder_of_pictures_is_previewed_imported_trained_on_and_opened_again() {
    let home = Home::new();
    let mut window = home.open();
    home.look(&mut window, "animals");
    window.get_by_label("Import animals");
    window
        .get_by_label_contains("94 images for training and 18 for testing, 30×40 color, 3 classes");
    assert!(sample(&window) > 10, "images are shown");
    // It cannot be read, which is said before the import if it is in the sample, and at the end.
    pick(&mut window, "Size", "8×8");
    wait_for_preview(&mut window);
    window.get_by_label_contains("8×8 color");
    pick(&mut window, "Color", "gray");
    wait_for_preview(&mut window);
    window.get_by_label_contains("8×8 gray");
    set(&mut window, "Most per class", 12.0);
    wait_for_preview(&mut window);
    window.get_by_label_contains("36 images for training and 18 for testing");
    // Ant and bee become one class, cat is the first.
    retype(&mut window, "Name of class ant", "insect");
    retype(&mut window, "Name of class bee", "insect");
    click(&mut window, "Move class cat up");
    click(&mut window, "Move class cat up");
    wait_for_preview(&mut window);
    window.get_by_label_contains("2 classes");
    retype(&mut window, "Name of the dataset", "beasts");
    click(&mut window, "Import");
    wait_for_data(&mut window, "beasts");
    let data = studio(&window).dataset().unwrap().clone();
    assert_eq!(data.classes, ["cat", "insect"]);
    assert_eq!(data.image_shape(), [1, 8, 8]);
    assert_eq!(data.test.len(), 18);
    assert!(home.path("runs/datasets/beasts/images.bin").is_file());

    click(&mut window, "Train tab");
    choose(&mut window, "Preset", "Softmax regression");
    set(&mut window, "Validation", 6.0);
    set(&mut window, "Batch size", 6.0);
    set(&mut window, "Epochs", 2.0);
    assert_eq!(studio(&window).errors(), []);
    click(&mut window, "Train");
    wait_for_end(&mut window);
    assert_eq!(studio(&window).dataset().unwrap().name, "beasts");

    // Stored: renamed, opened again, deleted.
    click(&mut window, "Data tab");
    click(&mut window, "Datasets");
    wait(&mut window, "the list", |app| {
        !app.studio().datasets().stored().is_empty()
    });
    window.state_mut().act(FileAction::UseMnist);
    wait_for_data(&mut window, "MNIST");
    click(&mut window, "More for beasts");
    click(&mut window, "Rename…");
    retype(&mut window, "New name of beasts", "zoo");
    click(&mut window, "Rename");
    wait(&mut window, "the name", |app| {
        app.studio().datasets().is_taken("zoo")
    });
    window.run_steps(4);
    click(&mut window, "Open zoo");
    wait_for_data(&mut window, "zoo");
    assert_eq!(
        studio(&window).dataset().unwrap().fingerprint,
        data.fingerprint
    );
    click(&mut window, "More for zoo");
    click(&mut window, "Delete");
    wait(&mut window, "the deletion", |app| {
        app.studio().datasets().stored().is_empty()
    });
    window.run_steps(4);
    window.get_by_label_contains("Trash: 1 dataset").click();
    window.run_steps(4);
    click(&mut window, "Restore zoo");
    wait(&mut window, "the dataset", |app| {
        app.studio().datasets().is_taken("zoo")
    });
    window.run_steps(4);
    click(&mut window, "More for zoo");
    click(&mut window, "Delete");
    wait(&mut window, "the deletion", |app| {
        app.studio().datasets().stored().is_empty()
    });
    window.run_steps(4);
    window.get_by_label_contains("Trash: 1 dataset").click();
    window.run_steps(4);
    window.get_by_label_contains("Delete all for good").click();
    wait(&mut window, "the end", |app| {
        app.studio().datasets().deleted().is_empty()
    });
    assert!(!home.path("runs/datasets/zoo").exists());
    assert!(
        home.path("animals/train/ant/0.png").is_file(),
        "sources stay"
    );
}

#[test]
fn what_is_wrong_is_said_in_the_form_and_changes_nothing() {
    let home = Home::new();
    let mut window = home.open();
    let before = studio(&window).dataset().unwrap().fingerprint.clone();
    std::fs::create_dir(home.path("empty")).unwrap();
    window.state_mut().act(DataAction::Look(home.path("empty")));
    wait(&mut window, "the answer", |app| {
        let form = app.studio().datasets().form();
        form.is_some_and(|form| form.problem.is_some())
    });
    window.run_steps(4);
    window.get_by_label_contains("found no file");
    assert!(window.get_by_label("Import").accesskit_node().is_disabled());
    click(&mut window, "Cancel");
    assert!(studio(&window).datasets().form().is_none());

    // A name that is taken is said, and replaced only on request.
    for round in 0..2 {
        home.look(&mut window, "animals");
        if round == 1 {
            window.get_by_label("There is a dataset of this name.");
            assert!(window.get_by_label("Import").accesskit_node().is_disabled());
            pick(&mut window, "Size", "8×8");
            wait_for_preview(&mut window);
            click(&mut window, "Replace it");
        }
        click(&mut window, "Import");
        wait_for_data(&mut window, "animals");
    }
    let after = studio(&window).dataset().unwrap().clone();
    assert_eq!(after.image_shape(), [3, 8, 8]);
    assert_ne!(after.fingerprint, before);
    let notices = studio(&window).notices();
    assert!(
        notices.iter().any(|n| n.text.contains("broken.png")),
        "what was not used is said: {notices:?}"
    );

    // All classes left out is one sentence, and the preview stays.
    home.look(&mut window, "animals");
    for class in ["ant", "bee", "cat"] {
        click(&mut window, &format!("Import class {class}"));
    }
    wait(&mut window, "the answer", |app| {
        let form = app.studio().datasets().form().unwrap();
        !form.is_busy() && (form.problem.is_some() || form.recipe.classes.is_empty())
    });
    window.run_steps(4);
    click(&mut window, "Reset classes");
    wait_for_preview(&mut window);
    assert!(studio(&window).datasets().form().unwrap().is_ready());
}

#[test]
fn what_is_in_training_and_test_alike_stands_out() {
    let home = Home::new();
    let at = |name: &str| home.path("animals").join(name);
    std::fs::remove_file(at("train/ant/broken.png")).unwrap();
    for (from, to) in [
        ("train/ant/0.png", "test/ant/again.png"),
        ("train/bee/1.png", "train/bee/again.png"),
        ("train/cat/2.png", "train/ant/wrong.png"),
    ] {
        std::fs::copy(at(from), at(to)).unwrap();
    }
    let mut window = home.open();
    home.look(&mut window, "animals");
    click(&mut window, "Import");
    wait_for_data(&mut window, "animals");
    // Opening it led here.
    window.get_by_label("Class balance");
    wait_for_look(&mut window);
    let look = studio(&window).dataset_look().unwrap().clone();
    assert_eq!(look.duplicates.n_leaks(), 1);
    click(&mut window, "Duplicates");
    window.get_by_label_contains("1 test image is also in training");
    window.get_by_label_contains("1 group with different labels");
    click(&mut window, "Show them");
    window.get_by_label("only in training and test alike");
    click(&mut window, "Find images that look the same");
    wait(&mut window, "the pairs", |app| {
        app.studio()
            .dataset_look()
            .is_some_and(|look| look.has_near)
    });
    window.run_steps(4);
    window.get_by_label_contains("of images that look the same");
    click(&mut window, "Clear filter");

    // A class by its row, an image onto the canvas.
    click(&mut window, "Class balance");
    let row = format!("Class {}:", look.dataset.classes[0]);
    let row = window.get_by_label_contains(&row);
    row.click();
    window.run_steps(4);
    let n: usize = look.counts[0].iter().sum();
    window.get_by_label_contains(&format!("{n} of "));
    let image = window
        .query_all_by_label_contains("training image")
        .find(|node| node.accesskit_node().role() == Role::Button)
        .unwrap();
    image.click();
    window.run_steps(4);
    assert!(!studio(&window).pad().is_empty());
    click(&mut window, "Pixels");
    window.get_by_label_contains("Brightness of the pixels");
}

#[test]
fn the_form_is_whole_at_every_size() {
    let home = Home::new();
    let mut all = Vec::new();
    for (size, scale) in SIZES {
        let mut window = window_of(size.map(|n| n * scale), Theme::Dark);
        window.set_pixels_per_point(scale);
        window.run_steps(8);
        home.look(&mut window, "animals");
        all.extend(
            faults(&window)
                .into_iter()
                .map(|f| format!("{size:?}: {f}")),
        );
        click(&mut window, "Cancel");
        for view in [
            "Class balance",
            "Pixels",
            "Duplicates",
            "Labels",
            "Active learning",
            "Teach a class",
            "Datasets",
        ] {
            click(&mut window, view);
            wait_for_look(&mut window);
            let found = faults(&window);
            all.extend(found.into_iter().map(|f| format!("{view} {size:?}: {f}")));
        }
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

#[test]
fn a_canceled_import_leaves_nothing() {
    let home = Home::new();
    let mut window = home.open();
    home.look(&mut window, "animals");
    window
        .state_mut()
        .act(DataAction::Import { replaces: false });
    window.state_mut().act(DataAction::CancelImport);
    wait(&mut window, "the end", |app| {
        let form = app.studio().datasets().form();
        form.is_none_or(|form| form.imported().is_none())
    });
    // It may have been done already; then it is there as a whole.
    if studio(&window).datasets().form().is_some() {
        let stored = home.path("runs/datasets");
        let left = std::fs::read_dir(stored).map_or(0, Iterator::count);
        assert_eq!(left, 0);
        window.run_steps(4);
        click(&mut window, "Cancel");
    }
    choose_small_and_train(&mut window);
}

fn choose_small_and_train(window: &mut Window) {
    window.state_mut().act(FileAction::UseMnist);
    wait_for_data(window, "MNIST");
    click(window, "Train tab");
    choose_small(window, 1);
    click(window, "Train");
    wait_for_end(window);
}

/// The digits of 8×8, as a folder in which the first ten labels of training are wrong.
fn write_flipped(home: &Home) -> Vec<u32> {
    let digits = BuiltIn::Digits.open().unwrap();
    let mut log = EditLog::open(home.dir.path(), &digits).unwrap();
    let right: Vec<u32> = digits.train.labels()[..10].to_vec();
    for (idx, label) in right.iter().enumerate() {
        let image = ImageRef {
            is_test: false,
            idx,
        };
        let wrong = Edit::Relabel((label + 3) % 10);
        log.decide(&digits, image, Some(wrong), "").unwrap();
    }
    let flipped = digits.with_edits(log.edits()).unwrap();
    let folder = home.path("flipped");
    flipped.export(DataFormat::Idx, &folder).unwrap();
    right
}

#[test]
fn odd_ones_out_and_neighbors_are_shown_in_the_space_of_the_model() {
    let home = Home::new();
    write_flipped(&home);
    let mut window = home.open();
    window
        .state_mut()
        .act(DataAction::Look(home.path("flipped")));
    wait_for_data(&mut window, "flipped");
    choose(&mut window, "Preset", "Softmax regression");
    click(&mut window, "Train tab");
    set(&mut window, "Epochs", 2.0);
    window.state_mut().act(RunAction::Train);
    wait_for_end(&mut window);
    click(&mut window, "Data tab");
    click(&mut window, "Labels");
    wait_for_look(&mut window);
    click(&mut window, "Find odd ones out");
    let data = studio(&window).dataset().unwrap().clone();
    wait(&mut window, "odd ones", |app| {
        app.studio().datasets().space().odd(&data).is_some()
    });
    window.run_steps(6);
    window.get_by_label_contains("only far from their class");
    let odd = studio(&window).datasets().space().odd(&data).unwrap();
    let first = odd.images[0];
    assert!(odd.images.len() >= 10, "{}", odd.images.len());
    // Its neighbors, without itself.
    let name = format!("training image {}: label", first.idx);
    window.get_by_label_contains(&name).click();
    wait(&mut window, "neighbors", |app| {
        app.studio().datasets().space().near(&data, first).is_some()
    });
    window.run_steps(4);
    let near = studio(&window).datasets().space().near(&data, first);
    let nearest = near.unwrap().nearest.clone();
    assert_eq!(nearest.len(), 6);
    assert!(!nearest.contains(&first.idx), "{nearest:?}");
    window.get_by_label_contains(&format!("near image {}: label", nearest[0]));
}

#[test]
fn images_that_are_there_twice_are_named_before_an_import() {
    let home = Home::new();
    let at = |name: &str| home.path("animals").join(name);
    std::fs::copy(at("train/ant/0.png"), at("test/ant/copy.png")).unwrap();
    std::fs::copy(at("train/bee/3.png"), at("train/bee/again.png")).unwrap();
    let mut window = home.open();
    home.look(&mut window, "animals");
    let title = "2 duplicates too many, 1 in training and test alike";
    click(&mut window, title);
    window.get_by_label_contains("train/bee/again.png is train/bee/3.png");
    assert!(window.query_by_label_contains("copy.png").is_some());
}

#[test]
fn wrong_labels_are_found_mended_by_keys_undone_and_stored() {
    let home = Home::new();
    let right = write_flipped(&home);
    let mut window = home.open();
    window
        .state_mut()
        .act(DataAction::Look(home.path("flipped")));
    wait_for_data(&mut window, "flipped");
    choose(&mut window, "Preset", "Softmax regression");
    click(&mut window, "Train tab");
    set(&mut window, "Epochs", 20.0);
    set(&mut window, "Learning rate", 0.01);
    click(&mut window, "Data tab");
    click(&mut window, "Labels");
    wait_for_look(&mut window);
    click(&mut window, "Find wrong labels");
    wait(&mut window, "the search", |app| {
        let cleaner = app.studio().datasets().cleaner();
        let data = app.studio().dataset().unwrap();
        cleaner.issues(data).is_some() && cleaner.edits(data).is_some()
    });
    window.run_steps(4);
    let data = studio(&window).dataset().unwrap().clone();
    let issues = studio(&window)
        .datasets()
        .cleaner()
        .issues(&data)
        .unwrap()
        .clone();
    let n_found = issues.images.iter().filter(|image| image.idx < 10).count();
    assert!(n_found >= 6, "{n_found} of 10 are found");
    assert!(
        issues.images.len() < 120,
        "{} are doubted",
        issues.images.len()
    );
    window.get_by_label_contains("probably wrong; the models agree with");

    // The first: its digit mends it, and the next one comes.
    let picture = window.get_by_label("Image whose label is in question");
    picture.click();
    window.run_steps(4);
    let edit = |window: &Window, idx: usize| {
        let edits = studio(window).datasets().cleaner().edits(&data).unwrap();
        edits.of(issues.images[idx])
    };
    let truth = |image: ImageRef| match right.get(image.idx) {
        Some(label) => *label,
        None => (data.label(image) + 1) % 10,
    };
    let first = truth(issues.images[0]);
    type_text(&mut window, &first.to_string());
    settle(&mut window);
    assert_eq!(edit(&window, 0), Some(Edit::Relabel(first)));
    press(&mut window, Modifiers::NONE, Key::Delete);
    settle(&mut window);
    assert_eq!(edit(&window, 1), Some(Edit::Exclude));
    press(&mut window, Modifiers::NONE, Key::Enter);
    settle(&mut window);
    assert_eq!(edit(&window, 2), Some(Edit::Keep));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    settle(&mut window);
    assert_eq!(edit(&window, 2), None);
    window.get_by_label("2 changes");
    click(&mut window, &format!("Label it {}", data.classes[0]));
    settle(&mut window);

    let edits = studio(&window)
        .datasets()
        .cleaner()
        .edits(&data)
        .unwrap()
        .clone();
    click(&mut window, "Save as dataset");
    wait_for_data(&mut window, "flipped edited");
    let edited = data.with_edits(&edits).unwrap();
    assert_eq!(
        studio(&window).dataset().unwrap().fingerprint,
        edited.fingerprint
    );
    assert_eq!(edited.train.len(), data.train.len() - 1);
    // The decisions are there the next time.
    let log = EditLog::open(&home.path("runs"), &data).unwrap();
    assert_eq!(log.edits(), &edits);
}

#[test]
fn training_again_with_the_edits_says_whether_they_helped() {
    let home = Home::new();
    write_flipped(&home);
    let mut window = home.open();
    window
        .state_mut()
        .act(DataAction::Look(home.path("flipped")));
    wait_for_data(&mut window, "flipped");
    let data = studio(&window).dataset().unwrap().clone();
    choose(&mut window, "Preset", "Softmax regression");
    click(&mut window, "Train tab");
    set(&mut window, "Epochs", 2.0);
    click(&mut window, "Data tab");
    click(&mut window, "Labels");
    wait_for_look(&mut window);
    wait(&mut window, "the edits", |app| {
        let data = app.studio().dataset().unwrap();
        app.studio().datasets().cleaner().edits(data).is_some()
    });
    window.run_steps(4);
    let is_possible = |window: &Window| {
        let button = window.get_by_label("Train again with the edits");
        !button.accesskit_node().is_disabled()
    };
    assert!(!is_possible(&window), "nothing is edited");
    let image = ImageRef {
        is_test: false,
        idx: 0,
    };
    let edit = Some(Edit::Exclude);
    window.state_mut().act(DataAction::Edit(image, edit));
    settle(&mut window);
    click(&mut window, "Train again with the edits");
    settle(&mut window);
    window.get_by_label_contains("No run was trained on flipped without the edits");

    click(&mut window, "Train tab");
    click(&mut window, "Train");
    wait_for_end(&mut window);
    let before = studio(&window).runs()[0].state.clone();
    click(&mut window, "Data tab");
    window.run_steps(4);
    click(&mut window, "Train again with the edits");
    wait(&mut window, "the verdict", |app| {
        app.studio().datasets().retrainer().verdict().is_some()
    });
    window.run_steps(4);
    let studio = studio(&window);
    let verdict = studio.datasets().retrainer().verdict().unwrap();
    assert_eq!(
        verdict.names,
        [format!("{} edited", before.name), before.name]
    );
    assert_eq!(verdict.paired.n_images(), data.test.len() as u64);
    assert_eq!(studio.dataset().unwrap().name, "flipped edited");
    assert_eq!(studio.dataset().unwrap().train.len(), data.train.len() - 1);
    let after = &studio.runs()[1].state;
    assert_eq!(after.config.seed, before.config.seed);
    assert_eq!(after.config, before.config);
    window.get_by_label("Cannot tell from these test images whether the edits helped.");
    window.get_by_label_contains("McNemar p");
}
