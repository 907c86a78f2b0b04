//! The instruction set of the kernels: AVX-512, AVX2 with FMA, or portable Rust, chosen when the
//! program starts.
//!
//! Kernels are written once, over `pulp::Simd`, and vectorized over output elements: each element
//! is the same chain of fused multiply-adds whatever the width, so AVX-512 and AVX2 give the same
//! bits. The portable set may lack fused multiply-adds and differ in the last place.
//!
//! `CANDLE_STUDIO_SIMD=avx2`, `avx512` or `portable` forces a set, for tests and benchmarks; if the
//! machine lacks it, the next smaller one is used.

use pulp::{Arch, Simd, WithSimd};
use std::any::Any;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set, from the narrowest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Portable Rust.
    Portable = 1,
    /// Eight lanes (AVX2 + FMA on x86-64).
    Avx2 = 2,
    /// Sixteen lanes.
    Avx512 = 3,
}

/// The set in use, as a number; 0 until first needed.
static CURRENT: AtomicU8 = AtomicU8::new(0);

/// The machine's implementation of each [`InstructionSet`], narrowest first.
static OFFERS: OnceLock<[Arch; 3]> = OnceLock::new();

/// One entry per set; for what the machine lacks, the entry before it.
fn detect() -> [Arch; 3] {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        let avx2 = V3::try_new().map_or(Arch::Scalar, Arch::V3);
        let avx512 = V4::try_new().map_or(avx2, Arch::V4);
        [Arch::Scalar, avx2, avx512]
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        [Arch::new(); 3]
    }
}

fn from_environment() -> InstructionSet {
    match std::env::var("CANDLE_STUDIO_SIMD").as_deref() {
        Ok("portable") => InstructionSet::Portable,
        Ok("avx2") => InstructionSet::Avx2,
        _ => InstructionSet::Avx512,
    }
}

fn arch() -> Arch {
    let mut set = CURRENT.load(Ordering::Relaxed);
    if set == 0 {
        set = from_environment() as u8;
        CURRENT.store(set, Ordering::Relaxed);
    }
    OFFERS.get_or_init(detect)[usize::from(set) - 1]
}

/// The instruction set the kernels actually use.
pub fn instruction_set() -> InstructionSet {
    #[cfg(target_arch = "x86_64")]
    return match arch() {
        Arch::V4(_) => InstructionSet::Avx512,
        Arch::V3(_) => InstructionSet::Avx2,
        _ => InstructionSet::Portable,
    };
    #[cfg(not(target_arch = "x86_64"))]
    InstructionSet::Portable
}

/// Forces an instruction set from now on, for tests and benchmarks. Returns whether the machine
/// has it; if not, a smaller one is used.
pub fn set_instruction_set(set: InstructionSet) -> bool {
    CURRENT.store(set as u8, Ordering::Relaxed);
    instruction_set() == set
}

/// Runs a kernel on the chosen instruction set.
pub(crate) fn run<K: WithSimd>(kernel: K) -> K::Output {
    arch().dispatch(kernel)
}

/// Runs a closure that the compiler vectorizes on the chosen instruction set.
///
/// It has to be `#[inline(always)]`, and so has what it calls: what is not inlined here is compiled
/// for the oldest machine there is.
pub(crate) fn run_closure<R>(task: impl FnMut() -> R) -> R {
    struct Closure<F>(F);

    impl<R, F: FnMut() -> R> WithSimd for Closure<F> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) -> R {
            // Not by value: that call would not be inlined.
            (self.0)()
        }
    }

    run(Closure(task))
}

