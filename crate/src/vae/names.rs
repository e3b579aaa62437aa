//! Tensor names of the Wan autoencoder, as its original code, ComfyUI, GGUF files and diffusers write them.

use crate::format::{indexed, renamed_start};

/// The name of a tensor in diffusers' `AutoencoderKLWan`. Takes the original names of Wan 2.1 (`wan/modules/vae.py`), of
/// Wan 2.2 (`wan/modules/vae2_2.py`) and diffusers' own; unknown names are returned as they are.
///
/// The original of Wan 2.1 numbers all layers of the decoder in one list. `residual_blocks` (`num_res_blocks` of the
/// configuration) says where its stages end: each has that many and one residual blocks, then the upsampling.
pub fn canonical(name: &str, residual_blocks: usize) -> String {
    for side in ["encoder.", "decoder."] {
        if let Some(rest) = name.strip_prefix(side) {
            let renamed = down(rest).or_else(|| up(rest, residual_blocks)).or_else(|| renamed_start(rest, IN_SIDE));
            return format!("{side}{}", renamed.map_or_else(|| rest.to_owned(), |rest| in_residual_block(&rest)));
        }
    }
    renamed_start(name, OUTSIDE).unwrap_or_else(|| name.to_owned())
}

const OUTSIDE: &[(&str, &str)] = &[("conv1.", "quant_conv."), ("conv2.", "post_quant_conv.")];

/// Layers outside of the stages, the same in encoder and decoder.
const IN_SIDE: &[(&str, &str)] = &[
    ("conv1.", "conv_in."),
    ("middle.0.", "mid_block.resnets.0."),
    ("middle.1.", "mid_block.attentions.0."),
    ("middle.2.", "mid_block.resnets.1."),
    ("head.0.", "norm_out."),
    ("head.2.", "conv_out."),
];

/// A layer of the encoder's stages: one flat list in both namings, or (Wan 2.2) a list in each stage.
fn down(name: &str) -> Option<String> {
    let (stage, rest) = indexed(name, "downsamples.")?;
    let Some((layer, rest)) = indexed(rest, "downsamples.") else {
        return Some(format!("down_blocks.{stage}.{rest}"));
    };
    Some(match is_resampling(rest) {
        true => format!("down_blocks.{stage}.downsampler.{rest}"),
        false => format!("down_blocks.{stage}.resnets.{layer}.{rest}"),
    })
}

/// A layer of the decoder's stages: one flat list in the original of Wan 2.1, a list in each stage elsewhere.
fn up(name: &str, residual_blocks: usize) -> Option<String> {
    let (index, rest) = indexed(name, "upsamples.")?;
    if let Some((layer, rest)) = indexed(rest, "upsamples.") {
        return Some(match is_resampling(rest) {
            true => format!("up_blocks.{index}.upsampler.{rest}"),
            false => format!("up_blocks.{index}.resnets.{layer}.{rest}"),
        });
    }
    let layers = residual_blocks.saturating_add(2);
    let (stage, layer) = (index / layers, index % layers);
    Some(match is_resampling(rest) {
        true => format!("up_blocks.{stage}.upsamplers.0.{rest}"),
        false => format!("up_blocks.{stage}.resnets.{layer}.{rest}"),
    })
}

fn is_resampling(layer: &str) -> bool {
    layer.starts_with("resample.") || layer.starts_with("time_conv.")
}

/// Names inside of a residual block, wherever it is.
fn in_residual_block(name: &str) -> String {
    const RULES: [(&str, &str); 5] = [
        (".residual.0.", ".norm1."),
        (".residual.2.", ".conv1."),
        (".residual.3.", ".norm2."),
        (".residual.6.", ".conv2."),
        (".shortcut.", ".conv_shortcut."),
    ];
    let rule = RULES.iter().find(|(original, _)| name.contains(original));
    rule.map_or_else(|| name.to_owned(), |(original, diffusers)| name.replacen(original, diffusers, 1))
}
