//! The part of the protocol buffers' wire format that event files need
//! (<https://protobuf.dev/programming-guides/encoding>).

/// A message under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

/// The wire type of a field.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED_32: u64 = 5;

impl Message {
    /// Returns the bytes of the message.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Adds an integer, a boolean or the number of an enum's variant.
    #[must_use]
    pub(super) fn int(mut self, field: u64, value: u64) -> Message {
        self.varint(field << 3 | VARINT);
        self.varint(value);
        self
    }

    /// Adds a `double`.
    #[must_use]
    pub(super) fn double(mut self, field: u64, value: f64) -> Message {
        self.varint(field << 3 | FIXED_64);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Adds a `float`.
    #[must_use]
    pub(super) fn float(mut self, field: u64, value: f32) -> Message {
        self.varint(field << 3 | FIXED_32);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Adds a `string`.
    #[must_use]
    pub(super) fn text(self, field: u64, value: &str) -> Message {
        self.raw(field, value.as_bytes())
    }

    /// Adds a message inside this one.
    #[must_use]
    pub(super) fn message(self, field: u64, value: Message) -> Message {
        self.raw(field, &value.bytes)
    }

    /// Adds `bytes`.
    #[must_use]
    pub(super) fn raw(mut self, field: u64, value: &[u8]) -> Message {
        self.varint(field << 3 | LENGTH);
        self.varint(value.len() as u64);
        self.bytes.extend(value);
        self
    }

    /// Appends a varint: seven bits per byte, the lowest first.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's own documentation.
    #[test]
    fn fields_are_laid_down_as_documented() {
        assert_eq!(Message::default().int(1, 150).bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(
            Message::default().text(2, "testing").bytes(),
            [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]
        );
        let inner = Message::default().int(1, 150);
        assert_eq!(
            Message::default().message(3, inner).bytes(),
            [0x1a, 0x03, 0x08, 0x96, 0x01]
        );
        assert_eq!(
            Message::default().float(5, 1.0).bytes(),
            [0x2d, 0, 0, 0x80, 0x3f]
        );
    }
}
