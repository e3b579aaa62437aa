"""The video autoencoder: diffusers' AutoencoderKLWan in a small configuration."""

import torch
import torch.nn.functional as F
from torch import nn
from diffusers import AutoencoderKLWan
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, WanResidualBlock, WanRMS_norm, patchify, unpatchify
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

# Time is not compressed (the DiT's patches take three frames each): for motion in the latents, far more training is needed.
CONFIG = dict(
    base_dim=32, z_dim=12, dim_mult=[1, 2, 2], num_res_blocks=1, attn_scales=[], temperal_downsample=[False, False],
    dropout=0.0, in_channels=12, out_channels=12, patch_size=2, scale_factor_temporal=1, scale_factor_spatial=8,
    latents_mean=[0.0] * 12, latents_std=[1.0] * 12,
)


def new_autoencoder():
    """A fresh autoencoder that treats every frame alone, and whose latents start nearly free of noise.

    It is trained on single frames, which leave the taps on earlier frames at zero.
    """
    vae = AutoencoderKLWan(**CONFIG)
    with torch.no_grad():
        for module in vae.modules():
            if isinstance(module, WanCausalConv3d):
                module.weight[:, :, :-1] = 0
        vae.quant_conv.bias[CONFIG["z_dim"]:] = -6.0
    speed_up()
    return vae


def speed_up():
    """Compute the same values with less work: single frames as 2-D convolutions, the norm with one division a pixel.

    A causal 3-D convolution of one frame without history sees zeros before it, so that only the last tap in time counts.
    """
    whole = WanCausalConv3d.forward
    if getattr(whole, "handles_single_frames", False):
        return

    def convolution(self, x, cache_x=None):
        if x.shape[2] == 1 and cache_x is None and self.stride == (1, 1, 1):
            pad = (self._padding[2], self._padding[0])
            return F.conv2d(x[:, :, 0], self.weight[:, :, -1], self.bias, padding=pad).unsqueeze(2)
        return whole(self, x, cache_x)

    def norm(self, x):
        inverse = self.scale / torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_min(1e-12)
        return x * inverse * self.gamma

    convolution.handles_single_frames = True
    WanCausalConv3d.forward = convolution
    WanRMS_norm.forward = norm


class EncodeDecode(nn.Module):
    """Single frames to latents and back in one call, as `functional_call` needs it.

    Without diffusers' loop over time and its cache of earlier frames, so that blocks are functions of their inputs.
    """

    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def blocks(self):
        return [module for module in self.vae.modules() if isinstance(module, WanResidualBlock)]

    def forward(self, video, noise):
        """video [B, 3, 1, H, W], noise like the latents -> (decoded video, latents' distribution)."""
        vae = self.vae
        moments = vae.quant_conv(vae.encoder(patchify(video, CONFIG["patch_size"])))
        posterior = DiagonalGaussianDistribution(moments.float())
        latents = (posterior.mean + posterior.std * noise).to(video.dtype)
        decoded = vae.decoder(vae.post_quant_conv(latents), first_chunk=True)
        return unpatchify(decoded, CONFIG["patch_size"]).clamp(-1, 1).float(), posterior


def normalised(vae, latents):
    """What the DiT sees: latents with mean 0 and standard deviation 1 in every channel."""
    mean, std = statistics(vae, latents)
    return (latents - mean) / std


def denormalised(vae, latents):
    mean, std = statistics(vae, latents)
    return latents * std + mean


def statistics(vae, like):
    return (like.new_tensor(v)[None, :, None, None, None] for v in (vae.config.latents_mean, vae.config.latents_std))
