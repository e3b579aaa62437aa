//! Decoding of stored values to f32.

use half::{bf16, f16};

use super::group::Group;
use super::{blocks, k_blocks};
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
        DataType::F32 => each(bytes, out, f32::from_le_bytes),
        DataType::F16 => each(bytes, out, |value| f16::from_le_bytes(value).to_f32()),
        DataType::BF16 => each(bytes, out, |value| bf16::from_le_bytes(value).to_f32()),
        DataType::F64 => each(bytes, out, |value| f64::from_le_bytes(value) as f32),
        DataType::Q8_0 => each_block(bytes, out, blocks::q8_0),
        DataType::Q4_0 => each_block(bytes, out, blocks::q4_0),
        DataType::Q4_1 => each_block(bytes, out, blocks::q4_1),
        DataType::Q5_0 => each_block(bytes, out, blocks::q5_0),
        DataType::Q5_1 => each_block(bytes, out, blocks::q5_1),
        DataType::Q2_K => each_block(bytes, out, k_blocks::q2),
        DataType::Q3_K => each_block(bytes, out, k_blocks::q3),
        DataType::Q4_K => each_block(bytes, out, k_blocks::q4),
        DataType::Q5_K => each_block(bytes, out, k_blocks::q5),
        DataType::Q6_K => each_block(bytes, out, k_blocks::q6),
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

/// Decodes value after value of `N` bytes.
fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, decode: impl Fn([u8; N]) -> f32) {
    let (values, _) = bytes.as_chunks::<N>();
    out.extend(values.iter().map(|value| decode(*value)));
}

/// Decodes block after block of `N` bytes.
fn each_block<const N: usize, const GROUPS: usize, const M: usize>(
    bytes: &[u8],
    out: &mut Vec<f32>,
    groups: impl Fn(&[u8; N]) -> [Group<M>; GROUPS],
) {
    let (blocks, _) = bytes.as_chunks::<N>();
    for group in blocks.iter().flat_map(groups) {
        out.extend_from_slice(&group.values());
    }
}
