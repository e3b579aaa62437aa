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

/// Shape: frames, height, width. Values lie a quarter above or below a byte, where no last bit decides between two
/// bytes, and a fifth of them outside of [−1, 1].
fn case(shape: [usize; 3]) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let pixels = shape.iter().product::<usize>();
        let levels = bench.numbers(3 * pixels, 640)?;
        let value = |level: u32| (0.5 * level as f32 - 32.25) / 127.5 - 1.0;
        let values: Vec<f32> = levels.into_iter().map(value).collect();
        let video = bench.upload(&[&shape[..], &[3]].concat(), &values)?;
        bench.poison(pixels)?;
        let output = rgba(&mut bench.recorder, &video)?;
        Ok(Check { output, expected: Expected::Bytes(reference::rgba(&values)), in_place: false })
    };
    Case::new("rgba", "", shape_text(&shape), prepare).exact()
}
