//! Folders of pictures: one folder per class, in folders per split or not, or with a table of
//! labels.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::classes;
use super::metadata::{MAX_TABLE_BYTES, rows_of_csv, rows_of_json};
use super::source::{Images, Item, Part, Source};
use super::tree::{Refused, Tree, TreeKind};
use crate::data::error::DataError;
use crate::data::image_file::PICTURE_ENDINGS;
use crate::data::recipe::{Framing, Recipe};

/// The class of pictures that nobody has sorted.
const UNLABELED: &str = "unlabeled";

/// A source of the pictures in `tree`.
pub(super) fn source(mut tree: Tree) -> Result<Source, DataError> {
    let origin = tree.path.display().to_string();
    let labels = labels_of_tables(&tree)?;
    let mut refused = std::mem::take(&mut tree.refused);
    let layout = Layout::of(&tree);
    let is_unlabeled = labels.is_none() && layout.classes.is_empty();
    let mut names = Vec::new();
    let mut items = Vec::new();
    for (at, file) in tree.files.iter().enumerate() {
        let (part, folder) = layout.place(&file.name);
        let name = match &labels {
            Some(labels) => labels.get(&file.name).cloned(),
            None if is_unlabeled => is_named_as_picture(&file.name).then(|| UNLABELED.to_owned()),
            None => folder
                .filter(|name| layout.classes.contains(*name))
                .map(str::to_owned),
        };
        match name {
            Some(name) => {
                names.push(name);
                items.push(Item { label: 0, part, at });
            }
            None if is_named_as_picture(&file.name) => refused.push(Refused {
                file: tree.origin(at),
                reason: match labels {
                    Some(_) => "the table of labels does not have it".to_owned(),
                    None => "it is in no folder of a class".to_owned(),
                },
            }),
            None => {}
        }
    }
    drop(layout);
    if items.is_empty() {
        return Err(nothing(&tree, &refused, &origin));
    }
    let (classes, labels) = classes::of_names(&names, &origin)?;
    for (item, label) in items.iter_mut().zip(labels) {
        item.label = label;
    }
    let paths = tree.paths_of(items.iter().map(|item| item.at));
    Ok(Source {
        path: tree.path.clone(),
        format: match tree.kind {
            TreeKind::Folder => "image folder",
            TreeKind::Zip => "ZIP archive of images",
            TreeKind::Tar => "tar archive of images",
            TreeKind::TarGz => "tar.gz archive of images",
            #[cfg(feature = "parquet")]
            TreeKind::Parquet => "Parquet file of images",
        },
        classes,
        items,
        refused,
        notes: unlabeled_note(is_unlabeled, &origin).into_iter().collect(),
        paths,
        images: Images::Pictures(tree),
        turn: Recipe::new(Framing::Fit),
    })
}

fn unlabeled_note(is_unlabeled: bool, origin: &str) -> Option<String> {
    is_unlabeled.then(|| {
        format!("the images of {origin} are in no folders of classes: all are `{UNLABELED}`")
    })
}

/// A source of the pictures named in the table that is file `table` of the tree: by their paths from
/// its folder, with or without endings.
pub(super) fn of_rows(
    tree: Tree,
    rows: Vec<(String, String, Option<Part>)>,
    table: usize,
) -> Result<Source, DataError> {
    let mut index = HashMap::new();
    for (at, file) in tree.files.iter().enumerate() {
        index.insert(file.name.as_str(), at);
        if let Some((stem, _)) = file.name.rsplit_once('.') {
            index.entry(stem).or_insert(at);
        }
    }
    let origin = tree.origin(table);
    let (mut names, mut items, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (file, label, part) in rows {
        match index.get(file.trim_start_matches("./")) {
            Some(&at) => {
                names.push(label);
                items.push(Item { label: 0, part, at });
            }
            None => refused.push(Refused {
                file,
                reason: format!("it is not there, but {origin} has a row for it"),
            }),
        }
    }
    drop(index);
    if items.is_empty() {
        let found = refused.first().map_or("no row".to_owned(), |first| {
            format!(
                "{} files that are not there, such as {}",
                refused.len(),
                first.file
            )
        });
        let expected = "a table of the pictures beside it";
        return Err(DataError::unexpected(expected, found, origin));
    }
    let (classes, labels) = classes::of_names(&names, &origin)?;
    for (item, label) in items.iter_mut().zip(labels) {
        item.label = label;
    }
    let used: BTreeSet<usize> = items.iter().map(|item| item.at).chain([table]).collect();
    Ok(Source {
        path: match tree.kind {
            TreeKind::Folder => tree.path.join(&tree.files[table].name),
            _ => tree.path.clone(),
        },
        format: "table of images",
        classes,
        items,
        refused,
        notes: Vec::new(),
        paths: tree.paths_of(used),
        images: Images::Pictures(tree),
        turn: Recipe::new(Framing::Fit),
    })
}

fn nothing(tree: &Tree, refused: &[Refused], origin: &str) -> DataError {
    let found = match (tree.files.len(), refused.first()) {
        (0, Some(first)) => format!("{} ({})", first.file, first.reason),
        (0, None) => "no file".to_owned(),
        (n, _) => format!("{n} files outside of such folders"),
    };
    let expected = "IDX files, arrays, a table, or pictures in one folder per class";
    DataError::unexpected(expected, found, origin)
}

fn is_named_as_picture(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    PICTURE_ENDINGS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ending))
}

