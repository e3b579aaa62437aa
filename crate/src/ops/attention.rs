//! Attention without a stored score matrix.

use super::{cost, ensure};
use crate::error::Result;
use crate::gpu::{Access, Dispatch, Forms, Invocations, Kernel, Recorder, Tensor, elements_of};

const SHARED: &str = include_str!("../../../shaders/attention.wgsl");
const BINDINGS: &[Access] = &[Access::Read, Access::Read, Access::Read, Access::Read, Access::Write];

static ATTENTION: Forms = Forms {
    together: Kernel {
        name: "attention",
        source: &[SHARED, include_str!("../../../shaders/attention_together.wgsl")],
        bindings: BINDINGS,
    },
    alone: Kernel {
        name: "attention_alone",
        source: &[SHARED, include_str!("../../../shaders/attention_alone.wgsl")],
        bindings: BINDINGS,
    },
};

/// Queries of a head, and columns of its output, that one workgroup computes.
fn block(invocations: Invocations) -> [usize; 2] {
    match invocations {
        Invocations::Together => [32, 128],
        Invocations::Alone => [32, 32],
    }
}

/// How often an invocation of attention_alone.wgsl goes round its loops, which takes 16 keys at a time and four columns of
/// a head of which it stores 32. `None` unless rows, heads and what lies before them are made of whole vectors.
fn rounds_alone(keys: usize, head_dim: usize, in_rows: &[usize]) -> Option<usize> {
    let is_whole = |columns: &usize| columns.is_multiple_of(4);
    (is_whole(&head_dim) && in_rows.iter().all(is_whole))
        .then(|| keys.div_ceil(16).saturating_mul(head_dim / 4 + 8 + 17 * 4).saturating_add(200))
}

/// Queries, keys and values, and how they are compared.
pub struct Attention<'a> {
    /// [queries, ..], the heads' columns of each row from `offsets[0]` on.
    pub query: &'a Tensor,
    /// [keys, ..], from `offsets[1]` on.
    pub key: &'a Tensor,
    /// [keys, ..], from `offsets[2]` on.
    pub value: &'a Tensor,
    /// First column of queries, keys and values in their rows.
    pub offsets: [usize; 3],
    /// Row from which queries, keys and values are taken, and how many rows: (first, queries, keys).
    pub rows: (usize, usize, usize),
    /// Number of heads.
    pub heads: usize,
    /// Columns of one head.
    pub head_dim: usize,
    /// Factor of the scores: 1/√head_dim for Wan, 1 for T5.
    pub scale: f32,
    /// Added to the scores: [heads, queries + keys − 1], by j − i + queries − 1.
    pub bias: Option<&'a Tensor>,
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Parameters {
    queries: u32,
    keys: u32,
    heads: u32,
    head_dim: u32,
    query_stride: u32,
    key_stride: u32,
    value_stride: u32,
    query_offset: u32,
    key_offset: u32,
    value_offset: u32,
    has_bias: u32,
    scale: f32,
}

/// → [queries, heads × head_dim]
///
/// # Errors
/// [`crate::Error::BadInput`] when shapes disagree.
pub fn attention(recorder: &mut Recorder, a: &Attention<'_>) -> Result<Tensor> {
    let (first, queries, keys) = a.rows;
    let width = a.heads * a.head_dim;
    let [query_stride, key_stride, value_stride] = [a.query, a.key, a.value].map(|t| t.rows_and_columns().1);
    let fits = |tensor: &Tensor, rows: usize, offset: usize| {
        let (available, columns) = tensor.rows_and_columns();
        first + rows <= available && offset + width <= columns
    };
    ensure(
        fits(a.query, queries, a.offsets[0]) && fits(a.key, keys, a.offsets[1]) && fits(a.value, keys, a.offsets[2]),
        "attention",
        || format!("{} heads of {} do not fit the rows given", a.heads, a.head_dim),
    )?;
    let span = elements_of(&[a.heads, (queries + keys).saturating_sub(1)]);
    ensure(a.bias.is_none_or(|b| b.elements() == span), "attention", || "bias has another shape".into())?;
    ensure(keys > 0 && queries > 0, "attention", || "needs at least one query and one key".into())?;
    let out = recorder.tensor(&[queries, width])?;
    let in_rows = [&[query_stride, key_stride, value_stride][..], &a.offsets].concat();
    let (kernel, invocations) = recorder.form(&ATTENTION, rounds_alone(keys, a.head_dim, &in_rows));
    let [block_rows, block_columns] = block(invocations);
    recorder.dispatch(&Dispatch {
        kernel,
        constants: &[],
        bindings: &[
            Some(a.query.storage()),
            Some(a.key.storage()),
            Some(a.value.storage()),
            a.bias.map(Tensor::storage),
            Some(out.storage()),
        ],
        parameters: Parameters {
            queries: queries as u32,
            keys: keys as u32,
            heads: a.heads as u32,
            head_dim: a.head_dim as u32,
            query_stride: query_stride as u32,
            key_stride: key_stride as u32,
            value_stride: value_stride as u32,
            query_offset: (first * query_stride + a.offsets[0]) as u32,
            key_offset: (first * key_stride + a.offsets[1]) as u32,
            value_offset: (first * value_stride + a.offsets[2]) as u32,
            has_bias: u32::from(a.bias.is_some()),
            scale: a.scale,
        },
        workgroups: queries.div_ceil(block_rows) as u64 * (a.heads * a.head_dim.div_ceil(block_columns)) as u64,
        // The scores are computed again for every block of columns.
        cost: cost(&[2, queries, keys, width, 1 + a.head_dim.div_ceil(block_columns)]),
    });
    Ok(out)
}
