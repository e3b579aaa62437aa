//! Attention.

use super::{shape_text, words};
use crate::error::Result;
use crate::ops::{Attention, attention};
use crate::table::bench::Bench;
use crate::table::case::{Case, Check};
use crate::table::reference;

#[derive(Clone, Copy)]
struct Shape {
    queries: usize,
    keys: usize,
    heads: usize,
    head_dim: usize,
    scale: Option<f32>,
    bias: bool,
}

pub(super) fn cases() -> Vec<Case> {
    let usual = |queries, keys, heads, head_dim| Shape { queries, keys, heads, head_dim, scale: None, bias: false };
    let one_query = [1, 37].map(|keys| usual(1, keys, 2, 16));
    let lengths = [2, 31, 32, 33, 64, 65].map(|length| usual(length, length, 2, 16));
    let head_dims = [8, 12, 24, 64, 127, 128, 129, 200, 384].map(|head_dim| usual(45, 45, 2, head_dim));
    let cross = [usual(50, 7, 3, 24), usual(7, 50, 3, 24), usual(33, 700, 2, 64)];
    // As in T5, whose scores are not scaled and so have a sharp maximum.
    let biased = [(40, 40), (33, 65), (1, 9)].map(|(queries, keys)| Shape {
        scale: Some(1.0),
        bias: true,
        ..usual(queries, keys, 3, 24)
    });
    let sharp = Shape { scale: Some(4.0), ..usual(40, 100, 2, 64) };
    let large = [usual(512, 512, 6, 64), usual(320, 512, 3, 128)];
    let plain = one_query
        .into_iter()
        .chain(lengths)
        .chain(head_dims)
        .chain(cross)
        .chain(biased)
        .chain([sharp])
        .chain(large)
        .map(case);
    plain
        .chain([(3, 20, 96), (2, 33, 40)].map(|(frames, positions, channels)| frame(frames, positions, channels)))
        .collect()
}

fn case(shape: Shape) -> Case {
    let Shape { queries, keys, heads, head_dim, scale, bias } = shape;
    let kind = if queries == keys { "self" } else { "cross" };
    let scale = scale.map_or(String::new(), |scale| format!("scale {scale}"));
    let variant = words(&[kind, &scale, if bias { "bias" } else { "" }]);
    let text = format!("{queries} queries, {keys} keys, {heads} × {head_dim}");
    let flops = 4 * queries * keys * heads * head_dim;
    Case::new("attention", variant, text, move |bench| prepare(bench, shape)).computing(flops)
}

fn prepare(bench: &mut Bench, shape: Shape) -> Result<Check> {
    let Shape { queries, keys, heads, head_dim, bias, .. } = shape;
    let width = heads * head_dim;
    let scale = shape.scale.unwrap_or((head_dim as f32).sqrt().recip());
    let (query, query_values) = bench.tensor(&[queries, width])?;
    let (key, key_values) = bench.tensor(&[keys, width])?;
    let (value, value_values) = bench.tensor(&[keys, width])?;
    let (bias_tensor, bias_values) = bench.tensor(&[heads, queries + keys - 1])?;
    bench.poison(queries * width)?;
    let out = attention(
        &mut bench.recorder,
        &Attention {
            query: &query,
            key: &key,
            value: &value,
            offsets: [0; 3],
            rows: (0, queries, keys),
            heads,
            head_dim,
            scale,
            bias: bias.then_some(&bias_tensor),
        },
    )?;
    let expected = reference::attention(&reference::Heads {
        query: &columns(&query_values, width, 0, width),
        key: &columns(&key_values, width, 0, width),
        value: &columns(&value_values, width, 0, width),
        heads,
        head_dim,
        scale: f64::from(scale),
        bias: bias.then_some(&bias_values[..]),
    });
    Ok(Check::values(out, expected))
}

/// Attention within the last of some frames, whose queries, keys and values lie side by side, as in the VAE.
fn frame(frames: usize, positions: usize, channels: usize) -> Case {
    let prepare = move |bench: &mut Bench| -> Result<Check> {
        let (projected, values) = bench.tensor(&[frames, positions, 3 * channels])?;
        let first = (frames - 1) * positions;
        let scale = (channels as f32).sqrt().recip();
        bench.poison(positions * channels)?;
        let out = attention(
            &mut bench.recorder,
            &Attention {
                query: &projected,
                key: &projected,
                value: &projected,
                offsets: [0, channels, 2 * channels],
                rows: (first, positions, positions),
                heads: 1,
                head_dim: channels,
                scale,
                bias: None,
            },
        )?;
        let last = &values[first * 3 * channels..];
        let part = |number: usize| columns(last, 3 * channels, number * channels, channels);
        let expected = reference::attention(&reference::Heads {
            query: &part(0),
            key: &part(1),
            value: &part(2),
            heads: 1,
            head_dim: channels,
            scale: f64::from(scale),
            bias: None,
        });
        Ok(Check::values(out, expected))
    };
    Case::new("attention", "within a frame", shape_text(&[frames, positions, channels]), prepare)
        .computing(4 * positions * positions * channels)
}

/// `count` columns from `first` on, of rows of `width`.
fn columns(values: &[f32], width: usize, first: usize, count: usize) -> Vec<f64> {
    values.chunks_exact(width).flat_map(|row| &row[first..first + count]).copied().map(f64::from).collect()
}
