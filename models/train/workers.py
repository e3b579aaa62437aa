"""Data parallel training under `torchrun`: who takes what of a batch, and what all agree on."""

import os

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh


class Workers:
    """The processes of one training; one worker without `torchrun`.

    Every worker draws the random numbers of the whole batch and takes its share, so that a training is the same with
    any number of workers. For the DiT's default batch that takes 4 ms of a core a step, nearly all of it for noise, and
    1 ms for the scenes of the autoencoder's.

    On a CPU use one worker of one thread a core: threads that share a convolution spend their time waiting for each
    other wherever the cores are not theirs alone.
    """

    def __init__(self):
        self.count, self.rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))

    def device(self, kind):
        """This worker's device of a kind ("cpu", "cuda"); joins the other workers. Where there are more of them than GPUs, they share
        these."""
        shared = False
        if kind == "cuda":
            shared = int(os.environ.get("LOCAL_WORLD_SIZE", 1)) > torch.cuda.device_count()
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
        if self.count > 1:
            # NCCL refuses two workers on one GPU.
            dist.init_process_group("nccl" if kind == "cuda" and not shared else "gloo")
        return torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else torch.device(kind)

    def leave(self):
        """To be called last."""
        if self.count > 1:
            dist.destroy_process_group()

    def mesh(self, device):
        """All workers in a row, over which parameters are divided."""
        return init_device_mesh(device.type, (self.count,))

    def divisible(self, count):
        """The largest number up to `count` that all workers share evenly, at least one each."""
        return self.count * max(1, count // self.count)

    @property
    def share(self):
        """What this worker takes of a batch, as a slice."""
        return slice(self.rank, None, self.count)

    def average_gradients(self, parameters):
        """Replace every gradient by its mean over the workers."""
        if self.count == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        torch._foreach_copy_(gradients, [f.view_as(g) for f, g in zip(flat.split([g.numel() for g in gradients]), gradients)])

    def mean(self, numbers, device):
        """The means over the workers of a list of numbers."""
        if self.count == 1:
            return numbers
        values = torch.tensor(numbers, dtype=torch.float32, device=device)
        dist.all_reduce(values)
        return (values / self.count).tolist()

    def first_says(self, number, device):
        """The number that the first worker has."""
        if self.count == 1:
            return number
        value = torch.tensor(number, dtype=torch.float32, device=device)
        dist.broadcast(value, 0)
        return value.item()

    def first_lists(self, items, device):
        """The list that the first worker has."""
        if self.count == 1:
            return items
        lists = [items]
        dist.broadcast_object_list(lists, 0, device=device)
        return lists[0]

    def wait(self):
        """Wait for all workers."""
        if self.count > 1:
            dist.barrier()


def seeded(seed, step, device="cpu"):
    """The random numbers of a step; they depend on nothing else but the kind of device that draws them, so that a resumed run
    repeats them."""
    return torch.Generator(device).manual_seed(seed * 1_000_003 + step)
