//! Convolutions over time and space.

use super::{shape_text, words};
use crate::error::Result;
use crate::format::DataType;
use crate::ops::{Activation, Conv, Epilogue, conv};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference::{self, Geometry, Operand};

#[derive(Clone, Copy, PartialEq)]
enum Second {
    None,
    Add,
    Multiply,
}

#[derive(Clone, Copy)]
struct Layer {
    name: &'static str,
    format: DataType,
    geometry: Geometry,
    /// Frames remembered.
    history: usize,
    bias: bool,
    activation: Activation,
    second: Second,
}

impl Layer {
    fn of(self, format: DataType) -> Self {
        Self { format, ..self }
    }

    fn remembering(self, history: usize) -> Self {
        Self { history, ..self }
    }
}

fn layer(name: &'static str, geometry: Geometry) -> Layer {
    let (activation, second) = (Activation::None, Second::None);
    Layer { name, format: DataType::F32, geometry, history: 0, bias: true, activation, second }
}

/// 3 × 3 × 3, keeping the size.
fn causal(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [3, 3, 3];
    layer(
        "causal",
        Geometry { kernel, pad_frames: 2, pad_before: 1, pad_after: 1, ..pointwise_geometry(input, outputs) },
    )
}

/// 3 × 3 within a frame, keeping the size.
fn spatial(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [1, 3, 3];
    layer("spatial", Geometry { kernel, pad_before: 1, pad_after: 1, ..pointwise_geometry(input, outputs) })
}

/// 3 × 3 within a frame, halving the size, zeros right and below only.
fn halving(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [1, 3, 3];
    layer("halving", Geometry { kernel, stride: 2, pad_after: 1, ..pointwise_geometry(input, outputs) })
}

/// 3 × 3 on the frame enlarged to nearest neighbours.
fn doubling(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [1, 3, 3];
    let geometry = pointwise_geometry(input, outputs);
    layer("doubling", Geometry { kernel, pad_before: 1, pad_after: 1, upsample: 2, ..geometry })
}

/// 3 frames of each pixel.
fn over_time(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [3, 1, 1];
    layer("over time", Geometry { kernel, pad_frames: 2, ..pointwise_geometry(input, outputs) })
}

/// 3 frames of each pixel, every other frame.
fn halving_frames(input: [usize; 4], outputs: usize) -> Layer {
    let kernel = [3, 1, 1];
    let geometry = pointwise_geometry(input, outputs);
    layer("halving frames", Geometry { kernel, pad_frames: 1, stride_frames: 2, ..geometry })
}

