//! Which runs are looked for: words, or an expression such as `lr < 0.01 and model = cnn`.
//!
//! ```text
//! expression  = all { "or" all }
//! all         = part { ["and"] part }
//! part        = "not" part | "(" expression ")" | comparison | word
//! comparison  = key ("=" | "!=" | "<" | "<=" | ">" | ">=" | "~") value
//! ```
//!
//! A key is a setting by its path, a metric with or without its aggregate (`val_loss.last`), or
//! one of the short names in `ALIASES`. `~` means that the text contains the value; `=` that it is the
//! value or one of its words is, and with a value in quotation marks that it is just that. A word alone
//! is looked for in name, tags and note.

use super::{Aggregate, Column};
use crate::runs::{Record, Value};

/// Names people write for others.
const ALIASES: &[(&str, &str)] = &[
    ("lr", "learning_rate"),
    ("wd", "weight_decay"),
    ("batch", "batch_size"),
    ("bs", "batch_size"),
    ("model", "preset"),
    ("network", "preset"),
    ("opt", "optimizer"),
    ("optimiser", "optimizer"),
    ("momentum", "optimizer.momentum"),
    ("nesterov", "optimizer.nesterov"),
    ("beta1", "optimizer.beta1"),
    ("beta2", "optimizer.beta2"),
    ("epsilon", "optimizer.epsilon"),
    ("warmup", "warm_up"),
    ("layers", "model.layers"),
    ("dataset", "data"),
    ("tag", "tags"),
    ("star", "starred"),
    ("state", "status"),
    ("acc", "val_accuracy"),
    ("val_acc", "val_accuracy"),
    ("test_acc", "test_accuracy"),
    ("train_acc", "train_accuracy"),
    ("time", "train_seconds"),
    ("seconds", "train_seconds"),
    ("speed", "images_per_second"),
];

/// The full name of a key.
pub fn canonical(key: &str) -> &str {
    let found = ALIASES.iter().find(|(alias, _)| *alias == key);
    found.map_or(key, |(_, full)| full)
}

/// A key without its aggregate, in full, and the aggregate.
pub(super) fn key_parts(text: &str) -> (String, Option<Aggregate>) {
    let aggregate = |name: &str| Aggregate::ALL.into_iter().find(|a| a.name() == name);
    let split = text.rsplit_once('.');
    match split.and_then(|(key, name)| Some((key, aggregate(name)?))) {
        Some((key, aggregate)) => (canonical(key).to_owned(), Some(aggregate)),
        None => (canonical(text).to_owned(), None),
    }
}

/// Why an expression makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {}", .at + 1)]
pub struct QueryError {
    /// Characters before the place.
    pub at: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// Which runs are looked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query(Option<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Compare {
        column: Column,
        /// Where the key stands.
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

/// What a run is compared with.
#[derive(Clone, Debug, PartialEq)]
struct Literal {
    text: String,
    number: Option<f64>,
    /// Whether it is the whole of a text, and not one of its words.
    is_whole: bool,
}

impl Query {
    /// Reads what was typed. Nothing looks for every run.
    ///
    /// # Errors
    /// What was expected where.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Query(None));
        }
        let mut parser = Parser {
            tokens,
            next: 0,
            n_chars: text.chars().count(),
        };
        let part = parser.any()?;
        match parser.peek() {
            None => Ok(Query(Some(part))),
            Some(token) => Err(parser.unexpected(token.clone(), "`and` or `or`")),
        }
    }

    /// Whether `record` is looked for.
    pub fn passes(&self, record: &Record) -> bool {
        self.0.as_ref().is_none_or(|part| part.passes(record))
    }

    /// The first key that no run has, as a problem at its place.
    ///
    /// # Errors
    /// When there is one.
    pub fn check_keys(&self, is_known: impl Fn(&Column) -> bool) -> Result<(), QueryError> {
        let mut unknown = None;
        if let Some(part) = &self.0 {
            part.visit(&mut |column, at| {
                if unknown.is_none() && !is_known(column) {
                    unknown = Some(QueryError {
                        at,
                        message: format!("no run has a setting or metric `{}`", column.key),
                    });
                }
            });
        }
        unknown.map_or(Ok(()), Err)
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

    fn visit(&self, see: &mut impl FnMut(&Column, usize)) {
        match self {
            Part::All(parts) | Part::Any(parts) => parts.iter().for_each(|part| part.visit(see)),
            Part::Not(part) => part.visit(see),
            Part::Compare { column, at, .. } => see(column, *at),
            Part::Word(_) => {}
        }
    }
}

/// `word` is in small letters.
fn has_word(record: &Record, word: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    has(&record.name) || record.notes.tags.iter().any(|tag| has(tag)) || has(&record.notes.note)
}

/// What a run does not have is not equal to anything.
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

/// Whether two numbers are the same to six digits, as they are read and typed: a metric computed
/// in single precision has more.
fn is_same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-7 * a.abs().max(b.abs())
}

