//! Labeled sketches on disk: whole after every change, whatever was damaged, and a dataset like any
//! folder of pictures.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use candle_studio::data::sketches::{FoundSketches, Sketch, SketchFolder, image_set};
use candle_studio::data::{Dataset, DecodedImage, Framing, GrayImage, InputImage, Recipe};

const SHAPE: [usize; 3] = [1, 28, 28];

/// A canvas with an upright bar, `width` pixels wide.
fn canvas(width: usize) -> GrayImage {
    let side = 280;
    let is_ink =
        |i: usize| (40..240).contains(&(i / side)) && (100..100 + width).contains(&(i % side));
    GrayImage {
        width: side,
        height: side,
        pixels: (0..side * side)
            .map(|i| 255 * u8::from(is_ink(i)))
            .collect(),
    }
}

pub fn sketch(width: usize, label: &str) -> Sketch {
    let made = Sketch::new(
        &canvas(width).into(),
        label,
        Recipe::new(Framing::Center),
        SHAPE,
    );
    made.unwrap().unwrap()
}

/// A workspace with three sketches, labeled 0, 1 and 2.
fn workspace() -> (tempfile::TempDir, SketchFolder, Vec<Sketch>) {
    let dir = tempfile::tempdir().unwrap();
    let folder = SketchFolder::of(dir.path());
    let sketches: Vec<Sketch> = (0..3)
        .map(|n| sketch(20 + 10 * n, &n.to_string()))
        .collect();
    for sketch in &sketches {
        folder.add(sketch).unwrap();
    }
    (dir, folder, sketches)
}

fn labels(found: &FoundSketches) -> Vec<&str> {
    found.sketches.iter().map(|s| s.label.as_str()).collect()
}

fn whole(folder: &SketchFolder) -> FoundSketches {
    let found = folder.read().unwrap();
    assert_eq!(found.damage, None);
    found
}

#[test]
fn a_sketch_reads_back_as_it_was_drawn() {
    let (_dir, folder, sketches) = workspace();
    let found = whole(&folder);
    assert_eq!(found.sketches.len(), 3);
    for (found, drawn) in found.sketches.iter().zip(&sketches) {
        assert_eq!((&found.id, &found.label), (&drawn.id, &drawn.label));
        assert_eq!(found.made(), drawn.made());
        let InputImage::Sketch(image) = found.image().unwrap() else {
            panic!("{found:?}")
        };
        let InputImage::Sketch(before) = drawn.image().unwrap() else {
            panic!("{drawn:?}")
        };
        assert_eq!(image.pixels, before.pixels);
        // Another recipe makes another input of the same canvas.
        let fitted = Recipe::new(Framing::Fit);
        let expected = fitted.input(&drawn.image().unwrap(), [3, 32, 32]);
        assert_eq!(found.input(fitted, [3, 32, 32]), expected);
        assert!(expected.is_some());
    }
}

#[test]
fn pictures_read_back_as_what_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let folder = SketchFolder::of(dir.path());
    let pixels: Vec<u8> = (0..3 * 64).map(|i| (i * 7 % 251) as u8).collect();
    let picture = DecodedImage::from_pixels([3, 8, 8], &pixels);
    let recipe = Recipe::new(Framing::Fit);
    for image in [picture.clone().into(), InputImage::Input(picture.into())] {
        let made = Sketch::new(&image, "cat", recipe, [3, 8, 8]);
        folder.add(&made.unwrap().unwrap()).unwrap();
    }
    let found = whole(&folder).sketches;
    assert!(matches!(found[0].image().unwrap(), InputImage::Decoded(_)));
    assert!(matches!(found[1].image().unwrap(), InputImage::Input(_)));
    for sketch in &found {
        assert_eq!(sketch.made(), ([3, 8, 8], pixels.as_slice()));
        let again = recipe.input(&sketch.image().unwrap(), [3, 8, 8]);
        assert_eq!(again.as_deref(), Some(pixels.as_slice()));
    }
}

#[test]
fn nothing_on_the_canvas_is_no_sketch() {
    let blank = canvas(0).into();
    let made = Sketch::new(&blank, "0", Recipe::new(Framing::Center), SHAPE);
    assert!(made.unwrap().is_none());
}

/// Another window's undo may bring a sketch back; a month later it is gone, also what was on its canvas.
#[test]
fn deleted_sketches_are_gone_for_good_after_a_month() {
    let (dir, folder, sketches) = workspace();
    folder.delete(&sketches[0].id).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(folder.purge(SystemTime::now() + 29 * day), 0);
    let later = SystemTime::now() + 31 * day;
    assert_eq!(folder.purge(later), 1);
    assert_eq!(folder.purge(later), 0);
    folder.restore(&sketches[0].id).unwrap_err();
    let files = |name: &str| {
        fs::read_dir(dir.path().join("sketches").join(name))
            .unwrap()
            .count()
    };
    assert_eq!((files(".deleted"), files(".canvas")), (0, 2));
    assert_eq!(labels(&whole(&folder)), ["1", "2"]);
}

#[test]
fn labels_change_and_deleted_sketches_come_back() {
    let (_dir, folder, sketches) = workspace();
    folder.relabel(&sketches[0].relabeled("2")).unwrap();
    folder.delete(&sketches[1].id).unwrap();
    assert_eq!(labels(&whole(&folder)), ["2", "2"]);
    folder.restore(&sketches[1].id).unwrap();
    folder.relabel(&sketches[0]).unwrap();
    assert_eq!(labels(&whole(&folder)), ["0", "1", "2"]);
    let message = folder.delete("nothing").unwrap_err().to_string();
    assert!(message.contains("nothing.png"), "{message}");
}

