//! The layers of Keras, one after the other.

use super::config::LayerConfig;
use super::recurrent;
use super::walk::{View, Walk};
use crate::import::chain::{NormWeights, Weight};
use crate::import::padding::same_padding;
use crate::model::{
    AvgPool2d, Conv2d, Dropout, Dropout2d, Layer, LeakyRelu, MaxPool2d, NORM_EPSILON, Shape,
};

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
        "Rescaling" => return rescaled(walk, layer),
        "Normalization" => return normalized(walk, layer),
        "Reshape" => return reshaped(walk, layer),
        _ => walk.begin()?,
    }
    if walk.view == View::Over {
        return Err("comes after the softmax, which has to be the last layer".to_owned());
    }
    let share = |key: &str| layer.number(key).unwrap_or(0.0) as f32;
    match layer.class.as_str() {
        "Conv2D" | "DepthwiseConv2D" | "SeparableConv2D" => convolution(walk, layer),
        "Dense" => dense(walk, layer),
        "MaxPooling2D" | "AveragePooling2D" => pool(walk, layer),
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
        "Activation" => activation(walk, layer, "activation"),
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

fn expect_image(walk: &Walk<'_>) -> Result<(), String> {
    match (walk.view, walk.chain.output()) {
        (View::Same, Shape::Image(_)) => Ok(()),
        (_, output) => Err(format!("gets {output}, not an image with channels")),
    }
}

/// `[rows, columns, in, out]` as `[out, in, rows, columns]`; of a depthwise kernel, `[rows, columns,
/// channels, each]` as `[channels · each, 1, rows, columns]`.
fn filters(weight: &Weight, is_depthwise: bool) -> Result<Weight, String> {
    let &[rows, columns, inputs, outputs] = weight.dims.as_slice() else {
        return Err(format!("has filters of shape {:?}", weight.dims));
    };
    let area = rows * columns;
    let mut values = Vec::with_capacity(weight.values.len());
    let mut filter = |input: usize, output: usize| {
        let of = |pixel: usize| weight.values[(pixel * inputs + input) * outputs + output];
        values.extend((0..area).map(of));
    };
    let dims = if is_depthwise {
        for input in 0..inputs {
            (0..outputs).for_each(|output| filter(input, output));
        }
        vec![inputs * outputs, 1, rows, columns]
    } else {
        for output in 0..outputs {
            (0..inputs).for_each(|input| filter(input, output));
        }
        vec![outputs, inputs, rows, columns]
    };
    Ok(Weight { dims, values })
}

fn convolution(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    expect_image(walk)?;
    let has_bias = layer.switch("use_bias", true);
    if layer.square("dilation_rate").is_ok_and(|gap| gap != 1) {
        return Err("has gaps in its filters (dilation_rate)".to_owned());
    }
    let (kernel, stride) = (layer.square("kernel_size")?, layer.square("strides")?);
    let padding = match layer.word("padding") {
        Some("same") => same_padding(walk.chain.output(), kernel, stride)?,
        Some("valid") | None => 0,
        Some(other) => return Err(format!("has the padding {other}")),
    };
    let conv = |channels: usize, groups: usize| Conv2d {
        channels,
        kernel,
        stride,
        padding,
        groups,
    };
    let Shape::Image([inputs, ..]) = walk.chain.output() else {
        return Err("gets no image".to_owned());
    };
    let is_separable = layer.class == "SeparableConv2D";
    let [kernels, points, bias] = weights(walk, layer, [true, is_separable, has_bias])?;
    let is_depthwise = layer.class != "Conv2D";
    let kernels = filters(&some(kernels)?, is_depthwise)?;
    let channels = kernels.dims[0];
    let groups = match is_depthwise {
        true => inputs,
        false => layer.settings["groups"].as_u64().unwrap_or(1) as usize,
    };
    let zeros = |n: usize| Weight::constant(n, 0.0);
    match points {
        None => {
            let bias = bias.unwrap_or_else(|| zeros(channels));
            let weights = vec![("weight", kernels), ("bias", bias)];
            walk.chain
                .push(Layer::Conv2d(conv(channels, groups)), weights)?;
        }
        Some(points) => {
            let weights = vec![("weight", kernels), ("bias", zeros(channels))];
            walk.chain
                .push(Layer::Conv2d(conv(channels, groups)), weights)?;
            let points = filters(&points, false)?;
            let channels = points.dims[0];
            let bias = bias.unwrap_or_else(|| zeros(channels));
            let weights = vec![("weight", points), ("bias", bias)];
            walk.chain
                .push(Layer::Conv2d(Conv2d::new(channels, 1, 0)), weights)?;
        }
    }
    activation(walk, layer, "activation")
}

fn pool(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    expect_image(walk)?;
    let kernel = layer.square("pool_size")?;
    let stride = match layer.settings["strides"].is_null() {
        true => kernel,
        false => layer.square("strides")?,
    };
    if layer.word("padding") == Some("same")
        && same_padding(walk.chain.output(), kernel, stride).ok() != Some(0)
    {
        return Err("pads its images, pools here do not".to_owned());
    }
    walk.chain.plain(match layer.class.as_str() {
        "MaxPooling2D" => Layer::MaxPool2d(MaxPool2d { kernel, stride }),
        _ => Layer::AvgPool2d(AvgPool2d { kernel, stride }),
    })
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
    activation(walk, layer, "activation")
}

/// The numbers of a batch norm over the last axis.
fn norm(walk: &Walk<'_>, layer: &LayerConfig) -> Result<NormWeights, String> {
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

/// The activation in a setting of a layer.
fn activation(walk: &mut Walk<'_>, layer: &LayerConfig, key: &str) -> Result<(), String> {
    let plain = match layer.word(key).unwrap_or("linear") {
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

/// One number, or a list of them.
fn numbers(layer: &LayerConfig, key: &str) -> Option<Vec<f64>> {
    let value = &layer.settings[key];
    match value.as_array() {
        Some(list) => list.iter().map(serde_json::Value::as_f64).collect(),
        None => value.as_f64().map(|one| vec![one]),
    }
}

fn rescaled(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let scale = numbers(layer, "scale").ok_or("has no scale")?;
    let shift = numbers(layer, "offset").unwrap_or_else(|| vec![0.0]);
    match &mut walk.pixels {
        Some(pixels) => pixels.apply(&scale, &shift),
        None => Err("scales what is no longer the image".to_owned()),
    }
}

/// (x − mean) / σ, of the values that Keras measured.
fn normalized(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let found = walk.weights.of(&layer.name)?;
    let values = |idx: usize, key: &str| match found.get(idx) {
        Some(weight) => Ok(weight
            .values
            .iter()
            .map(|&v| f64::from(v))
            .collect::<Vec<_>>()),
        None => numbers(layer, key).ok_or_else(|| format!("has no {key}")),
    };
    let (mean, variance) = (values(0, "mean")?, values(1, "variance")?);
    if mean.len() != variance.len() || layer.switch("invert", false) {
        return Err("has no mean and variance for each channel".to_owned());
    }
    // Keras' ε of this layer.
    let deviations = variance.iter().map(|v| v.sqrt().max(1e-7));
    let scale: Vec<f64> = deviations.map(|deviation| 1.0 / deviation).collect();
    let shift: Vec<f64> = mean
        .iter()
        .zip(&scale)
        .map(|(mean, scale)| -mean * scale)
        .collect();
    match &mut walk.pixels {
        Some(pixels) => pixels.apply(&scale, &shift),
        None => Err("normalizes what is no longer the image".to_owned()),
    }
}

/// Another view of an image of one channel.
fn reshaped(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    let shape: Option<Vec<i64>> = layer.settings["target_shape"]
        .as_array()
        .and_then(|sides| sides.iter().map(serde_json::Value::as_i64).collect());
    let output = walk.chain.output();
    let fits = |sides: &[i64], wanted: &[usize]| {
        sides.len() == wanted.len()
            && sides
                .iter()
                .zip(wanted)
                .all(|(&a, &b)| a == -1 || a == b as i64)
    };
    walk.view = match (output, shape.as_deref()) {
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h, w, 1]) => View::Same,
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h, w]) => View::Rows,
        (Shape::Image([1, h, w]), Some(sides)) if fits(sides, &[h * w]) => View::Flat,
        _ => return Err(format!("makes {shape:?} of {output}")),
    };
    Ok(())
}