/// How pictures lie in folders.
struct Layout<'t> {
    /// The number of folders around those of splits and classes.
    depth: usize,
    has_splits: bool,
    /// The folders of classes.
    classes: BTreeSet<&'t str>,
}

impl<'t> Layout<'t> {
    /// Told by the files named as pictures, or by all if none is.
    fn of(tree: &'t Tree) -> Layout<'t> {
        let all: Vec<&str> = tree.files.iter().map(|file| file.name.as_str()).collect();
        let named = all.iter().copied().filter(|name| is_named_as_picture(name));
        let named: Vec<&str> = named.collect();
        let names = if named.is_empty() { all } else { named };
        let depth = common_depth(&names);
        let mut layout = Layout {
            depth,
            has_splits: has_splits(&names, depth),
            classes: BTreeSet::new(),
        };
        layout.classes = names
            .iter()
            .filter_map(|name| layout.place(name).1)
            .collect();
        layout
    }

    /// The split and the folder of the class that a file is in.
    fn place<'n>(&self, name: &'n str) -> (Option<Part>, Option<&'n str>) {
        let mut parts = name.split('/').skip(self.depth);
        let mut part = None;
        if self.has_splits {
            part = parts.next().and_then(Part::named);
            if part.is_none() {
                return (None, None);
            }
        }
        let folder = parts.next();
        (part, folder.filter(|_| parts.next().is_some()))
    }
}

/// The number of folders that all files are in, of which the last is not the folder of a class.
fn common_depth(names: &[&str]) -> usize {
    let mut depth = 0;
    loop {
        let part = |name: &&str| {
            let mut parts = name.split('/').skip(depth);
            let first = parts.next()?.to_owned();
            // A folder of folders: below it are a class and a file.
            (parts.count() >= 2).then_some(first)
        };
        let mut firsts = names.iter().map(part);
        let Some(Some(first)) = firsts.next() else {
            return depth;
        };
        if Part::named(&first).is_some() || !firsts.all(|other| other.as_ref() == Some(&first)) {
            return depth;
        }
        depth += 1;
    }
}

/// Whether the folders at `depth` are those of splits.
fn has_splits(names: &[&str], depth: usize) -> bool {
    let mut firsts = names.iter().map(|name| {
        let mut parts = name.split('/').skip(depth);
        let first = parts.next().and_then(Part::named);
        first.filter(|_| parts.next().is_some())
    });
    firsts.next().flatten().is_some() && firsts.all(|part| part.is_some())
}

/// The labels in all tables of the tree by the names of their files; `None` without a table.
fn labels_of_tables(tree: &Tree) -> Result<Option<BTreeMap<String, String>>, DataError> {
    let mut all = BTreeMap::new();
    let mut is_any = false;
    for (idx, file) in tree.files.iter().enumerate() {
        let (folder, name) = match file.name.rsplit_once('/') {
            Some((folder, name)) => (format!("{folder}/"), name),
            None => (String::new(), file.name.as_str()),
        };
        let read = match name {
            "metadata.csv" => rows_of_csv,
            "metadata.jsonl" => rows_of_json,
            _ => continue,
        };
        is_any = true;
        let bytes = tree.bytes(idx, MAX_TABLE_BYTES)?;
        let rows = read(&bytes, &tree.origin(idx))?;
        let full = |(file, label)| (format!("{folder}{file}"), label);
        all.extend(rows.into_iter().map(full));
    }
    Ok(is_any.then_some(all))
}
