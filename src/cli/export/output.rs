//! Where exported files go: a file or standard output, encrypted if somebody is named who may read
//! them.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::Args;
use crate::cli::{UsageError, out};
use crate::files;

/// A file that was written.
#[derive(Serialize)]
pub(super) struct Written {
    pub kind: &'static str,
    path: String,
    bytes: u64,
}

impl Written {
    /// A file that is there.
    pub fn of(kind: &'static str, path: &Path) -> anyhow::Result<Written> {
        let about = std::fs::metadata(path)
            .with_context(|| format!("could not read {}", path.display()))?;
        Ok(Written {
            kind,
            path: path.display().to_string(),
            bytes: about.len(),
        })
    }
}

/// Whether it is standard output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Writes the files of one call.
pub(super) struct Output {
    #[cfg(feature = "age")]
    seal: Option<super::seal::Seal>,
}

impl Output {
    /// # Errors
    /// When two files would go to standard output, or what is written to folders would have to be
    /// encrypted.
    pub fn new(args: &Args) -> anyhow::Result<Output> {
        let files = [&args.onnx, &args.safetensors, &args.web, &args.card];
        let n_standard = files
            .into_iter()
            .flatten()
            .filter(|f| is_standard(f))
            .count();
        let usage = |text: &str| Err(UsageError(text.to_owned()).into());
        if n_standard > usize::from(!args.json) {
            return usage("only one file, and no --json beside it, can go to standard output");
        }
        if args.int8 && args.onnx.as_deref().is_some_and(is_standard) {
            return usage("--int8 writes a second file beside that of --onnx, which has to be one");
        }
        #[cfg(feature = "age")]
        {
            let seal = args.seal.seal()?;
            let has_folder = args.bundle.is_some() || !args.code.is_empty();
            if seal.is_some() && (has_folder || !args.engines.targets().is_empty()) {
                return usage(
                    "folders are not encrypted: encrypt an archive of one with age itself",
                );
            }
            Ok(Output { seal })
        }
        #[cfg(not(feature = "age"))]
        Ok(Output {})
    }

    /// Writes a file, or standard output for `-`.
    pub fn write(&self, kind: &'static str, path: &Path, bytes: &[u8]) -> anyhow::Result<Written> {
        #[cfg(feature = "age")]
        if let Some(seal) = &self.seal {
            return put(kind, path, &seal.encrypt(bytes)?);
        }
        put(kind, path, bytes)
    }
}

fn put(kind: &'static str, path: &Path, bytes: &[u8]) -> anyhow::Result<Written> {
    if !is_standard(path) {
        files::write_atomically(path, bytes)?;
        return Written::of(kind, path);
    }
    out::write(bytes)?;
    Ok(Written {
        kind,
        path: "-".to_owned(),
        bytes: bytes.len() as u64,
    })
}
