//! Datasets of all formats: what is read, what is refused, and what a recipe makes of it.

mod hostile;
mod tables;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use candle_studio::data::import::{ClassChoice, ImportRecipe};
use candle_studio::data::{
    BuiltIn, DataFormat, Dataset, Framing, ImportProgress, Imported, InputImage, Source,
    read_image_file,
};
use flate2::{Compression, write::GzEncoder};
use image::{ImageFormat, Rgb, RgbImage};

/// A picture of `side` pixels in color, different for every class and number.
fn picture(class: usize, n: usize, side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let at = |seed: u32| (x * 7 + y * 13 + seed * 31) as u8;
        Rgb([
            at(class as u32),
            at(n as u32 + 5),
            at(3 * class as u32 + n as u32),
        ])
    })
}

fn bytes_of(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Names and contents of files: pictures of three classes in training and test.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (part, n) in [("train", 4), ("test", 2)] {
        for (class, name) in ["zebra", "ant", "cat"].into_iter().enumerate() {
            for i in 0..n {
                let bytes = bytes_of(&picture(class, i + n, 12), ImageFormat::Png);
                files.push((format!("{part}/{name}/{i}.png"), bytes));
            }
        }
    }
    files
}

fn write(dir: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn zip_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn import(path: &Path, recipe: &ImportRecipe) -> Imported {
    let source = Source::open(path).unwrap();
    source.import(recipe, &ImportProgress::default()).unwrap()
}

/// The one sentence that `path` is refused with; it names the path.
fn refusal(path: &Path) -> String {
    let message = Dataset::open(path).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    assert!(
        message.contains(path.file_name().unwrap().to_str().unwrap()),
        "{message}"
    );
    message
}

#[test]
fn a_folder_of_pictures_and_its_archives_are_the_same_dataset() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(&at("animals"), &files());
    // A folder around the folders makes no difference, and no file about them.
    let mut inside: Vec<_> = files()
        .into_iter()
        .map(|(n, b)| (format!("./animals/{n}"), b))
        .collect();
    for name in [
        "README.md",
        "animals/LICENSE",
        "animals/docs/more/about.txt",
    ] {
        inside.push((name.to_owned(), b"about the pictures, by hand".to_vec()));
    }
    fs::write(at("animals.zip"), zip_of(&files())).unwrap();
    fs::write(at("inside.zip"), zip_of(&inside)).unwrap();
    fs::write(at("animals.tar"), tar_of(&inside)).unwrap();
    // Told by content, whatever the name.
    fs::write(at("download"), gz(&tar_of(&files()))).unwrap();
    let folder = Dataset::open(&at("animals")).unwrap();
    assert_eq!(folder.classes, ["ant", "cat", "zebra"]);
    assert_eq!(folder.image_shape(), [3, 12, 12]);
    assert_eq!((folder.train.len(), folder.test.len()), (12, 6));
    assert_eq!(folder.train.labels(), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    assert_eq!((folder.name.as_str(), folder.notes.len()), ("animals", 0));
    let first = picture(1, 4, 12);
    let planes: Vec<u8> = (0..3)
        .flat_map(|c| first.pixels().map(move |p| p.0[c]))
        .collect();
    assert_eq!(folder.train.image(0), planes);
    for name in ["animals.zip", "inside.zip", "animals.tar", "download"] {
        let other = Dataset::open(&at(name)).unwrap();
        assert_eq!(other.fingerprint, folder.fingerprint, "{name}");
        assert_eq!(other.classes, folder.classes, "{name}");
    }
}

#[test]
fn all_kinds_of_pictures_are_read_and_others_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let plain = picture(0, 1, 16);
    for (name, format) in [
        ("a/0.PNG", ImageFormat::Png),
        ("a/1.bmp", ImageFormat::Bmp),
        ("a/2.webp", ImageFormat::WebP),
        ("b/3.ppm", ImageFormat::Pnm),
        // Told by content.
        ("b/4.jpg", ImageFormat::Png),
        ("b/5.gif", ImageFormat::Gif),
        ("b/6.jpeg", ImageFormat::Jpeg),
    ] {
        write(dir.path(), &[(name.to_owned(), bytes_of(&plain, format))]);
    }
    for name in [
        "b/notes.txt",
        "a/cut.png",
        "alone.png",
        "b/.hidden.png",
        "__MACOSX/x/y.png",
    ] {
        write(
            dir.path(),
            &[(name.to_owned(), b"\x89PNG\r\n\x1a\n no picture".to_vec())],
        );
    }
    let imported = import(dir.path(), &ImportRecipe::default());
    let data = &imported.dataset;
    assert_eq!(data.classes, ["a", "b"]);
    assert_eq!(data.train.len() + data.test.len(), 7);
    for set in [&data.train, &data.test] {
        let exact = (0..set.len()).filter(|&i| {
            set.image(i).chunks_exact(256).zip(0..3).all(|(plane, c)| {
                plane
                    .iter()
                    .zip(plain.pixels())
                    .all(|(value, pixel)| *value == pixel.0[c])
            })
        });
        // GIF and JPEG lose a little.
        assert!(exact.count() + 2 >= set.len());
    }
    let mut refused: Vec<String> = imported.refused.into_iter().map(|r| r.file).collect();
    refused.sort();
    let expected = ["a/cut.png", "alone.png", "b/notes.txt"].map(at);
    assert_eq!(
        refused,
        expected.map(|path| path.canonicalize().unwrap().display().to_string())
    );
    assert!(
        data.notes
            .iter()
            .any(|note| note.starts_with("3 files of ")),
        "{:?}",
        data.notes
    );
}

