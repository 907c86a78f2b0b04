//! The sketches of a workspace on disk.
//!
//! `sketches/ID.png` is what the recipe made of a sketch, and `metadata.jsonl` beside it has a line
//! for every label it was given, the last of which counts: a folder of pictures as Hugging Face
//! writes it. Hidden folders, which readers of pictures pass over, hold what was on the canvas
//! (`.canvas`) and the deleted sketches (`.deleted`).
//!
//! A sketch is there when its PNG file is: that is written last, and renamed to delete it. So a
//! crash at any moment leaves a sketch whole, or none.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::purge::mark_deleted;
use super::row::{Lines, Row, check_shape, line_of};
use super::sketch::{CanvasPicture, MadeInput, Sketch};
use crate::data::error::DataError;
use crate::data::image_file::{MAX_FILE_BYTES, read_image_file};
use crate::data::recipe::InputImage;
use crate::files;
use crate::text::count;

/// The folder of a workspace that holds them.
const FOLDER: &str = "sketches";
/// The folder of a workspace with the examples of new classes.
const EXAMPLES: &str = "examples";
/// The labels, one line each time a sketch was given one.
const METADATA: &str = "metadata.jsonl";
/// The folder of what was on the canvas.
const CANVAS: &str = ".canvas";
/// The folder of deleted sketches.
const DELETED: &str = ".deleted";
/// Most bytes of the labels: 250 for each, and each is changed a few times.
const MAX_METADATA_BYTES: u64 = 16 << 20;
/// Most sketches; a canvas takes a few kilobytes.
const MAX_SKETCHES: usize = 20_000;

/// The sketches that were found in a folder.
#[derive(Clone, Debug, Default)]
pub struct FoundSketches {
    /// Those that can be read, in the order in which they were labeled first.
    pub sketches: Vec<Sketch>,
    /// What is damaged, in one sentence without a full stop.
    pub damage: Option<String>,
}

/// The folder of a workspace with its sketches.
#[derive(Clone, Debug)]
pub struct SketchFolder(PathBuf);

impl SketchFolder {
    /// The sketches of the folder `workspace`, which need not be there yet.
    pub fn of(workspace: &Path) -> SketchFolder {
        SketchFolder(workspace.join(FOLDER))
    }

