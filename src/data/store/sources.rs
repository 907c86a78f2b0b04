//! The files that a stored dataset was made of: whether they are still the same.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::data::error::DataError;
use crate::data::import::SourceFile;
use crate::files;
use crate::text::count;

/// Sizes, times and hashes of files.
pub(super) fn describe(paths: &[PathBuf]) -> Result<Vec<SourceFile>, DataError> {
    in_parallel(paths, |path| {
        let (bytes, modified) = stamp(path).map_err(DataError::read(path))?;
        Ok(SourceFile {
            path: path.clone(),
            bytes,
            modified,
            sha256: hash(path).map_err(DataError::read(path))?,
        })
    })
    .into_iter()
    .collect()
}

/// Says which files have changed. A file that is gone has not: the dataset needs it no more.
pub(super) fn changed(sources: &[SourceFile], verifies: bool, name: &str) -> Option<String> {
    let is_changed = in_parallel(sources, |source| match stamp(&source.path) {
        Ok(stamp) if !verifies && stamp == (source.bytes, source.modified) => false,
        Ok(_) => hash(&source.path).is_ok_and(|hash| hash != source.sha256),
        Err(_) => false,
    });
    let changed = sources.iter().zip(is_changed).filter(|(_, is)| *is);
    let changed: Vec<&SourceFile> = changed.map(|(source, _)| source).collect();
    let first = changed.first()?;
    let have = if changed.len() == 1 { "has" } else { "have" };
    Some(format!(
        "{} that {name} was made of {have} changed since, such as {}: import it again to use them as \
         they are now",
        count(changed.len(), "file"),
        first.path.display()
    ))
}

/// Size, and time of the last change in nanoseconds since 1970.
fn stamp(path: &Path) -> std::io::Result<(u64, i64)> {
    let meta = std::fs::metadata(path)?;
    let modified = match meta.modified()?.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    };
    Ok((meta.len(), modified))
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = files::open_regular(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:x}", hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Maps `items` on all processors; keeps their order.
fn in_parallel<T: Sync, R: Send>(items: &[T], map: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..n_threads.min(items.len()) {
            scope.spawn(|| {
                while let Some((idx, item)) = {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    items.get(idx).map(|item| (idx, item))
                } {
                    let result = map(item);
                    let mut results = results.lock().unwrap_or_else(|e| e.into_inner());
                    results.push((idx, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(|e| e.into_inner());
    results.sort_by_key(|(idx, _)| *idx);
    results.into_iter().map(|(_, result)| result).collect()
}
