//! Parses filter expressions.

use super::{Literal, Op, Part, QueryError};
use crate::runs::table::column::Column;
use crate::text::MAX_NESTING;

/// Parses the expression in `text`; `None` if it is empty.
///
/// # Errors
/// What was expected, and where.
pub(super) fn parse(text: &str) -> Result<Option<Part>, QueryError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser {
        tokens,
        next: 0,
        depth: 0,
        n_chars: text.chars().count(),
    };
    let part = parser.any()?;
    match parser.peek() {
        None => Ok(Some(part)),
        Some(token) => Err(parser.unexpected(token.clone(), "`and` or `or`")),
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
    /// Parentheses and `not` around the next token.
    depth: usize,
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

    /// Parses a part, unless too many others are around it: each takes stack.
    fn part(&mut self) -> Result<Part, QueryError> {
        if self.depth > MAX_NESTING {
            return Err(QueryError {
                at: self.peek().map_or(self.n_chars, |token| token.at),
                message: format!("expected at most {MAX_NESTING} levels of parentheses and `not`"),
            });
        }
        self.depth += 1;
        let part = self.shallow_part();
        self.depth -= 1;
        part
    }

    fn shallow_part(&mut self) -> Result<Part, QueryError> {
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
                message: "this parenthesis is never closed".to_owned(),
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
                at: token.at,
                text: text.to_lowercase(),
                number: number(text),
                is_whole: false,
            },
            Kind::Quoted(text) => Literal {
                at: token.at,
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

/// Parses `0.01`, `1e-3`, or `98.5%` as a share.
fn number(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    }
}
