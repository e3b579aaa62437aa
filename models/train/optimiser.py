"""The optimiser of all stages, on whole parameters or on sharded ones, and its learning rate."""

from collections import defaultdict

import torch
from torch.distributed.tensor import DTensor, distribute_tensor

from precision import lowered


class Optimiser:
    """Muon for the matrices inside a network (a convolution's kernel is one: outputs x all it sums over), AdamW for the rest.

    Both take the same learning rate, as Muon's updates are scaled to AdamW's size. Parameters may be sharded in their
    first dimension: Muon's products are then products of DTensors, which exchange what they need.
    """

    REST = ("embed", "shared", "bias", "conv_in", "conv_out", "proj_out", "scale_shift_table")

    def __init__(self, module, weight_decay):
        self.matrices, rest = [], []
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            is_matrix = parameter.dim() >= 2 and parameter.numel() > parameter.shape[0]
            if is_matrix and not any(word in name for word in self.REST):
                # A view of the same memory, so that the module sees what Muon does.
                self.matrices.append((parameter, torch.nn.Parameter(parameter.detach().view(parameter.shape[0], -1))))
            else:
                rest.append(parameter)
        views = [view for _, view in self.matrices]
        muon = torch.optim.Muon if any(isinstance(view, DTensor) for view in views) else StackedMuon
        self.muon = muon(views, lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self.adam = torch.optim.AdamW(rest, lr=0.0, betas=(0.9, 0.99), weight_decay=0.0)

    def step(self, rate):
        for parameter, view in self.matrices:
            view.grad = None if parameter.grad is None else parameter.grad.reshape(view.shape)
        for optimiser in (self.muon, self.adam):
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()

    def state_dict(self):
        """The states with whole tensors, on all workers."""
        return {"muon": whole(self.muon.state_dict()), "adam": whole(self.adam.state_dict())}

    def load_state_dict(self, state):
        for name, optimiser in (("muon", self.muon), ("adam", self.adam)):
            parameters = [p for group in optimiser.param_groups for p in group["params"]]
            states = {index: {key: divided_like(value, parameters[index]) if value.dim() else value for key, value in entry.items()}
                      for index, entry in state[name]["state"].items()}
            optimiser.load_state_dict(state[name] | {"state": states})


class StackedMuon(torch.optim.Muon):
    """torch's Muon, with all matrices of one shape made orthogonal together: one by one, a GPU waits for the next product to
    be asked for. The state is the same. Only with the options that `Optimiser` gives it."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            parameters, gradients, buffers, of_shape = [], [], [], defaultdict(list)
            self._init_group(group, parameters, gradients, buffers)
            for each in zip(parameters, gradients, buffers):
                of_shape[each[0].shape].append(each)
            for members in of_shape.values():
                self.step_together(*map(list, zip(*members)), group)

    def step_together(self, parameters, gradients, buffers, group):
        momentum = group["momentum"]
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        ahead = torch.stack(torch._foreach_lerp(gradients, buffers, momentum))
        updates = orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"]).to(ahead.dtype)
        rate = group["lr"]
        torch._foreach_mul_(parameters, 1 - rate * group["weight_decay"])
        # "match_rms_adamw": updates as large as AdamW's (Liu et al., arXiv 2502.16982, section 2.2).
        torch._foreach_add_(parameters, updates.unbind(), alpha=-rate * 0.2 * max(ahead.shape[1:]) ** 0.5)


def orthogonal(matrices, coefficients, steps, smallest):
    """Newton-Schulz iteration of matrices [N, rows, columns] towards the nearest orthogonal ones, in the compute type (see precision.py)."""
    a, b, c = coefficients
    x = lowered(matrices)
    is_tall = x.shape[1] > x.shape[2]
    x = x.mT if is_tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(smallest)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x


def whole(value):
    """Sharded tensors put together, also those inside lists and dictionaries; all workers must call it."""
    if isinstance(value, dict):
        return {key: whole(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [whole(entry) for entry in value]
    return value.full_tensor() if isinstance(value, DTensor) else value


def divided_like(value, other):
    """A whole tensor, the same on all workers, divided among them as `other` is."""
    if not isinstance(other, DTensor):
        return value
    return distribute_tensor(value.to(other.device), other.device_mesh, other.placements, src_data_rank=None)


def learning_rate(step, progress, peak, warmup, decay_from=0.5, floor=0.05):
    """Linear warm-up over `warmup` steps, constant, then linear decay over the last part of the run (progress 0..1).

    Constant for most of the run, so that a run can be made longer without having been wrong until then.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    part = max(0.0, (progress - decay_from) / (1 - decay_from))
    return peak * (1 - (1 - floor) * min(1.0, part))
