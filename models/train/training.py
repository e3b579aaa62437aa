"""What the training stages share: weight averaging, learning rate, checkpoints that resume exactly, the log."""

import json
import os
import time

import torch
import torch.distributed as dist
from safetensors.torch import load_file
from torch.func import functional_call


class Workers:
    """Data parallel training under `torchrun`; one worker without it.

    On a CPU use one worker of one thread a core: threads that share a convolution spend their time waiting for each
    other wherever the cores are not theirs alone.
    """

    def __init__(self):
        self.count, self.rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        if self.count > 1:
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")

    def device(self, kind):
        if kind != "cuda":
            return torch.device(kind)
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        return torch.device("cuda", torch.cuda.current_device())

    def average_gradients(self, parameters):
        """Replace every gradient by its mean over the workers."""
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        torch._foreach_copy_(gradients, [f.view_as(g) for f, g in zip(flat.split([g.numel() for g in gradients]), gradients)])

    def wait(self):
        """Wait for all workers."""
        if self.count > 1:
            dist.barrier()

    def generator(self, seed, step):
        """The random numbers of this worker's step; they depend on nothing else, so that a resumed run repeats them."""
        return torch.Generator().manual_seed((seed * 1_000_003 + step) * 64 + self.rank)


def call_in_bfloat16(module, *inputs, values=None):
    """Run `module` with bfloat16 copies of its parameters (or of `values`); gradients reach the float32 originals.

    Unlike autocast it keeps every activation in bfloat16, and images and videos with the channels last.
    """

    def copy(tensor):
        tensor = tensor.to(torch.bfloat16)
        layout = {4: torch.channels_last, 5: torch.channels_last_3d}.get(tensor.dim())
        return tensor.contiguous(memory_format=layout) if layout else tensor

    parameters = {k: copy(v) for k, v in (values or dict(module.named_parameters())).items()}
    return functional_call(module, parameters, inputs)


class Optimiser:
    """Muon for the matrices inside a network (a convolution's kernel is one: outputs x all it sums over), AdamW for the rest.

    Both take the same learning rate, as Muon's updates are scaled to AdamW's size.
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
        self.muon = torch.optim.Muon([view for _, view in self.matrices], lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self.adam = torch.optim.AdamW(rest, lr=0.0, betas=(0.9, 0.99), weight_decay=0.0)

    def step(self, rate):
        for parameter, view in self.matrices:
            view.grad = None if parameter.grad is None else parameter.grad.reshape(view.shape)
        for optimiser in (self.muon, self.adam):
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()

    def state_dict(self):
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state):
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])


class Average:
    """Exponential moving average of a model's parameters, with a warm-up so that early steps do not linger."""

    def __init__(self, model, decay):
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in model.named_parameters()}

    @torch.no_grad()
    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.named_parameters():
            self.values[name].lerp_(value, 1 - decay)


def learning_rate(step, steps, peak, warmup, decay_from=0.5, floor=0.05):
    """Linear warm-up, constant, then linear decay over the last part of the run.

    Constant for most of the run, so that a run can be made longer without having been wrong until then.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    part = max(0.0, (step / steps - decay_from) / (1 - decay_from))
    return peak * (1 - (1 - floor) * min(1.0, part))


def load_weights(module, path):
    """Start from exported weights (`checkpoint/*.safetensors`, float16); every parameter must be in the file."""
    values = load_file(path)
    for name, parameter in module.named_parameters():
        parameter.data.copy_(values[name])


def save_checkpoint(path, **state):
    """Write so that an interruption leaves the previous checkpoint whole."""
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)


class Log:
    """Appends lines of JSON to a file and prints them. `seconds` is the training time, summed over resumed runs."""

    def __init__(self, path, seconds=0.0):
        self.path, self.before, self.start = path, seconds, time.monotonic()

    @property
    def seconds(self):
        return self.before + time.monotonic() - self.start

    def write(self, **values):
        line = {"seconds": round(self.seconds), **{k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()}}
        with open(self.path, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)
