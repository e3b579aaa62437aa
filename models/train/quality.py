"""How near pictures and tensors are to what they should be."""

import torch


def psnr(clips, reference, weight=None):
    """Peak signal-to-noise ratio in dB of every clip, float [B]; clips [B, 3, T, H, W] in -1..1, `weight` [B, T, H, W] says
    how much a pixel counts (not a number where nothing does)."""
    squares = (clips - reference).square().mean(1)
    weight = torch.ones_like(squares) if weight is None else weight
    error = (squares * weight).flatten(1).sum(1) / weight.flatten(1).sum(1)
    return 10 * torch.log10(4 / error)


def relative_error(values, reference):
    """Relative L2."""
    return ((values - reference).norm() / reference.norm()).item()
