//! Where exported files go: a file or standard output, encrypted if somebody is named who may read
//! them.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::Args;
use super::target::Target;
use crate::cli::{UsageError, out};
use crate::export::model::Content;

/// A file that was written.
#[derive(Serialize)]
pub(super) struct Written {
    kind: &'static str,
    path: String,
    bytes: u64,
}

impl Written {
    /// A file that is there.
    fn of(kind: &'static str, path: &Path) -> anyhow::Result<Written> {
        let about = std::fs::metadata(path)
            .with_context(|| format!("could not read {}", path.display()))?;
        Ok(Written {
            kind,
            path: path.display().to_string(),
            bytes: about.len(),
        })
    }
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
    pub fn new(args: &Args, targets: &[Target<'_>]) -> anyhow::Result<Output> {
        let n_standard = targets.iter().filter(|target| target.is_standard()).count();
        let usage = |text: &str| Err(UsageError(text.to_owned()).into());
        if n_standard > usize::from(!args.json) {
            return usage("only one file, and no --json beside it, can go to standard output");
        }
        let is_piped = |onnx: &Path| onnx.as_os_str() == "-";
        if args.int8 && args.onnx.as_deref().is_some_and(is_piped) {
            return usage("--int8 writes a second file beside that of --onnx, which has to be one");
        }
        #[cfg(feature = "age")]
        {
            let seal = args.seal.seal()?;
            if seal.is_some() && targets.iter().any(|target| target.kind.is_folder()) {
                return usage(
                    "folders are not encrypted: encrypt an archive of one with age itself",
                );
            }
            Ok(Output { seal })
        }
        #[cfg(not(feature = "age"))]
        Ok(Output {})
    }

    /// Writes a file, or standard output for `-`, or a folder; returns the files.
    pub fn write(&self, target: &Target<'_>, content: Content) -> anyhow::Result<Vec<Written>> {
        let kind = target.kind.name();
        #[cfg(feature = "age")]
        let content = self.sealed(content)?;
        match content {
            Content::File(bytes) if target.is_standard() => {
                out::write(&bytes)?;
                Ok(vec![Written {
                    kind,
                    path: "-".to_owned(),
                    bytes: bytes.len() as u64,
                }])
            }
            content => {
                let paths = content.write(target.path)?;
                paths.iter().map(|path| Written::of(kind, path)).collect()
            }
        }
    }

    /// A file encrypted, if somebody is named who may read it.
    #[cfg(feature = "age")]
    fn sealed(&self, content: Content) -> anyhow::Result<Content> {
        Ok(match (&self.seal, content) {
            (Some(seal), Content::File(bytes)) => Content::File(seal.encrypt(&bytes)?),
            (_, content) => content,
        })
    }
}
