//! Normalisation by the root of the mean square.

use super::{Activation, ROW_ALONE, ROW_TOGETHER, ensure, for_rows, memory_cost};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Forms, Kernel, Recorder, Tensor};

static RMS_NORM: Forms = Forms {
    together: Kernel {
        name: "rms_norm",
        source: &[
            ROW_TOGETHER,
            include_str!("../../../shaders/activation.wgsl"),
            include_str!("../../../shaders/rms_norm.wgsl"),
        ],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "rms_norm_alone",
        source: &[
            ROW_ALONE,
            include_str!("../../../shaders/activation.wgsl"),
            include_str!("../../../shaders/rms_norm.wgsl"),
        ],
        bindings: BINDINGS,
    },
};
const BINDINGS: &[Access] = &[Access::Read, Access::Read, Access::Write];

/// How a row is kept from being divided by zero.
#[derive(Clone, Copy)]
pub enum Rms {
    /// √(mean(x²) + ε), as `torch.nn.RMSNorm` and T5 have it.
    Epsilon(f32),
    /// max(‖x‖, floor) / √columns, as the Wan VAE has it.
    Floor(f32),
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Parameters {
    rows: u32,
    columns: u32,
    activation: u32,
    epsilon: f32,
    floor: f32,
}

/// `x` [.., columns] → the same shape: `activation(x / rms(x) · weight)`, weight `[columns]`.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn rms_norm(
    recorder: &mut Recorder,
    x: &Tensor,
    weight: &Tensor,
    rms: Rms,
    activation: Activation,
) -> Result<Tensor> {
    let (rows, columns) = x.rows_and_columns();
    ensure(weight.elements() == columns as u64, "rms_norm", || {
        format!("weight of {} for {columns} columns", weight.elements())
    })?;
    let (epsilon, floor) = match rms {
        Rms::Epsilon(epsilon) => (epsilon, 0.0),
        Rms::Floor(floor) => (0.0, floor),
    };
    let out = recorder.tensor(x.shape())?;
    let (kernel, workgroups) = for_rows(recorder, &RMS_NORM, (rows, columns), 2);
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &[],
        bindings: &[Some(x.storage()), Some(weight.storage()), Some(out.storage())],
        parameters: Parameters {
            rows: rows as u32,
            columns: columns as u32,
            activation: activation as u32,
            epsilon,
            floor,
        },
        workgroups,
        cost: memory_cost(x.elements()),
    });
    Ok(out)
}
