//! Pixels in tables, arrays and batches.

use std::fs;

use candle_studio::data::Dataset;
use candle_studio::data::import::ImportRecipe;

use super::{gz, import, refusal, tar_of};

/// Ten images of 4×4 in three classes: a label and sixteen pixels each.
fn rows() -> Vec<Vec<usize>> {
    let row =
        |i: usize| std::iter::once(i % 3).chain((0..16).map(move |j| (i * 37 + j * 11) % 256));
    (0..10).map(|i| row(i).collect()).collect()
}

fn csv_of(rows: &[Vec<usize>], is_last: bool) -> String {
    let line = |row: &Vec<usize>| {
        let mut row = row.clone();
        row.rotate_left(usize::from(is_last));
        row.iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(",")
            + "\n"
    };
    rows.iter().map(line).collect()
}

#[test]
fn pixels_in_csv_have_their_label_first_or_last() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.csv");
    let names: Vec<String> = (0..16).map(|i| format!("pixel{i}")).collect();
    let header = |label: &str| format!("{label}\n");
    let first = header(&format!("label,{}", names.join(",")));
    let last = header(&format!("{},class", names.join(",")));
    let base = {
        fs::write(&path, first.clone() + &csv_of(&rows(), false)).unwrap();
        Dataset::open(&path).unwrap()
    };
    assert_eq!(base.image_shape(), [1, 4, 4]);
    assert_eq!(
        (base.train.len(), base.test.len(), base.n_classes()),
        (8, 2, 3)
    );
    let numbered: String = csv_of(&rows(), false)
        .lines()
        .enumerate()
        .map(|(i, l)| format!("{i},{l}\n"))
        .collect();
    for (what, text) in [
        ("first", csv_of(&rows(), false)),
        ("last", csv_of(&rows(), true)),
        ("last with a header", last.clone() + &csv_of(&rows(), true)),
        ("numbered", format!(",{first}") + &numbered),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(
            Dataset::open(&path).unwrap().fingerprint,
            base.fingerprint,
            "{what}"
        );
    }
    fs::write(&path, gz(csv_of(&rows(), true).as_bytes())).unwrap();
    assert_eq!(Dataset::open(&path).unwrap().fingerprint, base.fingerprint);
    let thousandth = csv_of(&rows(), false).replace(",37,", ",x7,");
    for (text, words) in [
        (
            first + "0,1,2\n",
            "17 columns in every row, found 3 in row 2",
        ),
        (thousandth, "a number, found something else in column"),
        ("0,1,2\n1,2,3\n".to_owned(), "pixels of a square image"),
        (last, "rows of images, found none"),
        ("just words".to_owned(), "a file of another type"),
        (String::new(), "an empty file"),
    ] {
        fs::write(&path, text).unwrap();
        let message = refusal(&path);
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn values_of_other_ranges_are_scaled_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table.csv");
    let scaled = |f: &dyn Fn(usize) -> String| -> String {
        let line = |row: &Vec<usize>| {
            let pixels: Vec<String> = row[1..].iter().map(|&value| f(value)).collect();
            format!("{},{}\n", row[0], pixels.join(","))
        };
        rows().iter().map(line).collect()
    };
    fs::write(&path, scaled(&|v| v.to_string())).unwrap();
    let base = Dataset::open(&path).unwrap();
    fs::write(&path, scaled(&|v| (v as f64 / 255.0).to_string())).unwrap();
    let unit = Dataset::open(&path).unwrap();
    assert_eq!(unit.fingerprint, base.fingerprint);
    assert!(
        unit.notes
            .iter()
            .any(|n| n.contains("are scaled to 0 to 255")),
        "{:?}",
        unit.notes
    );
    fs::write(&path, scaled(&|v| (v as f64 / 127.5 - 1.0).to_string())).unwrap();
    assert_eq!(Dataset::open(&path).unwrap().fingerprint, base.fingerprint);
    fs::write(&path, scaled(&|v| (v as f64 - 1000.0).to_string())).unwrap();
    assert!(refusal(&path).contains("pixels from 0 to 255"));
}

