//! Activation functions, sums, and scale and shift by channel.

use super::shape_text;
use crate::error::Result;
use crate::ops::{Activation, activate, add, channel_affine};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

pub(super) fn cases() -> Vec<Case> {
    let functions = [Activation::GeluTanh, Activation::Silu, Activation::GeluErf, Activation::Relu];
    // Far out the functions are flat, and exponentials overflow where they are not held back.
    let activations =
        functions.into_iter().flat_map(|function| [1.0, 100.0].map(|spread| activate_case(function, spread)));
    let sums =
        [([1, 1], [1, 1]), ([7, 37], [7, 37]), ([33, 65], [1, 65]), ([4, 6], [2, 6]), ([1024, 512], [1024, 512])];
    let affine = [[1, 1], [7, 3], [100, 16], [1920, 48]].map(channel_affine_case);
    activations.chain(sums.map(|(x, y)| add_case(x, y))).chain(affine).collect()
}

fn activate_case(function: Activation, spread: f32) -> Case {
    const ELEMENTS: usize = 1021;
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let values: Vec<f32> = bench.normal(ELEMENTS).iter().map(|x| spread * x).collect();
        let x = bench.upload(&[ELEMENTS], &values)?;
        let expected = values.iter().map(|&x| reference::activation(function, f64::from(x))).collect();
        bench.poison(ELEMENTS)?;
        Ok(Check::values(activate(&mut bench.recorder, &x, function)?, expected))
    };
    Case::new("activate", format!("{function:?}, spread {spread}"), ELEMENTS.to_string(), prepare)
}

fn add_case(x: [usize; 2], y: [usize; 2]) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x_tensor, x_values) = bench.tensor(&x)?;
        let (y_tensor, y_values) = bench.tensor(&y)?;
        bench.poison(x_values.len())?;
        let out = add(&mut bench.recorder, &x_tensor, &y_tensor)?;
        Ok(Check::values(out, reference::add(&x_values, &y_values)))
    };
    let variant = if x == y { "same shape" } else { "repeated" };
    Case::new("add", variant, format!("{} + {}", shape_text(&x), shape_text(&y)), prepare)
}

fn channel_affine_case(shape: [usize; 2]) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (x, values) = bench.tensor(&shape)?;
        let (scale, scale_values) = bench.tensor(&shape[1..])?;
        let (shift, shift_values) = bench.tensor(&shape[1..])?;
        bench.poison(values.len())?;
        let out = channel_affine(&mut bench.recorder, &x, &scale, &shift)?;
        Ok(Check::values(out, reference::channel_affine(&values, &scale_values, &shift_values)))
    };
    Case::new("channel_affine", "", shape_text(&shape), prepare)
}
