//! Packing of stored matrices for the GPU: quants and scales in buffers of their own, in whole words.

use half::f16;

use super::decode::dequantize;
use super::each_group::{AnyGroup, each_group};
use crate::error::{Error, Result};
use crate::format::DataType;

/// What the shaders read.
///
/// | format | `data` | `scales` |
/// |---|---|---|
/// | F32 | one f32 a word; rows padded with zeros to a multiple of 4 columns | none |
/// | F16, BF16 | two a word, the even column in the low half; rows padded with zeros to a multiple of 4 columns | none |
/// | Q8_0 | four i8 a word, column 4w + i in byte i | one f16 for 32 columns |
/// | Q4_0 | eight 4-bit numbers a word, column 8w + i in bits 4i to 4i + 3; value = (number − 8) · scale | one f16 for 32 columns |
/// | Q4_K | as Q4_0; value = number · scale + minimum | scale and minimum for 32 columns, one f16 each |
/// | Q5_K | as Q8_0; value = number · scale + minimum | scale and minimum for 32 columns, one f16 each |
/// | Q6_K | as Q8_0 | one f16 for 16 columns |
///
/// Scales are numbered over the whole matrix, group g = row · (columns / C) + column / C of C columns, and their halves
/// lie two a word, the first in the low one. Files have the scales of K-quants in six or eight bits, as multiples of another
/// scale; the products are rounded to f16 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types, missing_docs, reason = "the names are those of the GGUF specification")]
pub enum PackedFormat {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
    Q4_K,
    Q5_K,
    Q6_K,
}

impl PackedFormat {
    /// The format that a stored type is packed to: its own, or one that is as fine. Q2_K and types that are not for weights
    /// become F32.
    pub fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::F16 => Self::F16,
            DataType::BF16 => Self::BF16,
            DataType::Q8_0 | DataType::Q5_0 => Self::Q8_0,
            DataType::Q4_0 => Self::Q4_0,
            DataType::Q4_K | DataType::Q4_1 => Self::Q4_K,
            DataType::Q5_K | DataType::Q5_1 => Self::Q5_K,
            DataType::Q6_K | DataType::Q3_K => Self::Q6_K,
            _ => Self::F32,
        }
    }

    /// Columns in a word of `data`.
    pub fn columns_per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::F16 | Self::BF16 => 2,
            Self::Q8_0 | Self::Q5_K | Self::Q6_K => 4,
            Self::Q4_0 | Self::Q4_K => 8,
        }
    }

    /// Columns that share a scale; `None` in formats without.
    pub fn group_columns(self) -> Option<usize> {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => None,
            Self::Q6_K => Some(16),
            Self::Q8_0 | Self::Q4_0 | Self::Q4_K | Self::Q5_K => Some(32),
        }
    }

    /// Whether a minimum stands beside every scale.
    pub fn has_minimum(self) -> bool {
        matches!(self, Self::Q4_K | Self::Q5_K)
    }
}

/// Whole rows of a matrix, packed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackedRows {
    /// Values.
    pub data: Vec<u32>,
    /// Scales; empty for formats without.
    pub scales: Vec<u32>,
}

/// Length in words of `data` and `scales` for a matrix of `rows` × `columns`.
pub fn packed_words(format: PackedFormat, rows: usize, columns: usize) -> (usize, usize) {
    let row_words = columns.next_multiple_of(4).div_ceil(format.columns_per_word());
    let groups = format.group_columns().map_or(0, |group| rows * (columns / group));
    let scales = if format.has_minimum() { groups } else { groups.div_ceil(2) };
    (rows * row_words, scales)
}

/// Packs a run of whole rows. Runs of one matrix may be packed one after the other and appended, provided that each but
/// the last has an even number of groups, or the format has no scales or has minima; an odd number is padded with a zero scale.
///
/// # Errors
/// [`Error::BadModel`] when `bytes` is no whole number of rows, when a row of a quantised type is no whole number of
/// blocks, or when Kinora does not compute with the type.
pub fn pack_rows(data_type: DataType, bytes: &[u8], columns: usize) -> Result<PackedRows> {
    let row_bytes = data_type.bytes_of(columns as u64).filter(|row_bytes| *row_bytes > 0);
    let whole = row_bytes.filter(|row_bytes| (bytes.len() as u64).is_multiple_of(*row_bytes));
    let Some(row_bytes) = whole else {
        let length = bytes.len();
        return Err(Error::bad_model(format!("{length} bytes are no whole rows of {columns} {data_type} values")));
    };
    match PackedFormat::of(data_type) {
        PackedFormat::F32 => pack_f32(data_type, bytes, columns),
        PackedFormat::F16 | PackedFormat::BF16 => Ok(pack_halves(bytes, row_bytes as usize)),
        format => Ok(pack_groups(format, data_type, bytes)),
    }
}

