//! Rotary position embedding.

use super::shape_text;
use crate::error::Result;
use crate::ops::rope;
use crate::table::bench::Bench;
use crate::table::case::{Case, Check, Expected};
use crate::table::reference;

pub(super) fn cases() -> Vec<Case> {
    // Tokens, heads, columns of a head.
    [[1, 1, 2], [5, 3, 12], [37, 2, 24], [65, 4, 64], [768, 12, 128]].map(case).into()
}

fn case(shape: [usize; 3]) -> Case {
    let [tokens, heads, head_dim] = shape;
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x, values) = bench.tensor(&[tokens, heads * head_dim])?;
        let angles = bench.normal(tokens * head_dim / 2);
        let table: Vec<f32> = angles.iter().flat_map(|angle| [angle.cos(), angle.sin()]).collect();
        let table_tensor = bench.upload(&[tokens, head_dim / 2, 2], &table)?;
        rope(&mut bench.recorder, &x, &table_tensor)?;
        let expected = Expected::Values(reference::rope(&values, &table, tokens, head_dim));
        Ok(Check { output: x, expected, in_place: true })
    };
    Case::new("rope", "in place", shape_text(&shape), prepare)
}
