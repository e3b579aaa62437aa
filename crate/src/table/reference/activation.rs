//! Activation functions.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::ops::Activation;

/// The function's value.
pub(in crate::table) fn activation(which: Activation, x: f64) -> f64 {
    match which {
        Activation::None => x,
        Activation::GeluTanh => 0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh()),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::GeluErf => 0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2)),
        Activation::Relu => x.max(0.0),
    }
}

/// erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms all have the sign of x.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::erf;

    /// Values of Abramowitz and Stegun, table 7.1.
    #[test]
    fn erf_has_the_tabulated_values() {
        for (x, value) in [(0.5, 0.520_499_877_8), (1.0, 0.842_700_792_9), (2.0, 0.995_322_265_0), (5.0, 1.0)] {
            assert!((erf(x) - value).abs() < 1e-10, "erf({x})");
            assert!((erf(-x) + value).abs() < 1e-10, "erf(-{x})");
        }
    }
}