#[test]
fn without_a_test_part_one_in_six_of_each_class_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..36 {
        let name = format!("{}/{i:02}.png", if i < 24 { "many" } else { "few" });
        write(
            dir.path(),
            &[(name, bytes_of(&picture(0, i, 9), ImageFormat::Png))],
        );
    }
    let data = Dataset::open(dir.path()).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (30, 6));
    assert_eq!(data.test.labels(), [0, 0, 1, 1, 1, 1]);
    assert!(
        data.notes[0].starts_with("6 images of "),
        "{:?}",
        data.notes
    );
    assert_eq!(
        data.fingerprint,
        Dataset::open(dir.path()).unwrap().fingerprint
    );
    let share = |test_share, seed| {
        let recipe = ImportRecipe {
            test_share,
            seed,
            ..ImportRecipe::default()
        };
        import(dir.path(), &recipe).dataset
    };
    assert_eq!(share(Some(0.5), 1).test.len(), 18);
    assert_ne!(share(None, 2).fingerprint, data.fingerprint);

    // Images for validation are told, and trained on.
    write(dir.path(), &[]);
    let splits = tempfile::tempdir().unwrap();
    for (i, part) in ["train", "val", "test"].into_iter().enumerate() {
        for class in ["a", "b"] {
            let name = format!("{part}/{class}/0.png");
            write(
                splits.path(),
                &[(name, bytes_of(&picture(0, i, 9), ImageFormat::Png))],
            );
        }
    }
    let imported = import(splits.path(), &ImportRecipe::default());
    let sizes = [
        imported.dataset.train.len(),
        imported.n_validation,
        imported.dataset.test.len(),
    ];
    assert_eq!(sizes, [4, 2, 2]);
}

#[test]
fn pictures_that_nobody_has_sorted_are_one_class_and_said() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..12 {
        let bytes = bytes_of(&picture(0, i, 9), ImageFormat::Png);
        write(dir.path(), &[(format!("{i:02}.png"), bytes)]);
    }
    write(dir.path(), &[("notes.txt".to_owned(), b"by hand".to_vec())]);
    let data = Dataset::open(dir.path()).unwrap();
    assert_eq!(data.classes, ["unlabeled"]);
    assert_eq!((data.train.len(), data.test.len()), (10, 2));
    let hints = data.hints().join("; ");
    assert!(
        hints.contains("in no folders of classes") && hints.contains("nothing to tell apart"),
        "{hints}"
    );
    // Beside sorted ones, they are left out as before.
    let sorted = bytes_of(&picture(1, 0, 9), ImageFormat::Png);
    for class in ["a", "b"] {
        let files = [0, 1].map(|i| (format!("{class}/{i}.png"), sorted.clone()));
        write(dir.path(), &files);
    }
    let data = Dataset::open(dir.path()).unwrap();
    assert_eq!(data.classes, ["a", "b"]);
    assert_eq!(data.train.len() + data.test.len(), 4);
}

