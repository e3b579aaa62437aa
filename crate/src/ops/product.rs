//! What linear layers and convolutions have in common: a matrix product in tiles that a workgroup shares, or in blocks of
//! an invocation each.

use crate::gpu::{Access, Invocations};

pub(super) const WEIGHT: &str = include_str!("../../../shaders/weight.wgsl");
pub(super) const ACTIVATION: &str = include_str!("../../../shaders/activation.wgsl");
pub(super) const EPILOGUE: &str = include_str!("../../../shaders/epilogue.wgsl");
pub(super) const TOGETHER: &str =
    concat!(include_str!("../../../shaders/product.wgsl"), include_str!("../../../shaders/product_together.wgsl"));
pub(super) const ALONE: &str =
    concat!(include_str!("../../../shaders/product.wgsl"), include_str!("../../../shaders/product_alone.wgsl"));
/// Six inputs (each kernel says which) and the output.
pub(super) const BINDINGS: &[Access] =
    &[Access::Read, Access::Read, Access::Read, Access::Read, Access::Read, Access::Read, Access::Write];

/// Tiles of 64 × 64 are worth it once there are about this many; below, tiles of 32 × 32 keep more of the device busy.
const MIN_LARGE_TILES: u64 = 64;
/// Rows and columns of a workgroup in product_alone.wgsl.
const BLOCK_ALONE: [usize; 2] = [64, 8];

/// Override constants and workgroups of a product of `rows` × `columns` values.
pub(super) fn layout(invocations: Invocations, rows: usize, columns: usize) -> (Option<(&'static str, f64)>, u64) {
    let tiles = |height: usize, width: usize| rows.div_ceil(height) as u64 * columns.div_ceil(width) as u64;
    match invocations {
        Invocations::Together => {
            let side = if tiles(64, 64) >= MIN_LARGE_TILES { 16 } else { 8 };
            (Some(("SIDE", side as f64)), tiles(4 * side, 4 * side))
        }
        Invocations::Alone => (None, tiles(BLOCK_ALONE[0], BLOCK_ALONE[1])),
    }
}

/// How often an invocation of product_alone.wgsl goes round its loops: for every segment, for every group of columns
/// that shares a scale, 16 at least, for every vector in a group, for the 64 sums that it stores, and once to leave
/// each. `None` where segments are not made of whole vectors, which is all that it reads.
pub(super) fn rounds_alone(segments: usize, inner: usize) -> Option<usize> {
    inner.is_multiple_of(4).then(|| segments * (2 + 2 * inner.div_ceil(16) + inner / 4) + 66)
}
