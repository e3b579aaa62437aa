//! What follows a sum of products.

use super::activation;
use crate::ops::Activation;

/// Second operand of the same shape.
pub(in crate::table) enum Operand<'a> {
    None,
    Add(&'a [f32]),
    /// Added after the value was multiplied by the gate of its column.
    AddGated(&'a [f32], &'a [f32]),
    Multiply(&'a [f32]),
}

/// Bias by column, activation, second operand.
pub(in crate::table) fn epilogue(
    sums: &[f64],
    columns: usize,
    bias: Option<&[f32]>,
    function: Activation,
    operand: &Operand<'_>,
) -> Vec<f64> {
    let finish = |(i, sum): (usize, &f64)| {
        let value = activation(function, sum + bias.map_or(0.0, |bias| f64::from(bias[i % columns])));
        match operand {
            Operand::None => value,
            Operand::Add(other) => f64::from(other[i]) + value,
            Operand::AddGated(other, gate) => f64::from(other[i]) + value * f64::from(gate[i % columns]),
            Operand::Multiply(other) => f64::from(other[i]) * value,
        }
    };
    sums.iter().enumerate().map(finish).collect()
}
