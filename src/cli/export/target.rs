//! What `export` writes, and where to.

use std::path::{Path, PathBuf};

use super::Args;
use crate::cli::UsageError;
use crate::export::model::{Content, Language, ModelExport, ModelFormat};
use crate::files;

/// What is written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A model of this program.
    Safetensors,
    /// A model as files that others can run.
    Format(ModelFormat),
}

impl Kind {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Safetensors => "safetensors",
            Kind::Format(format) => format.name(),
        }
    }

    /// Whether it is a folder.
    pub fn is_folder(self) -> bool {
        matches!(self, Kind::Format(format) if format.is_folder())
    }

    /// What it consists of.
    ///
    /// # Errors
    /// When candle cannot copy the weights, and as [`ModelExport::content`].
    pub fn content(self, export: &ModelExport<'_>) -> anyhow::Result<Content> {
        Ok(match self {
            Kind::Safetensors => Content::File(export.model.classifier.to_bytes()?),
            Kind::Format(format) => export.content(format)?,
        })
    }
}

/// Something to write, and its file or folder.
pub(super) struct Target<'a> {
    pub kind: Kind,
    pub path: &'a Path,
}

impl Target<'_> {
    /// Whether it is a file that goes to standard output.
    pub fn is_standard(&self) -> bool {
        !self.kind.is_folder() && self.path.as_os_str() == "-"
    }
}

/// What to write.
///
/// # Errors
/// When that is nothing, or a file cannot be written.
pub(super) fn targets(args: &Args) -> anyhow::Result<Vec<Target<'_>>> {
    let named = [
        (Kind::Format(ModelFormat::Onnx), &args.onnx),
        (Kind::Format(ModelFormat::Bundle), &args.bundle),
        (Kind::Safetensors, &args.safetensors),
        (Kind::Format(ModelFormat::Page), &args.web),
        (Kind::Format(ModelFormat::Card), &args.card),
    ];
    let mut targets = Vec::new();
    for (kind, path) in named {
        targets.extend(path.as_deref().map(|path| Target { kind, path }));
    }
    targets.extend(programs(args)?);
    targets.extend(args.engines.targets());
    if targets.is_empty() {
        let text = "nothing to export to: use --onnx FILE, --bundle DIR, --web FILE, --card FILE, \
                    --safetensors FILE, --code pytorch DIR, or one of the engines that --help lists";
        return Err(UsageError(text.to_owned()).into());
    }
    let is_file = |target: &&Target<'_>| !target.kind.is_folder() && !target.is_standard();
    for target in targets.iter().filter(is_file) {
        files::check_writable(target.path)?;
    }
    Ok(targets)
}

/// Those of `--code`, which can be repeated.
fn programs(args: &Args) -> anyhow::Result<Vec<Target<'_>>> {
    let (pairs, _) = args.code.as_chunks();
    pairs.iter().map(program).collect()
}

fn program([language, path]: &[PathBuf; 2]) -> anyhow::Result<Target<'_>> {
    let Some(known) = language.to_str().and_then(Language::named) else {
        let text = format!(
            "--code expects pytorch, keras or rust, found `{}`",
            language.display()
        );
        return Err(UsageError(text).into());
    };
    let kind = Kind::Format(ModelFormat::Code(known));
    Ok(Target { kind, path })
}
