"""The DiT with its text encoder: diffusers' WanTransformer3DModel and transformers' UMT5EncoderModel, trained as one."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, WanTransformer3DModel
from diffusers.models.transformers import transformer_wan
from torch import nn

from text import TEXT_LENGTH, new_encoder, text_rows

CONFIG = dict(
    patch_size=(3, 2, 2), num_attention_heads=10, attention_head_dim=32, in_channels=12, out_channels=12,
    text_dim=192, freq_dim=256, ffn_dim=1280, num_layers=8, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    eps=1e-6, rope_max_seq_len=1024,
)


def speed_up_attention():
    """Attention as two matrix products: for this few tokens twice as fast on a CPU as PyTorch's fused one."""
    fused = transformer_wan.dispatch_attention_fn

    def attention(query, key, value, **options):
        if query.device.type != "cpu":
            return fused(query, key, value, **options)
        query, key, value = (x.transpose(1, 2) for x in (query, key, value))
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        return (scores.softmax(-1) @ value).transpose(1, 2)

    transformer_wan.dispatch_attention_fn = attention


# Noise levels are moved up, in training as in sampling: neighbouring frames say much the same.
SHIFT = 3.0


def shifted(level):
    return SHIFT * level / (1 + (SHIFT - 1) * level)


def unshifted(level):
    return level / (SHIFT - (SHIFT - 1) * level)


def schedule(steps):
    """The scheduler that samples in so many steps: `timesteps` [steps] and `sigmas` [steps + 1], the last of them 0.

    Levels are even before their shift, as diffusers' FluxPipeline has them, so that those of half as many steps are among
    them. Left to itself, the scheduler would end at a level so low that the last step changes nothing.
    """
    scheduler = FlowMatchEulerDiscreteScheduler(shift=SHIFT)
    scheduler.set_timesteps(sigmas=[1 - step / steps for step in range(steps)])
    return scheduler


class Denoiser(nn.Module):
    """Text encoder and DiT, with random weights."""

    def __init__(self, vocab_size, text_length=TEXT_LENGTH):
        super().__init__()
        self.text_length = text_length
        self.encoder = new_encoder(vocab_size)
        self.dit = WanTransformer3DModel(**CONFIG)

    def blocks(self):
        """Those of the DiT; the text encoder is too small to be worth it."""
        return list(self.dit.blocks)

    def forward(self, latents, timestep, ids):
        """latents [B, z, T', H', W'], timestep [B] (0..1000), ids [B, text_length] -> velocity, float32, shape of latents."""
        rows = text_rows(self.encoder, ids)
        return self.dit(latents, timestep, rows, return_dict=False)[0].float()


speed_up_attention()


@torch.no_grad()
def sample(denoise, ids, empty, shape, steps, guidance, generator):
    """Euler sampling of the flow with guidance (1: none); returns normalised latents of `shape` ([B, z, T', H', W']).

    denoise: (latents, timestep [B], ids) -> velocity; ids [B, L]: the prompts; empty [1, L]: the empty prompt.
    """
    scheduler = schedule(steps)
    latents = torch.randn(shape, generator=generator).to(ids.device)
    nothing = empty.expand(len(ids), -1)
    for timestep in scheduler.timesteps:
        times = timestep.expand(len(ids)).to(ids.device)
        velocity = denoise(latents, times, ids)
        if guidance != 1:
            unconditional = denoise(latents, times, nothing)
            velocity = unconditional + guidance * (velocity - unconditional)
        latents = scheduler.step(velocity, timestep, latents, return_dict=False)[0]
    return latents
