//! Softmax.

use super::shape_text;
use crate::error::Result;
use crate::ops::softmax;
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

pub(super) fn cases() -> Vec<Case> {
    [([1, 1], 1.0), ([3, 5], 1.0), ([33, 65], 1.0), ([5, 1000], 1.0), ([9, 130], 50.0), ([512, 512], 1.0)]
        .map(|(shape, spread)| case(shape, spread))
        .into()
}

fn case(shape: [usize; 2], spread: f32) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let values: Vec<f32> = bench.normal(shape[0] * shape[1]).iter().map(|x| spread * x).collect();
        let x = bench.upload(&shape, &values)?;
        bench.poison(values.len())?;
        Ok(Check::values(softmax(&mut bench.recorder, &x)?, reference::softmax(&values, shape[1])))
    };
    Case::new("softmax", format!("spread {spread}"), shape_text(&shape), prepare)
}