#[test]
fn tables_name_the_classes_of_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..6).map(|i| format!("{i}.png")).collect();
    let class = |i: usize| ["dog", "cat"][i % 2];
    for (i, name) in names.iter().enumerate() {
        let bytes = bytes_of(&picture(i % 2, i, 10), ImageFormat::Png);
        write(dir.path(), &[(format!("pictures/{name}"), bytes)]);
    }
    let rows = |f: &dyn Fn(usize, &String) -> String| -> String {
        names
            .iter()
            .enumerate()
            .map(|(i, name)| f(i, name))
            .collect()
    };
    let csv = "file_name,label\n".to_owned() + &rows(&|i, n| format!("{n},{}\n", class(i)));
    let json = rows(&|i, n| format!("{{\"file_name\":\"{n}\",\"label\":\"{}\"}}\n", class(i)));
    let labels = "id,breed,label\n".to_owned()
        + &rows(&|i, n| format!("pictures/{},x,{}\n", n.trim_end_matches(".png"), class(i)));
    let bare = rows(&|i, n| format!("pictures/{n},{}\n", class(i)));
    let mut fingerprints = Vec::new();
    for (table, text) in [
        ("pictures/metadata.csv", &csv),
        ("pictures/metadata.jsonl", &json),
        ("labels.csv", &labels),
        ("list.csv", &bare),
    ] {
        let path = dir.path().join(table);
        fs::write(&path, text).unwrap();
        let opened = match table.starts_with("pictures") {
            true => dir.path().to_owned(),
            false => path.clone(),
        };
        let data = Dataset::open(&opened).unwrap();
        assert_eq!(data.classes, ["cat", "dog"], "{table}");
        fingerprints.push(data.fingerprint);
        fs::remove_file(path).unwrap();
    }
    assert!(fingerprints.iter().all(|other| *other == fingerprints[0]));
}

#[test]
fn a_recipe_chooses_size_color_and_classes() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &files());
    let choice = |from: &str, name: &str| ClassChoice {
        from: from.to_owned(),
        name: name.to_owned(),
    };
    let recipe = ImportRecipe {
        size: Some([8, 10]),
        color: Some(false),
        framing: Some(Framing::Stretch),
        invert: true,
        mirror: true,
        quarter_turns: 3,
        classes: vec![
            choice("zebra", "big"),
            choice("ant", "small"),
            choice("cat", "small"),
        ],
        per_class: Some(3),
        ..ImportRecipe::default()
    };
    let data = import(dir.path(), &recipe).dataset;
    assert_eq!(data.image_shape(), [1, 8, 10]);
    assert_eq!(data.classes, ["big", "small"]);
    assert_eq!(data.class_counts(), [[3, 2], [3, 3]]);
    // A picture goes the way of the import.
    let first = dir.path().join("test/zebra/0.png");
    let picture = InputImage::from(read_image_file(&first).unwrap());
    let input = data.recipe.input(&picture, [1, 8, 10]).unwrap();
    assert!((0..5).any(|i| data.test.image(i) == input));

    for (wrong, words) in [
        (
            ImportRecipe {
                size: Some([4, 8]),
                ..recipe.clone()
            },
            "from 8 to 128 pixels",
        ),
        (
            ImportRecipe {
                test_share: Some(1.0),
                ..recipe.clone()
            },
            "above 0 and below 1",
        ),
        (
            ImportRecipe {
                classes: vec![choice("dog", "dog")],
                ..recipe
            },
            "ant, cat, zebra",
        ),
    ] {
        let source = Source::open(dir.path()).unwrap();
        let error = source
            .import(&wrong, &ImportProgress::default())
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn an_import_can_be_canceled() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &files());
    let progress = ImportProgress::default();
    progress.cancel();
    let source = Source::open(dir.path()).unwrap();
    let error = source
        .import(&ImportRecipe::default(), &progress)
        .unwrap_err();
    assert_eq!(error.to_string(), "canceled");
}

