//! Parses a sweep file to a [`Definition`], and reports all problems at once.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Table, Value};

use super::axis::{Axis, Values, When};
use super::check::{Location, Problem, is_backwards, metric_names};
use super::definition::{Definition, Method};
use super::metric::{Measure, OBJECTIVES};
use crate::files;
use crate::runs::Direction;
use crate::runs::table::{Aggregate, Column};

/// The contents of a file, key by key, and their problems.
struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    /// Lines of the keys, for problems found later.
    lines: Vec<(Location, usize)>,
}

/// Filled in by the loop over the keys.
struct Draft {
    definition: Definition,
    direction: Option<Direction>,
    has_name: bool,
}

impl Definition {
    /// Parses a sweep file. Without a `name`, the sweep is named `default_name`.
    ///
    /// # Errors
    /// All problems of the file by itself, in the order of the lines.
    pub fn parse(text: &str, default_name: &str) -> Result<Definition, Vec<Problem>> {
        let mut reader = Reader {
            text,
            problems: Vec::new(),
            lines: Vec::new(),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                reader.report(
                    Location::Text,
                    error.span().map(|s| s.start),
                    files::in_our_words(error.message()),
                );
            }
            return Err(reader.problems);
        }
        let mut draft = Draft {
            definition: Definition::new(default_name),
            direction: None,
            has_name: false,
        };
        for (key, value) in table.into_inner() {
            reader.key(&mut draft, key.span().start, key.get_ref(), value);
        }
        let mut definition = draft.definition;
        definition.direction = draft
            .direction
            .or(definition.metric.direction())
            .unwrap_or(definition.direction);
        reader.check(&definition, draft.direction);
        if reader.problems.is_empty() {
            return Ok(definition);
        }
        reader.problems.sort_by_key(|p| p.line);
        Err(reader.problems)
    }

    /// Reads the sweep file at `path`; its paths are relative to its folder.
    ///
    /// # Errors
    /// As [`Definition::parse`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Definition, Vec<Problem>> {
        let text = files::read_text(path).map_err(|e| {
            let message = format!("could not read {}: {e}", path.display());
            vec![Problem::new(Location::Text, message)]
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut definition = Definition::parse(&text, &stem)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in [&mut definition.config, &mut definition.data] {
            *file = file.take().map(|file| folder.join(file));
        }
        Ok(definition)
    }
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        files::line_of(self.text, at)
    }

    fn report(&mut self, at: Location, position: Option<usize>, message: impl Into<String>) {
        let line = position.map(|p| self.line(p));
        self.problems.push(Problem {
            at,
            line,
            message: message.into(),
        });
    }

    /// Returns the value as a `T`, or reports why it cannot be one.
    fn value<T: DeserializeOwned>(
        &mut self,
        at: Location,
        value: Spanned<DeValue<'_>>,
        wanted: &str,
    ) -> Option<T> {
        let start = value.span().start;
        let line = self.line(start);
        self.lines.push((at.clone(), line));
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let start = error.span().map_or(start, |s| s.start);
                let found = files::in_our_words(error.message());
                let message = format!("must be {wanted}: {found}");
                self.report(at, Some(start), message);
                None
            }
        }
    }

    fn key(&mut self, draft: &mut Draft, start: usize, key: &str, value: Spanned<DeValue<'_>>) {
        let d = &mut draft.definition;
        match key {
            "name" => {
                let name = self.value(Location::Key("name"), value, "a string");
                d.name = name.unwrap_or_else(|| d.name.clone());
                draft.has_name = true;
            }
            "preset" => d.preset = self.value(Location::Key("preset"), value, "a name"),
            "config" => {
                d.config = self.value::<PathBuf>(Location::Key("config"), value, "a file");
            }
            "data" => d.data = self.value::<PathBuf>(Location::Key("data"), value, "a folder"),
            "method" => {
                let names = Method::ALL.map(Method::name).join(", ");
                let method = self.value(Location::Key("method"), value, &format!("one of {names}"));
                d.method = method.unwrap_or_default();
            }
            "metric" => self.metric(d, value),
            "direction" => {
                draft.direction =
                    self.value(Location::Key("direction"), value, "minimize or maximize");
            }
            "measure" => {
                let measure = self.value(Location::Key("measure"), value, "best or last");
                d.measure = measure.unwrap_or(d.measure);
            }
            "seed" => {
                let seed = self.value(Location::Key("seed"), value, "a whole number");
                d.seed = seed.unwrap_or(d.seed);
            }
            "seeds_per_setting" => {
                let n = self.value(Location::Key("seeds_per_setting"), value, "a whole number");
                d.seeds_per_setting = n.unwrap_or(1);
            }
            "trials" => d.trials = self.value(Location::Key("trials"), value, "a whole number"),
            "minutes" => d.minutes = self.value(Location::Key("minutes"), value, "a number"),
            "parallel" => {
                let n = self.value(Location::Key("parallel"), value, "a whole number");
                d.parallel = n.unwrap_or(1);
            }
            "prune" => {
                let wanted =
                    "{ rule = \"asha\", epochs, factor } or { rule = \"median\", epochs, trials }";
                d.prune = self.value(Location::Key("prune"), value, wanted);
            }
            "set" => {
                let set: Option<Table> = self.value(Location::Key("set"), value, "a table of keys");
                d.set = flat(set.unwrap_or_default());
            }
            "search" => self.search(d, value),
            other => self.report(
                Location::Text,
                Some(start),
                format!("there is no key `{other}` in a sweep"),
            ),
        }
    }

    fn metric(&mut self, definition: &mut Definition, value: Spanned<DeValue<'_>>) {
        let start = value.span().start;
        let Some(name) = self.value::<String>(Location::Key("metric"), value, "a name") else {
            return;
        };
        let column = Column::parse(&name).metric();
        match column.filter(|column| OBJECTIVES.contains(&column.metric)) {
            Some(column) => {
                definition.metric = column.metric;
                match column.aggregate {
                    Aggregate::Best => {}
                    Aggregate::Last => definition.measure = Measure::Last,
                    other => self.report(
                        Location::Key("metric"),
                        Some(start),
                        format!(
                            "must be of the best or last epoch, found `{}`",
                            other.name()
                        ),
                    ),
                }
            }
            None if name.starts_with("test") => self.report(
                Location::Key("metric"),
                Some(start),
                "must not use the test images: they are evaluated once, and choose nothing",
            ),
            None => {
                let message = format!("must be one of {}, found `{name}`", metric_names());
                self.report(Location::Key("metric"), Some(start), message);
            }
        }
    }

    fn search(&mut self, definition: &mut Definition, value: Spanned<DeValue<'_>>) {
        let start = value.span().start;
        let DeValue::Array(entries) = value.into_inner() else {
            self.report(
                Location::Key("search"),
                Some(start),
                "must be written as [[search]], once for each key",
            );
            return;
        };
        for entry in entries {
            let idx = definition.search.len();
            // An invalid one keeps its place, so that conditions on it still refer to it.
            let axis = self.axis(idx, entry);
            definition
                .search
                .push(axis.unwrap_or_else(|| Axis::new("", Values::Range([0.0, 1.0]))));
        }
    }

    fn axis(&mut self, idx: usize, entry: Spanned<DeValue<'_>>) -> Option<Axis> {
        let at = Location::Search(idx);
        let start = entry.span().start;
        let line = self.line(start);
        self.lines.push((at.clone(), line));
        let DeValue::Table(table) = entry.into_inner() else {
            self.report(
                at,
                Some(start),
                "must be a table with key and list or range",
            );
            return None;
        };
        let (mut key, mut values, mut points, mut when) = (None::<String>, Vec::new(), None, None);
        let n_problems = self.problems.len();
        for (name, value) in table {
            let position = name.span().start;
            let at = at.clone();
            let pair = "two numbers, [from, to]";
            match name.get_ref().as_ref() {
                "key" => key = self.value(at, value, "a string"),
                "points" => points = self.value(at, value, "a whole number"),
                "when" => {
                    when = self.value::<When>(at, value, "{ key = \"…\", is = [values] }");
                }
                "list" => values.extend(
                    self.value::<Vec<Value>>(at, value, "a list")
                        .map(Values::List),
                ),
                "range" => values.extend(self.value(at, value, pair).map(Values::Range)),
                "log_range" => values.extend(self.value(at, value, pair).map(Values::LogRange)),
                "int_range" => values.extend(self.value(at, value, pair).map(Values::IntRange)),
                "log_int_range" => {
                    values.extend(self.value(at, value, pair).map(Values::LogIntRange));
                }
                other => self.report(at, Some(position), format!("has no key `{other}`")),
            }
        }
        if key.is_none() && self.problems.len() == n_problems {
            self.report(at.clone(), Some(start), "must name its key");
        }
        if values.len() != 1 && self.problems.len() == n_problems {
            let message = "must have one of list, range, log_range, int_range, log_int_range";
            self.report(at, Some(start), message);
        }
        Some(Axis {
            key: key?,
            values: values.pop()?,
            points,
            when,
        })
    }

    /// Adds the problems of the values that could be read.
    fn check(&mut self, definition: &Definition, direction: Option<Direction>) {
        let mut found = definition.problems();
        if let Some(direction) = direction
            && is_backwards(definition.metric, direction)
        {
            let message = format!(
                "is the wrong one for {}: leave it out",
                definition.metric.name()
            );
            found.push(Problem::new(Location::Key("direction"), message));
        }
        for mut problem in found {
            let is_known = self.problems.iter().any(|p| p.at == problem.at);
            if !is_known {
                problem.line = self.line_of(&problem.at);
                self.problems.push(problem);
            }
        }
    }

    fn line_of(&self, at: &Location) -> Option<usize> {
        let found = self.lines.iter().find(|(place, _)| place == at);
        found.map(|(_, line)| *line)
    }
}

/// Flattens `{ optimizer = { beta1 = 0.8 } }` to `optimizer.beta1 = 0.8`: a table in `[set]`
/// changes only its own keys, unless it names its kind.
fn flat(table: Table) -> Table {
    let mut keys = Table::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) if !inner.contains_key("kind") => {
                for (inner_name, value) in flat(inner) {
                    keys.insert(format!("{name}.{inner_name}"), value);
                }
            }
            other => {
                keys.insert(name, other);
            }
        }
    }
    keys
}
