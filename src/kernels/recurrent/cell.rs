//! One step of one sample: from the gates to the new state, and the gradients of both.

use crate::kernels::vector::{sigmoid, tanh};

/// The kind of a recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// One tanh.
    Rnn,
    /// Gates i, f, g, o and a cell state that is only added to.
    Lstm,
    /// Gates r, z, n.
    Gru,
}

/// `N` consecutive slices of equal length.
#[inline(always)]
fn split<const N: usize>(values: &[f32]) -> [&[f32]; N] {
    let len = values.len() / N;
    std::array::from_fn(|i| &values[i * len..(i + 1) * len])
}

#[inline(always)]
fn split_mut<const N: usize>(values: &mut [f32]) -> [&mut [f32]; N] {
    let len = values.len() / N;
    let mut parts = values.chunks_exact_mut(len.max(1));
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

impl Cell {
    /// Number of gates: the products are so many times the units wide.
    pub fn n_gates(self) -> usize {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }

    /// Values per unit that [`Cell::backward`] needs of a step.
    pub(super) fn n_saved(self) -> usize {
        match self {
            // h
            Cell::Rnn => 1,
            // i, f, g, o, tanh c, and c before
            Cell::Lstm => 6,
            // r, z, m, and the state's contribution to n
            Cell::Gru => 4,
        }
    }

    /// Advances the states `c` (LSTM only) and `h` by one step, given the input's contribution `a`
    /// and the state's contribution `z` to the gates; `kept` receives what the backward pass needs.
    #[inline(always)]
    pub(super) fn forward(
        self,
        a: &[f32],
        z: &[f32],
        c: &mut [f32],
        h: &mut [f32],
        kept: &mut [f32],
    ) {
        let units = h.len();
        match self {
            Cell::Rnn => {
                for u in 0..units {
                    h[u] = tanh(a[u] + z[u]);
                    kept[u] = h[u];
                }
            }
            Cell::Lstm => {
                let ([ai, af, ag, ao], [zi, zf, zg, zo]) = (split(a), split(z));
                let [i, f, g, o, bent, before] = split_mut(kept);
                for u in 0..units {
                    i[u] = sigmoid(ai[u] + zi[u]);
                    f[u] = sigmoid(af[u] + zf[u]);
                    g[u] = tanh(ag[u] + zg[u]);
                    o[u] = sigmoid(ao[u] + zo[u]);
                    before[u] = c[u];
                    c[u] = f[u] * c[u] + i[u] * g[u];
                    bent[u] = tanh(c[u]);
                    h[u] = o[u] * bent[u];
                }
            }
            Cell::Gru => {
                let ([ar, az, an], [zr, zz, zn]) = (split(a), split(z));
                let [r, update, m, part] = split_mut(kept);
                for u in 0..units {
                    r[u] = sigmoid(ar[u] + zr[u]);
                    update[u] = sigmoid(az[u] + zz[u]);
                    part[u] = zn[u];
                    m[u] = tanh(an[u] + r[u] * zn[u]);
                    h[u] = (1.0 - update[u]) * m[u] + update[u] * h[u];
                }
            }
        }
    }

    /// The backward pass: `dc` and `dh` hold the gradients of the states after the step and receive
    /// those of the states before it (for `dh` without the part through the weight); `da` and `dz`
    /// receive those of the two contributions to the gates. `state` is h before the step.
    #[inline(always)]
    pub(super) fn backward(
        self,
        kept: &[f32],
        state: &[f32],
        dc: &mut [f32],
        dh: &mut [f32],
        da: &mut [f32],
        dz: &mut [f32],
    ) {
        let units = dh.len();
        match self {
            Cell::Rnn => {
                for u in 0..units {
                    da[u] = dh[u] * (1.0 - kept[u] * kept[u]);
                    dh[u] = 0.0;
                }
                dz.copy_from_slice(da);
            }
            Cell::Lstm => {
                let [i, f, g, o, bent, before] = split(kept);
                let [di, df, dg, d_o] = split_mut(da);
                for u in 0..units {
                    let dc_now = dc[u] + dh[u] * o[u] * (1.0 - bent[u] * bent[u]);
                    di[u] = dc_now * g[u] * i[u] * (1.0 - i[u]);
                    df[u] = dc_now * before[u] * f[u] * (1.0 - f[u]);
                    dg[u] = dc_now * i[u] * (1.0 - g[u] * g[u]);
                    d_o[u] = dh[u] * bent[u] * o[u] * (1.0 - o[u]);
                    dc[u] = dc_now * f[u];
                    dh[u] = 0.0;
                }
                dz.copy_from_slice(da);
            }
            Cell::Gru => {
                let [r, update, m, part] = split(kept);
                let ([dar, daz, dan], [dzr, dzz, dzn]) = (split_mut(da), split_mut(dz));
                for u in 0..units {
                    let dm = dh[u] * (1.0 - update[u]) * (1.0 - m[u] * m[u]);
                    dan[u] = dm;
                    dzn[u] = dm * r[u];
                    dar[u] = dm * part[u] * r[u] * (1.0 - r[u]);
                    dzr[u] = dar[u];
                    daz[u] = dh[u] * (state[u] - m[u]) * update[u] * (1.0 - update[u]);
                    dzz[u] = daz[u];
                    dh[u] *= update[u];
                }
            }
        }
    }
}
