//! Embeddings: the output of a layer, its nearest neighbors and maps, and which training images
//! taught an answer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use candle_studio::data::Dataset;
use candle_studio::embed::{
    EmbedError, Embeddings, LastLayer, Pca, Tsne, embed, embed_image, influence, last_hidden,
    layer_named, nearest, stratified_sample,
};
use candle_studio::kernels::{self, set_threads};
use candle_studio::model::{Init, Mode, Network, PRESETS, preset};
use candle_studio::random::{Stream, rng};
use rand::Rng as _;

static NEVER: AtomicBool = AtomicBool::new(false);

fn network(name: &str, input: [usize; 3]) -> Network {
    let spec = preset(name).unwrap().spec(input, 10);
    Network::new(&spec, Init::HeUniform, 3, &Device::Cpu).unwrap()
}

fn bits(values: &Embeddings) -> Vec<u32> {
    values.rows().flatten().map(|v| v.to_bits()).collect()
}

#[test]
fn pca_is_scikit_learns() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pca.safetensors");
    let fixture = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    for name in ["tall", "wide", "far"] {
        let numbers = |what: &str| -> Vec<f64> {
            let tensor = fixture[&format!("{name}.{what}")]
                .to_dtype(DType::F64)
                .unwrap();
            tensor.flatten_all().unwrap().to_vec1().unwrap()
        };
        let x = numbers("x").into_iter().map(|x| x as f32).collect();
        let x = Embeddings::new(fixture[&format!("{name}.x")].dim(1).unwrap(), x);
        let pca = Pca::fit(&x);
        let expected = numbers("map");
        let largest = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let found = pca.project_all(&x);
        for (found, expected) in found.iter().flatten().zip(&expected) {
            let error = (f64::from(*found) - expected).abs() / largest;
            assert!(error < 1e-5, "{name}: {found} {expected}");
        }
        for (found, expected) in pca.explained.iter().zip(numbers("explained")) {
            assert!(
                (found / expected - 1.0).abs() < 1e-5,
                "{name}: {found} {expected}"
            );
        }
    }
}

#[test]
fn embeddings_of_every_preset_have_the_same_bits_for_any_number_of_threads() {
    let mnist = Dataset::mnist().unwrap();
    let indices: Vec<u32> = (0..40).map(|i| i * 7).collect();
    for preset in PRESETS {
        let network = network(preset.name, [1, 28, 28]);
        let layer = last_hidden(network.spec());
        let run = |threads| {
            set_threads(threads);
            embed(&network, &layer, &mnist.test, &indices, &NEVER).unwrap()
        };
        let expected = run(1);
        assert_eq!(expected.len(), indices.len(), "{}", preset.name);
        for threads in [2, 5] {
            assert_eq!(bits(&run(threads)), bits(&expected), "{}", preset.name);
        }
        // One image alone is where the others are.
        let one = embed_image(&network, &layer, mnist.test.image(indices[9] as usize)).unwrap();
        let found = nearest(&expected, &one, 3);
        assert_eq!(found[0].position, 9, "{}", preset.name);
        let size = one.iter().fold(0.0, |a: f32, b| a.max(b.abs()));
        assert!(
            found[0].distance <= 1e-4 * size,
            "{}: {found:?}",
            preset.name
        );
        assert!(found.is_sorted_by(|a, b| a.distance <= b.distance));
    }
}

#[test]
fn what_cannot_be_embedded_is_told() {
    let mnist = Dataset::mnist().unwrap();
    let network = network("keras-cnn", [1, 28, 28]);
    let layer = layer_named(network.spec(), Some("conv1")).unwrap();
    let all: Vec<u32> = (0..60_000).collect();
    let error = |result: Result<Embeddings, EmbedError>| result.unwrap_err().to_string();
    let large = error(embed(&network, &layer, &mnist.train, &all, &NEVER));
    assert!(large.contains("conv1 has 21632 values"), "{large}");
    let canceled = embed(&network, &layer, &mnist.train, &all, &AtomicBool::new(true));
    assert!(matches!(canceled, Err(EmbedError::Canceled)));
    let wide = self::network("mlp", [3, 8, 8]);
    let shape = error(embed(
        &wide,
        &last_hidden(wide.spec()),
        &mnist.test,
        &[0],
        &NEVER,
    ));
    assert!(shape.contains("expects images of [3, 8, 8]"), "{shape}");
    assert!(embed_image(&wide, &last_hidden(wide.spec()), &[0; 784]).is_err());
    let bias = &network.params()[1];
    let nan = Tensor::full(f32::NAN, bias.var.dims(), &Device::Cpu).unwrap();
    bias.var.set(&nan).unwrap();
    let diverged = error(embed(&network, &layer, &mnist.test, &[5], &NEVER));
    assert!(
        diverged.contains("the output of conv1 is not finite for image 5"),
        "{diverged}"
    );
}

