//! TensorFlow's records: length, checksum of the length, bytes, checksum of the bytes
//! (<https://www.tensorflow.org/tutorials/load_data/tfrecord>, "TFRecords format details").

/// Appends a record of `data` to `file`.
pub(super) fn append_record(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(&length).to_le_bytes());
    file.extend(data);
    file.extend(masked(data).to_le_bytes());
}

/// Masks the checksum, so that records can contain records.
fn masked(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::super::proto::Message;
    use super::*;

    /// A record written by tensorboard 2.21 (`EventFileWriter`), copied from its file.
    #[test]
    fn a_record_is_tensorboards_byte_for_byte() {
        let value = Message::default().text(1, "a/b").float(2, 0.25);
        let event = Message::default()
            .double(1, 1.5)
            .int(2, 300)
            .message(5, Message::default().message(1, value));
        let mut file = Vec::new();
        append_record(&mut file, &event.bytes());
        assert_eq!(file, RECORD);
    }

    #[rustfmt::skip]
    const RECORD: [u8; 42] = [
        26, 0, 0, 0, 0, 0, 0, 0, 18, 155, 216, 45,
        9, 0, 0, 0, 0, 0, 0, 248, 63, 16, 172, 2, 42, 12, 10, 10, 10, 3, 97, 47, 98, 21, 0, 0, 128, 62,
        249, 205, 231, 237,
    ];
}
