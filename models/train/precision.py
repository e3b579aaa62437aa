"""The type that networks compute in while they are trained; parameters, gradients and optimisers stay in float32."""

import torch
from torch.func import functional_call


def compute_type(device):
    """bfloat16, but float32 on processors that have no instructions for it and would take hundreds of times as long."""
    if torch.device(device).type == "cpu" and not (torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        return torch.float32
    return torch.bfloat16


def lowered(tensor):
    """In the type that its device computes in."""
    return tensor.to(compute_type(tensor.device))


def call_lowered(module, *inputs):
    """Run `module` with lowered copies of its parameters; gradients reach the originals.

    Unlike autocast it keeps every activation in the compute type, and images and videos with the channels last.
    """

    def copy(tensor):
        tensor = lowered(tensor)
        layout = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.dim())
        return tensor.contiguous(memory_format=layout) if layout else tensor

    return functional_call(module, {name: copy(value) for name, value in module.named_parameters()}, inputs)
