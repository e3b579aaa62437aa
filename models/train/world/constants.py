"""Numbers as tensors."""

from functools import cache

import torch


@cache
def constant(numbers, device):
    """A number, or a tuple (of tuples) of floats, as a tensor; made once, for a device is waited for when it is sent some.

    No bools: as keys they are the same as 0.0 and 1.0.
    """
    return torch.tensor(numbers, device=device)