/// Both in small letters. A text is equal to another, or to one of its own words: `cnn` is what
/// `keras-cnn` and `deep-cnn` are.
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

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Word(String),
    /// Never a keyword.
    Quoted(String),
    Op(Op),
    Open,
    Close,
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    at: usize,
    kind: Kind,
}

impl Token {
    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn text(&self) -> String {
        match &self.kind {
            Kind::Word(text) | Kind::Quoted(text) => format!("`{text}`"),
            Kind::Op(_) => "a comparison".to_owned(),
            Kind::Open => "`(`".to_owned(),
            Kind::Close => "`)`".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let (kind, n) = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '"' | '\'' => quoted(&chars, at)?,
            '=' | '!' | '<' | '>' | '~' | '≤' | '≥' | '≠' => operator(&chars, at)?,
            _ => {
                let is_end = |c: &char| c.is_whitespace() || "()=!<>~≤≥≠\"'".contains(*c);
                let n = chars[at..]
                    .iter()
                    .position(is_end)
                    .unwrap_or(chars.len() - at);
                (Kind::Word(chars[at..at + n].iter().collect()), n)
            }
        };
        tokens.push(Token { at, kind });
        at += n;
    }
    Ok(tokens)
}

fn quoted(chars: &[char], at: usize) -> Result<(Kind, usize), QueryError> {
    let inside = &chars[at + 1..];
    match inside.iter().position(|c| *c == chars[at]) {
        Some(n) => Ok((Kind::Quoted(inside[..n].iter().collect()), n + 2)),
        None => Err(QueryError {
            at,
            message: "this quotation mark is never closed".to_owned(),
        }),
    }
}

fn operator(chars: &[char], at: usize) -> Result<(Kind, usize), QueryError> {
    let is_next_equal = chars.get(at + 1) == Some(&'=');
    let (op, n) = match (chars[at], is_next_equal) {
        ('=', true) => (Op::Equal, 2),
        ('=', false) => (Op::Equal, 1),
        ('!', true) => (Op::NotEqual, 2),
        ('<', true) => (Op::LessOrEqual, 2),
        ('<', false) => (Op::Less, 1),
        ('>', true) => (Op::GreaterOrEqual, 2),
        ('>', false) => (Op::Greater, 1),
        ('≤', _) => (Op::LessOrEqual, 1),
        ('≥', _) => (Op::GreaterOrEqual, 1),
        ('≠', _) => (Op::NotEqual, 1),
        ('~', _) => (Op::Contains, 1),
        _ => {
            return Err(QueryError {
                at,
                message: "expected `!=`, found `!` alone".to_owned(),
            });
        }
    };
    Ok((Kind::Op(op), n))
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    n_chars: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let is_there = self.peek().is_some_and(|token| token.is_keyword(keyword));
        self.next += usize::from(is_there);
        is_there
    }

    fn unexpected(&self, token: Token, expected: &str) -> QueryError {
        QueryError {
            at: token.at,
            message: format!("expected {expected}, found {}", token.text()),
        }
    }

    fn any(&mut self) -> Result<Part, QueryError> {
        let mut parts = vec![self.all()?];
        while self.take_keyword("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Part::Any))
    }

    fn all(&mut self) -> Result<Part, QueryError> {
        let mut parts = vec![self.part()?];
        loop {
            let is_asked = self.take_keyword("and");
            let is_over = self
                .peek()
                .is_none_or(|t| t.kind == Kind::Close || t.is_keyword("or"));
            if !is_asked && is_over {
                return Ok(one_or(parts, Part::All));
            }
            parts.push(self.part()?);
        }
    }

    fn part(&mut self) -> Result<Part, QueryError> {
        const EXPECTED: &str = "a word or a comparison";
        if self.take_keyword("not") {
            return Ok(Part::Not(Box::new(self.part()?)));
        }
        let Some(token) = self.peek().cloned() else {
            return Err(self.ended(EXPECTED));
        };
        self.next += 1;
        match &token.kind {
            Kind::Open => self.closed(token.at),
            Kind::Word(_) if token.is_keyword("and") || token.is_keyword("or") => {
                Err(self.unexpected(token, EXPECTED))
            }
            Kind::Word(key) => match self.peek().map(|t| t.kind.clone()) {
                Some(Kind::Op(op)) => {
                    self.next += 1;
                    self.comparison(key, token.at, op)
                }
                _ => Ok(Part::Word(key.to_lowercase())),
            },
            Kind::Quoted(text) => Ok(Part::Word(text.to_lowercase())),
            Kind::Op(_) | Kind::Close => Err(self.unexpected(token, EXPECTED)),
        }
    }

    fn closed(&mut self, opened_at: usize) -> Result<Part, QueryError> {
        let part = self.any()?;
        match self.peek() {
            Some(token) if token.kind == Kind::Close => {
                self.next += 1;
                Ok(part)
            }
            _ => Err(QueryError {
                at: opened_at,
                message: "this bracket is never closed".to_owned(),
            }),
        }
    }

    fn comparison(&mut self, key: &str, at: usize, op: Op) -> Result<Part, QueryError> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.ended("a value"));
        };
        self.next += 1;
        let value = match &token.kind {
            Kind::Word(text) => Literal {
                text: text.to_lowercase(),
                number: number(text),
                is_whole: false,
            },
            Kind::Quoted(text) => Literal {
                text: text.to_lowercase(),
                number: None,
                is_whole: true,
            },
            _ => return Err(self.unexpected(token, "a value")),
        };
        Ok(Part::Compare {
            column: Column::parse(key),
            at,
            op,
            value,
        })
    }

    fn ended(&self, expected: &str) -> QueryError {
        QueryError {
            at: self.n_chars,
            message: format!("expected {expected}, found nothing"),
        }
    }
}

