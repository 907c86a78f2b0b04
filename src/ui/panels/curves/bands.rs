//! Groups of runs, drawn as bands.

use super::baseline::{Baseline, BaselineKey};
use super::lens::Lens;
use super::trace::RunCurve;
use crate::picture::{BandPoint, Spread, band};
use crate::runs::Record;
use crate::runs::table::{Group, GroupBy, group};
use crate::studio::Run;
use crate::ui::settings::Settings;

/// Number of points in a band: about one per three pixel columns.
const N_PLACES: usize = 240;

/// A group of runs as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The setting that its runs share.
    pub name: String,
    /// Run indices, at least two.
    pub members: Vec<usize>,
    /// Mean and spread, in plot coordinates.
    pub points: Vec<BandPoint>,
}

/// How runs are grouped and drawn; `None` draws each run separately.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    spread: Spread,
    by: GroupBy,
    /// Settings and tags may change with the version of the runs.
    version: u64,
}

impl Settings {
    /// How runs are grouped.
    pub fn grouping(&self, runs_version: u64) -> Option<Grouping> {
        Some(Grouping {
            spread: self.bands?,
            by: self.group.clone(),
            version: runs_version,
        })
    }
}

/// What bands were computed from: the lens, the runs with their points, the baseline.
type Key = (
    Lens,
    Grouping,
    Vec<(usize, usize, usize)>,
    Option<BaselineKey>,
);

/// The bands of one plot, cached between frames.
#[derive(Default)]
pub struct Bands {
    key: Option<Key>,
    bands: Vec<Band>,
}

impl Bands {
    /// Returns the bands of the visible runs, recomputed where something changed.
    pub fn follow(
        &mut self,
        runs: &[Run],
        visible: &[usize],
        curves: &[[RunCurve; 2]],
        lens: &Lens,
        grouping: &Option<Grouping>,
        baseline: Option<&Baseline>,
    ) -> &[Band] {
        let Some(grouping) = grouping else {
            *self = Bands::default();
            return &self.bands;
        };
        let counts = visible
            .iter()
            .map(|&idx| (idx, runs[idx].state.points.len(), runs[idx].state.n_rewinds));
        let key = (
            *lens,
            grouping.clone(),
            counts.collect(),
            baseline.map(|b| b.key.clone()),
        );
        if self.key.as_ref() != Some(&key) {
            let band = |group: Group| Band {
                points: points(
                    runs,
                    &group.members,
                    curves,
                    lens,
                    grouping.spread,
                    baseline,
                ),
                name: group.name,
                members: group.members,
            };
            let bands = groups(runs, visible, &grouping.by).map(band);
            self.bands = bands.filter(|band| !band.points.is_empty()).collect();
            self.key = Some(key);
        }
        &self.bands
    }
}

/// Groups of two or more runs.
fn groups(runs: &[Run], visible: &[usize], by: &GroupBy) -> impl Iterator<Item = Group> {
    let records: Vec<&Record> = visible.iter().map(|&idx| &runs[idx].record).collect();
    let groups = group(&records, by).into_iter();
    groups.filter(|g| g.members.len() > 1).map(|mut group| {
        group.members.iter_mut().for_each(|m| *m = visible[*m]);
        group
    })
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
        // A band that reaches zero or below has no lower edge on a logarithmic axis.
        let low = lens.y(point.low);
        point.low = if low.is_finite() { low } else { mean - 1.0 };
        point.mean = mean;
        point.high = lens.y(point.high);
    }
    points.retain(|p| p.mean.is_finite() && p.high.is_finite());
    points
}
