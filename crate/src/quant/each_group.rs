//! Which function reads a block of which type.

use super::group::Group;
use super::{blocks, k_blocks};
use crate::format::DataType;

/// A group of any number of values, as it is handed on.
pub(super) struct AnyGroup<'a> {
    pub(super) scale: f32,
    pub(super) minimum: f32,
    pub(super) quants: &'a [i8],
}

/// Shows every group of whole blocks, one after the other. False, and nothing is shown, for types that have no blocks or
/// that Kinora does not compute with.
pub(super) fn each_group(data_type: DataType, bytes: &[u8], show: &mut dyn FnMut(AnyGroup)) -> bool {
    match data_type {
        DataType::Q8_0 => in_blocks(bytes, blocks::q8_0, show),
        DataType::Q4_0 => in_blocks(bytes, blocks::q4_0, show),
        DataType::Q4_1 => in_blocks(bytes, blocks::q4_1, show),
        DataType::Q5_0 => in_blocks(bytes, blocks::q5_0, show),
        DataType::Q5_1 => in_blocks(bytes, blocks::q5_1, show),
        DataType::Q2_K => in_blocks(bytes, k_blocks::q2, show),
        DataType::Q3_K => in_blocks(bytes, k_blocks::q3, show),
        DataType::Q4_K => in_blocks(bytes, k_blocks::q4, show),
        DataType::Q5_K => in_blocks(bytes, k_blocks::q5, show),
        DataType::Q6_K => in_blocks(bytes, k_blocks::q6, show),
        _ => return false,
    }
    true
}

fn in_blocks<const N: usize, const GROUPS: usize, const M: usize>(
    bytes: &[u8],
    groups: impl Fn(&[u8; N]) -> [Group<M>; GROUPS],
    show: &mut dyn FnMut(AnyGroup),
) {
    let (blocks, _) = bytes.as_chunks::<N>();
    for Group { scale, minimum, quants } in blocks.iter().flat_map(groups) {
        show(AnyGroup { scale, minimum, quants: &quants });
    }
}
