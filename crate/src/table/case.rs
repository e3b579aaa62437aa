//! What a row of the table is made from.

use std::rc::Rc;

use super::bench::Bench;
use crate::error::Result;
use crate::gpu::Tensor;

/// Bound of the relative L2 error of one operation.
pub(super) const BOUND: f64 = 1e-4;

/// One operation on one shape.
pub(super) struct Case {
    pub(super) op: &'static str,
    pub(super) variant: String,
    pub(super) shape: String,
    /// Floating-point operations, where the row has a speed.
    pub(super) flops: Option<f64>,
    /// Largest relative error that passes.
    pub(super) bound: f64,
    /// Makes the inputs, records the operation and computes what it should give.
    pub(super) prepare: Rc<Prepare>,
}

type Prepare = dyn Fn(&mut Bench) -> Result<Check>;

impl Case {
    /// A case within the usual bound and without a speed.
    pub(super) fn new(
        op: &'static str,
        variant: impl Into<String>,
        shape: impl Into<String>,
        prepare: impl Fn(&mut Bench) -> Result<Check> + 'static,
    ) -> Self {
        let prepare = Rc::new(prepare);
        Self { op, variant: variant.into(), shape: shape.into(), flops: None, bound: BOUND, prepare }
    }

    /// The same with a speed.
    pub(super) fn computing(self, flops: usize) -> Self {
        Self { flops: Some(flops as f64), ..self }
    }

    /// The same, for operations that move values without changing them.
    pub(super) fn exact(self) -> Self {
        Self { bound: 0.0, ..self }
    }

    /// The same, under another name for the form without waiting.
    pub(super) fn alone(&self) -> Self {
        let variant = [self.variant.as_str(), "alone"].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        Self { variant: variant.join(", "), shape: self.shape.clone(), prepare: Rc::clone(&self.prepare), ..*self }
    }

    /// What a filter is looked for in.
    pub(super) fn title(&self) -> String {
        format!("{} {} {}", self.op, self.variant, self.shape)
    }
}

/// A recorded operation's output and what should be in it.
pub(super) struct Check {
    pub(super) output: Tensor,
    pub(super) expected: Expected,
    /// Whether the output is also the input, and therefore holds values before the run.
    pub(super) in_place: bool,
}

pub(super) enum Expected {
    Values(Vec<f64>),
    /// Bytes of words, lowest first.
    Bytes(Vec<u8>),
}

impl Check {
    /// The output should hold these values.
    pub(super) fn values(output: Tensor, expected: Vec<f64>) -> Self {
        Self { output, expected: Expected::Values(expected), in_place: false }
    }
}
