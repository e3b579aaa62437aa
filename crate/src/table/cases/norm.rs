//! Layer normalisation and normalisation by the root of the mean square.

use super::{shape_text, words};
use crate::error::Result;
use crate::ops::{Activation, Modulation, Rms, layer_norm, rms_norm};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain,
    Affine,
    Adaptive,
}

/// More rows than there are workgroups along one dimension of a dispatch.
const MANY_ROWS: usize = 70_001;
/// Values so small that what keeps a row from being divided by zero decides.
const TINY: f32 = 1e-7;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for shape in [[1, 2], [3, 5], [33, 65], [20, 192], [7, 1536]] {
        cases.extend([Kind::Plain, Kind::Affine, Kind::Adaptive].map(|kind| layer_norm_case(kind, shape)));
    }
    cases.push(layer_norm_case(Kind::Adaptive, [768, 384]));
    for rms in [Rms::Epsilon(1e-6), Rms::Floor(1e-12)] {
        for (shape, activation) in [
            ([1, 3], Activation::None),
            ([5, 7], Activation::Silu),
            ([33, 65], Activation::None),
            ([33, 64], Activation::Silu),
            ([9, 1536], Activation::None),
            ([MANY_ROWS, 3], Activation::None),
        ] {
            cases.push(rms_norm_case(rms, shape, activation, 1.0));
        }
    }
    cases.extend([Rms::Epsilon(1e-6), Rms::Floor(1e-5)].map(|rms| rms_norm_case(rms, [6, 40], Activation::None, TINY)));
    cases.push(rms_norm_case(Rms::Floor(1e-12), [4096, 96], Activation::Silu, 1.0));
    cases
}

fn layer_norm_case(kind: Kind, [rows, columns]: [usize; 2]) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        // A mean that is not zero, so that forgetting it shows.
        let values: Vec<f32> = bench.normal(rows * columns).iter().map(|x| 3.0 + x).collect();
        let x = bench.upload(&[rows, columns], &values)?;
        // Weight, or scale, is the third row; bias, or shift, the second.
        let (table, modulation) = bench.tensor(&[4, columns])?;
        let (weight, bias) = (&modulation[2 * columns..3 * columns], &modulation[columns..2 * columns]);
        let [weight_tensor, bias_tensor] = [bench.upload(&[columns], weight)?, bench.upload(&[columns], bias)?];
        let (kernel, base, factors) = match kind {
            Kind::Plain => (Modulation::None, 1.0, None),
            Kind::Affine => (Modulation::Affine(&weight_tensor, &bias_tensor), 0.0, Some((weight, bias))),
            Kind::Adaptive => {
                let adaptive = Modulation::Adaptive { values: &table, scale: 2 * columns, shift: columns };
                (adaptive, 1.0, Some((weight, bias)))
            }
        };
        let mut expected = reference::layer_norm(&values, columns, 1e-6);
        if let Some((scale, shift)) = factors {
            for (i, value) in expected.iter_mut().enumerate() {
                *value = *value * (base + f64::from(scale[i % columns])) + f64::from(shift[i % columns]);
            }
        }
        bench.poison(rows * columns)?;
        Ok(Check::values(layer_norm(&mut bench.recorder, &x, kernel, 1e-6)?, expected))
    };
    Case::new("layer_norm", format!("{kind:?}").to_lowercase(), shape_text(&[rows, columns]), prepare)
}

fn rms_norm_case(rms: Rms, [rows, columns]: [usize; 2], activation: Activation, magnitude: f32) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let values: Vec<f32> = bench.normal(rows * columns).iter().map(|x| magnitude * x).collect();
        let x = bench.upload(&[rows, columns], &values)?;
        let (weight, weight_values) = bench.tensor(&[columns])?;
        let normalised = reference::rms_norm(&values, &weight_values, rms);
        let expected = normalised.into_iter().map(|value| reference::activation(activation, value)).collect();
        bench.poison(rows * columns)?;
        Ok(Check::values(rms_norm(&mut bench.recorder, &x, &weight, rms, activation)?, expected))
    };
    let kind = match rms {
        Rms::Epsilon(epsilon) => format!("epsilon {epsilon:e}"),
        Rms::Floor(floor) => format!("floor {floor:e}"),
    };
    let activation = if activation == Activation::None { String::new() } else { format!("{activation:?}") };
    let tiny = if magnitude < 1.0 { "tiny values" } else { "" };
    Case::new("rms_norm", words(&[&kind, &activation, tiny]), shape_text(&[rows, columns]), prepare)
}
