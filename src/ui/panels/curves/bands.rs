//! Runs that differ in their seed alone, as one band.

use super::baseline::{Baseline, BaselineKey};
use super::lens::Lens;
use super::trace::RunCurve;
use crate::picture::{BandPoint, Spread, band, group_key};
use crate::studio::Run;

/// Places at which a band is drawn: about one for three columns of pixels.
const N_PLACES: usize = 240;

/// A group of runs as the plot draws it.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Indices of its runs, at least two.
    pub members: Vec<usize>,
    /// Mean and spread, in the plot's own coordinates.
    pub points: Vec<BandPoint>,
}

/// What bands were made from: the lens, the spread, the runs with their points, the baseline.
type Key = (
    Lens,
    Spread,
    Vec<(usize, usize, usize)>,
    Option<BaselineKey>,
);

/// The bands of one plot, kept between frames.
#[derive(Default)]
pub struct Bands {
    key: Option<Key>,
    bands: Vec<Band>,
}

impl Bands {
    /// The bands of the visible runs, made anew where something changed.
    pub fn follow(
        &mut self,
        runs: &[Run],
        visible: &[usize],
        curves: &[[RunCurve; 2]],
        lens: &Lens,
        spread: Option<Spread>,
        baseline: Option<&Baseline>,
    ) -> &[Band] {
        let Some(spread) = spread else {
            *self = Bands::default();
            return &self.bands;
        };
        let counts = visible
            .iter()
            .map(|&idx| (idx, runs[idx].state.points.len(), runs[idx].state.n_rewinds));
        let key = (
            *lens,
            spread,
            counts.collect(),
            baseline.map(|b| b.key.clone()),
        );
        if self.key.as_ref() != Some(&key) {
            self.bands = groups(runs, visible)
                .into_iter()
                .map(|members| Band {
                    points: points(runs, &members, curves, lens, spread, baseline),
                    members,
                })
                .filter(|band| !band.points.is_empty())
                .collect();
            self.key = Some(key);
        }
        &self.bands
    }
}

/// Runs that belong together, in groups of two and more.
fn groups(runs: &[Run], visible: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for &idx in visible {
        let key = group_key(&runs[idx].state.config);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(idx),
            None => groups.push((key, vec![idx])),
        }
    }
    let members = groups.into_iter().map(|(_, members)| members);
    members.filter(|members| members.len() > 1).collect()
}

fn points(
    runs: &[Run],
    members: &[usize],
    curves: &[[RunCurve; 2]],
    lens: &Lens,
    spread: Spread,
    baseline: Option<&Baseline>,
) -> Vec<BandPoint> {
    let series: Vec<_> = members
        .iter()
        .map(|&idx| curves[idx][lens.metric as usize].series(&runs[idx].state, lens, baseline))
        .collect();
    let mut points = band(&series, spread, N_PLACES);
    for point in &mut points {
        let mean = lens.y(point.mean);
        // A band that reaches to zero and below has no lower edge on a logarithmic axis.
        let low = lens.y(point.low);
        point.low = if low.is_finite() { low } else { mean - 1.0 };
        point.mean = mean;
        point.high = lens.y(point.high);
    }
    points.retain(|p| p.mean.is_finite() && p.high.is_finite());
    points
}
