// Activation functions. Prepended to the kernels that end in one.

const NO_ACTIVATION: u32 = 0u;
const GELU_TANH: u32 = 1u;
const SILU: u32 = 2u;
const GELU_ERF: u32 = 3u;
const RELU: u32 = 4u;

// tanh overflows to NaN for large arguments on some drivers.
fn gelu_tanh(x: f32) -> f32 {
    return 0.5 * x * (1.0 + tanh(clamp(0.7978845608 * (x + 0.044715 * x * x * x), -15.0, 15.0)));
}

fn silu(x: f32) -> f32 {
    return x / (1.0 + exp(-clamp(x, -80.0, 80.0)));
}

// Abramowitz and Stegun 7.1.26, |error| <= 1.5e-7.
fn gelu_erf(x: f32) -> f32 {
    let z = abs(x) * 0.7071067812;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    let erf = sign(x) * (1.0 - series * exp(-z * z));
    return 0.5 * x * (1.0 + erf);
}

fn activate(x: f32, activation: u32) -> f32 {
    switch activation {
        case GELU_TANH: { return gelu_tanh(x); }
        case SILU: { return silu(x); }
        case GELU_ERF: { return gelu_erf(x); }
        case RELU: { return max(x, 0.0); }
        default: { return x; }
    }
}
