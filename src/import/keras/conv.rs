//! Convolution and pooling. Keras keeps filters as `[rows, columns, in, out]`.

use super::config::LayerConfig;
use super::layers::{activation, expect_image, norm, some, weights};
use super::walk::Walk;
use crate::import::padding::same_padding;
use crate::import::weight::{PointConv, Weight};
use crate::model::{AvgPool2d, Conv2d, Layer, MaxPool2d, Shape};

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

/// Takes a convolution, alone, one for each channel, or one of those with a 1×1 convolution after it.
///
/// # Errors
/// When ours is not like it.
pub(super) fn convolution(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
    expect_image(walk)?;
    let Shape::Image([inputs, ..]) = walk.chain.output() else {
        return Err("gets no image".to_owned());
    };
    let is_separable = layer.class == "SeparableConv2D";
    let has_bias = layer.switch("use_bias", true);
    let [kernels, points, bias] = weights(walk, layer, [true, is_separable, has_bias])?;
    let is_depthwise = layer.class != "Conv2D";
    let kernels = filters(&some(kernels)?, is_depthwise)?;
    let first = Conv2d {
        channels: kernels.dims[0],
        groups: match is_depthwise {
            true => inputs,
            false => layer.settings["groups"].as_u64().unwrap_or(1) as usize,
        },
        ..window(walk, layer)?
    };
    let mut push = |conv: Conv2d, kernels: Weight, bias: Option<Weight>| {
        let bias = bias.unwrap_or_else(|| Weight::constant(conv.channels, 0.0));
        let weights = vec![("weight", kernels), ("bias", bias)];
        walk.chain.push(Layer::Conv2d(conv), weights)
    };
    match points {
        None => push(first, kernels, bias)?,
        Some(points) => {
            push(first, kernels, None)?;
            let points = filters(&points, false)?;
            push(Conv2d::new(points.dims[0], 1, 0), points, bias)?;
        }
    }
    activation(walk, layer)
}

/// A convolution with the window of a layer, without channels.
fn window(walk: &Walk<'_>, layer: &LayerConfig) -> Result<Conv2d, String> {
    if layer.square("dilation_rate").is_ok_and(|gap| gap != 1) {
        return Err("has gaps in its filters (dilation_rate)".to_owned());
    }
    let (kernel, stride) = (layer.square("kernel_size")?, layer.square("strides")?);
    let padding = match layer.word("padding") {
        Some("same") => same_padding(walk.chain.output(), kernel, stride)?,
        Some("valid") | None => 0,
        Some(other) => return Err(format!("has the padding {other}")),
    };
    Ok(Conv2d {
        stride,
        ..Conv2d::new(0, kernel, padding)
    })
}

/// Takes a max or average pool.
///
/// # Errors
/// When ours is not like it.
pub(super) fn pool(walk: &mut Walk<'_>, layer: &LayerConfig) -> Result<(), String> {
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

/// The 1×1 convolution around a block, with a batch norm folded in, and the name of its last layer.
pub(super) fn shortcut_conv(
    walk: &Walk<'_>,
    layer: &LayerConfig,
) -> Result<Option<(PointConv, String)>, String> {
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
