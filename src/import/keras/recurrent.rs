//! Recurrent layers. Keras and PyTorch stack the gates of an LSTM in the same order; those of a GRU
//! are z r h there and r z n here.

use serde_json::Value;

use super::config::LayerConfig;
use super::layers::{some, weights};
use super::walk::{View, Walk};
use crate::import::weight::Weight;
use crate::model::{Gru, Layer, Lstm, Rnn, Shape};

/// Takes a recurrent layer, alone or in both directions.
///
/// # Errors
/// When it does something else than ours.
pub(super) fn layer(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    if walk.view != View::Rows || !matches!(walk.chain.output(), Shape::Image(_)) {
        return Err("does not read the rows of an image without channels".to_owned());
    }
    let bidirectional = layer.class == "Bidirectional";
    let (class, settings) = cell(layer)?;
    let gates: &[usize] = match class {
        "SimpleRNN" => &[0],
        "LSTM" => &[0, 1, 2, 3],
        // Keras' place of each gate in PyTorch's order.
        "GRU" => &[1, 0, 2],
        other => return Err(format!("is around a {other}")),
    };
    check(class, settings)?;
    let has_bias = settings["use_bias"].as_bool().unwrap_or(true);
    let both = bidirectional;
    let is_there = [true, true, has_bias, both, both, both && has_bias];
    let [a, b, c, d, e, f] = weights(walk, layer, is_there)?;
    let (units, mut all) = direction([a, b, c], gates, "")?;
    if bidirectional {
        all.extend(direction([d, e, f], gates, "_reverse")?.1);
    }
    let layer = match class {
        "SimpleRNN" => Layer::Rnn(Rnn {
            units,
            bidirectional,
        }),
        "LSTM" => Layer::Lstm(Lstm {
            units,
            bidirectional,
        }),
        _ => Layer::Gru(Gru {
            units,
            bidirectional,
        }),
    };
    let all = all.iter();
    let named = all.map(|(name, weight)| (name.as_str(), weight.clone()));
    walk.chain.push(layer, named.collect())?;
    walk.view = View::Same;
    Ok(())
}

/// The class and the settings of a layer, or of the one inside.
fn cell(layer: &LayerConfig) -> Result<(&str, &Value), String> {
    if layer.class != "Bidirectional" {
        return Ok((layer.class.as_str(), &layer.settings));
    }
    if layer
        .word("merge_mode")
        .is_some_and(|mode| mode != "concat")
    {
        return Err("merges its directions otherwise than by concat".to_owned());
    }
    let inside = &layer.settings["layer"];
    let class = inside["class_name"].as_str().unwrap_or_default();
    Ok((class, &inside["config"]))
}

/// Weights with PyTorch's names.
type Named = Vec<(String, Weight)>;

/// The units and the weights of one direction.
fn direction(
    [input, state, bias]: [Option<Weight>; 3],
    gates: &[usize],
    end: &str,
) -> Result<(usize, Named), String> {
    let (input, state) = (some(input)?, some(state)?);
    let units = state.dims.first().copied().unwrap_or(0);
    let n = gates.len() * units;
    let mut kernels = [&input, &state].into_iter();
    let is_whole = kernels.all(|w| w.dims.len() == 2 && w.dims[1] == n);
    let biases = bias.map_or_else(|| vec![0.0; n], |bias| bias.values);
    if !is_whole || ![n, 2 * n].contains(&biases.len()) {
        return Err("has weights of odd sizes".to_owned());
    }
    // One bias for both parts, or one for each.
    let (of_input, of_state) = biases.split_at(n);
    let of_state = match of_state {
        [] => vec![0.0; n],
        of_state => of_state.to_vec(),
    };
    let parts = [
        ("weight_ih", input.transposed()?),
        ("weight_hh", state.transposed()?),
        ("bias_ih", Weight::list(of_input.to_vec())),
        ("bias_hh", Weight::list(of_state)),
    ];
    let named =
        parts.map(|(part, weight)| (format!("{part}_l0{end}"), rows(&weight, gates, units)));
    Ok((units, named.into()))
}

/// Checks that a layer computes what ours does.
fn check(class: &str, settings: &Value) -> Result<(), String> {
    let is_set = |key: &str| settings[key].as_bool().unwrap_or(false);
    if is_set("return_sequences") {
        return Err("passes on more than its last state (return_sequences)".to_owned());
    }
    if is_set("go_backwards") {
        return Err("reads from the bottom only (go_backwards)".to_owned());
    }
    // Before Keras 2.3 there was no other.
    if class == "GRU" && settings["reset_after"].as_bool() != Some(true) {
        return Err("applies its reset gate before the product (reset_after = False)".to_owned());
    }
    let word = |key: &str| {
        let value = &settings[key];
        value
            .as_str()
            .or_else(|| value["config"].as_str())
            .map(str::to_owned)
    };
    for (key, wanted) in [("activation", "tanh"), ("recurrent_activation", "sigmoid")] {
        if let Some(found) = word(key).filter(|found| found != wanted) {
            return Err(format!("has the {key} {found}, here it is {wanted}"));
        }
    }
    Ok(())
}

/// The rows of each gate in PyTorch's order.
fn rows(weight: &Weight, gates: &[usize], units: usize) -> Weight {
    let n = weight.values.len() / gates.len().max(1);
    let gate = |&gate: &usize| &weight.values[gate * n..(gate + 1) * n];
    let values: Vec<f32> = gates.iter().flat_map(gate).copied().collect();
    debug_assert_eq!(weight.dims.first(), Some(&(gates.len() * units)));
    Weight {
        dims: weight.dims.clone(),
        values,
    }
}
