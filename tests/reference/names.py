"""Tensor names: from diffusers / transformers to the original Wan and llama.cpp names that GGUF files use."""

import re


def renamed(name: str, rules: list[tuple[str, str]]) -> str:
    """Applies regular-expression replacements in order."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def dit_original(name: str) -> str:
    """WanTransformer3DModel -> Wan-Video/Wan2.1 `wan/modules/model.py`."""
    return renamed(
        name,
        [
            (r"^condition_embedder\.(time|text)_embedder\.linear_1\.", r"\1_embedding.0."),
            (r"^condition_embedder\.(time|text)_embedder\.linear_2\.", r"\1_embedding.2."),
            (r"^condition_embedder\.time_proj\.", "time_projection.1."),
            (r"^condition_embedder\.image_embedder\.norm1\.", "img_emb.proj.0."),
            (r"^condition_embedder\.image_embedder\.ff\.net\.0\.proj\.", "img_emb.proj.1."),
            (r"^condition_embedder\.image_embedder\.ff\.net\.2\.", "img_emb.proj.3."),
            (r"^condition_embedder\.image_embedder\.norm2\.", "img_emb.proj.4."),
            (r"^condition_embedder\.image_embedder\.pos_embed$", "img_emb.emb_pos"),
            (r"^scale_shift_table$", "head.modulation"),
            (r"^proj_out\.", "head.head."),
            (r"^(blocks\.\d+)\.scale_shift_table$", r"\1.modulation"),
            (r"^(blocks\.\d+)\.norm2\.", r"\1.norm3."),
            (r"\.attn1\.", ".self_attn."),
            (r"\.attn2\.", ".cross_attn."),
            (r"\.to_out\.0\.", ".o."),
            (r"\.to_([qkv])\.", r".\1."),
            (r"\.add_([kv])_proj\.", r".\1_img."),
            (r"\.norm_added_k\.", ".norm_k_img."),
            (r"\.ffn\.net\.0\.proj\.", ".ffn.0."),
            (r"\.ffn\.net\.2\.", ".ffn.2."),
        ],
    )


def vae_original(name: str, config: dict) -> str:
    """AutoencoderKLWan -> Wan-Video/Wan2.1 `vae.py`, or Wan2.2's `vae2_2.py` where the config is residual."""
    blocks = config["num_res_blocks"]
    if config["is_residual"]:
        layers = [
            (r"down_blocks\.(\d+)\.resnets\.(\d+)\.", r"downsamples.\1.downsamples.\2."),
            (r"down_blocks\.(\d+)\.downsampler\.", rf"downsamples.\1.downsamples.{blocks}."),
            (r"up_blocks\.(\d+)\.resnets\.(\d+)\.", r"upsamples.\1.upsamples.\2."),
            (r"up_blocks\.(\d+)\.upsampler\.", rf"upsamples.\1.upsamples.{blocks + 1}."),
        ]
    else:
        # The original's layers are one flat list: per stage the residual blocks, one more than in the encoder, and
        # the upsampling.
        flat = re.match(r"decoder\.up_blocks\.(\d+)\.(?:resnets\.(\d+)|upsamplers\.0)\.", name)
        if flat:
            stage, resnet = int(flat[1]), blocks + 1 if flat[2] is None else int(flat[2])
            name = f"decoder.upsamples.{stage * (blocks + 2) + resnet}.{name[flat.end():]}"
        layers = [(r"down_blocks\.", "downsamples.")]
    return renamed(
        name,
        [
            (r"^quant_conv\.", "conv1."),
            (r"^post_quant_conv\.", "conv2."),
            *layers,
            (r"\.norm_out\.", ".head.0."),
            (r"\.conv_out\.", ".head.2."),
            (r"\.conv_in\.", ".conv1."),
            (r"\.mid_block\.resnets\.0\.", ".middle.0."),
            (r"\.mid_block\.attentions\.0\.", ".middle.1."),
            (r"\.mid_block\.resnets\.1\.", ".middle.2."),
            (r"(middle\.[02]|samples\.\d+)\.norm1\.", r"\1.residual.0."),
            (r"(middle\.[02]|samples\.\d+)\.conv1\.", r"\1.residual.2."),
            (r"(middle\.[02]|samples\.\d+)\.norm2\.", r"\1.residual.3."),
            (r"(middle\.[02]|samples\.\d+)\.conv2\.", r"\1.residual.6."),
            (r"\.conv_shortcut\.", ".shortcut."),
        ],
    )


def text_llama(name: str) -> str:
    """T5EncoderModel / UMT5EncoderModel -> llama.cpp's `t5encoder`."""
    return renamed(
        name,
        [
            (r"^shared\.", "token_embd."),
            (r"^encoder\.final_layer_norm\.", "enc.output_norm."),
            (r"^encoder\.block\.", "enc.blk."),
            (r"\.layer\.0\.SelfAttention\.([qkvo])\.", r".attn_\1."),
            (r"\.layer\.0\.SelfAttention\.relative_attention_bias\.", ".attn_rel_b."),
            (r"\.layer\.0\.layer_norm\.", ".attn_norm."),
            (r"\.layer\.1\.DenseReluDense\.wi_0\.", ".ffn_gate."),
            (r"\.layer\.1\.DenseReluDense\.wi_1\.", ".ffn_up."),
            (r"\.layer\.1\.DenseReluDense\.wo\.", ".ffn_down."),
            (r"\.layer\.1\.layer_norm\.", ".ffn_norm."),
        ],
    )
