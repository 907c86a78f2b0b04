//! The filter: words, or an expression such as `lr < 0.01 and model = cnn`.
//!
//! ```text
//! expression  = all { "or" all }
//! all         = part { ["and"] part }
//! part        = "not" part | "(" expression ")" | comparison | word
//! comparison  = key ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") value
//! ```
//!
//! A key is a setting by its path, a metric with or without its aggregate (`val_loss.last`), or
//! one of the short names in `names.rs`. `~` matches if the text contains the value; `=` if the text
//! or one of its words equals the value, and with a value in quotation marks only if the whole text
//! does. A word alone is searched in name, tags and note.

mod parse;
#[cfg(test)]
mod tests;

use super::column::Column;
use crate::runs::record::Record;
use crate::runs::value::Value;
use parse::parse;

/// Why an expression is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {}", .at + 1)]
pub struct QueryError {
    /// Number of characters before the error.
    pub at: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// A filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query(Option<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Compare {
        column: Column,
        /// Position of the key.
        at: usize,
        op: Op,
        value: Literal,
    },
    Word(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// The value in a comparison.
#[derive(Clone, Debug, PartialEq)]
struct Literal {
    /// Its position.
    at: usize,
    text: String,
    number: Option<f64>,
    /// Whether it must equal the whole text, not just one of its words.
    is_whole: bool,
}

impl Query {
    /// Parses a filter. An empty one matches every run.
    ///
    /// # Errors
    /// What was expected, and where.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        Ok(Query(parse(text)?))
    }

    /// Returns whether `record` matches.
    pub fn passes(&self, record: &Record) -> bool {
        self.0.as_ref().is_none_or(|part| part.passes(record))
    }

    /// Reports the first key that no run has, or the first value that is no number where all runs
    /// have numbers, with its position. `example` returns what some run has in a column.
    ///
    /// # Errors
    /// When there is such a key or value.
    pub fn check(&self, example: impl Fn(&Column) -> Option<Value>) -> Result<(), QueryError> {
        let mut problem = None;
        if let Some(part) = &self.0 {
            part.visit(&mut |comparison| {
                problem = problem.take().or_else(|| comparison.problem(&example));
            });
        }
        problem.map_or(Ok(()), Err)
    }
}

/// A comparison of an expression.
struct Comparison<'a> {
    column: &'a Column,
    at: usize,
    op: Op,
    value: &'a Literal,
}

impl Comparison<'_> {
    fn problem(&self, example: impl Fn(&Column) -> Option<Value>) -> Option<QueryError> {
        let key = self.column.key();
        match example(self.column) {
            None => Some(QueryError {
                at: self.at,
                message: format!("no run has a setting or metric `{key}`"),
            }),
            Some(Value::Number(_)) if self.op != Op::Contains && self.value.number.is_none() => {
                Some(QueryError {
                    at: self.value.at,
                    message: format!(
                        "expected a number such as 0.1 for {key}, found `{}`",
                        self.value.text
                    ),
                })
            }
            Some(_) => None,
        }
    }
}

impl Part {
    fn passes(&self, record: &Record) -> bool {
        match self {
            Part::All(parts) => parts.iter().all(|part| part.passes(record)),
            Part::Any(parts) => parts.iter().any(|part| part.passes(record)),
            Part::Not(part) => !part.passes(record),
            Part::Compare {
                column, op, value, ..
            } => compare(column.value(record).as_ref(), *op, value),
            Part::Word(word) => has_word(record, word),
        }
    }

    fn visit(&self, see: &mut impl FnMut(Comparison<'_>)) {
        match self {
            Part::All(parts) | Part::Any(parts) => parts.iter().for_each(|part| part.visit(see)),
            Part::Not(part) => part.visit(see),
            &Part::Compare {
                ref column,
                at,
                op,
                ref value,
            } => see(Comparison {
                column,
                at,
                op,
                value,
            }),
            Part::Word(_) => {}
        }
    }
}

/// `word` is in lower case.
fn has_word(record: &Record, word: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    has(&record.name) || record.notes.tags.iter().any(|tag| has(tag)) || has(&record.notes.note)
}

/// A missing value is not equal to anything.
fn compare(value: Option<&Value>, op: Op, literal: &Literal) -> bool {
    let Some(value) = value else {
        return op == Op::NotEqual;
    };
    match (value, literal.number) {
        (Value::Number(a), Some(b)) if op != Op::Contains => match op {
            Op::Equal => is_same(*a, b),
            Op::NotEqual => !is_same(*a, b),
            Op::Less => *a < b,
            Op::LessOrEqual => *a <= b || is_same(*a, b),
            Op::Greater => *a > b,
            Op::GreaterOrEqual => *a >= b || is_same(*a, b),
            Op::Contains => false,
        },
        _ => compare_text(&value.to_string().to_lowercase(), op, literal),
    }
}

/// Returns whether two numbers are equal to six digits, as they are shown: a metric in single
/// precision has more.
fn is_same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-7 * a.abs().max(b.abs())
}

/// Compares texts in lower case: the whole, or one of its words, so that `cnn` matches `keras-cnn`
/// and `deep-cnn`.
fn compare_text(
    text: &str,
    op: Op,
    Literal {
        text: literal,
        is_whole,
        ..
    }: &Literal,
) -> bool {
    let literal = literal.as_str();
    let is_equal = || {
        if *is_whole {
            return text == literal;
        }
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        text == literal || words.any(|word| word == literal)
    };
    match op {
        Op::Equal => is_equal(),
        Op::NotEqual => !is_equal(),
        Op::Less => text < literal,
        Op::LessOrEqual => text <= literal,
        Op::Greater => text > literal,
        Op::GreaterOrEqual => text >= literal,
        Op::Contains => text.contains(literal),
    }
}