fn pointwise_geometry(input: [usize; 4], outputs: usize) -> Geometry {
    Geometry {
        input,
        outputs,
        kernel: [1, 1, 1],
        stride_frames: 1,
        stride: 1,
        pad_frames: 0,
        pad_before: 0,
        pad_after: 0,
        upsample: 1,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let (f16, bf16, q8_0, q4_0) = (DataType::F16, DataType::BF16, DataType::Q8_0, DataType::Q4_0);
    // Channels that are no multiple of 4 take another way through the kernel than those that are; invocations alone leave
    // them to those that work together.
    let geometries = [
        causal([3, 5, 6, 8], 7),
        causal([1, 4, 4, 3], 5).remembering(2),
        causal([3, 5, 6, 8], 7).remembering(2),
        causal([2, 5, 3, 8], 4).remembering(1),
        causal([2, 3, 4, 5], 6).remembering(3),
        causal([2, 3, 4, 8], 6).remembering(3),
        causal([1, 1, 1, 1], 1),
        causal([2, 4, 5, 5], 33).remembering(2),
        spatial([2, 9, 7, 3], 12),
        spatial([1, 5, 6, 36], 7),
        halving([2, 8, 6, 4], 5),
        halving([1, 9, 7, 6], 3),
        halving([1, 9, 7, 8], 3),
        doubling([2, 3, 5, 4], 6),
        doubling([1, 4, 4, 7], 3),
        over_time([4, 3, 3, 6], 12).remembering(2),
        over_time([1, 3, 5, 8], 16).remembering(2),
        halving_frames([4, 3, 3, 6], 6).remembering(1),
        halving_frames([4, 2, 5, 8], 6).remembering(1),
        layer("pointwise", pointwise_geometry([2, 5, 4, 6], 9)),
    ];
    let formats = [
        causal([2, 4, 5, 8], 6).remembering(2).of(f16),
        causal([2, 4, 5, 3], 6).remembering(2).of(f16),
        causal([2, 4, 5, 8], 6).remembering(2).of(bf16),
        spatial([1, 5, 5, 5], 7).of(bf16),
        spatial([1, 5, 6, 68], 7).of(f16),
        causal([2, 5, 5, 32], 9).remembering(2).of(q8_0),
        causal([2, 5, 5, 32], 9).remembering(1).of(q4_0),
        halving([1, 7, 9, 32], 5).of(q8_0),
        halving([1, 8, 6, 32], 5).of(q4_0),
        doubling([1, 4, 3, 64], 6).of(q8_0),
        doubling([1, 4, 3, 32], 6).of(q4_0),
        over_time([2, 3, 3, 32], 64).remembering(2).of(q8_0),
        halving_frames([4, 3, 3, 32], 32).remembering(1).of(q4_0),
        layer("pointwise", pointwise_geometry([2, 5, 4, 64], 9)).of(q8_0),
        layer("pointwise", pointwise_geometry([2, 5, 4, 64], 9)).of(q4_0),
    ];
    let base = causal([2, 5, 6, 8], 7).remembering(2);
    let epilogues = [
        Layer { bias: false, ..base },
        Layer { second: Second::Add, ..base },
        Layer { second: Second::Add, activation: Activation::Silu, ..base },
        Layer { second: Second::Multiply, bias: false, activation: Activation::GeluTanh, ..base },
    ];
    // From 64 tiles of 64 × 64 on, tiles are large.
    let large_tiles = [
        spatial([1, 65, 65, 5], 33),
        Layer { second: Second::Add, ..spatial([1, 65, 65, 4], 3) },
        spatial([1, 65, 65, 8], 34).of(f16),
        spatial([2, 46, 45, 7], 9).of(bf16),
        causal([3, 37, 38, 32], 5).remembering(2).of(q4_0),
    ];
    let large = [
        causal([1, 64, 64, 32], 64).remembering(2),
        causal([1, 64, 64, 32], 64).remembering(2).of(f16),
        causal([1, 64, 64, 32], 64).remembering(2).of(q8_0),
        spatial([1, 64, 64, 64], 64).of(q4_0),
    ];
    let layers = geometries.into_iter().chain(formats).chain(epilogues).chain(large_tiles).chain(large);
    layers.map(case).collect()
}

fn case(layer: Layer) -> Case {
    let history = match layer.history {
        0 => String::new(),
        frames => format!("history {frames}"),
    };
    let activation = match layer.activation {
        Activation::None => String::new(),
        other => format!("{other:?}"),
    };
    let second = match layer.second {
        Second::None => "",
        Second::Add => "add",
        Second::Multiply => "multiply",
    };
    let bias = if layer.bias { "bias" } else { "" };
    let variant = words(&[layer.format.name(), layer.name, &history, bias, &activation, second]);
    let geometry = layer.geometry;
    let shape = format!("{} to {}", shape_text(&geometry.input), geometry.outputs);
    let positions: usize = geometry.output().iter().product();
    let flops = 2 * positions * geometry.outputs * geometry.products();
    Case::new("conv", variant, shape, move |bench| prepare(bench, layer)).computing(flops)
}

fn prepare(bench: &mut Bench, layer: Layer) -> Result<Check> {
    let g = layer.geometry;
    let [_, height, width, channels] = g.input;
    let values = g.output().iter().product::<usize>() * g.outputs;
    let (input, input_values) = bench.tensor(&g.input)?;
    let (history, history_values) = bench.tensor(&[layer.history, height, width, channels])?;
    let taps = g.kernel.iter().product();
    let (weight, weight_values) = bench.convolution(layer.format, g.outputs, channels, taps)?;
    let (bias, bias_values) = bench.tensor(&[g.outputs])?;
    let (other, other_values) = bench.tensor(&[values])?;
    let (epilogue, operand) = match layer.second {
        Second::None => (Epilogue::Store, Operand::None),
        Second::Add => (Epilogue::Add(&other), Operand::Add(&other_values)),
        Second::Multiply => (Epilogue::Multiply(&other), Operand::Multiply(&other_values)),
    };
    let sums = reference::conv(&input_values, &history_values, &weight_values, &g);
    let bias_values = layer.bias.then_some(&bias_values[..]);
    let expected = reference::epilogue(&sums, g.outputs, bias_values, layer.activation, &operand);
    bench.poison(values)?;
    let layer_on_device = Conv {
        weight,
        bias: layer.bias.then_some(bias),
        kernel: g.kernel,
        stride_frames: g.stride_frames,
        stride: g.stride,
        pad_frames: g.pad_frames,
        pad_before: g.pad_before,
        pad_after: g.pad_after,
        upsample: g.upsample,
    };
    let history = (layer.history > 0).then_some(&history);
    let out = conv(&mut bench.recorder, &input, history, &layer_on_device, layer.activation, epilogue)?;
    Ok(Check::values(out, expected))
}