#[test]
fn cifar_batches_are_read_with_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let record = |labels: &[u8], value: u8| [labels, &vec![value; 3072]].concat();
    let batch = |labels: &[u8]| labels.iter().flat_map(|&l| record(&[l], l + 1)).collect();
    let batches: Vec<(String, Vec<u8>)> = vec![
        (
            "cifar-10-batches-bin/data_batch_1.bin".to_owned(),
            batch(&[0, 1]),
        ),
        (
            "cifar-10-batches-bin/data_batch_2.bin".to_owned(),
            batch(&[2]),
        ),
        (
            "cifar-10-batches-bin/test_batch.bin".to_owned(),
            batch(&[1]),
        ),
        (
            "cifar-10-batches-bin/batches.meta.txt".to_owned(),
            b"plane\ncar\nbird\n\n".to_vec(),
        ),
    ];
    let path = dir.path().join("cifar-10-binary.tar.gz");
    fs::write(&path, gz(&tar_of(&batches))).unwrap();
    let data = Dataset::open(&path).unwrap();
    assert_eq!(
        (data.name.as_str(), data.image_shape()),
        ("cifar-10-binary", [3, 32, 32])
    );
    assert_eq!(data.classes, ["plane", "car", "bird"]);
    assert_eq!(
        (data.train.labels(), data.test.labels()),
        (&[0, 1, 2][..], &[1][..])
    );
    assert_eq!(data.train.image(1), [2; 3072]);
    // CIFAR-100 has a coarse label before the fine one.
    let hundred = dir.path().join("hundred");
    fs::create_dir(&hundred).unwrap();
    fs::write(
        hundred.join("train.bin"),
        [record(&[3, 0], 5), record(&[3, 1], 6)].concat(),
    )
    .unwrap();
    fs::write(hundred.join("test.bin"), record(&[7, 1], 7)).unwrap();
    let data = Dataset::open(&hundred).unwrap();
    assert_eq!((data.train.labels(), data.n_classes()), (&[0, 1][..], 2));
    fs::write(hundred.join("test.bin"), [0; 100]).unwrap();
    assert!(
        Dataset::open(&hundred)
            .unwrap_err()
            .to_string()
            .contains("found 100 bytes")
    );
}

fn idx(kind: u8, dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dims.len() as u8];
    dims.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend(data);
    bytes
}

#[test]
fn sets_of_idx_files_are_told_apart_by_their_prefixes() {
    let dir = tempfile::tempdir().unwrap();
    let write_set = |set: &str, test: &str, labels: &[u8]| {
        let pixels: Vec<u8> = (0..3 * labels.len() as u8 * 3).collect();
        for part in ["train", test] {
            let dims = [labels.len() as u32, 3, 3];
            let images = dir
                .path()
                .join(format!("{set}-{part}-images-idx3-ubyte.gz"));
            fs::write(images, gz(&idx(8, &dims, &pixels))).unwrap();
            let name = dir
                .path()
                .join(format!("{set}-{part}-labels-idx1-ubyte.gz"));
            fs::write(name, gz(&idx(8, &dims[..1], labels))).unwrap();
        }
    };
    write_set("emnist-letters", "test", &[1, 3]);
    // EMNIST's letters begin at 1, and lie transposed.
    let letters = Dataset::open(dir.path()).unwrap();
    assert_eq!(
        (letters.classes[0].as_str(), letters.n_classes()),
        ("A", 26)
    );
    assert_eq!(letters.train.labels(), [0, 2]);
    assert_eq!(letters.train.image(0), [0, 3, 6, 1, 4, 7, 2, 5, 8]);
    assert!(letters.notes.iter().any(|note| note.contains("transposed")));
    assert!(!letters.recipe.mirror && letters.recipe.quarter_turns == 0);
    fs::write(
        dir.path().join("emnist-letters-mapping.txt"),
        "1 97 65\n2 98 66\n3 99 67\n",
    )
    .unwrap();
    assert_eq!(Dataset::open(dir.path()).unwrap().classes, ["a", "b", "c"]);

    // With a second set, one has to be named.
    write_set("kmnist", "t10k", &[0, 1]);
    let message = Dataset::open(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("the datasets emnist-letters, kmnist"),
        "{message}"
    );
    let named = Dataset::open(&dir.path().join("kmnist")).unwrap();
    assert_eq!(
        (named.name.as_str(), named.train.labels()),
        ("kmnist", &[0, 1][..])
    );
    assert_eq!(named.train.image(0), [0, 1, 2, 3, 4, 5, 6, 7, 8]);

    // With MNIST's own names, an import gives what the folder always was.
    let plain = tempfile::tempdir().unwrap();
    for part in ["train", "t10k"] {
        let at = |kind: &str| plain.path().join(format!("{part}-{kind}-ubyte"));
        fs::write(at("images-idx3"), idx(8, &[2, 3, 3], &[7; 18])).unwrap();
        fs::write(at("labels-idx1"), idx(8, &[2], &[1, 2])).unwrap();
    }
    let imported = import(plain.path(), &ImportRecipe::default()).dataset;
    let opened = Dataset::open(plain.path()).unwrap();
    assert_eq!(imported.fingerprint, opened.fingerprint);
    assert_eq!(imported.classes, opened.classes);

    // QMNIST's labels are the first of eight columns.
    let qmnist = tempfile::tempdir().unwrap();
    for part in ["train", "test"] {
        let at = |kind: &str| qmnist.path().join(format!("qmnist-{part}-{kind}"));
        fs::write(at("images-idx3-ubyte"), idx(8, &[2, 2, 2], &[7; 8])).unwrap();
        let rows: Vec<u8> = [4_i32, 9]
            .iter()
            .flat_map(|&label| {
                [label, 0, 0, 0, 0, 0, 0, 1]
                    .into_iter()
                    .flat_map(i32::to_be_bytes)
            })
            .collect();
        fs::write(at("labels-idx2-int"), idx(12, &[2, 8], &rows)).unwrap();
    }
    let data = Dataset::open(qmnist.path()).unwrap();
    assert_eq!((data.train.labels(), data.n_classes()), (&[3, 8][..], 9));
}