#[test]
fn they_are_a_dataset_like_any_folder_of_pictures() {
    let (_dir, folder, sketches) = workspace();
    folder.relabel(&sketches[0].relabeled("two")).unwrap();
    folder.delete(&sketches[2].id).unwrap();
    folder.add(&sketch(60, "two")).unwrap();
    let dataset = Dataset::open(folder.path()).unwrap();
    assert_eq!(dataset.classes, ["1", "two"]);
    assert_eq!(dataset.image_shape(), SHAPE);
    assert_eq!(dataset.train.len() + dataset.test.len(), 3);
    assert!(
        !dataset.notes.join(" ").contains("not used"),
        "{:?}",
        dataset.notes
    );
    let known = [sketches[0].made().1, sketches[1].made().1];
    let all = |set: &candle_studio::data::ImageSet| -> Vec<Vec<u8>> {
        (0..set.len()).map(|i| set.image(i).to_vec()).collect()
    };
    let images = [all(&dataset.train), all(&dataset.test)].concat();
    assert!(
        known
            .iter()
            .all(|image| images.iter().any(|found| found == image))
    );
}

#[test]
fn only_sketches_of_its_classes_are_images_of_a_dataset() {
    let sketches = [sketch(20, "b"), sketch(30, "other"), sketch(40, "a")];
    let classes = ["a".to_owned(), "b".to_owned()];
    let recipe = Recipe::new(Framing::Center);
    let (indices, set) = image_set(&sketches, &classes, recipe, SHAPE).unwrap();
    assert_eq!((indices, set.labels()), (vec![0, 2], &[1, 0][..]));
    assert_eq!(set.image(1), sketches[2].made().1);
}

fn append(folder: &SketchFolder, text: &str) {
    let path = folder.path().join("metadata.jsonl");
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_a_crash_leaves_is_passed_over() {
    let (_dir, folder, _) = workspace();
    // A crash while a line was written, and one before the picture was.
    append(&folder, "{\"file_name\":\"late.png\",\"la");
    assert_eq!(labels(&whole(&folder)), ["0", "1", "2"]);
    let never = sketch(50, "9");
    folder.add(&never).unwrap();
    fs::remove_file(folder.path().join(format!("{}.png", never.id))).unwrap();
    assert_eq!(labels(&whole(&folder)), ["0", "1", "2"]);
    assert_eq!(
        Dataset::open(folder.path()).unwrap().classes,
        ["0", "1", "2"]
    );
}

#[test]
fn damage_is_said_once_and_the_rest_is_kept() {
    let (_dir, folder, sketches) = workspace();
    append(&folder, "\u{0}\u{1}nothing\n");
    folder.add(&sketch(50, "3")).unwrap();
    fs::write(
        folder.path().join(format!("{}.png", sketches[0].id)),
        "no picture",
    )
    .unwrap();
    fs::remove_file(canvas_file(folder.path(), &sketches[1].id)).unwrap();
    let found = folder.read().unwrap();
    assert_eq!(labels(&found), ["2", "3"]);
    let damage = found.damage.unwrap();
    assert!(damage.contains("line 4 of "), "{damage}");
    assert!(damage.contains("2 sketches cannot be read: "), "{damage}");
    assert!(damage.contains(&sketches[0].id), "{damage}");
    assert!(Dataset::open(folder.path()).is_err(), "the damaged line");

    let mended = folder.mend().unwrap();
    assert_eq!(labels(&mended), ["2", "3"]);
    assert!(mended.damage.unwrap().contains("metadata.jsonl.damaged"));
    let damage = folder.read().unwrap().damage.unwrap();
    assert!(!damage.contains("line"), "{damage}");
    assert!(folder.path().join("metadata.jsonl.damaged").exists());
    assert!(Dataset::open(folder.path()).is_ok());
}

fn canvas_file(folder: &Path, id: &str) -> std::path::PathBuf {
    folder.join(".canvas").join(format!("{id}.png"))
}

#[test]
fn a_line_leads_nowhere_and_claims_nothing() {
    let (_dir, folder, sketches) = workspace();
    let row = |name: &str, shape: &str| {
        format!(
            "{{\"file_name\":\"{name}\",\"label\":\"7\",\"canvas\":\"sketch\",\
             \"recipe\":{{\"framing\":\"center\"}},\"shape\":{shape}}}\n"
        )
    };
    append(&folder, &row("../secret.png", "[1,28,28]"));
    append(
        &folder,
        &row(&format!("{}.png", sketches[0].id), "[4000000000,28,28]"),
    );
    let found = folder.read().unwrap();
    assert_eq!(labels(&found), ["1", "2"]);
    let damage = found.damage.unwrap();
    assert!(damage.contains("1 to 16 channels"), "{damage}");
}

#[test]
fn a_folder_that_is_not_there_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let found = whole(&SketchFolder::of(dir.path()));
    assert!(found.sketches.is_empty());
    // A file in its place is one sentence, and changes nothing.
    fs::write(dir.path().join("sketches"), "mine").unwrap();
    let folder = SketchFolder::of(dir.path());
    assert!(folder.add(&sketch(20, "1")).is_err());
    assert_eq!(
        fs::read_to_string(dir.path().join("sketches")).unwrap(),
        "mine"
    );
}