#[test]
fn what_is_exported_reads_back_as_the_same_images() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("animals"), &files());
    let color = Dataset::open(&dir.path().join("animals")).unwrap();
    let gray = BuiltIn::Digits.open().unwrap();
    for (data, formats) in [
        (color, &[DataFormat::Folder, DataFormat::Csv][..]),
        (
            gray,
            &[
                DataFormat::Folder,
                DataFormat::Csv,
                DataFormat::Npz,
                DataFormat::Idx,
            ],
        ),
    ] {
        for &format in formats {
            let out = dir.path().join(format!("{} {}", data.name, format.name()));
            data.export(format, &out).unwrap();
            let back = Dataset::open(&out).unwrap();
            assert_eq!(back.content(), data.content(), "{}", out.display());
            assert_eq!(back.image_shape(), data.image_shape());
            if format != DataFormat::Folder {
                // These keep the order, too.
                assert_eq!(back.train.image(3), data.train.image(3));
            }
        }
    }
    let color = Dataset::open(&dir.path().join("animals")).unwrap();
    let at = |name: &str| dir.path().join(name);
    color.export(DataFormat::Npz, &at("color.npz")).unwrap();
    let back = Dataset::open(&at("color.npz")).unwrap();
    assert_eq!((&back.train, &back.test), (&color.train, &color.test));
    let error = color
        .export(DataFormat::Idx, &at("x"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("gray images for IDX files"), "{error}");
    let error = color
        .export(DataFormat::Csv, &at("animals"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("not there yet"), "{error}");
}

#[test]
fn the_digits_of_scikit_learn_are_built_in() {
    let digits = Dataset::named(Path::new("digits"), None).unwrap();
    assert_eq!(digits.image_shape(), [1, 8, 8]);
    assert_eq!((digits.train.len(), digits.test.len()), (1437, 360));
    assert_eq!(digits.recipe.framing, Framing::Fit);
    assert_eq!(digits.train.image(0)[2..6], [80, 207, 143, 16]);
    assert_eq!(digits.duplicates(false).n_leaks(), 0);
}

#[test]
fn a_preview_says_what_an_import_gives() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(&at("animals"), &files());
    fs::write(at("animals.zip"), zip_of(&files())).unwrap();
    let data = Dataset::open(&at("animals")).unwrap();
    data.export(DataFormat::Npz, &at("animals.npz")).unwrap();
    let progress = ImportProgress::default();
    #[cfg(feature = "parquet")]
    data.export(DataFormat::Parquet, &at("parquet")).unwrap();
    for name in [
        "animals",
        "animals.zip",
        "animals.npz",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let source = Source::open(&at(name)).unwrap();
        let classes = source.classes.clone();
        for recipe in [
            ImportRecipe::default(),
            ImportRecipe {
                size: Some([16, 8]),
                color: Some(false),
                invert: true,
                quarter_turns: 1,
                ..ImportRecipe::default()
            },
            ImportRecipe {
                per_class: Some(3),
                test_share: Some(0.5),
                seed: 7,
                classes: [(2, "a"), (0, "b")]
                    .map(|(i, name): (usize, &str)| ClassChoice {
                        from: classes[i].clone(),
                        name: name.to_owned(),
                    })
                    .to_vec(),
                ..ImportRecipe::default()
            },
        ] {
            let preview = source.preview(&recipe, &progress).unwrap();
            let made = import(&at(name), &recipe).dataset;
            assert_eq!(preview.classes, made.classes, "{name}");
            assert_eq!(preview.counts, made.class_counts(), "{name}");
            assert_eq!(preview.images.shape(), made.image_shape(), "{name}");
            let [train, test] = [&made.train, &made.test];
            let all = || {
                (0..train.len())
                    .map(|i| train.image(i))
                    .chain((0..test.len()).map(|i| test.image(i)))
            };
            assert_eq!(preview.images.len(), train.len() + test.len());
            for i in 0..preview.images.len() {
                assert!(
                    all().any(|image| image == preview.images.image(i)),
                    "{name}: {i}"
                );
            }
            let len: usize = made.image_shape().iter().product();
            assert_eq!(preview.bytes as usize, all().count() * len);
        }
    }
}
