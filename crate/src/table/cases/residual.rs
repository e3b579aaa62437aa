//! Shortcuts of the residual VAE.

use super::shape_text;
use crate::error::Result;
use crate::ops::{average_down, duplicate_up};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

#[derive(Clone, Copy)]
struct Shapes {
    x: [usize; 4],
    other: [usize; 4],
    /// Over time, and over height and width.
    factors: [usize; 2],
}

pub(super) fn cases() -> Vec<Case> {
    let down = [
        ([4, 4, 6, 4], [2, 2, 3, 8], [2, 2]),
        ([3, 4, 6, 4], [2, 2, 3, 8], [2, 2]),
        ([1, 2, 2, 3], [1, 1, 1, 6], [2, 2]),
        ([2, 6, 4, 5], [2, 3, 2, 10], [1, 2]),
        ([3, 3, 5, 7], [3, 3, 5, 7], [1, 1]),
        ([4, 32, 48, 32], [2, 16, 24, 64], [2, 2]),
    ];
    let up = [
        ([2, 3, 4, 8], [4, 6, 8, 4], [2, 2]),
        ([2, 3, 4, 8], [3, 6, 8, 4], [2, 2]),
        ([1, 2, 3, 8], [1, 4, 6, 4], [2, 2]),
        ([2, 3, 5, 6], [2, 6, 10, 3], [1, 2]),
        ([3, 3, 5, 7], [3, 3, 5, 7], [1, 1]),
        ([2, 16, 24, 64], [4, 32, 48, 32], [2, 2]),
    ];
    let down = down.map(|(x, other, factors)| down_case(Shapes { x, other, factors }));
    let up = up.map(|(x, other, factors)| up_case(Shapes { x, other, factors }));
    down.into_iter().chain(up).collect()
}

fn down_case(shapes: Shapes) -> Case {
    let Shapes { x, other, factors } = shapes;
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x_tensor, x_values) = bench.tensor(&x)?;
        let (other_tensor, other_values) = bench.tensor(&other)?;
        let shortcut = reference::average_down(&x_values, x, other, factors);
        bench.poison(other_values.len())?;
        let out = average_down(&mut bench.recorder, &x_tensor, &other_tensor, factors[0], factors[1])?;
        Ok(Check::values(out, sum(&other_values, &shortcut)))
    };
    let variant = if x[0] % factors[0] == 0 { "whole blocks" } else { "zero frames in front" };
    Case::new("average_down", variant, arrow(shapes), prepare)
}

fn up_case(shapes: Shapes) -> Case {
    let Shapes { x, other, factors } = shapes;
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x_tensor, x_values) = bench.tensor(&x)?;
        let (other_tensor, other_values) = bench.tensor(&other)?;
        let shortcut = reference::duplicate_up(&x_values, x, other, factors);
        bench.poison(other_values.len())?;
        let out = duplicate_up(&mut bench.recorder, &x_tensor, &other_tensor, factors[0], factors[1])?;
        Ok(Check::values(out, sum(&other_values, &shortcut)))
    };
    let variant = if other[0] == x[0] * factors[0] { "later chunk" } else { "first chunk" };
    Case::new("duplicate_up", variant, arrow(shapes), prepare)
}

fn sum(other: &[f32], shortcut: &[f64]) -> Vec<f64> {
    other.iter().zip(shortcut).map(|(&other, shortcut)| f64::from(other) + shortcut).collect()
}

fn arrow(shapes: Shapes) -> String {
    format!("{} to {}", shape_text(&shapes.x), shape_text(&shapes.other))
}