/// Stores the lowest byte of each lane. The compiler can vectorize this, but not in large
/// functions: there it extracts the bytes one by one.
#[inline(always)]
pub(crate) fn store_bytes<S: Simd>(simd: S, lanes: S::u32s, to: &mut [u8]) {
    use pulp::bytemuck::cast_slice;
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::bytemuck::{bytes_of, cast};
        use pulp::x86::{V3, V4};
        let any: &dyn Any = &simd;
        if let Some(v4) = any.downcast_ref::<V4>() {
            let bytes = v4.avx512f._mm512_cvtepi32_epi8(cast(lanes));
            return to.copy_from_slice(bytes_of(&bytes));
        }
        if let Some(v3) = any.downcast_ref::<V3>() {
            // The lowest bytes first in each half, then the first four of each half side by side.
            let lowest: [u8; 32] = std::array::from_fn(|i| (i % 4 * 4) as u8);
            let halves = v3.avx2._mm256_shuffle_epi8(cast(lanes), cast(lowest));
            let sides = cast([0u32, 4, 0, 0, 0, 0, 0, 0]);
            let both = v3.avx2._mm256_permutevar8x32_epi32(halves, sides);
            return to.copy_from_slice(&bytes_of(&both)[..8]);
        }
    }
    let lanes = [lanes];
    let lanes: &[u32] = cast_slice(&lanes);
    to.iter_mut()
        .zip(lanes)
        .for_each(|(to, from)| *to = *from as u8);
}

/// Loads a byte into each lane.
#[inline(always)]
pub(crate) fn load_bytes<S: Simd>(simd: S, from: &[u8]) -> S::u32s {
    use pulp::bytemuck::cast_slice_mut;
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::bytemuck::{bytes_of_mut, cast};
        use pulp::x86::{V3, V4};
        let any: &dyn Any = &simd;
        if let Some(v4) = any.downcast_ref::<V4>() {
            let mut bytes = cast([0u64; 2]);
            bytes_of_mut(&mut bytes).copy_from_slice(&from[..16]);
            return cast(v4.avx512f._mm512_cvtepu8_epi32(bytes));
        }
        if let Some(v3) = any.downcast_ref::<V3>() {
            let mut bytes = cast([0u64; 2]);
            bytes_of_mut(&mut bytes)[..8].copy_from_slice(&from[..8]);
            return cast(v3.avx2._mm256_cvtepu8_epi32(bytes));
        }
    }
    let mut lanes = [simd.splat_u32s(0)];
    let to: &mut [u32] = cast_slice_mut(&mut lanes);
    to.iter_mut()
        .zip(from)
        .for_each(|(to, from)| *to = u32::from(*from));
    lanes[0]
}

/// Selects `four[index mod 4]` in each lane.
#[inline(always)]
pub(crate) fn pick<S: Simd>(simd: S, four: [f32; 4], index: S::u32s) -> S::f32s {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::bytemuck::cast;
        use pulp::x86::{V3, V4};
        let any: &dyn Any = &simd;
        if let Some(v4) = any.downcast_ref::<V4>() {
            let four = v4.avx512f._mm512_broadcast_f32x4(cast(four));
            return cast(v4.avx512f._mm512_permutevar_ps(four, cast(index)));
        }
        if let Some(v3) = any.downcast_ref::<V3>() {
            let four = v3.avx._mm256_set_m128(cast(four), cast(four));
            return cast(v3.avx._mm256_permutevar_ps(four, cast(index)));
        }
    }
    let low = simd.and_u32s(index, simd.splat_u32s(3));
    let mut picked = simd.splat_f32s(four[0]);
    for (i, &value) in (0..).zip(&four).skip(1) {
        let is_this = simd.equal_u32s(low, simd.splat_u32s(i));
        picked = simd.select_f32s(is_this, simd.splat_f32s(value), picked);
    }
    picked
}

/// Prefetches the cache line of the first element.
#[inline(always)]
pub(crate) fn prefetch_line<T>(line: &[T]) {
    #[cfg(target_arch = "x86_64")]
    #[expect(
        unsafe_code,
        reason = "there is no safe way to ask for a cache line, and waiting for the weights of a \
                  dense layer took a third of its time"
    )]
    // SAFETY: a prefetch reads nothing and cannot fault, and SSE is part of every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
