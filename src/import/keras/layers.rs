//! The layers of Keras, one after the other.

use super::config::LayerConfig;
use super::walk::{View, Walk};
use super::{conv, prepare, recurrent};
use crate::import::weight::{NormWeights, Weight};
use crate::model::{Dropout, Dropout2d, Layer, LeakyRelu, NORM_EPSILON, Shape};

/// Keras' default slope of `leaky_relu` by name.
const NAMED_SLOPE: f64 = 0.2;

/// Keras' default ε of both norms.
const EPSILON: f64 = 1e-3;

/// Takes a layer.
///
/// # Errors
/// One sentence with the layer and its class.
pub(super) fn layer(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    taken(walk, layer).map_err(|reason| match reason.starts_with("its layer") {
        true => reason,
        false => layer.wrong(&reason),
    })
}

fn taken(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    if layer.word("data_format") == Some("channels_first") {
        return Err("has its channels first, which Keras does on a GPU only".to_owned());
    }
    match layer.class.as_str() {
        "InputLayer" => return Ok(()),
        "Rescaling" => return prepare::rescaled(walk, layer),
        "Normalization" => return prepare::normalized(walk, layer),
        "Reshape" => return prepare::reshaped(walk, layer),
        _ => walk.begin()?,
    }
    if walk.view == View::Over {
        return Err("comes after the softmax, which has to be the last layer".to_owned());
    }
    let share = |key: &str| layer.number(key).unwrap_or(0.0) as f32;
    match layer.class.as_str() {
        "Conv2D" | "DepthwiseConv2D" | "SeparableConv2D" => conv::convolution(walk, layer),
        "Dense" => dense(walk, layer),
        "MaxPooling2D" | "AveragePooling2D" => conv::pool(walk, layer),
        "GlobalAveragePooling2D" if !layer.switch("keepdims", false) => {
            expect_image(walk)?;
            walk.chain.plain(Layer::GlobalAvgPool)
        }
        "Flatten" => {
            let is_image =
                walk.view == View::Same && matches!(walk.chain.output(), Shape::Image(_));
            walk.view = match walk.view {
                View::Flat => return Ok(()),
                _ => View::Same,
            };
            walk.chain.flatten(is_image)
        }
        "BatchNormalization" => batch_norm(walk, layer),
        "LayerNormalization" => layer_norm(walk, layer),
        "Dropout" => walk.chain.plain(Layer::Dropout(Dropout {
            rate: share("rate"),
        })),
        "SpatialDropout2D" => walk.chain.plain(Layer::Dropout2d(Dropout2d {
            rate: share("rate"),
        })),
        "Activation" => activation(walk, layer),
        "ReLU" => relu(walk, layer),
        "LeakyReLU" => {
            let slope = layer
                .number("negative_slope")
                .or_else(|| layer.number("alpha"));
            leaky(walk, slope.unwrap_or(0.3))
        }
        "Softmax" => {
            walk.view = View::Over;
            Ok(())
        }
        "SimpleRNN" | "LSTM" | "GRU" | "Bidirectional" => recurrent::layer(walk, layer),
        _ => Err("is no layer that this program has".to_owned()),
    }
}

/// The weights of a layer, as many as its settings say.
///
/// # Errors
/// When there are more or fewer.
pub(super) fn weights<const N: usize>(
    walk: &Walk<'_>,
    layer: &LayerConfig,
    is_there: [bool; N],
) -> Result<[Option<Weight>; N], String> {
    let found = walk.weights.of(&layer.name)?;
    let n_wanted = is_there.iter().filter(|&&is| is).count();
    if found.len() != n_wanted {
        return Err(format!(
            "has {} weights, {n_wanted} are expected",
            found.len()
        ));
    }
    let mut found = found.into_iter();
    Ok(is_there.map(|is| if is { found.next() } else { None }))
}

/// A weight that has to be there.
pub(super) fn some(weight: Option<Weight>) -> Result<Weight, String> {
    weight.ok_or_else(|| "lacks a weight".to_owned())
}

/// Refuses what is no image with channels.
///
/// # Errors
/// What it is instead.
pub(super) fn expect_image(walk: &Walk<'_>) -> Result<(), String> {
    match (walk.view, walk.chain.output()) {
        (View::Same, Shape::Image(_)) => Ok(()),
        (_, output) => Err(format!("gets {output}, not an image with channels")),
    }
}

