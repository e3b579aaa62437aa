//! Pixels for a screen.

use super::shape_text;
use crate::error::Result;
use crate::ops::rgba;
use crate::table::bench::Bench;
use crate::table::case::{Case, Check, Expected};
use crate::table::reference;

pub(super) fn cases() -> Vec<Case> {
    [[1, 1, 1], [2, 5, 7], [3, 64, 65]].map(case).into()
}

/// Shape: frames, height, width. A fifth of the values lies outside of [−1, 1]; none lies where a last bit could decide
/// between two bytes.
fn case(shape: [usize; 3]) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let pixels = shape.iter().product::<usize>();
        let levels = bench.numbers(3 * pixels, 320)?;
        let values: Vec<f32> = levels.iter().map(|&level| (level as f32 - 32.0 + 0.25) / 127.5 - 1.0).collect();
        let video = bench.upload(&[&shape[..], &[3]].concat(), &values)?;
        bench.poison(pixels)?;
        let output = rgba(&mut bench.recorder, &video)?;
        Ok(Check { output, expected: Expected::Bytes(reference::rgba(&values)), in_place: false })
    };
    Case::new("rgba", "", shape_text(&shape), prepare).exact()
}