#[test]
fn a_sample_has_each_class_in_proportion() {
    let mnist = Dataset::mnist().unwrap();
    let all: Vec<u32> = (0..60_000).collect();
    let sample = stratified_sample(&mnist.train, &all, 3_000);
    assert_eq!(sample.len(), 3_000);
    assert!(sample.is_sorted());
    assert_eq!(sample, stratified_sample(&mnist.train, &all, 3_000));
    let count = |of: &[u32]| {
        let mut counts = [0i64; 10];
        of.iter()
            .for_each(|&i| counts[mnist.train.labels()[i as usize] as usize] += 1);
        counts
    };
    for (found, all) in count(&sample).into_iter().zip(count(&all)) {
        assert!((found - all / 20).abs() <= 1, "{found} {all}");
    }
    assert_eq!(stratified_sample(&mnist.train, &[4, 9], 3_000), [4, 9]);
}

/// The gradient of the cross entropy of one image by the weight of the last layer.
fn gradient(network: &Network, dataset: &Dataset, image: u32) -> Vec<f64> {
    let batch = dataset.train.batch(&[image], &Device::Cpu).unwrap();
    let (_, gradients) = kernels::gradients(|| {
        let mode = Mode::Train { seed: 0, step: 0 };
        let logits = network.forward(&batch.images, mode)?;
        kernels::cross_entropy(&logits, &batch.labels)
    })
    .unwrap();
    let params = network.params();
    let weight = params[params.len() - 2].var.as_tensor();
    let gradient: Vec<f32> = gradients
        .get(weight)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap();
    gradient.into_iter().map(f64::from).collect()
}

#[test]
fn influence_is_the_dot_product_of_explicit_gradients_over_snapshots() {
    let mnist = Dataset::mnist().unwrap();
    let images = [0, 1, 2, 3, 700, 1500];
    // Networks without dropout, which draws a mask while training.
    let snapshots = [("mlp", 3), ("mlp", 8)].map(|(name, seed)| {
        let mut spec = preset(name).unwrap().spec([1, 28, 28], 10);
        spec.layers
            .retain(|layer| !format!("{layer:?}").starts_with("Dropout"));
        Network::new(&spec, Init::HeUniform, seed, &Device::Cpu).unwrap()
    });
    let rates = [0.1, 0.03];
    let mut expected = [0.0f64; 6];
    for (network, rate) in snapshots.iter().zip(rates) {
        let of = gradient(network, &mnist, 4);
        for (sum, image) in expected.iter_mut().zip(images) {
            let other = gradient(network, &mnist, image);
            *sum += rate * of.iter().zip(&other).map(|(a, b)| a * b).sum::<f64>();
        }
    }
    let seen: Vec<(LastLayer, LastLayer)> = snapshots
        .iter()
        .map(|network| {
            let train = LastLayer::new(network, &mnist.train, &images, &NEVER).unwrap();
            let label = mnist.train.labels()[4] as usize;
            let of = LastLayer::of_image(network, mnist.train.image(4), label).unwrap();
            (train, of)
        })
        .collect();
    let parts = rates
        .into_iter()
        .zip(&seen)
        .map(|(rate, (train, of))| (rate, train, of));
    let found = influence(&parts.collect::<Vec<_>>());
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-4 * expected.abs().max(1e-2),
            "{found} {expected}"
        );
    }
    assert!(
        found.iter().any(|v| *v > 0.0) && found.iter().any(|v| *v < 0.0),
        "{found:?}"
    );
    assert!(influence(&[]).is_empty());
}

/// `cargo test --release --test it embed::time -- --ignored --nocapture`
#[test]
#[ignore = "measures, and checks nothing"]
fn time() {
    let mnist = Dataset::mnist().unwrap();
    let all: Vec<u32> = (0..60_000).collect();
    let time = |what: &str, n: u32, work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..n).for_each(|_| work());
        println!(
            "{what}: {:.1} ms",
            1e3 * start.elapsed().as_secs_f64() / f64::from(n)
        );
    };
    let network = network("mlp", [1, 28, 28]);
    let layer = last_hidden(network.spec());
    let mut train = Embeddings::default();
    time("embed 60,000 images", 1, &mut || {
        train = embed(&network, &layer, &mnist.train, &all, &NEVER).unwrap();
    });
    let query = train.row(17).to_vec();
    time("12 nearest of 60,000", 20, &mut || {
        nearest(&train, &query, 12);
    });
    let sample = stratified_sample(&mnist.train, &all, 3_000);
    let some = embed(&network, &layer, &mnist.train, &sample, &NEVER).unwrap();
    let mut made = HashMap::new();
    time("PCA of 3,000", 1, &mut || {
        made.insert("pca", Pca::fit(&some));
    });
    let mut tsne = None;
    time("affinities of 3,000", 1, &mut || {
        tsne = Some(Tsne::new(&some, &made["pca"]))
    });
    let mut tsne = tsne.unwrap();
    time("iteration of t-SNE with 3,000 points", 50, &mut || {
        tsne.step()
    });
    let mut rng = rng(1, Stream::Pick, 0, 0);
    let wide = Embeddings::new(
        1_600,
        (0..1_600 * 3_000).map(|_| rng.random::<f32>()).collect(),
    );
    time("PCA of 3,000 × 1,600 random values", 1, &mut || {
        Pca::fit(&wide);
    });
}