fn dense(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    if walk.view == View::Flat {
        walk.chain.flatten(false)?;
        walk.view = View::Same;
    }
    let has_bias = layer.switch("use_bias", true);
    let [kernel, bias] = weights(walk, layer, [true, has_bias])?;
    let kernel = some(kernel)?.transposed()?;
    walk.chain.dense(kernel, bias.map(|bias| bias.values))?;
    activation(walk, layer)
}

/// The numbers of a batch norm over the last axis.
///
/// # Errors
/// When they do not belong together.
pub(super) fn norm(walk: &Walk<'_>, layer: &LayerConfig) -> Result<NormWeights, String> {
    let (has_scale, has_center) = (layer.switch("scale", true), layer.switch("center", true));
    let [weight, bias, mean, variance] = weights(walk, layer, [has_scale, has_center, true, true])?;
    let (mean, variance) = (some(mean)?.values, some(variance)?.values);
    let n = mean.len();
    let or = |weight: Option<Weight>, value| weight.map_or_else(|| vec![value; n], |w| w.values);
    let (weight, bias) = (or(weight, 1.0), or(bias, 0.0));
    if [weight.len(), bias.len(), variance.len()] != [n; 3] {
        return Err("has weights of several lengths".to_owned());
    }
    Ok(NormWeights {
        weight,
        bias,
        mean,
        variance,
        epsilon: layer.number("epsilon").unwrap_or(EPSILON),
    })
}

fn batch_norm(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    if walk.view != View::Same {
        return Err("normalizes the columns of an image without channels".to_owned());
    }
    let rank = match walk.chain.output() {
        Shape::Image(_) => 4,
        _ => 2,
    };
    let axis = &layer.settings["axis"];
    let axis = axis.as_i64().or_else(|| axis[0].as_i64()).unwrap_or(-1);
    if axis.rem_euclid(rank) != rank - 1 {
        return Err(format!(
            "normalizes along axis {axis}, here it is the channels"
        ));
    }
    walk.chain.batch_norm(norm(walk, layer)?)
}

fn layer_norm(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let epsilon = layer.number("epsilon").unwrap_or(EPSILON);
    if (epsilon / f64::from(NORM_EPSILON) - 1.0).abs() > 1e-3 {
        return Err(format!(
            "has an epsilon of {epsilon}, that of layer norm here is 1e-5"
        ));
    }
    let Shape::Vector(n) = walk.chain.output() else {
        return Err(
            "normalizes the channels of each pixel, layer norm here the whole image".to_owned(),
        );
    };
    let (has_scale, has_center) = (layer.switch("scale", true), layer.switch("center", true));
    let [weight, bias] = weights(walk, layer, [has_scale, has_center])?;
    let weight = weight.unwrap_or_else(|| Weight::constant(n, 1.0));
    let bias = bias.unwrap_or_else(|| Weight::constant(n, 0.0));
    walk.chain
        .push(Layer::LayerNorm, vec![("weight", weight), ("bias", bias)])
}

/// Takes the activation in the settings of a layer.
///
/// # Errors
/// When ours have none like it.
pub(super) fn activation(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let plain = match layer.word("activation").unwrap_or("linear") {
        "linear" => return Ok(()),
        "softmax" | "log_softmax" => {
            walk.view = View::Over;
            return Ok(());
        }
        "leaky_relu" => return leaky(walk, NAMED_SLOPE),
        "relu" => Layer::Relu,
        "sigmoid" => Layer::Sigmoid,
        "tanh" => Layer::Tanh,
        "silu" | "swish" => Layer::Silu,
        "gelu" => Layer::Gelu,
        other => {
            return Err(format!(
                "has the activation {other}, which no layer here is"
            ));
        }
    };
    walk.chain.plain(plain)
}

fn leaky(walk: &mut Walk<'_>, slope: f64) -> Result<(), String> {
    let slope = slope as f32;
    walk.chain.plain(Layer::LeakyRelu(LeakyRelu { slope }))
}

fn relu(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    if layer.number("max_value").is_some() || layer.number("threshold").unwrap_or(0.0) != 0.0 {
        return Err("has a limit or a threshold".to_owned());
    }
    match layer.number("negative_slope").unwrap_or(0.0) {
        0.0 => walk.chain.plain(Layer::Relu),
        slope => leaky(walk, slope),
    }
}
