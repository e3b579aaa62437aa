"""Fixtures of the naming maps: {name in a file: name in diffusers or transformers}.

names/dit.json, names/vae.json, names/text.json: {case: names}; in vae.json {case: {"residual_blocks": n, "names": names}},
in text.json {case: {"gated": bool, "names": names}}.

The right side is the state dict of the library's own class. The left side is checked with code that is not ours where
there is some: diffusers' single-file conversion for the transformer and the plain autoencoder, gguf's tensor map for
the text encoder. The names of Wan 2.2's autoencoder and of Wan's text encoder are those of their repositories.
"""

import gguf
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel, WanVACETransformer3DModel
from diffusers.loaders.single_file_utils import convert_wan_transformer_to_diffusers, convert_wan_vae_to_diffusers
from transformers import UMT5Config, UMT5EncoderModel

from common import FIXTURES, save_json
from names import dit_original, text_llama, vae_original

DIRECTORY = FIXTURES / "names"

DIT = {"num_attention_heads": 2, "attention_head_dim": 12, "ffn_dim": 8, "freq_dim": 8, "text_dim": 8, "num_layers": 2}
DIT_CASES = {
    "t2v": (WanTransformer3DModel, {}),
    "i2v": (WanTransformer3DModel, {"image_dim": 8, "added_kv_proj_dim": 24}),
    "flf2v": (WanTransformer3DModel, {"image_dim": 8, "added_kv_proj_dim": 24, "pos_embed_seq_len": 4}),
    "vace": (WanVACETransformer3DModel, {"vace_layers": [0, 1], "vace_in_channels": 8}),
}
VAE = {"base_dim": 4, "z_dim": 4}
VAE_CASES = {
    "plain": {},
    "one-block": {"num_res_blocks": 1},
    "three-blocks": {"num_res_blocks": 3},
    "residual": {"is_residual": True, "decoder_base_dim": 8, "in_channels": 12, "out_channels": 12, "patch_size": 2},
}
# Wan-Video/Wan2.1 `wan/modules/t5.py`.
WAN_TEXT_OUTSIDE = {"token_embd.weight": "token_embedding.weight", "enc.output_norm.weight": "norm.weight"}
# The same inside of a block, by what llama.cpp calls the same tensor.
WAN_TEXT = {
    "attn_norm": "norm1",
    "attn_q": "attn.q",
    "attn_k": "attn.k",
    "attn_v": "attn.v",
    "attn_o": "attn.o",
    "attn_rel_b": "pos_embedding.embedding",
    "ffn_norm": "norm2",
    "ffn_gate": "ffn.gate.0",
    "ffn_up": "ffn.fc1",
    "ffn_down": "ffn.fc2",
}


def state_names(model: torch.nn.Module) -> list[str]:
    return sorted(model.state_dict())


def vace_original(name: str) -> str:
    """The original names of VACE's extra blocks: those of plain blocks, and the projections around them."""
    if not name.startswith("vace_blocks."):
        return dit_original(name)
    name = name.replace(".proj_in.", ".before_proj.").replace(".proj_out.", ".after_proj.")
    return "vace_" + dit_original(name.removeprefix("vace_"))


def dit_pairs() -> dict:
    cases = {}
    for case, (network, options) in DIT_CASES.items():
        with torch.device("meta"):
            names = state_names(network(**DIT, **options))
        pairs = [[vace_original(name), name] for name in names]
        for original, name in pairs:
            # diffusers' conversion leaves the learnt positions of image tokens out.
            if name != "condition_embedder.image_embedder.pos_embed":
                assert list(convert_wan_transformer_to_diffusers({original: torch.zeros(1)})) == [name], original
        prefixed = [[prefix + pairs[0][0], pairs[0][1]] for prefix in ("model.diffusion_model.", "model.")]
        cases[case] = dict(pairs + prefixed)
    return cases


def vae_pairs() -> dict:
    cases = {}
    for case, options in VAE_CASES.items():
        with torch.device("meta"):
            model = AutoencoderKLWan(**VAE, **options)
        pairs = [[vae_original(name, model.config), name] for name in state_names(model)]
        if case == "plain":
            for original, name in pairs:
                assert list(convert_wan_vae_to_diffusers({original: torch.zeros(1)})) == [name], original
        cases[case] = {"residual_blocks": model.config.num_res_blocks, "names": dict(pairs)}
    return cases


TEXT = {"vocab_size": 8, "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 2, "num_heads": 2}


def text_names(**options) -> dict[str, str]:
    """llama.cpp's names of a text encoder's tensors."""
    with torch.device("meta"):
        names = state_names(UMT5EncoderModel(UMT5Config(**TEXT, **options)))
    tensor_map = gguf.get_tensor_name_map(gguf.MODEL_ARCH.T5ENCODER, TEXT["num_layers"])
    pairs = {"token_embd.weight": "shared.weight"}
    for name in names:
        if name not in ("shared.weight", "encoder.embed_tokens.weight"):
            pairs[tensor_map.get_name(name, try_suffixes=(".weight",))] = name
    return pairs


def wan_text_name(llama: str) -> str:
    """Wan's name of a tensor, from llama.cpp's."""
    if llama in WAN_TEXT_OUTSIDE:
        return WAN_TEXT_OUTSIDE[llama]
    block, tensor = llama.removesuffix(".weight").rsplit(".", 1)
    return f"{block.replace('enc.blk', 'blocks')}.{WAN_TEXT[tensor]}.weight"


def text_pairs() -> dict:
    gated, plain = text_names(feed_forward_proj="gated-gelu"), text_names(feed_forward_proj="relu")
    for llama, name in gated.items():
        assert text_llama(name) == llama, name
    cases = {
        "llama.cpp": (True, gated),
        "llama.cpp, not gated": (False, plain),
        "wan": (True, {wan_text_name(llama): name for llama, name in gated.items()}),
        "alias": (True, {"encoder.embed_tokens.weight": "shared.weight"}),
    }
    return {case: {"gated": is_gated, "names": names} for case, (is_gated, names) in cases.items()}


def write() -> None:
    for name, cases in {"dit": dit_pairs(), "vae": vae_pairs(), "text": text_pairs()}.items():
        save_json(DIRECTORY / f"{name}.json", cases)
        print(f"  names/{name}.json")