/// The 1×1 convolution around a block, with a batch norm folded in, and the name of its last layer.
pub(super) fn shortcut_conv(
    walk: &Walk<'_>,
    layer: &LayerConfig,
) -> Result<Option<((Weight, Vec<f32>, usize), String)>, String> {
    let is_point = layer.class == "Conv2D"
        && layer.square("kernel_size") == Ok(1)
        && layer.word("activation").is_none_or(|name| name == "linear")
        && layer.settings["groups"].as_u64().unwrap_or(1) == 1;
    let (true, Ok(stride)) = (is_point, layer.square("strides")) else {
        return Ok(None);
    };
    let has_bias = layer.switch("use_bias", true);
    let [kernel, bias] = weights(walk, layer, [true, has_bias])?;
    let mut kernel = filters(&some(kernel)?, false)?;
    let channels = kernel.dims[0];
    let mut bias = bias.map_or_else(|| vec![0.0; channels], |bias| bias.values);
    let mut last = layer.name.clone();
    if let [next] = walk.config.readers(&layer.name).as_slice()
        && next.class == "BatchNormalization"
    {
        let norm = norm(walk, next)?;
        norm.fold_into(&mut kernel, &mut bias).ok_or_else(|| {
            next.wrong(&format!("does not fit the {channels} channels before it"))
        })?;
        last.clone_from(&next.name);
    }
    Ok(Some(((kernel, bias, stride), last)))
}
