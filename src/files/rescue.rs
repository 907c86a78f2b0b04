//! A place for what cannot be written where it belongs: the temporary folder, under names of its own.

use std::fs::File;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::atomic::write_atomically;

/// Writes `bytes` to a new file in the temporary folder, named after `name`, and returns its path.
///
/// # Errors
/// When it cannot be written there either.
pub fn rescue(name: &Path, bytes: &[u8]) -> Result<PathBuf> {
    // Reserved by creating it: two processes never get the same name.
    let path = reserve(name, |path| File::create_new(path).map(drop))?;
    if let Err(error) = write_atomically(&path, bytes) {
        // Empty, it would only mislead.
        let _ = std::fs::remove_file(&path);
        return Err(std::io::Error::other(error));
    }
    Ok(path)
}

/// Creates a new folder in the temporary folder, named after `name`, and returns its path.
///
/// # Errors
/// When it cannot be created there.
pub fn rescue_folder(name: &Path) -> Result<PathBuf> {
    reserve(name, |path| std::fs::create_dir(path))
}

/// Creates the first of `candle-studio-rescued-NAME`, `…-NAME-2` and so on that does not exist.
fn reserve(name: &Path, create: impl Fn(&Path) -> Result<()>) -> Result<PathBuf> {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
    let stem = part(name.file_stem()).unwrap_or_default();
    let end = part(name.extension()).map_or_else(String::new, |end| format!(".{end}"));
    let dir = std::env::temp_dir();
    let mut n = 1;
    loop {
        let number = if n == 1 {
            String::new()
        } else {
            format!("-{n}")
        };
        let path = dir.join(format!("candle-studio-rescued-{stem}{number}{end}"));
        match create(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rescued_never_replaces_what_was_rescued_before() {
        let name = format!("m {}.safetensors", std::process::id());
        let paths: Vec<PathBuf> = (0..3u8)
            .map(|i| rescue(Path::new(&name), &[i]).unwrap())
            .collect();
        for (i, path) in paths.iter().enumerate() {
            assert_eq!(std::fs::read(path).unwrap(), [i as u8]);
            std::fs::remove_file(path).unwrap();
        }
        let folder = Path::new(&name).with_extension("");
        let folders = [0; 2].map(|_| rescue_folder(&folder).unwrap());
        assert_ne!(folders[0], folders[1]);
        for folder in folders {
            std::fs::remove_dir(folder).unwrap();
        }
    }
}