fn one_or(mut parts: Vec<Part>, many: fn(Vec<Part>) -> Part) -> Part {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        many(parts)
    }
}

/// `0.01`, `1e-3`, or `98.5%` as a share.
fn number(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset;
    use crate::runs::{RunId, RunState};
    use crate::train::TrainConfig;

    fn record(name: &str, preset_name: &str, rate: f64) -> Record {
        let preset = preset(preset_name).unwrap();
        let mut config = TrainConfig::new(preset, [1, 28, 28], 10, 60_000);
        config.learning_rate = rate;
        let mut record = Record::begun(RunId::new(name), &RunState::new(name, config));
        record.notes.tags = vec!["Paper".to_owned()];
        record.metrics.insert(
            "val_accuracy".to_owned(),
            crate::runs::Aggregates {
                last: 0.97,
                min: 0.5,
                max: 0.985,
                at_best: Some(0.985),
            },
        );
        record
    }

    /// Which of three runs `text` finds.
    fn found(text: &str) -> String {
        let runs = [
            record("a wide one", "keras-cnn", 0.001),
            record("b", "deep-cnn", 0.1),
            record("c wide", "mlp", 0.001),
        ];
        let query = Query::parse(text).unwrap();
        let names = runs.iter().filter(|run| query.passes(run));
        names.map(|run| &run.name[..1]).collect()
    }

    #[test]
    fn runs_are_found_by_words_and_by_expressions() {
        for (text, names) in [
            ("", "abc"),
            ("wide", "ac"),
            ("WIDE one", "a"),
            ("paper", "abc"),
            ("lr < 0.01", "ac"),
            ("lr<0.01 and model=cnn", "a"),
            ("learning_rate >= 1e-1", "b"),
            ("lr = 0.1 or model = mlp", "bc"),
            ("model = cnn lr = 0.1 or wide model = mlp", "bc"),
            ("model = cnn and (lr = 0.1 or wide)", "ab"),
            ("not model = cnn", "c"),
            ("model != cnn", "c"),
            ("not (wide or lr = 0.1)", ""),
            ("model ~ nn", "ab"),
            ("opt = adam", "abc"),
            ("opt = ad", ""),
            ("val_acc > 98%", "abc"),
            ("val_acc.last > 98%", ""),
            ("val_accuracy.min = 0.5", "abc"),
            ("test_accuracy > 0", ""),
            ("test_accuracy != 0", "abc"),
            ("name = \"c wide\"", "c"),
            ("'one'", "a"),
            ("tag = paper status = starting", "abc"),
            ("epochs = 5", "abc"),
        ] {
            assert_eq!(found(text), names, "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_at_its_place() {
        for (text, at, words) in [
            ("lr <", 4, "expected a value, found nothing"),
            ("lr < < 3", 5, "expected a value"),
            ("(lr < 3", 0, "never closed"),
            ("lr < 3)", 6, "expected `and` or `or`, found `)`"),
            ("lr < 3 and", 10, "found nothing"),
            ("and x", 0, "found `and`"),
            ("x or or y", 5, "found `or`"),
            ("name = \"b", 7, "never closed"),
            ("a ! b", 2, "`!` alone"),
            ("not", 3, "found nothing"),
            ("ähm = ", 6, "found nothing"),
        ] {
            let error = Query::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.to_string().contains(words), "{text}: {error}");
            assert!(
                error
                    .to_string()
                    .ends_with(&format!("at character {}", at + 1))
            );
        }
    }

    #[test]
    fn keys_that_no_run_has_are_told() {
        let run = record("a", "mlp", 0.1);
        let is_known = |column: &Column| column.value(&run).is_some();
        Query::parse("lr = 3 and acc > 2 word")
            .unwrap()
            .check_keys(is_known)
            .unwrap();
        let error = Query::parse("word lr = 3 or lrr = 3")
            .unwrap()
            .check_keys(is_known);
        let error = error.unwrap_err();
        assert_eq!(
            (error.at, error.message.contains("`lrr`")),
            (15, true),
            "{error}"
        );
    }
}
