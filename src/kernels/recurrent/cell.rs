//! One step of one sample: from the gates to the new state, and the gradients of both.

use crate::kernels::support::LANES;
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
        match h.len().is_multiple_of(LANES) {
            true => self.forward_blocks::<true>(a, z, c, h, kept),
            false => self.forward_blocks::<false>(a, z, c, h, kept),
        }
    }

    #[inline(always)]
    fn forward_blocks<const WHOLE: bool>(
        self,
        a: &[f32],
        z: &[f32],
        c: &mut [f32],
        h: &mut [f32],
        kept: &mut [f32],
    ) {
        match self {
            Cell::Rnn => forward_rnn::<WHOLE>(a, z, h, kept),
            Cell::Lstm => forward_lstm::<WHOLE>([a, z], c, h, kept),
            Cell::Gru => forward_gru::<WHOLE>([a, z], h, kept),
        }
    }

    /// Whether the gradients of the two contributions to the gates differ.
    pub(super) fn has_two_gradients(self) -> bool {
        self == Cell::Gru
    }

    /// The backward pass: `dc` and `dh` hold the gradients of the states after the step and receive
    /// those of the states before it (for `dh` without the part through the weight); `da` and `dz`
    /// receive those of the two contributions to the gates, `dz` only where they differ. `state` is h
    /// before the step.
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
        match dh.len().is_multiple_of(LANES) {
            true => self.backward_blocks::<true>(kept, state, dc, dh, [da, dz]),
            false => self.backward_blocks::<false>(kept, state, dc, dh, [da, dz]),
        }
    }

    #[inline(always)]
    fn backward_blocks<const WHOLE: bool>(
        self,
        kept: &[f32],
        state: &[f32],
        dc: &mut [f32],
        dh: &mut [f32],
        [da, dz]: [&mut [f32]; 2],
    ) {
        match self {
            Cell::Rnn => backward_rnn::<WHOLE>(kept, dh, da),
            Cell::Lstm => backward_lstm::<WHOLE>(kept, dc, dh, da),
            Cell::Gru => backward_gru::<WHOLE>(kept, state, dh, [da, dz]),
        }
    }
}

/// Sixteen consecutive values.
type Block = [f32; LANES];

/// A block of a slice, zero where that ends; with `WHOLE` it does not end within one.
// A copy, so that the compiler sees that what is written is not what is read. And `WHOLE`, because the
// compiler would make one copy of a variable length of the two cases, by a call.
#[inline(always)]
fn load<const WHOLE: bool>(slice: &[f32], at: usize) -> Block {
    let rest = &slice[at..];
    match rest.first_chunk() {
        Some(whole) => *whole,
        None if WHOLE => [0.0; LANES],
        None => {
            let mut block = [0.0; LANES];
            block[..rest.len()].copy_from_slice(rest);
            block
        }
    }
}

/// The reverse of [`load`].
#[inline(always)]
fn store<const WHOLE: bool>(block: Block, slice: &mut [f32], at: usize) {
    let rest = &mut slice[at..];
    match rest.first_chunk_mut() {
        Some(whole) => *whole = block,
        None if WHOLE => {}
        None => rest.copy_from_slice(&block[..rest.len()]),
    }
}

/// `to` = f of `N` slices, unit by unit.
// The gates are maps of their own, one after the other: an exponential function is a long chain of
// additions that wait for each other, and only units next to each other fill its gaps.
#[inline(always)]
fn map<const WHOLE: bool, const N: usize>(
    from: [&[f32]; N],
    to: &mut [f32],
    f: impl Fn([f32; N]) -> f32,
) {
    for at in (0..to.len()).step_by(LANES) {
        let mut blocks = [[0.0; LANES]; N];
        for (block, from) in blocks.iter_mut().zip(from) {
            *block = load::<WHOLE>(from, at);
        }
        let mut result = [0.0; LANES];
        for u in 0..LANES {
            let mut values = [0.0; N];
            for (value, block) in values.iter_mut().zip(&blocks) {
                *value = block[u];
            }
            result[u] = f(values);
        }
        store::<WHOLE>(result, to, at);
    }
}

#[inline(always)]
fn forward_rnn<const WHOLE: bool>(a: &[f32], z: &[f32], h: &mut [f32], kept: &mut [f32]) {
    map::<WHOLE, 2>([a, z], kept, |[a, z]| tanh(a + z));
    h.copy_from_slice(kept);
}

#[inline(always)]
fn forward_lstm<const WHOLE: bool>(
    [a, z]: [&[f32]; 2],
    c: &mut [f32],
    h: &mut [f32],
    kept: &mut [f32],
) {
    let ([ai, af, ag, ao], [zi, zf, zg, zo]) = (split(a), split(z));
    let [i, f, g, o, bent, before] = split_mut(kept);
    map::<WHOLE, 2>([ai, zi], i, |[a, z]| sigmoid(a + z));
    map::<WHOLE, 2>([af, zf], f, |[a, z]| sigmoid(a + z));
    map::<WHOLE, 2>([ag, zg], g, |[a, z]| tanh(a + z));
    map::<WHOLE, 2>([ao, zo], o, |[a, z]| sigmoid(a + z));
    before.copy_from_slice(c);
    map::<WHOLE, 4>([f, before, i, g], c, |[f, c, i, g]| f * c + i * g);
    map::<WHOLE, 1>([c], bent, |[c]| tanh(c));
    map::<WHOLE, 2>([o, bent], h, |[o, bent]| o * bent);
}

