//! Blocks of 256 values with scales of scales ("K-quants").

use half::f16;

use super::blocks::half_at;
use super::group::Group;

/// Values in a block.
const BLOCK: usize = 256;

/// Groups in a block.
const GROUPS_OF_16: usize = BLOCK / 16;
const GROUPS_OF_32: usize = BLOCK / 32;

pub(super) fn q2(block: &[u8; 84]) -> [Group<16>; GROUPS_OF_16] {
    let (scales, quants) = (&block[..16], &block[16..80]);
    let (scale, minimum) = (half_at(block, 80), half_at(block, 82));
    std::array::from_fn(|j| Group {
        scale: scale * f32::from(scales[j] & 15),
        minimum: -minimum * f32::from(scales[j] >> 4),
        quants: std::array::from_fn(|i| two_bits(quants, 16 * j + i).cast_signed()),
    })
}

pub(super) fn q3(block: &[u8; 110]) -> [Group<16>; GROUPS_OF_16] {
    let (high, quants, packed) = (&block[..32], &block[32..96], &block[96..108]);
    let scale = half_at(block, 108);
    let six_bits = |j: usize| {
        let low = if j < 8 { packed[j] & 15 } else { packed[j - 8] >> 4 };
        low | (packed[8 + j % 4] >> (2 * (j / 4)) & 3) << 4
    };
    let three_bits = |i: usize| two_bits(quants, i) | (high[i % 32] >> (i / 32) & 1) << 2;
    std::array::from_fn(|j| Group {
        scale: scale * (f32::from(six_bits(j)) - 32.0),
        minimum: 0.0,
        quants: std::array::from_fn(|i| three_bits(16 * j + i).cast_signed() - 4),
    })
}

/// Element `i` of 256: four elements a byte, 32 apart, in each half of the block.
fn two_bits(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3
}

pub(super) fn q4(block: &[u8; 144]) -> [Group<32>; GROUPS_OF_32] {
    let quants = &block[16..];
    groups_with_minimum(&block[..16], |i| paired_nibble(quants, i))
}

pub(super) fn q5(block: &[u8; 176]) -> [Group<32>; GROUPS_OF_32] {
    let (high, quants) = (&block[16..48], &block[48..]);
    groups_with_minimum(&block[..16], |i| paired_nibble(quants, i) | (high[i % 32] >> (i / 32) & 1) << 4)
}

/// The groups of a block that begins with scale, minimum, and those of its groups in six bits each.
fn groups_with_minimum(head: &[u8], quant: impl Fn(usize) -> u8) -> [Group<32>; GROUPS_OF_32] {
    let (scale, minimum) = (half_at(head, 0), half_at(head, 2));
    std::array::from_fn(|j| {
        let (group_scale, group_minimum) = scale_and_minimum(&head[4..], j);
        Group {
            scale: scale * group_scale,
            minimum: -minimum * group_minimum,
            quants: std::array::from_fn(|i| quant(32 * j + i).cast_signed()),
        }
    })
}

/// Element `i` of 256: each run of 32 bytes holds 32 elements in its low nibbles and the next 32 in the high ones.
fn paired_nibble(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 64 * 32 + i % 32] >> (i % 64 / 32 * 4) & 15
}

/// Scale and minimum (6 bits each) of the group `j` of eight.
fn scale_and_minimum(packed: &[u8], j: usize) -> (f32, f32) {
    let (scale, minimum) = if j < 4 {
        (packed[j] & 63, packed[j + 4] & 63)
    } else {
        (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4)
    };
    (f32::from(scale), f32::from(minimum))
}

pub(super) fn q6(block: &[u8; 210]) -> [Group<16>; GROUPS_OF_16] {
    let scale = half_at(block, 208);
    std::array::from_fn(|j| Group {
        scale: scale * f32::from(block[192 + j].cast_signed()),
        minimum: 0.0,
        quants: std::array::from_fn(|i| six_bits(block, 16 * j + i).cast_signed() - 32),
    })
}

