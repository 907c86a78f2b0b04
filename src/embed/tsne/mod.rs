//! t-SNE: points in the plane that have the neighbors of the embeddings (van der Maaten and Hinton:
//! Visualizing Data using t-SNE, 2008). Exact, from the PCA, so the same picture each time;
//! settings as in scikit-learn.

mod affinities;
mod distances;
mod gradient;
#[cfg(test)]
mod tests;

use super::embeddings::Embeddings;
use super::pca::Pca;
use affinities::Affinities;
use gradient::{Plane, gradient};

/// The usual number of neighbors that count.
const PERPLEXITY: f64 = 30.0;

/// At first neighbors attract each other more, and clusters form.
const EXAGGERATION: f32 = 12.0;

/// The number of iterations with that.
const N_EARLY: usize = 250;

/// The number of all iterations.
const N_ALL: usize = 1000;

/// The number of iterations after the embeddings have changed.
const N_AGAIN: usize = 200;

/// Standard deviation of the points along the first component, at first.
const START: f32 = 1e-4;

/// A map in the making: each [`Tsne::step`] is one iteration.
#[derive(Clone, Debug)]
pub struct Tsne {
    affinities: Affinities,
    points: Plane,
    velocity: Plane,
    gains: Plane,
    iteration: usize,
}

impl Tsne {
    /// Begins a map of `embeddings` from their PCA.
    pub fn new(embeddings: &Embeddings, pca: &Pca) -> Tsne {
        let start = pca.project_all(embeddings);
        let n = start.len();
        let squares: f32 = start.iter().map(|[x, _]| x * x).sum();
        let deviation = (squares / n.max(1) as f32).sqrt();
        let scale = if deviation > 0.0 {
            START / deviation
        } else {
            0.0
        };
        let start = start.into_iter().map(|at| at.map(|x| x * scale));
        Tsne {
            affinities: Affinities::new(embeddings, PERPLEXITY),
            points: Plane::of_points(start),
            velocity: Plane::filled(n, 0.0),
            gains: Plane::filled(n, 1.0),
            iteration: 0,
        }
    }

    /// Goes on from where the points are, with other embeddings of the same images.
    pub fn follow(&mut self, embeddings: &Embeddings) {
        let n = self.points.len();
        self.affinities = Affinities::new(embeddings, PERPLEXITY);
        self.velocity = Plane::filled(n, 0.0);
        self.gains = Plane::filled(n, 1.0);
        // What has begun with exaggeration ends it first.
        self.iteration = self.iteration.min(N_ALL - N_AGAIN);
    }

    /// Makes one iteration: gradient descent with momentum and a gain for each coordinate.
    pub fn step(&mut self) {
        let is_early = self.iteration < N_EARLY;
        let exaggeration = if is_early { EXAGGERATION } else { 1.0 };
        let momentum = if is_early { 0.5 } else { 0.8 };
        let rate = (self.points.len() as f32 / EXAGGERATION / 4.0).max(50.0);
        let gradient = gradient(&self.points, &self.affinities, exaggeration);
        for axis in 0..2 {
            let velocity = self.velocity.axis_mut(axis).iter_mut();
            let all = velocity.zip(self.gains.axis_mut(axis));
            let all = all.zip(self.points.axis_mut(axis)).zip(gradient.axis(axis));
            for (((velocity, gain), point), slope) in all {
                let goes_on = *velocity * slope < 0.0;
                *gain = if goes_on { *gain + 0.2 } else { *gain * 0.8 }.max(0.01);
                *velocity = momentum * *velocity - rate * *gain * slope;
                *point += *velocity;
            }
        }
        self.iteration += 1;
    }

    /// The number of iterations made.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Whether further iterations would change little.
    pub fn is_settled(&self) -> bool {
        self.iteration >= N_ALL || self.points.len() < 3
    }

    /// The points, in the order of the embeddings.
    pub fn points(&self) -> Vec<[f32; 2]> {
        let [x, y] = [self.points.axis(0), self.points.axis(1)];
        x.iter().zip(y).map(|(x, y)| [*x, *y]).collect()
    }

    /// The Kullback–Leibler divergence between the neighbors of the embeddings and those of the
    /// points, in nats: what the iterations minimize.
    pub fn divergence(&self) -> f64 {
        gradient::divergence(&self.points, &self.affinities)
    }
}
