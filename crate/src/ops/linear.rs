//! Linear layers with fused epilogues.

use super::product::{ACTIVATION, BINDINGS, EPILOGUE, WEIGHT};
use super::{Activation, Weight, cost, ensure, product};
use crate::error::Result;
use crate::gpu::{Dispatch, Forms, Invocations, Kernel, Recorder, Tensor, elements_of};

const LINEAR: &str = include_str!("../../../shaders/linear.wgsl");
const MATMUL_ROWS: &str = include_str!("../../../shaders/matmul.wgsl");

static MATMUL: Forms = Forms {
    together: Kernel {
        name: "matmul",
        source: &[
            WEIGHT,
            ACTIVATION,
            EPILOGUE,
            LINEAR,
            MATMUL_ROWS,
            include_str!("../../../shaders/matmul_together.wgsl"),
            product::TOGETHER,
        ],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "matmul_alone",
        source: &[
            WEIGHT,
            ACTIVATION,
            EPILOGUE,
            LINEAR,
            MATMUL_ROWS,
            include_str!("../../../shaders/matmul_alone.wgsl"),
            product::ALONE,
        ],
        bindings: BINDINGS,
    },
};
static MATVEC: Kernel = Kernel {
    name: "matvec",
    source: &[WEIGHT, ACTIVATION, EPILOGUE, LINEAR, include_str!("../../../shaders/matvec.wgsl")],
    bindings: BINDINGS,
};

/// Rows up to which sharing the inner dimension among invocations beats tiles.
const MAX_VECTOR_ROWS: usize = 4;

/// A linear layer.
#[derive(Clone)]
pub struct Linear {
    /// [out features, in features]
    pub weight: Weight,
    /// [out features]
    pub bias: Option<Tensor>,
}

/// What becomes of the activated sum before it is stored.
#[derive(Clone, Copy, Default)]
pub enum Epilogue<'a> {
    /// Nothing.
    #[default]
    Store,
    /// It is added to this tensor of the same shape.
    Add(&'a Tensor),
    /// Each column is multiplied by the gate's value there, the gate starting at this element, and the result added.
    AddGated(&'a Tensor, &'a Tensor, usize),
    /// It multiplies this tensor of the same shape.
    Multiply(&'a Tensor),
}

impl<'a> Epilogue<'a> {
    /// Value of the shaders' `epilogue`, second operand, gate and gate offset.
    pub(super) fn operands(self) -> (u32, Option<&'a Tensor>, Option<&'a Tensor>, u32) {
        match self {
            Self::Store => (0, None, None, 0),
            Self::Add(other) => (1, Some(other), None, 0),
            Self::AddGated(other, gate, offset) => (2, Some(other), Some(gate), offset as u32),
            Self::Multiply(other) => (3, Some(other), None, 0),
        }
    }
}

/// `x` [.., in] → [.., out]: `epilogue(activation(x · weightᵀ + bias))`.
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn linear(
    recorder: &mut Recorder,
    x: &Tensor,
    layer: &Linear,
    activation: Activation,
    epilogue: Epilogue<'_>,
) -> Result<Tensor> {
    let (rows, inner) = x.rows_and_columns();
    let weight = &layer.weight;
    let columns = weight.rows;
    ensure(inner == weight.columns, "matmul", || format!("{inner} features into a layer of {}", weight.columns))?;
    let bias = layer.bias.as_ref();
    ensure(bias.is_none_or(|b| b.elements() == columns as u64), "matmul", || {
        format!("bias is not of {columns} features")
    })?;
    let (epilogue, other, gate, gate_offset) = epilogue.operands();
    ensure(other.is_none_or(|o| o.elements() == elements_of(&[rows, columns])), "matmul", || {
        "second operand has another shape".into()
    })?;
    ensure(gate.is_none_or(|g| u64::from(gate_offset) + columns as u64 <= g.elements()), "matmul", || {
        "gate is too short".into()
    })?;
    let mut shape = x.shape().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = columns;
    }
    let out = recorder.tensor(&shape)?;

    let (matmul, invocations) = recorder.form(&MATMUL, product::rounds_alone(1, inner));
    let (kernel, side, workgroups) = if rows <= MAX_VECTOR_ROWS && invocations == Invocations::Together {
        (&MATVEC, None, (columns * rows.div_ceil(4)) as u64)
    } else {
        let (side, workgroups) = product::layout(invocations, rows, columns);
        (matmul, side, workgroups)
    };
    let constants: Vec<_> = side.into_iter().chain([("WEIGHT_FORMAT", weight.shader_format())]).collect();
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &constants,
        bindings: &[
            Some(x.storage()),
            Some(&weight.data),
            weight.scales.as_ref(),
            bias.map(Tensor::storage),
            other.map(Tensor::storage),
            gate.map(Tensor::storage),
            Some(out.storage()),
        ],
        parameters: [
            rows as u32,
            columns as u32,
            inner as u32,
            activation as u32,
            epilogue,
            u32::from(bias.is_some()),
            gate_offset,
        ],
        workgroups,
        cost: cost(&[2, rows, columns, inner]),
    });
    Ok(out)
}
