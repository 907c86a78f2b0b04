//! Optuna: a study that chooses the settings itself, so TPE and pruning work.

use serde_json::{Value, json};

use super::{EmitError, Written, data};
use crate::runs::Direction;
use crate::sweep::axis::{Axis, Values};
use crate::sweep::definition::Method;
use crate::sweep::metric::Measure;
use crate::sweep::plan::Plan;
use crate::sweep::point;
use crate::sweep::point::Point;

/// Writes the script, the base configuration, and the sweep in the script's format.
pub(super) fn files(plan: &Plan) -> Result<Vec<Written>, EmitError> {
    let definition = &plan.definition;
    let form = |e: String| EmitError::Form("sweep.json", e);
    let search: Result<Vec<Value>, String> =
        definition.search.iter().map(|a| axis(plan, a)).collect();
    let per_setting = definition.seeds_per_setting;
    let sweep = json!({
        "name": definition.name,
        "method": definition.method.name(),
        "metric": definition.metric.name(),
        "direction": match definition.direction {
            Direction::Maximize => "maximize",
            Direction::Minimize => "minimize",
        },
        "measure": match definition.measure {
            Measure::Best => "best",
            Measure::Last => "last",
        },
        "settings": plan.n_trials().map(|n| n.div_ceil(per_setting)),
        "seeds_per_setting": per_setting,
        "minutes": definition.minutes,
        "seed": plan.base.seed,
        "sampler_seed": definition.seed,
        "prune": definition.prune,
        "data": data(plan),
        "search": search.map_err(form)?,
    });
    let text = serde_json::to_string_pretty(&sweep).map_err(|e| form(e.to_string()))?;
    let base =
        toml::to_string(&plan.base).map_err(|e| EmitError::Form("base.toml", e.to_string()))?;
    Ok(vec![
        (
            "optuna_sweep.py".into(),
            include_str!("optuna_sweep.py").to_owned(),
        ),
        ("base.toml".into(), base),
        ("sweep.json".into(), text + "\n"),
    ])
}

/// Converts a searched key: a range, or choices with the `--set` arguments of each.
fn axis(plan: &Plan, axis: &Axis) -> Result<Value, String> {
    let choice = |value: &toml::Value| {
        let chosen = Point::from_iter([(axis.key.clone(), value.clone())]);
        let sets = point::sets(&plan.base, &chosen).map_err(|e| e.to_string())?;
        Ok(json!({ "value": value, "sets": sets }))
    };
    let choices = |values: &[toml::Value]| values.iter().map(choice).collect::<Result<_, String>>();
    let mut space = json!({ "key": axis.key, "kind": axis.values.name() });
    let is_grid = plan.definition.method == Method::Grid;
    match axis.values {
        Values::List(ref values) => space["choices"] = choices(values)?,
        _ if is_grid => space["choices"] = choices(&axis.grid())?,
        Values::Range(ends) | Values::LogRange(ends) => space["ends"] = json!(ends),
        Values::IntRange(ends) | Values::LogIntRange(ends) => space["ends"] = json!(ends),
    }
    if let Some(when) = &axis.when {
        space["when"] = json!({ "key": when.key, "is": when.is });
    }
    Ok(space)
}