#[inline(always)]
fn forward_gru<const WHOLE: bool>([a, z]: [&[f32]; 2], h: &mut [f32], kept: &mut [f32]) {
    let ([ar, az, an], [zr, zz, zn]) = (split(a), split(z));
    let [r, update, m, part] = split_mut(kept);
    map::<WHOLE, 2>([ar, zr], r, |[a, z]| sigmoid(a + z));
    map::<WHOLE, 2>([az, zz], update, |[a, z]| sigmoid(a + z));
    map::<WHOLE, 3>([an, r, zn], m, |[a, r, z]| tanh(a + r * z));
    part.copy_from_slice(zn);
    // Not a map, which cannot read what it writes.
    for at in (0..h.len()).step_by(LANES) {
        let (update, m) = (load::<WHOLE>(update, at), load::<WHOLE>(m, at));
        let before = load::<WHOLE>(h, at);
        let mut state = [0.0; LANES];
        for u in 0..LANES {
            state[u] = (1.0 - update[u]) * m[u] + update[u] * before[u];
        }
        store::<WHOLE>(state, h, at);
    }
}

#[inline(always)]
fn backward_rnn<const WHOLE: bool>(kept: &[f32], dh: &mut [f32], da: &mut [f32]) {
    for at in (0..dh.len()).step_by(LANES) {
        let (state, after) = (load::<WHOLE>(kept, at), load::<WHOLE>(dh, at));
        let mut gradient = [0.0; LANES];
        for u in 0..LANES {
            gradient[u] = after[u] * (1.0 - state[u] * state[u]);
        }
        store::<WHOLE>(gradient, da, at);
        store::<WHOLE>([0.0; LANES], dh, at);
    }
}

#[inline(always)]
fn backward_lstm<const WHOLE: bool>(kept: &[f32], dc: &mut [f32], dh: &mut [f32], da: &mut [f32]) {
    let [i, f, g, o, bent, before] = split(kept);
    let [di, df, dg, d_o] = split_mut(da);
    for at in (0..dh.len()).step_by(LANES) {
        let (i, f, g, o) = (
            load::<WHOLE>(i, at),
            load::<WHOLE>(f, at),
            load::<WHOLE>(g, at),
            load::<WHOLE>(o, at),
        );
        let (bent, before) = (load::<WHOLE>(bent, at), load::<WHOLE>(before, at));
        let (dc_after, dh_after) = (load::<WHOLE>(dc, at), load::<WHOLE>(dh, at));
        let (mut of_i, mut of_f) = ([0.0; LANES], [0.0; LANES]);
        let (mut of_g, mut of_o) = ([0.0; LANES], [0.0; LANES]);
        let mut dc_before = [0.0; LANES];
        for u in 0..LANES {
            let dc_now = dc_after[u] + dh_after[u] * o[u] * (1.0 - bent[u] * bent[u]);
            of_i[u] = dc_now * g[u] * i[u] * (1.0 - i[u]);
            of_f[u] = dc_now * before[u] * f[u] * (1.0 - f[u]);
            of_g[u] = dc_now * i[u] * (1.0 - g[u] * g[u]);
            of_o[u] = dh_after[u] * bent[u] * o[u] * (1.0 - o[u]);
            dc_before[u] = dc_now * f[u];
        }
        store::<WHOLE>(dc_before, dc, at);
        store::<WHOLE>([0.0; LANES], dh, at);
        store::<WHOLE>(of_i, di, at);
        store::<WHOLE>(of_f, df, at);
        store::<WHOLE>(of_g, dg, at);
        store::<WHOLE>(of_o, d_o, at);
    }
}

#[inline(always)]
fn backward_gru<const WHOLE: bool>(
    kept: &[f32],
    state: &[f32],
    dh: &mut [f32],
    [da, dz]: [&mut [f32]; 2],
) {
    let [r, update, m, part] = split(kept);
    let ([dar, daz, dan], [dzr, dzz, dzn]) = (split_mut(da), split_mut(dz));
    for at in (0..dh.len()).step_by(LANES) {
        let (r, update) = (load::<WHOLE>(r, at), load::<WHOLE>(update, at));
        let (m, part) = (load::<WHOLE>(m, at), load::<WHOLE>(part, at));
        let (state, after) = (load::<WHOLE>(state, at), load::<WHOLE>(dh, at));
        let (mut of_r, mut of_update) = ([0.0; LANES], [0.0; LANES]);
        let (mut of_n, mut of_part, mut direct) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for u in 0..LANES {
            of_n[u] = after[u] * (1.0 - update[u]) * (1.0 - m[u] * m[u]);
            of_part[u] = of_n[u] * r[u];
            of_r[u] = of_n[u] * part[u] * r[u] * (1.0 - r[u]);
            of_update[u] = after[u] * (state[u] - m[u]) * update[u] * (1.0 - update[u]);
            direct[u] = after[u] * update[u];
        }
        store::<WHOLE>(direct, dh, at);
        store::<WHOLE>(of_r, dar, at);
        store::<WHOLE>(of_r, dzr, at);
        store::<WHOLE>(of_update, daz, at);
        store::<WHOLE>(of_update, dzz, at);
        store::<WHOLE>(of_n, dan, at);
        store::<WHOLE>(of_part, dzn, at);
    }
}
