//! How many messages a file consists of, counted before they are read: an empty message takes two
//! bytes in the file, and hundreds in memory.

/// Most entries of a graph, of its nodes and of their attributes together.
const MAX_ENTRIES: usize = 400_000;

/// The field of a model that is its graph; of a graph, its nodes; of a node, its attributes.
const PATH: [u64; 3] = [7, 1, 5];

/// Checks that a file has so few entries that reading them takes little memory.
///
/// # Errors
/// When it is no message of protocol buffers, or has too many entries.
pub(super) fn check(content: &[u8]) -> Result<(), String> {
    let mut n_entries = 0;
    let counted = count(content, &PATH, &mut n_entries);
    if n_entries > MAX_ENTRIES {
        return Err(format!("its graph has more than {MAX_ENTRIES} entries"));
    }
    counted.ok_or_else(|| "it is not a complete ONNX file".to_owned())
}

/// Counts the fields of a message, and those of the messages at `path` inside.
fn count(mut message: &[u8], path: &[u64], n_entries: &mut usize) -> Option<()> {
    while !message.is_empty() {
        *n_entries += 1;
        if *n_entries > MAX_ENTRIES {
            return None;
        }
        let key = varint(&mut message)?;
        let n_bytes = match key & 7 {
            0 => {
                varint(&mut message)?;
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (inside, rest) = message.split_at_checked(n_bytes)?;
        message = rest;
        if let Some((&field, path)) = path.split_first()
            && key == (field << 3 | 2)
        {
            count(inside, path, n_entries)?;
        }
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(7 * shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
