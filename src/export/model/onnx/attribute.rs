//! The attributes of a node.

use crate::onnx::{AttributeProto, attribute_type};

/// The name of an attribute, and its value.
pub(super) type Attribute = (&'static str, Value);

/// The value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    Text(&'static str),
}

impl Value {
    /// Twice the same count, for rows and columns.
    pub fn square(n: usize) -> Value {
        Value::Ints(vec![n as i64; 2])
    }
}

/// The message of an attribute.
pub(super) fn message((name, value): Attribute) -> AttributeProto {
    let mut message = AttributeProto {
        name: Some(name.to_owned()),
        ..AttributeProto::default()
    };
    message.r#type = Some(match value {
        Value::Int(i) => {
            message.i = Some(i);
            attribute_type::INT
        }
        Value::Ints(ints) => {
            message.ints = ints;
            attribute_type::INTS
        }
        Value::Float(f) => {
            message.f = Some(f);
            attribute_type::FLOAT
        }
        Value::Text(text) => {
            message.s = Some(text.as_bytes().to_vec());
            attribute_type::STRING
        }
    });
    message
}
