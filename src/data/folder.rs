//! A dataset from a folder: four IDX files with the names of MNIST's, each plain or gzipped, and
//! optionally a `classes.txt` with one class name per line.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::dataset::{Dataset, fingerprint};
use super::error::DataError;
use super::idx;
use super::image_set::ImageSet;
use super::recipe::Recipe;
use super::sketches::SharedSketches;

/// The most classes a dataset may have.
pub const MAX_CLASSES: usize = 1000;
/// The published names of the four files.
pub(super) const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Most folders looked at for files that are missing above them.
const MAX_FOLDERS: usize = 1_000;

/// Longer than any list of 1,000 names.
const MAX_CLASSES_BYTES: u64 = 1 << 20;

impl Dataset {
    /// Reads the four IDX files, named as MNIST's, in the folder `dir`.
    ///
    /// # Errors
    /// One sentence for whatever is missing, damaged or inconsistent.
    pub fn open_folder(dir: &Path) -> Result<Dataset, DataError> {
        let origin = dir.display().to_string();
        if !dir.is_dir() {
            return Err(DataError::NotAFolder { origin });
        }
        // All four files are located before any is read: the fastest error for a wrong folder.
        let [train_images, train_labels, test_images, test_labels] = FILES;
        let train = PartFiles::find(dir, train_images, train_labels)?;
        let test = PartFiles::find(dir, test_images, test_labels)?;
        let names = class_names(&dir.join("classes.txt"))?;
        let n_named = names.as_ref().map_or(MAX_CLASSES, Vec::len);

        let train = train.read(n_named)?;
        let test = test.read(n_named)?;
        if train.shape() != test.shape() {
            let size = |[_, height, width]: [usize; 3]| [height, width];
            return Err(DataError::Sizes {
                train: size(train.shape()),
                test: size(test.shape()),
                origin,
            });
        }
        let highest = train.labels().iter().chain(test.labels()).max();
        let n_used = highest.map_or(0, |&label| label as usize + 1);
        let classes = names.unwrap_or_else(|| (0..n_used).map(|class| class.to_string()).collect());
        Ok(Dataset {
            name: folder_name(dir),
            classes,
            fingerprint: fingerprint(&train, &test),
            recipe: Recipe::of_images(&train),
            train,
            test,
            folder: Some(dir.canonicalize().unwrap_or_else(|_| dir.to_owned())),
            notes: Vec::new(),
            sketches: SharedSketches::default(),
        })
    }
}

/// Whether the folder `dir` has files with the published names.
pub(crate) fn has_idx_files(dir: &Path) -> bool {
    FILES.iter().any(|name| !candidates(dir, name).is_empty())
}

/// The last component of the path, also for paths such as `.`.
fn folder_name(dir: &Path) -> String {
    let full = dir.canonicalize();
    let full = full.as_deref().unwrap_or(dir);
    let name = full.file_name().unwrap_or(full.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The two files of one split of a dataset.
struct PartFiles {
    images: PathBuf,
    labels: PathBuf,
}

impl PartFiles {
    fn find(
        dir: &Path,
        images: &'static str,
        labels: &'static str,
    ) -> Result<PartFiles, DataError> {
        Ok(PartFiles {
            images: find_file(dir, images)?,
            labels: find_file(dir, labels)?,
        })
    }

    /// Reads both files; every label must be below `n_classes`.
    fn read(&self, n_classes: usize) -> Result<ImageSet, DataError> {
        // The labels first: they are small, and may already be invalid.
        let labels = idx::labels_from_file(&self.labels)?;
        let labels = in_range(&labels, n_classes, &self.labels)?;
        let images = idx::images_from_file(&self.images)?;
        if images.count == 0 {
            return Err(DataError::Empty {
                origin: self.images.display().to_string(),
            });
        }
        if images.count != labels.len() {
            return Err(DataError::Counts {
                images: images.count,
                labels: labels.len(),
                origin: self.images.display().to_string(),
            });
        }
        ImageSet::new([1, images.height, images.width], images.pixels, labels)
    }
}

/// Finds the file of the published `name`; of several, the first of [`candidates`].
fn find_file(dir: &Path, name: &'static str) -> Result<PathBuf, DataError> {
    candidates(dir, name)
        .into_iter()
        .next()
        .ok_or_else(|| DataError::MissingFile {
            name,
            folder: dir.display().to_string(),
            below: folder_below(dir, name),
        })
}

/// The files in `dir` of the published `name`, also with a dot in place of the hyphen before `idx`,
/// as some mirrors have it, gzipped or not.
pub(super) fn candidates(dir: &Path, name: &str) -> Vec<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    let stems = [name, &dotted].into_iter();
    stems
        .flat_map(|stem| ["", ".gz"].map(|suffix| dir.join(format!("{stem}{suffix}"))))
        .filter(|path| path.is_file())
        .collect()
}

/// Names the folder in `dir` that holds the file, if one does; empty otherwise.
fn folder_below(dir: &Path, name: &str) -> String {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .take(MAX_FOLDERS)
        .map(|entry| entry.path())
        .filter(|path| !candidates(path, name).is_empty())
        .collect();
    folders.sort();
    folders.first().map_or_else(String::new, |folder| {
        format!("; the folder {} has it", folder.display())
    })
}

/// Converts labels to classes, checking that each is from 0 to `n_classes - 1`.
fn in_range(labels: &[i32], n_classes: usize, path: &Path) -> Result<Vec<u32>, DataError> {
    let is_next = |&label: &i32| (1..=n_classes as i64).contains(&i64::from(label));
    let is_from_one = labels.iter().all(is_next);
    let check = |(image, &label): (usize, &i32)| match u32::try_from(label) {
        Ok(class) if (class as usize) < n_classes => Ok(class),
        _ => Err(DataError::LabelRange {
            last: n_classes - 1,
            found: i64::from(label),
            image,
            hint: if is_from_one {
                "; they seem to count from 1"
            } else {
                ""
            },
            origin: path.display().to_string(),
        }),
    };
    labels.iter().enumerate().map(check).collect()
}

/// Reads the names in `classes.txt`, if there is one.
fn class_names(path: &Path) -> Result<Option<Vec<String>>, DataError> {
    if !path.is_file() {
        return Ok(None);
    }
    let origin = path.display().to_string();
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(MAX_CLASSES_BYTES + 1).read_to_end(&mut bytes));
    if let Err(reason) = read {
        return Err(DataError::Read { origin, reason });
    }
    names_in(&bytes, &origin).map(Some)
}

/// The names in a file with one per line.
pub(super) fn names_in(bytes: &[u8], origin: &str) -> Result<Vec<String>, DataError> {
    let wrong = |found: String| DataError::ClassNames {
        most: MAX_CLASSES,
        found,
        origin: origin.to_owned(),
    };
    if bytes.len() as u64 > MAX_CLASSES_BYTES {
        return Err(wrong(format!("more than {MAX_CLASSES_BYTES} bytes")));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| wrong("text that is not UTF-8".to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end();
    let names: Vec<String> = text.lines().map(|line| line.trim().to_string()).collect();
    if names.is_empty() || names.len() > MAX_CLASSES {
        return Err(wrong(format!("{} names", names.len())));
    }
    if let Some(line) = names.iter().position(String::is_empty) {
        return Err(wrong(format!("an empty line {}", line + 1)));
    }
    Ok(names)
}
