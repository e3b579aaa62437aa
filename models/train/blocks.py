"""What can be done to the blocks of a network, one by one: compute them again instead of keeping them, compile, shard."""

import torch
from torch import nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.func import functional_call
from torch.utils._pytree import tree_map_only
from torch.utils.checkpoint import checkpoint

from precision import compute_type


class OwnForward(nn.Module):
    """What a block computes, whatever its `forward` is replaced with later."""

    def __init__(self, block):
        super().__init__()
        self.block, self.own = block, block.forward

    def forward(self, *inputs, **options):
        return self.own(*inputs, **options)


def recompute(block):
    """Activation checkpointing (Chen et al., arXiv 1604.06174): keep a block's inputs, compute the rest again backwards."""
    own = OwnForward(block)

    def forward(*inputs, **options):
        # call_lowered has put copies in the parameters' place, but only until the forward pass is over: keep them.
        parameters = dict(own.named_parameters())
        return checkpoint(functional_call, own, parameters, inputs, options, use_reentrant=False)

    block.forward = forward


def compile(block):
    """torch.compile; blocks of one shape share the code.

    Views are copied, for a view's code holds only for the shape of what it is a view of: with every kind of clip it would be
    compiled again, until torch.compile gives up.
    """
    compiled = torch.compile(block.forward)

    def forward(*inputs, **options):
        inputs, options = tree_map_only(torch.Tensor, lambda tensor: tensor.clone() if tensor._is_view() else tensor, (inputs, options))
        return compiled(*inputs, **options)

    block.forward = forward


def shard(module, blocks, mesh):
    """FSDP2: every block's parameters are divided among the workers and gathered, in the compute type (see precision.py), while it computes.

    Gradients are averaged in float32. Inputs keep their types, as in call_lowered: timesteps need float32.
    """
    policy = MixedPrecisionPolicy(param_dtype=compute_type(mesh.device_type), reduce_dtype=torch.float32, cast_forward_inputs=False)
    for block in blocks:
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(module, mesh=mesh, mp_policy=policy, reshard_after_forward=True)