fn pack_f32(data_type: DataType, bytes: &[u8], columns: usize) -> Result<PackedRows> {
    let mut values = Vec::new();
    dequantize(data_type, bytes, &mut values)?;
    let padding = columns.next_multiple_of(4) - columns;
    let mut data = Vec::with_capacity(values.len() / columns * (columns + padding));
    for row in values.chunks_exact(columns) {
        data.extend(row.iter().map(|value| value.to_bits()));
        data.extend(std::iter::repeat_n(0, padding));
    }
    Ok(PackedRows { data, scales: Vec::new() })
}

fn pack_halves(bytes: &[u8], row_bytes: usize) -> PackedRows {
    let row_words = row_bytes.next_multiple_of(8) / 4;
    let mut data = Vec::with_capacity(bytes.len() / row_bytes * row_words);
    for row in bytes.chunks_exact(row_bytes) {
        let (words, rest) = row.as_chunks::<4>();
        let end = data.len() + row_words;
        data.extend(words.iter().map(|word| u32::from_le_bytes(*word)));
        if let [low, high] = rest {
            data.push(u32::from_le_bytes([*low, *high, 0, 0]));
        }
        data.resize(end, 0);
    }
    PackedRows { data, scales: Vec::new() }
}

fn pack_groups(format: PackedFormat, data_type: DataType, bytes: &[u8]) -> PackedRows {
    let (mut data, mut scales) = (Vec::with_capacity(bytes.len() / 4), Vec::new());
    each_group(data_type, bytes, &mut |AnyGroup { scale, minimum, quants }| {
        match format {
            PackedFormat::Q4_0 => data.extend(nibbles(quants, 8)),
            PackedFormat::Q4_K => data.extend(nibbles(quants, 0)),
            _ => data.extend(signed_bytes(quants)),
        }
        scales.push(f16::from_f32(scale));
        if format.has_minimum() {
            scales.push(f16::from_f32(minimum));
        }
    });
    let word = |pair: &[f16]| pair.iter().rev().fold(0, |word, half| word << 16 | u32::from(half.to_bits()));
    PackedRows { data, scales: scales.chunks(2).map(word).collect() }
}

/// Four a word.
fn signed_bytes(quants: &[i8]) -> impl Iterator<Item = u32> {
    let (words, _) = quants.as_chunks::<4>();
    words.iter().map(|word| u32::from_le_bytes(word.map(i8::cast_unsigned)))
}

/// Eight a word, each of quant + `bias`.
fn nibbles(quants: &[i8], bias: i8) -> impl Iterator<Item = u32> {
    let nibble = move |quant: &i8| u32::from((quant + bias).cast_unsigned());
    quants.chunks_exact(8).map(move |eight| eight.iter().rev().fold(0, |word, quant| word << 4 | nibble(quant)))
}

/// The values of packed rows, as the shaders read them: the CPU reference.
///
/// # Panics
/// When the buffers are shorter than [`packed_words`] says.
pub fn unpack(format: PackedFormat, packed: &PackedRows, rows: usize, columns: usize) -> Vec<f32> {
    let row_words = columns.next_multiple_of(4).div_ceil(format.columns_per_word());
    let value = |row: usize, column: usize| {
        let word = packed.data[row * row_words + column / format.columns_per_word()];
        let half = |number: usize| half_of(packed.scales[number / 2], number % 2);
        let group = format.group_columns().map_or(0, |group| row * (columns / group) + column / group);
        let byte = || f32::from(word.to_le_bytes()[column % 4].cast_signed());
        let nibble = || (word >> (4 * (column % 8)) & 15) as f32;
        match format {
            PackedFormat::F32 => f32::from_bits(word),
            PackedFormat::F16 => half_of(word, column % 2),
            PackedFormat::BF16 => f32::from_bits(word >> (16 * (column % 2)) << 16),
            PackedFormat::Q8_0 | PackedFormat::Q6_K => byte() * half(group),
            PackedFormat::Q4_0 => (nibble() - 8.0) * half(group),
            PackedFormat::Q4_K => nibble() * half(2 * group) + half(2 * group + 1),
            PackedFormat::Q5_K => byte() * half(2 * group) + half(2 * group + 1),
        }
    };
    (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(r, c)| value(r, c)).collect()
}

/// The low (0) or high (1) half of a word as f16.
fn half_of(word: u32, half: usize) -> f32 {
    f16::from_bits((word >> (16 * half)) as u16).to_f32()
}
