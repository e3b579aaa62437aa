//! Changes of layout: patchify, unpatchify, channels first and last, interleaved frames.

use super::{elementwise, ensure, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Kernel, Recorder, Tensor, elements_of};

static PERMUTE: Kernel = Kernel {
    name: "permute",
    source: &[include_str!("../../../shaders/permute.wgsl")],
    bindings: &[Access::Read, Access::Write],
};

const MAX_DIMENSIONS: usize = 8;

/// A view of a tensor with its dimensions split and reordered.
pub struct Permutation<'a> {
    /// The input's shape, its dimensions split where they must be (at most 8).
    pub split: &'a [usize],
    /// Which of the split dimensions becomes the first, second, … of the output.
    pub order: &'a [usize],
    /// Shape of the output, with dimensions joined as wanted.
    pub shape: &'a [usize],
}

/// `torch`'s `x.view(split).permute(order).reshape(shape)`.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn permute(recorder: &mut Recorder, x: &Tensor, permutation: &Permutation<'_>) -> Result<Tensor> {
    let Permutation { split, order, shape } = permutation;
    let elements = x.elements();
    let consistent = split.len() == order.len()
        && split.len() <= MAX_DIMENSIONS
        && (0..split.len()).all(|dimension| order.contains(&dimension))
        && elements_of(split) == elements
        && elements_of(shape) == elements;
    ensure(consistent, "permute", || format!("{:?} as {split:?} in order {order:?} to {shape:?}", x.shape()))?;
    let mut sizes = [1; MAX_DIMENSIONS];
    let mut strides = [0; MAX_DIMENSIONS];
    let first = MAX_DIMENSIONS - order.len();
    for (at, &dimension) in order.iter().enumerate() {
        sizes[first + at] = split[dimension] as u32;
        strides[first + at] = elements_of(&split[dimension + 1..]) as u32;
    }
    let out = recorder.tensor(shape)?;
    // In the shader the sizes start with the second vector, behind the first workgroup, the elements and two unused words.
    let mut parameters = [0; 3 + 2 * MAX_DIMENSIONS];
    parameters[0] = elements as u32;
    parameters[3..11].copy_from_slice(&sizes);
    parameters[11..].copy_from_slice(&strides);
    recorder.dispatch(&Dispatch {
        kernel: &PERMUTE,
        constants: &[],
        bindings: &[Some(x.storage()), Some(out.storage())],
        parameters,
        workgroups: elementwise(elements),
        cost: memory_cost(elements),
    });
    Ok(out)
}
