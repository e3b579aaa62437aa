//! Block formats of weights: decoding, encoding, and packing for the GPU.
//!
//! Blocks are those of ggml; `<https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>` is their definition.

mod blocks;
mod decode;
mod each_group;
mod encode;
mod group;
mod k_blocks;
mod pack;

pub use decode::dequantize;
pub use encode::quantize;
pub use pack::{PackedFormat, PackedRows, pack_rows, packed_words, unpack};
