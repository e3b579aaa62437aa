//! Blocks of 256 values with scales of scales ("K-quants").

use half::f16;

use super::decode::half_at;

/// Values in a block.
const BLOCK: usize = 256;

pub(super) fn decode_q2(block: &[u8; 84]) -> [f32; BLOCK] {
    let (scales, quants) = (&block[..16], &block[16..80]);
    let (scale, minimum) = (half_at(block, 80), half_at(block, 82));
    std::array::from_fn(|i| {
        let group = scales[i / 16];
        scale * f32::from(group & 15) * f32::from(two_bits(quants, i)) - minimum * f32::from(group >> 4)
    })
}

pub(super) fn decode_q3(block: &[u8; 110]) -> [f32; BLOCK] {
    let (high, quants, packed) = (&block[..32], &block[32..96], &block[96..108]);
    let scale = half_at(block, 108);
    let scales: [f32; 16] = std::array::from_fn(|group| {
        let low = if group < 8 { packed[group] & 15 } else { packed[group - 8] >> 4 };
        let high = packed[8 + group % 4] >> (2 * (group / 4)) & 3;
        f32::from(low | high << 4) - 32.0
    });
    std::array::from_fn(|i| {
        let third_bit = high[i % 32] >> (i / 32) & 1;
        scale * scales[i / 16] * (f32::from(two_bits(quants, i) | third_bit << 2) - 4.0)
    })
}

/// Element `i` of 256: four elements a byte, 32 apart, in each half of the block.
fn two_bits(bytes: &[u8], i: usize) -> u8 {
    bytes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3
}

pub(super) fn decode_q4(block: &[u8; 144]) -> [f32; BLOCK] {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    let (scales, quants) = (&block[4..16], &block[16..]);
    std::array::from_fn(|i| {
        let (group_scale, group_minimum) = scale_and_minimum(scales, i / 32);
        scale * group_scale * f32::from(paired_nibble(quants, i)) - minimum * group_minimum
    })
}

pub(super) fn decode_q5(block: &[u8; 176]) -> [f32; BLOCK] {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    let (scales, high, quants) = (&block[4..16], &block[16..48], &block[48..]);
    std::array::from_fn(|i| {
        let (group_scale, group_minimum) = scale_and_minimum(scales, i / 32);
        let fifth_bit = high[i % 32] >> (i / 32) & 1;
        scale * group_scale * f32::from(paired_nibble(quants, i) | fifth_bit << 4) - minimum * group_minimum
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

pub(super) fn decode_q6(block: &[u8; 210]) -> [f32; BLOCK] {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let scale = half_at(block, 208);
    std::array::from_fn(|i| {
        let (half, quarter, l) = (i / 128, i % 128 / 32, i % 32);
        let low = low[64 * half + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15;
        let high = high[32 * half + l] >> (2 * quarter) & 3;
        scale * f32::from(scales[i / 16].cast_signed()) * (f32::from(low | high << 4) - 32.0)
    })
}

/// Encodes a block as Q4_K: for each group of 32 values the scale and minimum of least squared error, then those in
/// six bits each.
pub(super) fn encode_q4(values: &[f32; BLOCK]) -> [u8; 144] {
    let (groups, _) = values.as_chunks::<32>();
    let fits: [Fit; 8] = std::array::from_fn(|j| fit_with_minimum(&groups[j]));
    let scale = step(fits.iter().map(|fit| fit.scale), 63.0);
    let minimum = step(fits.iter().map(|fit| fit.minimum), 63.0);
    let mut block = [0; 144];
    block[..2].copy_from_slice(&scale.to_le_bytes());
    block[2..4].copy_from_slice(&minimum.to_le_bytes());
    for (j, (fit, group)) in fits.iter().zip(groups).enumerate() {
        let group_scale = divided(fit.scale, scale.to_f32()).round().min(63.0) as u8;
        let group_minimum = divided(fit.minimum, minimum.to_f32()).round().min(63.0) as u8;
        put_scale_and_minimum(&mut block[4..16], j, group_scale, group_minimum);
        let (d, m) = (scale.to_f32() * f32::from(group_scale), minimum.to_f32() * f32::from(group_minimum));
        for (i, value) in group.iter().enumerate() {
            let quant = divided(value + m, d).round().clamp(0.0, 15.0) as u8;
            block[16 + j / 2 * 32 + i] |= quant << (j % 2 * 4);
        }
    }
    block
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

/// Values are `scale * quant - minimum`, quants 0 to 15.
#[derive(Clone, Copy)]
struct Fit {
    scale: f32,
    minimum: f32,
}

/// Tries grids that are a little narrower or wider than the values' range, refits each by least squares, and keeps the
/// one of least squared error.
fn fit_with_minimum(group: &[f32; 32]) -> Fit {
    let lowest = group.iter().copied().fold(0.0, f32::min);
    let highest = group.iter().copied().fold(0.0, f32::max);
    let mut best = Fit { scale: (highest - lowest) / 15.0, minimum: -lowest };
    if best.scale == 0.0 {
        return best;
    }
    let mut least = squared_error(group, best);
    for trial in 0..=20 {
        let levels = 14.0 + 0.1 * trial as f32;
        let start = Fit { scale: (highest - lowest) / levels, minimum: -lowest };
        let Some(fit) = refit(group, start) else { continue };
        let error = squared_error(group, fit);
        if error < least {
            (best, least) = (fit, error);
        }
    }
    best
}

fn quant(value: f32, fit: Fit) -> f32 {
    ((value + fit.minimum) / fit.scale).round().clamp(0.0, 15.0)
}

fn squared_error(group: &[f32; 32], fit: Fit) -> f32 {
    group.iter().map(|value| (fit.scale * quant(*value, fit) - fit.minimum - value).powi(2)).sum()
}

/// Least-squares line through the values over their quants; minima below zero are not representable.
fn refit(group: &[f32; 32], fit: Fit) -> Option<Fit> {
    let (mut sum_q, mut sum_qq, mut sum_v, mut sum_qv) = (0.0, 0.0, 0.0, 0.0);
    for value in group {
        let q = quant(*value, fit);
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
    let fits: [f32; 16] = std::array::from_fn(|j| fit_symmetric(&groups[j]));
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
