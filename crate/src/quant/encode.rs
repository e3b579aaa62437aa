//! Encoding of f32 values as they are stored in files.

use half::{bf16, f16};

use super::k_blocks;
use crate::error::{Error, Result};
use crate::format::DataType;

/// Encodes values, whole rows after each other. F16, BF16, Q8_0 and Q4_0 are bit-equal with ggml's reference encoder.
///
/// # Errors
/// [`Error::BadInput`] when the values are no whole number of blocks, when one is not a number or lies outside of the
/// range of the type (±65504 for types built on f16), or when Kinora does not write the type.
pub fn quantize(data_type: DataType, values: &[f32]) -> Result<Vec<u8>> {
    if !values.len().is_multiple_of(data_type.block_elements()) {
        return Err(Error::bad_input(format!("{} values are no whole {data_type} blocks", values.len())));
    }
    let largest = match data_type {
        DataType::F32 => f32::INFINITY,
        DataType::BF16 => bf16::MAX.to_f32(),
        _ => f16::MAX.to_f32(),
    };
    if let Some(value) = values.iter().find(|value| value.abs() > largest || value.is_nan()) {
        return Err(Error::bad_input(format!("the weight {value} has no {data_type} form")));
    }
    match data_type {
        DataType::F32 => Ok(each(values, |[value]| value.to_le_bytes())),
        DataType::F16 => Ok(each(values, |[value]| f16::from_f32(*value).to_le_bytes())),
        DataType::BF16 => Ok(each(values, |[value]| bf16::from_f32(*value).to_le_bytes())),
        DataType::Q8_0 => Ok(each(values, q8_0)),
        DataType::Q4_0 => Ok(each(values, q4_0)),
        DataType::Q4_K => Ok(each(values, k_blocks::encode_q4)),
        DataType::Q5_K => Ok(each(values, k_blocks::encode_q5)),
        DataType::Q6_K => Ok(each(values, k_blocks::encode_q6)),
        _ => Err(Error::bad_input(format!(
            "Kinora does not write {data_type}. Choose F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K or Q4_0."
        ))),
    }
}

/// Encodes block after block of `N` values.
fn each<const N: usize, const M: usize>(values: &[f32], encode: impl Fn(&[f32; N]) -> [u8; M]) -> Vec<u8> {
    let (blocks, _) = values.as_chunks::<N>();
    let mut bytes = Vec::with_capacity(blocks.len() * M);
    for block in blocks {
        bytes.extend_from_slice(&encode(block));
    }
    bytes
}

fn q8_0(values: &[f32; 32]) -> [u8; 34] {
    let largest = values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    let inverse = inverse(scale);
    let mut block = [0; 34];
    block[..2].copy_from_slice(&f16::from_f32(scale).to_le_bytes());
    for (byte, value) in block[2..].iter_mut().zip(values) {
        *byte = ((value * inverse).round() as i8).cast_unsigned();
    }
    block
}

fn q4_0(values: &[f32; 32]) -> [u8; 18] {
    // The first of the largest magnitudes, with its sign, becomes -8.
    let largest = values.iter().copied().fold(0.0, |a: f32, b: f32| if b.abs() > a.abs() { b } else { a });
    let scale = largest / -8.0;
    let inverse = inverse(scale);
    let quant = |value: f32| ((value * inverse + 8.5) as u8).min(15);
    let mut block = [0; 18];
    block[..2].copy_from_slice(&f16::from_f32(scale).to_le_bytes());
    for (i, byte) in block[2..].iter_mut().enumerate() {
        *byte = quant(values[i]) | quant(values[i + 16]) << 4;
    }
    block
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}
