//! Decoding of stored values to f32.

use half::{bf16, f16};

use super::k_blocks;
use crate::error::{Error, Result};
use crate::format::DataType;

/// Decodes stored values and appends them to `out`.
///
/// # Errors
/// [`Error::BadModel`] when `bytes` is no whole number of blocks, or the type is one that Kinora does not compute with.
pub fn dequantize(data_type: DataType, bytes: &[u8], out: &mut Vec<f32>) -> Result<()> {
    let (block_bytes, block_elements) = (data_type.block_bytes(), data_type.block_elements());
    if !bytes.len().is_multiple_of(block_bytes) {
        return Err(Error::bad_model(format!("{} bytes are no whole {data_type} blocks", bytes.len())));
    }
    out.reserve(bytes.len() / block_bytes * block_elements);
    match data_type {
        DataType::F32 => each(bytes, out, |value| [f32::from_le_bytes(*value)]),
        DataType::F16 => each(bytes, out, |value| [f16::from_le_bytes(*value).to_f32()]),
        DataType::BF16 => each(bytes, out, |value| [bf16::from_le_bytes(*value).to_f32()]),
        DataType::F64 => each(bytes, out, |value| [f64::from_le_bytes(*value) as f32]),
        DataType::Q8_0 => each(bytes, out, q8_0),
        DataType::Q4_0 => each(bytes, out, q4_0),
        DataType::Q4_1 => each(bytes, out, q4_1),
        DataType::Q5_0 => each(bytes, out, q5_0),
        DataType::Q5_1 => each(bytes, out, q5_1),
        DataType::Q2_K => each(bytes, out, k_blocks::decode_q2),
        DataType::Q3_K => each(bytes, out, k_blocks::decode_q3),
        DataType::Q4_K => each(bytes, out, k_blocks::decode_q4),
        DataType::Q5_K => each(bytes, out, k_blocks::decode_q5),
        DataType::Q6_K => each(bytes, out, k_blocks::decode_q6),
        DataType::I8
        | DataType::I16
        | DataType::I32
        | DataType::I64
        | DataType::U8
        | DataType::Bool
        | DataType::Other(_) => {
            return Err(Error::bad_model(format!("weights of type {data_type} are not supported yet")));
        }
    }
    Ok(())
}

/// Decodes block after block of `N` bytes.
fn each<const N: usize, const M: usize>(bytes: &[u8], out: &mut Vec<f32>, decode: impl Fn(&[u8; N]) -> [f32; M]) {
    let (blocks, _) = bytes.as_chunks::<N>();
    for block in blocks {
        out.extend_from_slice(&decode(block));
    }
}

/// The f16 at `offset`, as f32.
pub(super) fn half_at(block: &[u8], offset: usize) -> f32 {
    f16::from_le_bytes([block[offset], block[offset + 1]]).to_f32()
}

fn q8_0(block: &[u8; 34]) -> [f32; 32] {
    let scale = half_at(block, 0);
    std::array::from_fn(|i| f32::from(block[2 + i].cast_signed()) * scale)
}

fn q4_0(block: &[u8; 18]) -> [f32; 32] {
    let scale = half_at(block, 0);
    std::array::from_fn(|i| (f32::from(nibble(&block[2..], i)) - 8.0) * scale)
}

fn q4_1(block: &[u8; 20]) -> [f32; 32] {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    std::array::from_fn(|i| f32::from(nibble(&block[4..], i)) * scale + minimum)
}

fn q5_0(block: &[u8; 22]) -> [f32; 32] {
    let scale = half_at(block, 0);
    std::array::from_fn(|i| (f32::from(nibble(&block[6..], i) | fifth_bit(&block[2..6], i)) - 16.0) * scale)
}

fn q5_1(block: &[u8; 24]) -> [f32; 32] {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    std::array::from_fn(|i| f32::from(nibble(&block[8..], i) | fifth_bit(&block[4..8], i)) * scale + minimum)
}

/// Element `i` of 32: the low nibbles are elements 0 to 15, the high ones 16 to 31.
pub(super) fn nibble(bytes: &[u8], i: usize) -> u8 {
    if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 }
}

fn fifth_bit(bytes: &[u8], i: usize) -> u8 {
    (bytes[i / 8] >> (i % 8) & 1) << 4
}
