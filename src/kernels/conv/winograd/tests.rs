//! Tests: all three passes against candle's own ops.

use super::super::composite;
use super::*;
use crate::kernels::fixture::{assert_close, var, window};
use crate::kernels::{Activation, ConvOptions, MemoryFormat, conv2d};
use candle_core::{Tensor, Var};

#[test]
fn small_and_large_tiles_are_plain_convolutions() {
    let pool = Some(window(2, 2, 0));
    for (channels, image, padding, pool, tile) in [
        ([32, 32], [14, 14], 0, None, Tile::Four),
        // More tiles than are computed at a time.
        ([32, 32], [30, 30], 0, None, Tile::Four),
        // Nothing is a multiple of a tile.
        ([16, 48], [15, 17], 1, None, Tile::Four),
        ([32, 16], [13, 12], 0, pool, Tile::Four),
        ([16, 32], [11, 14], 1, pool, Tile::Four),
        ([32, 20], [14, 13], 1, None, Tile::Four),
        ([64, 32], [7, 9], 1, None, Tile::Two),
        ([32, 64], [4, 3], 1, None, Tile::Two),
        ([16, 16], [9, 6], 0, pool, Tile::Two),
    ] {
        let ([inputs, outputs], [h, w]) = (channels, image);
        let arguments = [
            var(&[3, inputs, h, w], 1.0),
            var(&[outputs, inputs, 3, 3], 2.0),
            var(&[outputs], 3.0),
        ];
        let [x, weight, bias] = &arguments;
        let options = ConvOptions::new(window(3, 1, padding), Activation::Relu, pool);
        let size = (3, inputs, h, w);
        let geometry = Geometry::checked(size, weight, bias, &options).unwrap();
        for found in [of_forward(&geometry, false), of_weight_gradient(&geometry)] {
            assert_eq!(found, Some(tile), "{image:?}");
        }
        assert_eq!(of_forward(&geometry, true), Some(Tile::Two));
        let found = conv2d(x, weight, bias, options).unwrap();
        let expected = composite(x, weight, bias, &options).unwrap();
        let name = format!("{channels:?} {image:?}");
        assert_close(&found, &expected, &name);
        let loss = |y: &Tensor| y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        let explained = conv2d(x, &weight.detach(), &bias.detach(), options).unwrap();
        assert_close(&explained, &expected, &name);
        let (found, expected) = (loss(&found), loss(&expected));
        assert_close(
            loss(&explained).get(x).unwrap(),
            expected.get(x).unwrap(),
            &name,
        );
        for var in &arguments {
            let [found, expected] = [&found, &expected].map(|of| of.get(var).unwrap());
            assert_close(found, expected, &name);
        }
    }
}

#[test]
fn several_small_images_are_each_as_alone() {
    let pool = Some(window(2, 2, 0));
    for (image, pool) in [
        ([4, 4], None),
        ([3, 2], None),
        ([4, 4], pool),
        ([3, 2], pool),
    ] {
        let [h, w] = image;
        let x = var(&[33, 32, h, w], 1.0);
        let last = x.permute((0, 2, 3, 1)).unwrap().contiguous().unwrap();
        let (weight, bias) = (var(&[32, 32, 3, 3], 2.0), var(&[32], 3.0));
        let options = ConvOptions {
            formats: [MemoryFormat::ChannelsLast; 2],
            ..ConvOptions::new(window(3, 1, 1), Activation::Relu, pool)
        };
        let size = (33, 32, h, w);
        let geometry = Geometry::checked(size, &weight, &bias, &options).unwrap();
        assert!(together(&geometry, of_forward(&geometry, false).unwrap()) > 2);
        let all = conv2d(&last, &weight, &bias, options).unwrap();
        for i in [0, 5, 32] {
            let one = conv2d(&last.narrow(0, i, 1).unwrap(), &weight, &bias, options).unwrap();
            let bits = |y: &Tensor| y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(
                bits(&one),
                bits(&all.narrow(0, i, 1).unwrap()),
                "{image:?} {pool:?} {i}"
            );
        }
    }
}

#[test]
fn an_explanation_finds_equal_results_where_pixels_are_alike() {
    let x = Tensor::full(0.3f32, (1, 32, 14, 14), &candle_core::Device::Cpu).unwrap();
    let x = Var::from_tensor(&x).unwrap();
    let [weight, bias] = [var(&[32, 32, 3, 3], 2.0), var(&[32], 3.0)].map(|v| v.detach());
    let options = ConvOptions::new(window(3, 1, 0), Activation::Identity, None);
    let y = conv2d(&x, &weight, &bias, options).unwrap();
    for channel in y.reshape((32, 144)).unwrap().to_vec2::<f32>().unwrap() {
        assert!(channel.iter().all(|v| *v == channel[0]), "{channel:?}");
    }
}

#[test]
fn large_tiles_are_for_images_of_many() {
    for (size, tile) in [
        ([24, 24], Tile::Four),
        ([12, 12], Tile::Four),
        ([9, 9], Tile::Four),
        ([8, 8], Tile::Two),
        ([4, 64], Tile::Four),
        // Most of the large tiles would be empty.
        ([1, 64], Tile::Two),
    ] {
        assert_eq!(best_tile(size), tile, "{size:?}");
    }
}
