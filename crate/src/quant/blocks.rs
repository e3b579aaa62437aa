//! Blocks of 32 values with one scale.

use half::f16;

use super::group::Group;

pub(super) fn q8_0(block: &[u8; 34]) -> [Group<32>; 1] {
    let quants = std::array::from_fn(|i| block[2 + i].cast_signed());
    [Group { scale: half_at(block, 0), minimum: 0.0, quants }]
}

pub(super) fn q4_0(block: &[u8; 18]) -> [Group<32>; 1] {
    let quants = std::array::from_fn(|i| nibble(&block[2..], i).cast_signed() - 8);
    [Group { scale: half_at(block, 0), minimum: 0.0, quants }]
}

pub(super) fn q4_1(block: &[u8; 20]) -> [Group<32>; 1] {
    let quants = std::array::from_fn(|i| nibble(&block[4..], i).cast_signed());
    [Group { scale: half_at(block, 0), minimum: half_at(block, 2), quants }]
}

pub(super) fn q5_0(block: &[u8; 22]) -> [Group<32>; 1] {
    let quants = std::array::from_fn(|i| five_bits(&block[6..], &block[2..6], i) - 16);
    [Group { scale: half_at(block, 0), minimum: 0.0, quants }]
}

pub(super) fn q5_1(block: &[u8; 24]) -> [Group<32>; 1] {
    let quants = std::array::from_fn(|i| five_bits(&block[8..], &block[4..8], i));
    [Group { scale: half_at(block, 0), minimum: half_at(block, 2), quants }]
}

/// The f16 at `offset`, as f32.
pub(super) fn half_at(block: &[u8], offset: usize) -> f32 {
    f16::from_le_bytes([block[offset], block[offset + 1]]).to_f32()
}

/// Element `i` of 32: the low nibbles are elements 0 to 15, the high ones 16 to 31.
pub(super) fn nibble(bytes: &[u8], i: usize) -> u8 {
    if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 }
}

fn five_bits(low: &[u8], high: &[u8], i: usize) -> i8 {
    (nibble(low, i) | (high[i / 8] >> (i % 8) & 1) << 4).cast_signed()
}
