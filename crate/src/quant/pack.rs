//! Packing of stored matrices for the GPU: quants and scales in buffers of their own, in whole words.

use half::f16;

use super::decode::{dequantize, nibble};
use crate::error::{Error, Result};
use crate::format::DataType;

/// Columns in a block of a packed quantised format.
const BLOCK: usize = 32;

/// What the shaders read.
///
/// | format | `data` | `scales` |
/// |---|---|---|
/// | F32 | one f32 a word; rows padded with zeros to a multiple of 4 columns | none |
/// | F16, BF16 | two a word, the even column in the low half; rows padded with zeros to a multiple of 4 columns | none |
/// | Q8_0 | four i8 a word, column 4w + i in byte i | one f16 for 32 columns |
/// | Q4_0 | eight 4-bit numbers a word, column 8w + i in bits 4i to 4i + 3; value = (number − 8) · scale | one f16 for 32 columns |
///
/// Scales are numbered over the whole matrix, block b = row · (columns / 32) + column / 32, and lie two a word: word
/// b / 2, low half for even b.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types, missing_docs, reason = "the names are those of the GGUF specification")]
pub enum PackedFormat {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
}

impl PackedFormat {
    /// The format that a stored type is packed to. Types without a kernel of their own become F32.
    pub fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::F16 => Self::F16,
            DataType::BF16 => Self::BF16,
            DataType::Q8_0 => Self::Q8_0,
            DataType::Q4_0 => Self::Q4_0,
            _ => Self::F32,
        }
    }

    /// Columns in a word of `data`.
    pub fn columns_per_word(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::F16 | Self::BF16 => 2,
            Self::Q8_0 => 4,
            Self::Q4_0 => 8,
        }
    }

    /// Whether values have scales beside them.
    pub fn is_quantised(self) -> bool {
        matches!(self, Self::Q8_0 | Self::Q4_0)
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
    let scales = if format.is_quantised() { (rows * (columns / BLOCK)).div_ceil(2) } else { 0 };
    (rows * row_words, scales)
}

/// Packs a run of whole rows. Runs of one matrix may be packed one after the other and appended, provided that each but
/// the last has an even number of blocks, or the format has no scales; an odd number is padded with a zero scale.
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
    let row_bytes = row_bytes as usize;
    match PackedFormat::of(data_type) {
        PackedFormat::F32 => pack_f32(data_type, bytes, columns),
        PackedFormat::F16 | PackedFormat::BF16 => Ok(pack_halves(bytes, row_bytes)),
        PackedFormat::Q8_0 => Ok(pack_blocks::<34>(bytes, |block, data| {
            let (words, _) = block[2..].as_chunks::<4>();
            data.extend(words.iter().map(|word| u32::from_le_bytes(*word)));
        })),
        PackedFormat::Q4_0 => Ok(pack_blocks::<18>(bytes, |block, data| {
            let word = |w: usize| (0..8).fold(0, |word, i| word | u32::from(nibble(&block[2..], 8 * w + i)) << (4 * i));
            data.extend((0..4).map(word));
        })),
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

/// Packs blocks of `N` bytes that begin with their f16 scale.
fn pack_blocks<const N: usize>(bytes: &[u8], quants: impl Fn(&[u8; N], &mut Vec<u32>)) -> PackedRows {
    let (blocks, _) = bytes.as_chunks::<N>();
    let mut packed = PackedRows::default();
    packed.data.reserve(blocks.len() * (N - 2) / 4);
    packed.scales.reserve(blocks.len().div_ceil(2));
    for (b, block) in blocks.iter().enumerate() {
        quants(block, &mut packed.data);
        let scale = u32::from(u16::from_le_bytes([block[0], block[1]]));
        match packed.scales.last_mut().filter(|_| b % 2 == 1) {
            Some(word) => *word |= scale << 16,
            None => packed.scales.push(scale),
        }
    }
    packed
}

/// The values of packed rows, as the shaders read them: the CPU reference.
///
/// # Panics
/// When the buffers are shorter than [`packed_words`] says.
pub fn unpack(format: PackedFormat, packed: &PackedRows, rows: usize, columns: usize) -> Vec<f32> {
    let row_words = columns.next_multiple_of(4).div_ceil(format.columns_per_word());
    let value = |row: usize, column: usize| {
        let word = packed.data[row * row_words + column / format.columns_per_word()];
        let scale = |block: usize| half_of(packed.scales[block / 2], block % 2);
        let block = row * (columns / BLOCK) + column / BLOCK;
        match format {
            PackedFormat::F32 => f32::from_bits(word),
            PackedFormat::F16 => half_of(word, column % 2),
            PackedFormat::BF16 => f32::from_bits(word >> (16 * (column % 2)) << 16),
            PackedFormat::Q8_0 => f32::from(word.to_le_bytes()[column % 4].cast_signed()) * scale(block),
            PackedFormat::Q4_0 => ((word >> (4 * (column % 8)) & 15) as f32 - 8.0) * scale(block),
        }
    };
    (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(r, c)| value(r, c)).collect()
}

/// The low (0) or high (1) half of a word as f16.
fn half_of(word: u32, half: usize) -> f32 {
    f16::from_bits((word >> (16 * half)) as u16).to_f32()
}
