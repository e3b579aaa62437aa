//! Layer normalisation, affine or modulated.

use super::{ROW_ALONE, ROW_TOGETHER, ensure, for_rows, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Forms, Kernel, Recorder, Tensor};

static LAYER_NORM: Forms = Forms {
    together: Kernel {
        name: "layer_norm",
        source: &[ROW_TOGETHER, include_str!("../../../shaders/layer_norm.wgsl")],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "layer_norm_alone",
        source: &[ROW_ALONE, include_str!("../../../shaders/layer_norm.wgsl")],
        bindings: BINDINGS,
    },
};
const BINDINGS: &[Access] = &[Access::Read, Access::Read, Access::Read, Access::Write];

/// What follows the normalisation of a row.
#[derive(Clone, Copy)]
pub enum Modulation<'a> {
    /// Nothing.
    None,
    /// `y · weight + bias`, both `[columns]`.
    Affine(&'a Tensor, &'a Tensor),
    /// `y · (1 + scale) + shift` (adaLN): scale and shift start at these elements of the tensor.
    Adaptive {
        /// Holds scale and shift.
        values: &'a Tensor,
        /// First element of the scale.
        scale: usize,
        /// First element of the shift.
        shift: usize,
    },
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Parameters {
    rows: u32,
    columns: u32,
    scale_offset: u32,
    shift_offset: u32,
    has_scale: u32,
    scale_base: f32,
    epsilon: f32,
}

/// `x` [.., columns] → the same shape, each row with mean 0 and variance 1, then modulated.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn layer_norm(recorder: &mut Recorder, x: &Tensor, modulation: Modulation<'_>, epsilon: f32) -> Result<Tensor> {
    let (rows, columns) = x.rows_and_columns();
    let (scale, shift, scale_offset, shift_offset, scale_base) = match modulation {
        Modulation::None => (None, None, 0, 0, 0.0),
        Modulation::Affine(weight, bias) => (Some(weight), Some(bias), 0, 0, 0.0),
        Modulation::Adaptive { values, scale, shift } => (Some(values), Some(values), scale, shift, 1.0),
    };
    let covers = |tensor: Option<&Tensor>, offset| tensor.is_none_or(|t| (offset + columns) as u64 <= t.elements());
    ensure(covers(scale, scale_offset) && covers(shift, shift_offset), "layer_norm", || {
        format!("modulation is shorter than {columns} columns")
    })?;
    let out = recorder.tensor(x.shape())?;
    let (kernel, workgroups) = for_rows(recorder, &LAYER_NORM, (rows, columns), 3);
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &[],
        bindings: &[Some(x.storage()), scale.map(Tensor::storage), shift.map(Tensor::storage), Some(out.storage())],
        parameters: Parameters {
            rows: rows as u32,
            columns: columns as u32,
            scale_offset: scale_offset as u32,
            shift_offset: shift_offset as u32,
            has_scale: u32::from(scale.is_some()),
            scale_base,
            epsilon,
        },
        workgroups,
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
