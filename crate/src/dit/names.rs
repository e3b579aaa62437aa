//! Tensor names of the Wan transformer, as its original code, ComfyUI, GGUF files and diffusers write them.

use crate::format::{indexed, renamed_start};

/// The name of a tensor in diffusers' `WanTransformer3DModel` and `WanVACETransformer3DModel`. Takes original names
/// (`wan/modules/model.py`, also in GGUF and ComfyUI files, with or without the prefix of the enclosing module) and
/// diffusers' own; unknown names are returned without their prefix.
pub fn canonical(name: &str) -> String {
    let name = without_module(name);
    for list in ["blocks.", "vace_blocks."] {
        if let Some((index, rest)) = indexed(name, list) {
            return format!("{list}{index}.{}", in_block(rest));
        }
    }
    renamed_start(name, OUTSIDE).unwrap_or_else(|| name.to_owned())
}

fn without_module(name: &str) -> &str {
    ["model.diffusion_model.", "diffusion_model.", "model."]
        .iter()
        .find_map(|module| name.strip_prefix(module))
        .unwrap_or(name)
}

const OUTSIDE: &[(&str, &str)] = &[
    ("time_embedding.0.", "condition_embedder.time_embedder.linear_1."),
    ("time_embedding.2.", "condition_embedder.time_embedder.linear_2."),
    ("time_projection.1.", "condition_embedder.time_proj."),
    ("text_embedding.0.", "condition_embedder.text_embedder.linear_1."),
    ("text_embedding.2.", "condition_embedder.text_embedder.linear_2."),
    ("img_emb.proj.0.", "condition_embedder.image_embedder.norm1."),
    ("img_emb.proj.1.", "condition_embedder.image_embedder.ff.net.0.proj."),
    ("img_emb.proj.3.", "condition_embedder.image_embedder.ff.net.2."),
    ("img_emb.proj.4.", "condition_embedder.image_embedder.norm2."),
    ("img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"),
    ("head.modulation", "scale_shift_table"),
    ("head.head.", "proj_out."),
];

fn in_block(name: &str) -> String {
    for (original, diffusers) in [("self_attn.", "attn1."), ("cross_attn.", "attn2.")] {
        if let Some(name) = name.strip_prefix(original) {
            let name = renamed_start(name, IN_ATTENTION).unwrap_or_else(|| name.to_owned());
            return format!("{diffusers}{name}");
        }
    }
    renamed_start(name, IN_BLOCK).unwrap_or_else(|| name.to_owned())
}

/// `norm1` and the original's `norm2` have no weights, so that diffusers' `norm2` cannot be mistaken for the latter.
const IN_BLOCK: &[(&str, &str)] = &[
    ("modulation", "scale_shift_table"),
    ("norm3.", "norm2."),
    ("ffn.0.", "ffn.net.0.proj."),
    ("ffn.2.", "ffn.net.2."),
    ("before_proj.", "proj_in."),
    ("after_proj.", "proj_out."),
];

const IN_ATTENTION: &[(&str, &str)] = &[
    ("q.", "to_q."),
    ("k.", "to_k."),
    ("v.", "to_v."),
    ("o.", "to_out.0."),
    ("k_img.", "add_k_proj."),
    ("v_img.", "add_v_proj."),
    ("norm_k_img.", "norm_added_k."),
];
