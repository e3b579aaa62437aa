//! Decoding of stored values to f32.

use half::{bf16, f16};

use super::each_group::{AnyGroup, each_group};
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
        _ => {
            let is_known = each_group(data_type, bytes, &mut |AnyGroup { scale, minimum, quants }| {
                out.extend(quants.iter().map(|quant| scale * f32::from(*quant) + minimum));
            });
            if !is_known {
                return Err(Error::bad_model(format!("weights of type {data_type} are not supported yet")));
            }
        }
    }
    Ok(())
}

/// Decodes value after value of `N` bytes.
fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, decode: impl Fn([u8; N]) -> f32) {
    let (values, _) = bytes.as_chunks::<N>();
    out.extend(values.iter().map(|value| decode(*value)));
}
