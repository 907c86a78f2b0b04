use super::*;
use crate::kernels::set_threads;
use crate::random::{Stream, rng};
use rand::Rng as _;

/// `n` points in three clusters of five dimensions.
fn clusters(n: usize) -> Embeddings {
    let mut rng = rng(3, Stream::Pick, 0, 0);
    let value = |i: usize| {
        let center = (i / 5 % 3 * (i % 5)) as f32;
        center + rng.random_range(-0.5f32..0.5)
    };
    Embeddings::new(5, (0..5 * n).map(value).collect())
}

fn map(n: usize) -> Tsne {
    let embeddings = clusters(n);
    Tsne::new(&embeddings, &Pca::fit(&embeddings))
}

#[test]
fn affinities_are_a_symmetric_distribution_of_the_perplexity() {
    let n = 70;
    let found = Affinities::new(&clusters(n), 10.0);
    let p = |i: usize, j: usize| f64::from(found.at(i, j));
    let mut sum = 0.0;
    for i in 0..n {
        assert_eq!(p(i, i), 0.0);
        for j in 0..n {
            assert_eq!(p(i, j), p(j, i));
            sum += p(i, j);
        }
    }
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let tsne = map(40);
    let mut rng = rng(4, Stream::Pick, 0, 0);
    let mut draw = || rng.random_range(-1.5f32..1.5);
    let points = Plane::of_points((0..40).map(|_| [draw(), draw()]));
    let found = gradient(&points, &tsne.affinities, 1.0);
    const STEP: f32 = 1.0 / 1024.0;
    for (axis, at) in [0, 1]
        .into_iter()
        .flat_map(|a| [0, 7, 16, 39].map(|at| (a, at)))
    {
        let moved = |by: f32| {
            let mut points = points.clone();
            points.axis_mut(axis)[at] += by;
            gradient::divergence(&points, &tsne.affinities)
        };
        // What was really added, after rounding.
        let place = |by: f32| f64::from(points.axis(axis)[at] + by);
        let slope = (moved(STEP) - moved(-STEP)) / (place(STEP) - place(-STEP));
        let found = f64::from(found.axis(axis)[at]);
        assert!(
            (found - slope).abs() < 1e-5 * slope.abs().max(0.1),
            "{found} {slope}"
        );
    }
}

#[test]
fn the_divergence_falls_and_clusters_separate() {
    let mut tsne = map(150);
    let mut before = f64::INFINITY;
    while !tsne.is_settled() {
        (0..250).for_each(|_| tsne.step());
        let now = tsne.divergence();
        assert!(now < before, "{before} {now} after {}", tsne.iteration());
        before = now;
    }
    assert!(before < 1.0, "{before}");
    let points = tsne.points();
    let distance = |i: usize, j: usize| {
        let [dx, dy] = [0, 1].map(|axis| points[i][axis] - points[j][axis]);
        dx.hypot(dy)
    };
    for i in 0..150 {
        let others = (0..150).filter(|j| *j != i);
        let nearest = others.min_by(|a, b| distance(i, *a).total_cmp(&distance(i, *b)));
        assert_eq!(nearest.unwrap() % 3, i % 3, "{i}");
    }
}

#[test]
fn it_goes_on_from_where_it_is_and_has_the_same_bits_for_any_number_of_threads() {
    let run = |threads| {
        set_threads(threads);
        let mut tsne = map(130);
        (0..300).for_each(|_| tsne.step());
        let before = tsne.points();
        tsne.follow(&clusters(130));
        assert_eq!((tsne.points(), tsne.iteration()), (before, 300));
        (0..10).for_each(|_| tsne.step());
        tsne.points()
    };
    let expected = run(1);
    assert!(expected.iter().flatten().all(|x| x.is_finite()));
    for threads in [2, 3, 8] {
        assert_eq!(run(threads), expected, "{threads}");
    }
}

#[test]
fn few_and_equal_images_stay_finite() {
    for embeddings in [
        Embeddings::default(),
        Embeddings::new(2, vec![1.0, 2.0]),
        Embeddings::new(2, vec![1.0, 2.0, 3.0, 4.0, 9.0, 9.0, 8.0, 8.0]),
        Embeddings::new(2, vec![1.0; 40]),
    ] {
        let mut tsne = Tsne::new(&embeddings, &Pca::fit(&embeddings));
        (0..20).for_each(|_| tsne.step());
        let points = tsne.points();
        assert_eq!(points.len(), embeddings.len());
        assert!(points.iter().flatten().all(|x| x.is_finite()), "{points:?}");
    }
}