fn six_bits(block: &[u8; 210], i: usize) -> u8 {
    let (half, quarter, l) = (i / 128, i % 128 / 32, i % 32);
    let low = block[64 * half + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15;
    let high = block[128 + 32 * half + l] >> (2 * quarter) & 3;
    low | high << 4
}

/// Encodes a block as Q4_K.
pub(super) fn encode_q4(values: &[f32; BLOCK]) -> [u8; 144] {
    let mut block = [0; 144];
    let (head, quants) = block.split_at_mut(16);
    encode_with_minimum(values, 15.0, head, |i, quant| put_paired_nibble(quants, i, quant));
    block
}

/// Encodes a block as Q5_K.
pub(super) fn encode_q5(values: &[f32; BLOCK]) -> [u8; 176] {
    let mut block = [0; 176];
    let (head, bits) = block.split_at_mut(16);
    let (high, quants) = bits.split_at_mut(32);
    encode_with_minimum(values, 31.0, head, |i, quant| {
        put_paired_nibble(quants, i, quant & 15);
        high[i % 32] |= quant >> 4 << (i / 32);
    });
    block
}

/// For each group of 32 values the scale and minimum of least squared error, with quants of 0 to `levels`, then those in
/// six bits each into `head`; `put` takes every value's quant.
fn encode_with_minimum(values: &[f32; BLOCK], levels: f32, head: &mut [u8], mut put: impl FnMut(usize, u8)) {
    let (groups, _) = values.as_chunks::<32>();
    let fits: [Fit; GROUPS_OF_32] = std::array::from_fn(|j| fit_with_minimum(&groups[j], levels));
    let scale = step(fits.iter().map(|fit| fit.scale), 63.0);
    let minimum = step(fits.iter().map(|fit| fit.minimum), 63.0);
    head[..2].copy_from_slice(&scale.to_le_bytes());
    head[2..4].copy_from_slice(&minimum.to_le_bytes());
    for (j, (fit, group)) in fits.iter().zip(groups).enumerate() {
        let group_scale = divided(fit.scale, scale.to_f32()).round().min(63.0) as u8;
        let group_minimum = divided(fit.minimum, minimum.to_f32()).round().min(63.0) as u8;
        put_scale_and_minimum(&mut head[4..], j, group_scale, group_minimum);
        let (d, m) = (scale.to_f32() * f32::from(group_scale), minimum.to_f32() * f32::from(group_minimum));
        for (i, value) in group.iter().enumerate() {
            put(32 * j + i, divided(value + m, d).round().clamp(0.0, levels) as u8);
        }
    }
}

fn put_paired_nibble(bytes: &mut [u8], i: usize, quant: u8) {
    bytes[i / 64 * 32 + i % 32] |= quant << (i % 64 / 32 * 4);
}

fn put_scale_and_minimum(packed: &mut [u8], j: usize, scale: u8, minimum: u8) {
    if j < 4 {
        packed[j] |= scale;
        packed[j + 4] |= minimum;
    } else {
        packed[j + 4] = scale & 15 | minimum << 4;
        packed[j - 4] |= scale >> 4 << 6;
        packed[j] |= minimum >> 4 << 6;
    }
}

/// Values are `scale * quant - minimum`.
#[derive(Clone, Copy)]
struct Fit {
    scale: f32,
    minimum: f32,
}

/// Tries grids that are a little narrower or wider than the values' range, refits each by least squares, and keeps the
/// one of least squared error. Quants are 0 to `levels`.
fn fit_with_minimum(group: &[f32; 32], levels: f32) -> Fit {
    let lowest = group.iter().copied().fold(0.0, f32::min);
    let highest = group.iter().copied().fold(0.0, f32::max);
    let mut best = Fit { scale: (highest - lowest) / levels, minimum: -lowest };
    if best.scale == 0.0 {
        return best;
    }
    let mut least = squared_error(group, best, levels);
    for trial in 0..=20 {
        let start = Fit { scale: (highest - lowest) / (levels - 1.0 + 0.1 * trial as f32), minimum: -lowest };
        let Some(fit) = refit(group, start, levels) else { continue };
        let error = squared_error(group, fit, levels);
        if error < least {
            (best, least) = (fit, error);
        }
    }
    best
}

fn quant(value: f32, fit: Fit, levels: f32) -> f32 {
    ((value + fit.minimum) / fit.scale).round().clamp(0.0, levels)
}

fn squared_error(group: &[f32; 32], fit: Fit, levels: f32) -> f32 {
    group.iter().map(|value| (fit.scale * quant(*value, fit, levels) - fit.minimum - value).powi(2)).sum()
}

/// Least-squares line through the values over their quants; minima below zero are not representable.
fn refit(group: &[f32; 32], fit: Fit, levels: f32) -> Option<Fit> {
    let (mut sum_q, mut sum_qq, mut sum_v, mut sum_qv) = (0.0, 0.0, 0.0, 0.0);
    for value in group {
        let q = quant(*value, fit, levels);
        sum_q += q;
        sum_qq += q * q;
        sum_v += value;
        sum_qv += q * value;
    }
    let count = group.len() as f32;
    let determinant = count * sum_qq - sum_q * sum_q;
    let scale = (count * sum_qv - sum_q * sum_v) / determinant;
    let minimum = (sum_q * sum_qv - sum_qq * sum_v) / determinant;
    let through_zero = Fit { scale: sum_qv / sum_qq, minimum: 0.0 };
    let fit = if minimum < 0.0 { through_zero } else { Fit { scale, minimum } };
    (fit.scale > 0.0 && fit.scale.is_finite() && fit.minimum.is_finite()).then_some(fit)
}

/// Encodes a block as Q6_K: for each group of 16 values the scale of least squared error, then those in eight bits.
pub(super) fn encode_q6(values: &[f32; BLOCK]) -> [u8; 210] {
    let (groups, _) = values.as_chunks::<16>();
    let fits: [f32; GROUPS_OF_16] = std::array::from_fn(|j| fit_symmetric(&groups[j]));
    let largest = fits.iter().copied().fold(0.0, |a: f32, b: f32| if b.abs() > a.abs() { b } else { a });
    let scale = f16::from_f32(largest / -128.0);
    let mut block = [0; 210];
    block[208..].copy_from_slice(&scale.to_le_bytes());
    for (j, (fit, group)) in fits.iter().zip(groups).enumerate() {
        let group_scale = divided(*fit, scale.to_f32()).round().clamp(-128.0, 127.0) as i8;
        block[192 + j] = group_scale.cast_unsigned();
        let d = scale.to_f32() * f32::from(group_scale);
        for (i, value) in group.iter().enumerate() {
            let quant = (divided(*value, d).round().clamp(-32.0, 31.0) + 32.0) as u8;
            put_six_bits(&mut block, 16 * j + i, quant);
        }
    }
    block
}

fn put_six_bits(block: &mut [u8; 210], i: usize, quant: u8) {
    let (half, quarter, l) = (i / 128, i % 128 / 32, i % 32);
    block[64 * half + quarter % 2 * 32 + l] |= (quant & 15) << (quarter / 2 * 4);
    block[128 + 32 * half + l] |= quant >> 4 << (2 * quarter);
}

/// The scale, of either sign, with which quants of -32 to 31 come closest to the values.
fn fit_symmetric(group: &[f32; 16]) -> f32 {
    let largest = group.iter().copied().fold(0.0, |a: f32, b: f32| if b.abs() > a.abs() { b } else { a });
    let error = |scale: f32| -> f32 {
        let distance = |value: &f32| (scale * divided(*value, scale).round().clamp(-32.0, 31.0) - value).powi(2);
        group.iter().map(distance).sum()
    };
    let mut best = largest / -32.0;
    let mut least = error(best);
    for trial in -9..=9 {
        let start = largest / -(32.0 + 0.1 * trial as f32);
        let quants = group.map(|value| divided(value, start).round().clamp(-32.0, 31.0));
        let sum_qv: f32 = quants.iter().zip(group).map(|(q, value)| q * value).sum();
        let sum_qq: f32 = quants.iter().map(|q| q * q).sum();
        let scale = divided(sum_qv, sum_qq);
        let error = error(scale);
        if error < least {
            (best, least) = (scale, error);
        }
    }
    best
}

/// The f16 step with which the largest of some non-negative numbers is at most `levels` steps.
fn step(numbers: impl Iterator<Item = f32>, levels: f32) -> f16 {
    f16::from_f32(numbers.fold(0.0, f32::max) / levels)
}

/// The quotient, and zero for a divisor of zero.
fn divided(value: f32, by: f32) -> f32 {
    if by == 0.0 { 0.0 } else { value / by }
}
