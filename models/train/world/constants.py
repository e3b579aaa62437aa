"""Numbers as tensors."""

from functools import cache

import torch


@cache
def constant(numbers, device):
    """A number, or a tuple (of tuples) of numbers, as a tensor; made once, for a device is waited for when it is sent some."""
    return torch.tensor(numbers, device=device)