    /// The examples of new classes in the folder `workspace`, which are kept in the same way.
    pub fn examples(workspace: &Path) -> SketchFolder {
        SketchFolder(workspace.join(EXAMPLES))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn metadata(&self) -> PathBuf {
        self.0.join(METADATA)
    }

    fn input_of(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.png"))
    }

    pub(super) fn canvas_of(&self, id: &str) -> PathBuf {
        self.0.join(CANVAS).join(format!("{id}.png"))
    }

    pub(super) fn deleted_folder(&self) -> PathBuf {
        self.0.join(DELETED)
    }

    fn deleted(&self, id: &str) -> PathBuf {
        self.deleted_folder().join(format!("{id}.png"))
    }

    /// Reads the sketches, as far as they are whole; none if there is no folder.
    ///
    /// # Errors
    /// When the labels cannot be read at all.
    pub fn read(&self) -> Result<FoundSketches, DataError> {
        let Some(lines) = self.lines()? else {
            return Ok(FoundSketches::default());
        };
        let mut found = FoundSketches {
            damage: files::damaged_lines(&lines.damaged, &self.metadata().display().to_string()),
            ..FoundSketches::default()
        };
        let mut refused: Vec<DataError> = Vec::new();
        for row in lines.newest() {
            let Some(id) = row.id() else { continue };
            match self.sketch(id, row) {
                Ok(Some(_)) if found.sketches.len() == MAX_SKETCHES => {
                    let (most, here) = (format!("at most {MAX_SKETCHES} sketches"), &self.0);
                    refused.push(DataError::unexpected(most, "more", here.display()));
                    break;
                }
                Ok(sketch) => found.sketches.extend(sketch),
                Err(error) => refused.push(error),
            }
        }
        if let Some(first) = refused.first() {
            let n = count(refused.len(), "sketch");
            let lost = format!("{n} cannot be read: {first}");
            found.damage = Some(match found.damage {
                Some(lines) => format!("{lines}; {lost}"),
                None => lost,
            });
        }
        Ok(found)
    }

    /// Reads the sketches, and replaces labels that are damaged by those that can be read; the old
    /// file is kept beside them. Sketches deleted long ago are removed.
    ///
    /// # Errors
    /// When the labels cannot be read or replaced.
    pub fn mend(&self) -> Result<FoundSketches, DataError> {
        self.purge(SystemTime::now());
        let mut found = self.read()?;
        let Some(lines) = self.lines()?.filter(|lines| !lines.damaged.is_empty()) else {
            return Ok(found);
        };
        let kept = files::keep_damaged(&self.metadata())?;
        let text: Vec<Vec<u8>> = lines.rows.iter().map(line_of).collect();
        files::write_atomically(&self.metadata(), &text.concat())?;
        found.damage = found
            .damage
            .map(|damage| format!("{damage}; the old labels are kept as {}", kept.display()));
        Ok(found)
    }

    /// The sketch of a line; `None` if it was deleted, or never finished.
    fn sketch(&self, id: &str, row: &Row) -> Result<Option<Sketch>, DataError> {
        let path = self.input_of(id);
        if !path.exists() {
            return Ok(None);
        }
        let input = read_image_file(&path)?.as_input();
        check_shape(row.shape, input.size(), &path)?;
        let canvas_path = self.canvas_of(id);
        let canvas = CanvasPicture {
            kind: row.canvas,
            png: read_limited(&canvas_path, MAX_FILE_BYTES)?,
        };
        let image = canvas.image(&canvas_path.display().to_string())?;
        // A PNG file has no room for other numbers of channels.
        let pixels = match row.shape[0] {
            1 | 3 => row
                .recipe
                .input(&InputImage::Input(Arc::new(input)), row.shape),
            _ => row.recipe.input(&image, row.shape),
        };
        let nothing = || DataError::unexpected("ink", "none", canvas_path.display());
        Ok(Some(Sketch {
            id: id.to_owned(),
            label: row.label.clone(),
            canvas: Arc::new(canvas),
            made: Arc::new(MadeInput {
                recipe: row.recipe,
                shape: row.shape,
                pixels: pixels.ok_or_else(nothing)?,
            }),
        }))
    }

    fn lines(&self) -> Result<Option<Lines>, DataError> {
        let path = self.metadata();
        match std::fs::symlink_metadata(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            _ => Ok(Some(Lines::of(&read_limited(&path, MAX_METADATA_BYTES)?))),
        }
    }

    /// Adds a sketch.
    ///
    /// # Errors
    /// When it cannot be written; there is no new sketch then.
    pub fn add(&self, sketch: &Sketch) -> Result<(), DataError> {
        let canvas = self.0.join(CANVAS);
        std::fs::create_dir_all(&canvas).map_err(DataError::write(&canvas))?;
        files::write_atomically(&self.canvas_of(&sketch.id), &sketch.canvas.png)?;
        self.append(&Row::of(sketch))?;
        Ok(files::write_atomically(
            &self.input_of(&sketch.id),
            &sketch.made.png()?,
        )?)
    }

    /// Writes the label that a sketch has now.
    ///
    /// # Errors
    /// When it cannot be written; the sketch keeps its old label then.
    pub fn relabel(&self, sketch: &Sketch) -> Result<(), DataError> {
        self.append(&Row::of(sketch))
    }

    /// Deletes a sketch, so that it can be restored for a month.
    ///
    /// # Errors
    /// When it cannot be moved; it is not deleted then.
    pub fn delete(&self, id: &str) -> Result<(), DataError> {
        let deleted = self.deleted_folder();
        std::fs::create_dir_all(&deleted).map_err(DataError::write(&deleted))?;
        let path = self.input_of(id);
        std::fs::rename(&path, self.deleted(id)).map_err(DataError::write(&path))?;
        mark_deleted(&self.deleted(id));
        Ok(())
    }

    /// Restores a deleted sketch, with the label it had.
    ///
    /// # Errors
    /// When it cannot be moved; it is not restored then.
    pub fn restore(&self, id: &str) -> Result<(), DataError> {
        let path = self.input_of(id);
        std::fs::rename(self.deleted(id), &path).map_err(DataError::write(&path))
    }

    fn append(&self, row: &Row) -> Result<(), DataError> {
        let path = self.metadata();
        let options = &mut OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(&path);
        let append = || -> std::io::Result<()> {
            let mut file = file?;
            // Another window may add one; a file system without locks has to do without.
            let _ = file.lock();
            drop_torn_line(&mut file)?;
            let len = file.metadata()?.len();
            let written = files::append(&mut file, &line_of(row)).and_then(|()| files::sync(&file));
            if written.is_err() {
                // What may not last must not count; if this fails, too, the line is torn.
                let _ = file.set_len(len);
            }
            written
        };
        append().map_err(DataError::write(&path))
    }
}

/// Removes what a crash left of a line, which would spoil the next one.
fn drop_torn_line(file: &mut File) -> std::io::Result<()> {
    let len = file.metadata()?.len();
    let start = len.saturating_sub(MAX_LINE_BYTES);
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.by_ref().take(MAX_LINE_BYTES).read_to_end(&mut end)?;
    if end.is_empty() || end.ends_with(b"\n") {
        return Ok(());
    }
    match end.iter().rposition(|&b| b == b'\n') {
        Some(at) => file.set_len(start + at as u64 + 1),
        None if start == 0 => file.set_len(0),
        // No line of ours: it stays, as a damaged one.
        None => files::append(file, b"\n"),
    }
}

/// Most bytes of a line: a label may be long.
const MAX_LINE_BYTES: u64 = 64 << 10;

fn read_limited(path: &Path, most: u64) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    files::open_regular(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(DataError::read(path))?;
    if bytes.len() as u64 > most {
        let expected = format!("at most {most} bytes");
        return Err(DataError::unexpected(expected, "more", path.display()));
    }
    Ok(bytes)
}
