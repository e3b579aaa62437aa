"""Fixtures of the video autoencoder: diffusers' AutoencoderKLWan with random weights.

Writes vae/<config>/{config.json, diffusion_pytorch_model.safetensors} as `save_pretrained` does, and for each case
encode-input[-case].safetensors {video [3,T,H,W] in [-1, 1]}, encode-expected[-case].safetensors {latent [C,t,h,w]}:
the mean of the posterior (`encode(video).latent_dist.mode()`), not normalised;
decode-input[-case].safetensors {latent [C,t,h,w]}, decode-expected[-case].safetensors {video [3,T,H,W]}:
`decode(latent).sample`, which diffusers clamps to [-1, 1].
tiled-input.safetensors {latent [C,t,h,w]}, tiled-expected.safetensors {video [3,T,H,W]}: `tiled_decode`, in tiles of 32 pixels,
one every 24.
The files of single-frames hold the last taps over time only, and its config.json says so with `kernel_frames`.
"""

import json

from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import load_file, save_file

from common import FIXTURES, generator, normal, randomise, save, save_json, suffixed

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
    # every frame alone: the taps on earlier frames are zero
    "single-frames": (
        dict(
            base_dim=8, z_dim=6, dim_mult=[1, 2, 2], num_res_blocks=1, temperal_downsample=[False, False],
            in_channels=12, out_channels=12, patch_size=2, scale_factor_temporal=1, scale_factor_spatial=8,
        ),
        {"": (6, 16, 24), "one-frame": (1, 24, 16), "three-frames": (3, 24, 24)},
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
    if name == "single-frames":
        for parameter in causal(vae).values():
            parameter[:, :, :-1] = 0
            parameter *= 3**0.5  # the variance that the other taps would have added
    # So that a little of the output, not all of it, leaves [-1, 1] and is clamped.
    vae.decoder.conv_out.weight *= 1.1
    return vae


def causal(vae: AutoencoderKLWan) -> dict[str, torch.Tensor]:
    """The kernels [out,in,3,h,w] over several frames, by name."""
    return {name: p for name, p in vae.named_parameters() if p.ndim == 5 and p.shape[2] > 1}


def leave_out_the_past(vae: AutoencoderKLWan, directory: Path) -> None:
    """Rewrites what `save_pretrained` wrote, with the last taps over time only."""
    path = directory / "diffusion_pytorch_model.safetensors"
    last_taps = {name: kernel[:, :, -1:].contiguous() for name, kernel in causal(vae).items()}
    save_file(load_file(path) | last_taps, path)
    path = directory / "config.json"
    save_json(path, json.loads(path.read_text()) | {"kernel_frames": 1})


def encoded(vae: AutoencoderKLWan, video: torch.Tensor) -> torch.Tensor:
    """The mean of the posterior [C,t,h,w] of a video [3,T,H,W]."""
    if vae.config.scale_factor_temporal == 1:
        # diffusers takes four frames together after the first and drops those that are fewer.
        return vae.encode(video.transpose(0, 1)[:, :, None]).latent_dist.mode()[:, :, 0].transpose(0, 1)
    return vae.encode(video[None]).latent_dist.mode()[0]


def decoded(vae: AutoencoderKLWan, latent: torch.Tensor) -> torch.Tensor:
    """The video [3,T,H,W] of a latent [C,t,h,w]."""
    return vae.decode(latent[None]).sample[0]


def write_tiled(vae: AutoencoderKLWan, directory: Path) -> None:
    """A latent decoded in six tiles that overlap."""
    vae.enable_tiling(tile_sample_min_height=32, tile_sample_min_width=32, tile_sample_stride_height=24, tile_sample_stride_width=24)
    latent = normal(generator(6900), vae.config.z_dim, 3, 6, 9)
    tiled = decoded(vae, latent)
    vae.disable_tiling()
    print(f"    tiles change the video by {(tiled - decoded(vae, latent)).norm() / tiled.norm():.1%}")
    save(directory / "tiled-input.safetensors", latent=latent)
    save(directory / "tiled-expected.safetensors", video=tiled)


def write() -> None:
    for index, (name, (_, cases)) in enumerate(CONFIGS.items()):
        directory = FIXTURES / "vae" / name
        vae = model(name)
        vae.save_pretrained(directory)
        if name == "single-frames":
            leave_out_the_past(vae, directory)
        if name == "plain":
            write_tiled(vae, directory)
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
