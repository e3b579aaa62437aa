//! The op table: every kernel, variant and shape against a plain reference on the CPU, with its speed.
//!
//! Inputs are random from a fixed seed and never zero. Behind each input and weight lie values that are not numbers, so
//! that whoever reads past an end is found out; outputs are filled with such values before the run, and so is what
//! lies behind them, so that a value left out or written in the wrong place is found out too.

mod bench;
mod case;
mod cases;
mod measure;
mod reference;

use std::rc::Rc;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::gpu::{Gpu, Invocations};
use case::Case;

pub use measure::relative_error;

/// Operations whose kernels have a form for invocations that work together and one for each alone; both are tested on
/// every device.
const WITH_FORMS: [&str; 6] = ["linear", "attention", "conv", "layer_norm", "rms_norm", "softmax"];

/// One case of the table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpRow {
    /// Name of the operation in `kinora::ops`.
    pub op: &'static str,
    /// Weight format, options and epilogue.
    pub variant: String,
    /// Sizes, in words where they have no usual order.
    pub shape: String,
    /// Relative L2 error ‖a − b‖ / ‖b‖ against the reference; infinite where a value is missing or not a number.
    pub error: f64,
    /// Largest error that passes.
    pub bound: f64,
    /// Whether the error is within the bound.
    pub ok: bool,
    /// Median time of one run, from submission to completion.
    pub milliseconds: f64,
    /// Speed in 10⁹ floating-point operations per second, for operations that compute more than they move.
    pub gflops: Option<f64>,
}

/// Runs the cases whose operation, variant and shape together contain `filter`, calling `on_row` after each.
///
/// # Errors
/// [`Error::BadInput`] when no case matches, or what the device reported. A wrong result is no error but a row that is
/// not `ok`.
pub async fn run(gpu: &Rc<Gpu>, filter: Option<&str>, mut on_row: impl FnMut(&OpRow)) -> Result<Vec<OpRow>> {
    let mut cases = with_forms(cases::all());
    if let Some(filter) = filter {
        cases.retain(|(case, _)| case.title().contains(filter));
        if cases.is_empty() {
            return Err(Error::bad_input(format!("The op table has no row that contains \"{filter}\".")));
        }
    }
    let mut rows = Vec::with_capacity(cases.len());
    for (case, invocations) in &cases {
        let row = measure::measure(gpu, case, *invocations).await?;
        on_row(&row);
        rows.push(row);
    }
    Ok(rows)
}

/// Every case with the form in which it runs; the second form of a case follows it, and its variant says so.
fn with_forms(cases: Vec<Case>) -> Vec<(Case, Invocations)> {
    let forms = |case: Case| {
        let alone = WITH_FORMS.contains(&case.op).then(|| (case.alone(), Invocations::Alone));
        std::iter::once((case, Invocations::Together)).chain(alone)
    };
    cases.into_iter().flat_map(forms).collect()
}
