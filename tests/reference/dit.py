"""Fixtures of the diffusion transformer: diffusers' WanTransformer3DModel with random weights.

Writes dit/<config>/{config.json, diffusion_pytorch_model.safetensors} as `save_pretrained` does, and for each case
input[-case].safetensors {latent [C,F,H,W], timestep [1], text [L,d], image [n,d] where the config has one}
expected[-case].safetensors {velocity [C,F,H,W]}.
The text rows go into the model as they are: nothing is padded. A config with images expects 512 text rows,
the number that diffusers' attention processor assumes.
"""

from diffusers import WanTransformer3DModel

from common import FIXTURES, generator, normal, randomise, save, suffixed
import torch

# config arguments, then cases: name -> (frames, height, width, text rows, timestep)
CONFIGS = {
    # tests/models/transformers/test_models_transformer_wan.py of diffusers
    "tiny": (
        dict(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4,
            text_dim=16, freq_dim=256, ffn_dim=32, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        ),
        {"": (2, 16, 16, 12, 500.0), "one-token": (1, 2, 2, 1, 0.0)},
    ),
    "head64": (
        dict(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=64, in_channels=16, out_channels=16,
            text_dim=64, freq_dim=64, ffn_dim=160, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
        ),
        {"": (3, 12, 10, 33, 987.0), "long": (5, 18, 14, 64, 31.25)},
    ),
    # Asymmetric patches, more channels in than out, no norm before the cross-attention. The class accepts
    # qk_norm=None and builds the same norms nevertheless.
    "patches": (
        dict(
            patch_size=(2, 1, 3), num_attention_heads=3, attention_head_dim=20, in_channels=5, out_channels=3,
            text_dim=24, freq_dim=32, ffn_dim=72, num_layers=2, cross_attn_norm=False, qk_norm=None, eps=1e-4,
        ),
        {"": (4, 5, 9, 7, 250.5)},
    ),
    "odd": (
        dict(
            patch_size=(1, 2, 2), num_attention_heads=5, attention_head_dim=14, in_channels=7, out_channels=7,
            text_dim=19, freq_dim=48, ffn_dim=101, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
        ),
        {"": (1, 6, 22, 21, 1000.0), "video": (5, 10, 14, 3, 1.5)},
    ),
    # Image-to-video (Wan 2.1 I2V) and first-and-last-frame-to-video, whose two images have learnt positions.
    "i2v": (
        dict(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=12, out_channels=4,
            text_dim=16, freq_dim=32, ffn_dim=48, num_layers=2, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", image_dim=20, added_kv_proj_dim=32,
        ),
        {"": (2, 8, 12, 512, 750.0)},
    ),
    "flf2v": (
        dict(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=12, out_channels=4,
            text_dim=16, freq_dim=32, ffn_dim=48, num_layers=1, cross_attn_norm=True,
            qk_norm="rms_norm_across_heads", image_dim=20, added_kv_proj_dim=32, pos_embed_seq_len=14,
        ),
        {"": (2, 8, 4, 512, 125.0)},
    ),
}
IMAGE_TOKENS = 7


def model(name: str) -> WanTransformer3DModel:
    """The random model of a config; the same at every call."""
    arguments, _ = CONFIGS[name]
    return randomise(WanTransformer3DModel(**arguments), generator(1000 + list(CONFIGS).index(name)))


def inputs(name: str, case: str) -> dict[str, torch.Tensor]:
    """The random inputs of a case, without the batch dimension."""
    config, cases = CONFIGS[name]
    frames, height, width, rows, timestep = cases[case]
    rng = generator(2000 + 10 * list(CONFIGS).index(name) + list(cases).index(case))
    tensors = {
        "latent": normal(rng, config["in_channels"], frames, height, width),
        "timestep": torch.tensor([timestep]),
        "text": normal(rng, rows, config["text_dim"]),
    }
    if "image_dim" in config:
        images = 2 if "pos_embed_seq_len" in config else 1
        tensors["image"] = normal(rng, images * IMAGE_TOKENS, config["image_dim"])
        tensors["text"][20:] = 0  # what a prompt of 20 tokens looks like
    return tensors


def velocity(transformer: WanTransformer3DModel, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """The model's output [C,F,H,W] for inputs without batch dimension."""
    image = tensors.get("image")
    if image is not None:
        image = image.reshape(-1, IMAGE_TOKENS, image.shape[1])
    return transformer(
        hidden_states=tensors["latent"][None],
        timestep=tensors["timestep"],
        encoder_hidden_states=tensors["text"][None],
        encoder_hidden_states_image=image,
        return_dict=False,
    )[0][0]


def write() -> None:
    for name, (_, cases) in CONFIGS.items():
        directory = FIXTURES / "dit" / name
        transformer = model(name)
        transformer.save_pretrained(directory)
        for case in cases:
            tensors = inputs(name, case)
            save(suffixed(directory, "input", case), **tensors)
            save(suffixed(directory, "expected", case), velocity=velocity(transformer, tensors))
