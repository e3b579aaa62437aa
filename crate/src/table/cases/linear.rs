//! Linear layers.

use super::{FORMATS, shape_text, words};
use crate::error::Result;
use crate::format::DataType;
use crate::ops::{Activation, Epilogue, Linear, linear};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference::{self, Operand};

#[derive(Clone, Copy, PartialEq)]
enum Second {
    None,
    Add,
    AddGated,
    Multiply,
}

/// Shape: rows of the input, columns of the output, inner dimension.
#[derive(Clone, Copy)]
struct Layer {
    format: DataType,
    shape: [usize; 3],
    bias: bool,
    activation: Activation,
    second: Second,
}

/// Up to 4 rows go to the matrix-vector kernel. From 64 tiles of 64 × 64 on, tiles are large; below, they are 32 × 32.
/// Invocations alone take what has an inner dimension of whole vectors of 4.
const SHAPES: [[usize; 3]; 10] = [
    [1, 1, 1],
    [3, 5, 7],
    [4, 97, 130],
    [5, 3, 2],
    [33, 65, 129],
    [100, 77, 50],
    [515, 513, 35],
    [1, 9, 4],
    [67, 29, 36],
    [130, 15, 76],
];
/// The same for formats with blocks of 32.
const BLOCK_SHAPES: [[usize; 3]; 6] =
    [[1, 1, 32], [3, 7, 64], [4, 97, 1056], [33, 65, 96], [64, 64, 32], [515, 513, 32]];
/// The same for formats with blocks of 256.
const K_BLOCK_SHAPES: [[usize; 3]; 5] = [[1, 1, 256], [4, 97, 1280], [33, 65, 768], [64, 64, 256], [515, 513, 256]];
/// A projection of a transformer.
const LARGE: [usize; 3] = [512, 1024, 384];
/// The same for one row: the time embedding.
const LARGE_VECTOR: [usize; 3] = [1, 4096, 1024];

pub(super) fn cases() -> Vec<Case> {
    let plain =
        |format, shape| Layer { format, shape, bias: false, activation: Activation::None, second: Second::None };
    let mut layers = Vec::new();
    for format in FORMATS {
        let shapes = match format.block_elements() {
            1 => &SHAPES[..],
            32 => &BLOCK_SHAPES[..],
            _ => &K_BLOCK_SHAPES[..],
        };
        layers.extend(shapes.iter().map(|&shape| Layer { bias: shape[1] % 2 == 1, ..plain(format, shape) }));
    }
    for shape in [[2, 40, 24], [33, 40, 24]] {
        let base = plain(DataType::F32, shape);
        for second in [Second::None, Second::Add, Second::AddGated, Second::Multiply] {
            layers.extend([false, true].map(|bias| Layer { bias, second, ..base }));
        }
        for activation in [Activation::GeluTanh, Activation::Silu, Activation::GeluErf, Activation::Relu] {
            layers.push(Layer { bias: true, activation, ..base });
        }
    }
    for (format, activation, second) in [
        (DataType::Q8_0, Activation::GeluTanh, Second::Multiply),
        (DataType::Q4_0, Activation::Silu, Second::AddGated),
        (DataType::F16, Activation::GeluErf, Second::Add),
    ] {
        layers.push(Layer { bias: true, activation, second, ..plain(format, [513, 514, 64]) });
    }
    let large = [DataType::F32, DataType::F16, DataType::Q8_0, DataType::Q4_0];
    layers.extend(large.map(|format| Layer { bias: true, ..plain(format, LARGE) }));
    layers.extend([DataType::F16, DataType::Q8_0].map(|format| Layer { bias: true, ..plain(format, LARGE_VECTOR) }));
    layers.into_iter().map(case).collect()
}

fn case(layer: Layer) -> Case {
    let Layer { format, shape, bias, activation, second } = layer;
    let activation = match activation {
        Activation::None => String::new(),
        other => format!("{other:?}"),
    };
    let second = match second {
        Second::None => "",
        Second::Add => "add",
        Second::AddGated => "add gated",
        Second::Multiply => "multiply",
    };
    let variant = words(&[format.name(), if bias { "bias" } else { "" }, &activation, second]);
    let flops = 2 * shape.iter().product::<usize>();
    Case::new("linear", variant, shape_text(&shape), move |bench| prepare(bench, layer)).computing(flops)
}

fn prepare(bench: &mut Bench, layer: Layer) -> Result<Check> {
    let [rows, columns, inner] = layer.shape;
    let (x, x_values) = bench.tensor(&[rows, inner])?;
    let (weight, weight_values) = bench.weight(layer.format, columns, inner)?;
    let (bias, bias_values) = bench.tensor(&[columns])?;
    let (other, other_values) = bench.tensor(&[rows, columns])?;
    // The gate is a row of a table of modulations.
    let (gate, gate_values) = bench.tensor(&[3, columns])?;
    let (epilogue, operand) = match layer.second {
        Second::None => (Epilogue::Store, Operand::None),
        Second::Add => (Epilogue::Add(&other), Operand::Add(&other_values)),
        Second::AddGated => (
            Epilogue::AddGated(&other, &gate, columns),
            Operand::AddGated(&other_values, &gate_values[columns..2 * columns]),
        ),
        Second::Multiply => (Epilogue::Multiply(&other), Operand::Multiply(&other_values)),
    };
    let sums = reference::linear(&x_values, &weight_values, inner);
    let bias_values = layer.bias.then_some(&bias_values[..]);
    let expected = reference::epilogue(&sums, columns, bias_values, layer.activation, &operand);
    bench.poison(rows * columns)?;
    let layer_on_device = Linear { weight, bias: layer.bias.then_some(bias) };
    let out = linear(&mut bench.recorder, &x, &layer_on_device, layer.activation, epilogue)?;
    Ok(Check::values(out, expected))
}
