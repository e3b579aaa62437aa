//! Changes of layout as the networks need them.

use super::shape_text;
use crate::error::Result;
use crate::ops::{Permutation, permute};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference::gather;

pub(super) fn cases() -> Vec<Case> {
    vec![
        patchify(3, [2, 3, 5], [1, 2, 2]),
        patchify(16, [3, 8, 12], [1, 2, 2]),
        unpatchify(3, [2, 3, 5], [1, 2, 2]),
        unpatchify(16, [3, 8, 12], [2, 2, 2]),
        interleave(3, 35, 5),
        interleave(4, 256, 64),
        channels_last(16, 3, 120),
        channels_first(3, 4, 1024),
        pixel_unshuffle(2, [3, 5], 3, 2),
        pixel_shuffle(2, [3, 5], 3, 2),
        reversed(),
    ]
}

fn case(
    name: &'static str,
    split: Vec<usize>,
    order: Vec<usize>,
    shape: Vec<usize>,
    expected: impl Fn(&[f32]) -> Vec<f64> + 'static,
) -> Case {
    let text = shape_text(&split);
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x, values) = bench.tensor(&split)?;
        bench.poison(values.len())?;
        let permutation = Permutation { split: &split, order: &order, shape: &shape };
        Ok(Check::values(permute(&mut bench.recorder, &x, &permutation)?, expected(&values)))
    };
    Case::new("permute", name, text, prepare).exact()
}

/// [C, F, H, W] → tokens of patches, a patch in the order channel, frame, row, column.
fn patchify(channels: usize, [f, h, w]: [usize; 3], [pf, ph, pw]: [usize; 3]) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [f, h, w, channels, pf, ph, pw], |[t, y, x, c, i, j, k]| {
            ((c * f * pf + t * pf + i) * h * ph + y * ph + j) * w * pw + x * pw + k
        })
    };
    let split = vec![channels, f, pf, h, ph, w, pw];
    case("patchify", split, vec![1, 3, 5, 0, 2, 4, 6], vec![f * h * w, channels * pf * ph * pw], expected)
}

/// Tokens of patches, a patch in the order frame, row, column, channel, → [C, F, H, W].
fn unpatchify(channels: usize, [f, h, w]: [usize; 3], [pf, ph, pw]: [usize; 3]) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [channels, f * pf, h * ph, w * pw], |[c, t, y, x]| {
            let token = (t / pf * h + y / ph) * w + x / pw;
            let place = (t % pf * ph + y % ph) * pw + x % pw;
            (token * pf * ph * pw + place) * channels + c
        })
    };
    let split = vec![f, h, w, pf, ph, pw, channels];
    case("unpatchify", split, vec![6, 0, 3, 1, 4, 2, 5], vec![channels, f * pf, h * ph, w * pw], expected)
}

/// Pairs of frames side by side in the channels → one after the other.
fn interleave(frames: usize, positions: usize, channels: usize) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [2 * frames, positions, channels], |[t, position, c]| {
            (t / 2 * positions + position) * 2 * channels + t % 2 * channels + c
        })
    };
    let split = vec![frames, positions, 2, channels];
    case("interleave frames", split, vec![0, 2, 1, 3], vec![2 * frames, positions, channels], expected)
}

fn channels_last(channels: usize, frames: usize, positions: usize) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [frames, positions, channels], |[t, position, c]| (c * frames + t) * positions + position)
    };
    let shape = vec![frames, positions, channels];
    case("channels last", vec![channels, frames, positions], vec![1, 2, 0], shape, expected)
}

fn channels_first(channels: usize, frames: usize, positions: usize) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [channels, frames, positions], |[c, t, position]| (t * positions + position) * channels + c)
    };
    let shape = vec![channels, frames, positions];
    case("channels first", vec![frames, positions, channels], vec![2, 0, 1], shape, expected)
}

/// [F, H, W, C] → [F, H / p, W / p, C × p × p], a block in the order channel, column, row.
fn pixel_unshuffle(frames: usize, [h, w]: [usize; 2], channels: usize, patch: usize) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [frames, h, w, channels, patch, patch], |[t, y, x, c, column, row]| {
            ((t * h * patch + y * patch + row) * w * patch + x * patch + column) * channels + c
        })
    };
    let split = vec![frames, h, patch, w, patch, channels];
    case("pixels to channels", split, vec![0, 1, 3, 5, 4, 2], vec![frames, h, w, channels * patch * patch], expected)
}

/// The way back.
fn pixel_shuffle(frames: usize, [h, w]: [usize; 2], channels: usize, patch: usize) -> Case {
    let expected = move |x: &[f32]| {
        gather(x, [frames, h * patch, w * patch, channels], |[t, y, x, c]| {
            let block = ((t * h + y / patch) * w + x / patch) * channels + c;
            (block * patch + x % patch) * patch + y % patch
        })
    };
    let split = vec![frames, h, w, channels, patch, patch];
    let shape = vec![frames, h * patch, w * patch, channels];
    case("channels to pixels", split, vec![0, 1, 5, 2, 4, 3], shape, expected)
}

/// As many dimensions as there may be, all of them moved.
fn reversed() -> Case {
    const SIZES: [usize; 8] = [2, 3, 2, 1, 3, 2, 2, 5];
    let mut backwards = SIZES;
    backwards.reverse();
    let expected = move |x: &[f32]| {
        gather(x, backwards, |mut index| {
            index.reverse();
            index.iter().zip(SIZES).fold(0, |at, (i, size)| at * size + i)
        })
    };
    case("reversed", SIZES.to_vec(), (0..SIZES.len()).rev().collect(), backwards.to_vec(), expected)
}
