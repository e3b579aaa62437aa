//! Weight matrices as they lie on the device.

use std::rc::Rc;

use crate::gpu::Storage;
use crate::quant::PackedFormat;

/// A matrix [rows, columns] of weights, packed; kernels decode it as they read.
#[derive(Clone)]
pub struct Weight {
    /// How values are packed.
    pub format: PackedFormat,
    /// Output features.
    pub rows: usize,
    /// Input features; for a convolution, taps × input channels.
    pub columns: usize,
    /// Whether a convolution's columns have the taps as their fastest dimension, as files store them, rather than the
    /// input channels.
    pub taps_fastest: bool,
    /// Packed values.
    pub data: Rc<Storage>,
    /// Scales, and minima where the format has them: [`PackedFormat`].
    pub scales: Option<Rc<Storage>>,
}

impl Weight {
    /// Value of the shaders' `WEIGHT_FORMAT`.
    pub(super) fn shader_format(&self) -> f64 {
        match self.format {
            PackedFormat::F32 => 0.0,
            PackedFormat::F16 => 1.0,
            PackedFormat::BF16 => 2.0,
            PackedFormat::Q8_0 => 3.0,
            PackedFormat::Q4_0 => 4.0,
            PackedFormat::Q4_K => 5.0,
            PackedFormat::Q5_K => 6.0,
            PackedFormat::Q6_K => 7.0,
        }
    }
}
