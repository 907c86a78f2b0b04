//! What a file is, told from its content. What cannot be read is refused by the name of its format,
//! with what to do instead.

use std::io::{Cursor, Read as _};
use std::path::Path;

use zip::ZipArchive;

/// How a PyTorch program saves what can be read.
pub(super) const SAVE_STATE_DICT: &str = "torch.save(model.state_dict(), \"weights.pth\")";

/// Most files in an archive: one per tensor, and a few more.
const MAX_ARCHIVE_FILES: usize = 20_000;

/// What an HDF5 file begins with.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What the index of a TensorFlow checkpoint, a LevelDB table, ends with.
const TABLE_END: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

const CHECKPOINT: &str = "it is a TensorFlow checkpoint, which holds variables without their layers; \
                          load it in Keras and save the whole model: model.save(\"model.keras\")";
const SAVED_MODEL: &str = "it is a TensorFlow SavedModel, which cannot be read; load it in Keras and \
                           save it with model.save(\"model.keras\"), or convert it to ONNX with tf2onnx";

/// The bytes of a file in the archive.
///
/// # Errors
/// When it is not there, damaged, or has more than `limit` bytes.
pub(super) fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limit: u64,
) -> Result<Vec<u8>, String> {
    let damaged =
        |e: &dyn std::fmt::Display| format!("`{name}` in its archive cannot be read ({e})");
    let file = archive.by_name(name).map_err(|e| damaged(&e))?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| damaged(&e))?;
    match bytes.len() as u64 > limit {
        true => Err(format!(
            "`{name}` in its archive has more than {limit} bytes"
        )),
        false => Ok(bytes),
    }
}

/// A format by the first bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Safetensors,
    /// PyTorch or Keras.
    Zip,
    /// Keras.
    Hdf5,
    /// Protocol buffers have no mark: everything that is nothing else.
    Onnx,
}

/// What is in a ZIP archive.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Archive {
    /// A state dict, in this folder of the archive.
    PyTorch(String),
    Keras,
}

/// Recognizes a file of `n_bytes` that begins with `head`.
///
/// # Errors
/// What it is instead of a model.
pub(super) fn recognize(head: &[u8], n_bytes: u64) -> Result<Format, String> {
    let refused = |reason: &str| Err(reason.to_owned());
    match head {
        [b'P', b'K', 3, 4, ..] => Ok(Format::Zip),
        _ if head.starts_with(HDF5) => Ok(Format::Hdf5),
        [0x80, 1..=5, ..] => refused(&format!(
            "it is a Python pickle, or was saved by a PyTorch before 1.6, and nothing in a file is \
             executed; load it in Python and save its weights: {SAVE_STATE_DICT}"
        )),
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => refused(
            "it is a TensorFlow Lite model, which cannot be read; save the Keras model it was made \
             of: model.save(\"model.keras\")",
        ),
        _ if head.starts_with(b"GGUF") => {
            refused("it is a language model (GGUF), not an image classifier")
        }
        _ if head.starts_with(b"model_checkpoint_path") => refused(CHECKPOINT),
        [8, 1, 0x12, ..] if is_saved_model(&head[3..], n_bytes) => refused(SAVED_MODEL),
        // Protocol buffers: the version of the format, as a number. A header of safetensors with
        // so many bytes would have a brace as its ninth byte.
        [
            8,
            1..=20,
            0x12 | 0x1a | 0x22 | 0x2a | 0x32 | 0x3a | 0x42,
            ..,
        ] if head.get(8) != Some(&b'{') => Ok(Format::Onnx),
        _ => Ok(Format::Safetensors),
    }
}

/// Whether a message of one field, the rest of the file, follows: a graph of TensorFlow.
fn is_saved_model(length: &[u8], n_bytes: u64) -> bool {
    let mut value = 0u64;
    for (idx, byte) in length.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * idx);
        if byte & 0x80 == 0 {
            return value + 4 + idx as u64 == n_bytes;
        }
    }
    false
}

/// Why a folder is refused, if it is a model of TensorFlow.
pub(super) fn refused_folder(path: &Path) -> Option<String> {
    is_saved_model_folder(path).then(|| SAVED_MODEL.to_owned())
}

/// Whether it is a folder that TensorFlow saved a model in.
pub(crate) fn is_saved_model_folder(path: &Path) -> bool {
    path.join("saved_model.pb").is_file()
}

/// Why a file is refused whose content says nothing: the data of a TensorFlow checkpoint has no
/// mark.
pub(super) fn refused_by_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let is_data = name.contains(".data-") && name.contains("-of-");
    (is_data || ends_as_table(path)).then(|| CHECKPOINT.to_owned())
}

/// Whether a file ends as the index of a checkpoint.
fn ends_as_table(path: &Path) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let end = || -> std::io::Result<[u8; 8]> {
        let mut file = crate::files::open_regular(path)?;
        file.seek(SeekFrom::End(-8))?;
        let mut end = [0; 8];
        file.read_exact(&mut end)?;
        Ok(end)
    };
    end().is_ok_and(|end| end == TABLE_END)
}

/// Recognizes an archive by the names of its files.
///
/// # Errors
/// What it is instead of a model.
pub(super) fn inside_zip(content: &[u8]) -> Result<Archive, String> {
    let archive = archive(content)?;
    let names = || archive.file_names().filter_map(Result::ok);
    let has = |name: &str| names().any(|found| found == name);
    if has("model.weights.h5") && has("config.json") {
        return Ok(Archive::Keras);
    }
    let data = names().find_map(|name| {
        let folder = name.strip_suffix("data.pkl")?;
        (folder.is_empty() || folder.ends_with('/')).then(|| folder.to_owned())
    });
    let Some(folder) = data else {
        let what = match names().any(|name| name.ends_with(".npy")) {
            true => "it is an archive of arrays (npz)",
            false => "it is a ZIP archive",
        };
        return Err(format!(
            "{what} without a model: neither PyTorch's data.pkl nor Keras' config.json and \
             model.weights.h5 is in it"
        ));
    };
    if names().any(|name| name.starts_with(&format!("{folder}code/"))) {
        return Err(format!(
            "it is a TorchScript program, of which nothing is executed; save its weights in Python: \
             model = torch.jit.load(\"{}.pt\"); {SAVE_STATE_DICT}",
            folder.trim_end_matches('/')
        ));
    }
    Ok(Archive::PyTorch(folder))
}

/// Opens an archive that is no bomb of names.
///
/// # Errors
/// When it is damaged or has too many files.
pub(super) fn archive(content: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, String> {
    let archive = ZipArchive::new(Cursor::new(content));
    let archive = archive.map_err(|e| format!("it is not a complete ZIP archive ({e})"))?;
    if archive.len() > MAX_ARCHIVE_FILES {
        return Err(format!(
            "its archive has {} files, the limit is {MAX_ARCHIVE_FILES}",
            archive.len()
        ));
    }
    Ok(archive)
}
