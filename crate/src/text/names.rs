//! Tensor names of the T5 family of text encoders.

use crate::format::{indexed, renamed_start};

/// The name of a tensor in transformers' `T5EncoderModel` and `UMT5EncoderModel`. Takes the names of llama.cpp
/// (`t5encoder`), of Wan's original code (`wan/modules/t5.py`) and transformers' own; unknown names are returned as they
/// are. llama.cpp calls the second of two gated projections what it calls a single one: `gated` says which it is.
pub fn canonical(name: &str, gated: bool) -> String {
    if let Some((index, rest)) = indexed(name, "enc.blk.") {
        let rest = match rest.strip_prefix("ffn_up.") {
            Some(rest) if !gated => format!("layer.1.DenseReluDense.wi.{rest}"),
            _ => renamed_start(rest, IN_LLAMA_BLOCK).unwrap_or_else(|| rest.to_owned()),
        };
        return format!("encoder.block.{index}.{rest}");
    }
    if let Some((index, rest)) = indexed(name, "blocks.") {
        let rest = renamed_start(rest, IN_WAN_BLOCK).unwrap_or_else(|| rest.to_owned());
        return format!("encoder.block.{index}.{rest}");
    }
    renamed_start(name, OUTSIDE).unwrap_or_else(|| name.to_owned())
}

const OUTSIDE: &[(&str, &str)] = &[
    ("encoder.embed_tokens.", "shared."),
    ("token_embd.", "shared."),
    ("token_embedding.", "shared."),
    ("enc.output_norm.", "encoder.final_layer_norm."),
    ("norm.", "encoder.final_layer_norm."),
];

const IN_LLAMA_BLOCK: &[(&str, &str)] = &[
    ("attn_q.", "layer.0.SelfAttention.q."),
    ("attn_k.", "layer.0.SelfAttention.k."),
    ("attn_v.", "layer.0.SelfAttention.v."),
    ("attn_o.", "layer.0.SelfAttention.o."),
    ("attn_rel_b.", "layer.0.SelfAttention.relative_attention_bias."),
    ("attn_norm.", "layer.0.layer_norm."),
    ("ffn_gate.", "layer.1.DenseReluDense.wi_0."),
    ("ffn_up.", "layer.1.DenseReluDense.wi_1."),
    ("ffn_down.", "layer.1.DenseReluDense.wo."),
    ("ffn_norm.", "layer.1.layer_norm."),
];

const IN_WAN_BLOCK: &[(&str, &str)] = &[
    ("attn.q.", "layer.0.SelfAttention.q."),
    ("attn.k.", "layer.0.SelfAttention.k."),
    ("attn.v.", "layer.0.SelfAttention.v."),
    ("attn.o.", "layer.0.SelfAttention.o."),
    ("pos_embedding.embedding.", "layer.0.SelfAttention.relative_attention_bias."),
    ("norm1.", "layer.0.layer_norm."),
    ("ffn.gate.0.", "layer.1.DenseReluDense.wi_0."),
    ("ffn.fc1.", "layer.1.DenseReluDense.wi_1."),
    ("ffn.fc2.", "layer.1.DenseReluDense.wo."),
    ("norm2.", "layer.1.layer_norm."),
];
