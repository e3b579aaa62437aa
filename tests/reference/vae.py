"""Fixtures of the video autoencoder: diffusers' AutoencoderKLWan with random weights.

Writes vae/<config>/{config.json, diffusion_pytorch_model.safetensors} as `save_pretrained` does, and for each case
encode-input[-case].safetensors {video [3,T,H,W] in [-1, 1]}, encode-expected[-case].safetensors {latent [C,t,h,w]}:
the mean of the posterior (`encode(video).latent_dist.mode()`), not normalised;
decode-input[-case].safetensors {latent [C,t,h,w]}, decode-expected[-case].safetensors {video [3,T,H,W]}:
`decode(latent).sample`, which diffusers clamps to [-1, 1].
"""

import torch
from diffusers import AutoencoderKLWan

from common import FIXTURES, generator, normal, randomise, save, suffixed

# config arguments, then cases: name -> (frames, height, width) of the video
CONFIGS = {
    # tests/models/autoencoders/test_models_autoencoder_wan.py of diffusers
    "tiny": (
        dict(
            base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
        ),
        {"": (9, 16, 16), "one-frame": (1, 16, 24), "long": (17, 8, 16)},
    ),
    # the plain network on 2x2 patches of pixels
    "patched": (
        dict(
            base_dim=16, z_dim=8, dim_mult=[1, 2, 2], num_res_blocks=1, temperal_downsample=[True, True],
            in_channels=12, out_channels=12, patch_size=2, scale_factor_temporal=4, scale_factor_spatial=8,
        ),
        {"": (5, 16, 24), "one-frame": (1, 24, 16), "chunks": (13, 24, 16)},
    ),
    # Wan 2.1's shape, narrower by 24
    "plain": (
        dict(base_dim=4, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2, temperal_downsample=[False, True, True]),
        {"": (9, 24, 40), "one-frame": (1, 16, 48), "two-chunks": (5, 32, 16)},
    ),
    # Wan 2.2's: residual blocks with averaging shortcuts on 2x2 patches, a wider decoder
    "residual": (
        dict(
            base_dim=4, decoder_base_dim=5, z_dim=12, dim_mult=[1, 2, 4, 4], num_res_blocks=2,
            temperal_downsample=[False, True, True], is_residual=True, in_channels=12, out_channels=12, patch_size=2,
            scale_factor_temporal=4, scale_factor_spatial=16,
        ),
        {"": (9, 32, 48), "one-frame": (1, 48, 32), "two-chunks": (5, 16, 32)},
    ),
    # time halved once only: a chunk of four frames becomes two latent frames
    "half-time": (
        dict(
            base_dim=4, z_dim=3, dim_mult=[1, 2], num_res_blocks=1, temperal_downsample=[True],
            scale_factor_temporal=2, scale_factor_spatial=2,
        ),
        {"": (9, 6, 10)},
    ),
}


def model(name: str) -> AutoencoderKLWan:
    """The random model of a config; the same at every call."""
    arguments, _ = CONFIGS[name]
    rng = generator(5000 + list(CONFIGS).index(name))
    channels = arguments["z_dim"]
    mean, std = rng.standard_normal(channels), 0.5 + rng.random(channels)
    vae = AutoencoderKLWan(**arguments, latents_mean=mean.round(4).tolist(), latents_std=std.round(4).tolist())
    randomise(vae, rng)
    # So that a little of the output, not all of it, leaves [-1, 1] and is clamped.
    vae.decoder.conv_out.weight *= 1.1
    return vae


def encoded(vae: AutoencoderKLWan, video: torch.Tensor) -> torch.Tensor:
    """The mean of the posterior [C,t,h,w] of a video [3,T,H,W]."""
    return vae.encode(video[None]).latent_dist.mode()[0]


def decoded(vae: AutoencoderKLWan, latent: torch.Tensor) -> torch.Tensor:
    """The video [3,T,H,W] of a latent [C,t,h,w]."""
    return vae.decode(latent[None]).sample[0]


def write() -> None:
    for index, (name, (_, cases)) in enumerate(CONFIGS.items()):
        directory = FIXTURES / "vae" / name
        vae = model(name)
        vae.save_pretrained(directory)
        for case_index, (case, (frames, height, width)) in enumerate(cases.items()):
            rng = generator(6000 + 10 * index + case_index)
            video = torch.from_numpy(rng.uniform(-1, 1, (3, frames, height, width))).float()
            latent = encoded(vae, video)
            save(suffixed(directory, "encode-input", case), video=video)
            save(suffixed(directory, "encode-expected", case), latent=latent)

            latent = normal(rng, *latent.shape)
            result = decoded(vae, latent)
            assert result.shape == video.shape
            save(suffixed(directory, "decode-input", case), latent=latent)
            save(suffixed(directory, "decode-expected", case), video=result)
            print(f"    {(result.abs() == 1).float().mean():.1%} of the decoded values are clamped")
