//! Samplers. A sampler is a pure function of the seed, the index of the setting and the results so
//! far, so an interrupted sweep continues as it would have.

use super::axis::Axis;
use super::definition::{Definition, Method};
use super::draw::{ObservedTrial, Sampler, point_at, random_point};
use super::point::Point;
use super::space::visit;
use super::tpe::Tpe;

/// Makes the sampler of a definition.
pub(super) fn sampler(definition: &Definition) -> Box<dyn Sampler> {
    let seed = definition.seed;
    match definition.method {
        Method::Grid => Box::new(Grid),
        Method::Random => Box::new(Random { seed }),
        Method::Sobol => Box::new(Sobol { seed }),
        Method::Tpe => Box::new(Tpe { seed }),
    }
}

struct Grid;

/// Counts the combinations of a grid, up to a million.
pub(super) fn grid_size(axes: &[Axis]) -> usize {
    let mut n = 0;
    visit(axes, &Point::new(), &Axis::grid, &mut |_| {
        n += 1;
        n < 1_000_000
    });
    n
}

impl Sampler for Grid {
    fn draw(&self, axes: &[Axis], idx: usize, attempt: u64, _: &[ObservedTrial]) -> Option<Point> {
        let (mut n, mut found) = (0, None);
        let is_first = attempt == 0;
        visit(axes, &Point::new(), &Axis::grid, &mut |point| {
            if n == idx && is_first {
                found = Some(point.clone());
            }
            n += 1;
            found.is_none() && is_first
        });
        found
    }
}

struct Random {
    seed: u64,
}

impl Sampler for Random {
    fn draw(&self, axes: &[Axis], idx: usize, attempt: u64, _: &[ObservedTrial]) -> Option<Point> {
        Some(random_point(axes, self.seed, idx, attempt))
    }
}

/// The number of points in the crate's sequence.
const SOBOL_POINTS: u32 = 1 << 16;

struct Sobol {
    seed: u64,
}

impl Sampler for Sobol {
    fn draw(&self, axes: &[Axis], idx: usize, attempt: u64, _: &[ObservedTrial]) -> Option<Point> {
        let index = idx as u64 + attempt;
        let index = u32::try_from(index).ok().filter(|&i| i < SOBOL_POINTS)?;
        // The crate's seeds are short; the halves of ours give different ones.
        let seed = (self.seed ^ (self.seed >> 32)) as u32;
        Some(point_at(axes, |dim, _| {
            let set = dim as u32 / sobol_burley::NUM_DIMENSIONS;
            let dim = dim as u32 % sobol_burley::NUM_DIMENSIONS;
            f64::from(sobol_burley::sample(index, dim, seed.wrapping_add(set)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::draw::propose;
    use crate::sweep::{Values, When};

    fn axes() -> Vec<Axis> {
        let momentum = Axis {
            when: Some(When {
                key: "optimizer".to_owned(),
                is: vec!["sgd".into()],
            }),
            ..Axis::new("optimizer.momentum", Values::Range([0.0, 0.9]))
        };
        vec![
            Axis::new("learning_rate", Values::LogRange([1e-4, 1e-1])),
            Axis::new("optimizer", Values::List(vec!["sgd".into(), "adam".into()])),
            momentum,
        ]
    }

    fn draws(method: Method, seed: u64) -> Vec<Point> {
        let definition = Definition {
            method,
            seed,
            ..Definition::new("a")
        };
        let sampler = sampler(&definition);
        (0..64)
            .map(|idx| sampler.draw(&axes(), idx, 0, &[]).unwrap())
            .collect()
    }

    #[test]
    fn the_seed_decides_the_draws_and_conditions_hold() {
        for method in [Method::Random, Method::Sobol, Method::Tpe] {
            let points = draws(method, 7);
            assert_eq!(points, draws(method, 7), "{method:?}");
            assert_ne!(points, draws(method, 8), "{method:?}");
            for point in &points {
                let is_sgd = point["optimizer"].as_str() == Some("sgd");
                assert_eq!(point.contains_key("optimizer.momentum"), is_sgd);
            }
            let n_sgd = points.iter().filter(|p| p.len() == 3).count();
            assert!((16..=48).contains(&n_sgd), "{method:?}: {n_sgd} of 64");
        }
    }

    #[test]
    fn no_setting_is_drawn_twice_until_all_are_used() {
        let switch = Values::List(vec!["adam".into(), "sgd".into(), "lion".into()]);
        let axes = [
            Axis::new("optimizer", switch),
            Axis::new("batch_size", Values::IntRange([1, 4])),
        ];
        for method in [Method::Random, Method::Sobol, Method::Tpe] {
            let all = |seed: u64| {
                let definition = Definition {
                    method,
                    seed,
                    ..Definition::new("a")
                };
                let sampler = sampler(&definition);
                let mut points: Vec<Point> = Vec::new();
                loop {
                    let used: Vec<&Point> = points.iter().collect();
                    let tried = points.iter().map(|point| ObservedTrial {
                        point: point.clone(),
                        cost: point["batch_size"].as_integer().unwrap_or(0) as f64,
                    });
                    let tried: Vec<ObservedTrial> = tried.collect();
                    match propose(&*sampler, &axes, points.len(), &tried, &used) {
                        Some(point) => points.push(point),
                        None => return points,
                    }
                }
            };
            let points = all(5);
            assert_eq!(points.len(), 12, "{method:?}");
            for (idx, point) in points.iter().enumerate() {
                assert!(!points[..idx].contains(point), "{method:?}: {point}");
            }
            assert_eq!(points, all(5), "{method:?}");
            assert_ne!(points, all(6), "{method:?}");
        }
    }

    #[test]
    fn sobol_leaves_no_gaps() {
        // Any 16 consecutive aligned points of a Sobol sequence have one in each sixteenth.
        let axis = Axis::new("x", Values::Range([0.0, 1.0]));
        let mut cells: Vec<usize> = (0..16)
            .map(|idx| {
                Sobol { seed: 3 }
                    .draw(std::slice::from_ref(&axis), idx, 0, &[])
                    .unwrap()
            })
            .map(|p| (p["x"].as_float().unwrap() * 16.0) as usize)
            .collect();
        cells.sort_unstable();
        assert_eq!(cells, (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn a_grid_multiplies_only_what_is_searched() {
        let mut axes = axes();
        axes[0].points = Some(3);
        axes[2].points = Some(2);
        // Three learning rates, times two momenta of SGD and one Adam.
        assert_eq!(grid_size(&axes), 9);
        let all: Vec<Point> = (0..9)
            .map(|i| Grid.draw(&axes, i, 0, &[]).unwrap())
            .collect();
        for (idx, point) in all.iter().enumerate() {
            assert!(!all[..idx].contains(point));
        }
        assert!(Grid.draw(&axes, 9, 0, &[]).is_none());
    }
}
