"""For tests: a GPU that is none. Its tensors say that they are on it, and are computed on the processor.

What a GPU refuses is an error here too: tensors of two devices in one operation, random numbers of another device's
generator. What it would be waited for is counted: tensors that are sent to it. Only forward passes: PyTorch's backward pass
looks for a real one.
"""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from world.constants import constant

DEVICE = torch.device("cuda", 0)
# Operations that take indices or values from the processor, as on a real GPU.
TAKE_BOTH = ("aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_", "aten::copy_", "aten::_to_copy")


class Pretended(torch.Tensor):
    @staticmethod
    def __new__(cls, inner):
        layout = {"strides": inner.stride(), "storage_offset": inner.storage_offset(), "dtype": inner.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, inner.size(), **layout, device=DEVICE)

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        raise AssertionError(f"{operation} outside of pretended_device()")


class Dispatch(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.transfers = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs, name = dict(kwargs or {}), operation._schema.name
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        here = [tensor for tensor in tensors if isinstance(tensor, Pretended)]
        elsewhere = [tensor for tensor in tensors if not isinstance(tensor, Pretended)]
        stays_here = bool(here)
        if kwargs.get("device") is not None:
            stays_here = torch.device(kwargs["device"]).type == "cuda"
            kwargs["device"] = torch.device("cpu")
            self.transfers += stays_here and bool(elsewhere) and not here
        elif here and name not in TAKE_BOTH:
            assert all(tensor.dim() == 0 for tensor in elsewhere), f"{name} of tensors on two devices"
        kwargs.pop("pin_memory", None)
        plain_args, plain_kwargs = tree_map_only(Pretended, lambda tensor: tensor.inner, (args, kwargs))
        result = operation(*plain_args, **plain_kwargs)
        if operation._schema.is_mutable:
            return args[0] if isinstance(args[0], torch.Tensor) else None
        return tree_map_only(torch.Tensor, Pretended, result) if stays_here else result


class Generator(torch.Generator):
    """Remembers of which device it is meant to be."""

    def __new__(cls, device="cpu"):
        generator = super().__new__(cls)
        generator.meant = torch.device(device)
        return generator

    def __init__(self, device="cpu"):
        pass

    @property
    def device(self):
        return self.meant


class GeneratorsMatch(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        generator = (kwargs or {}).get("generator")
        if isinstance(generator, Generator):
            assert torch.device(kwargs.get("device") or "cpu").type == generator.device.type, f"{function} with another device's generator"
        return function(*args, **(kwargs or {}))


def moved(module):
    """The module on the device; `Module.to` would ask a real one."""
    for part in module.modules():
        part._buffers.update({name: Pretended(buffer) for name, buffer in part._buffers.items() if buffer is not None})
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = torch.nn.Parameter(Pretended(parameter.detach()), requires_grad=False)
    return module


@contextmanager
def pretended_device(monkeypatch):
    """Within it there is the device; yields what counts `transfers` to it."""
    monkeypatch.setattr(torch.cuda, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch, "Generator", Generator)
    # As FakeTensorMode does where there is no GPU.
    torch._C._ensureCUDADeviceGuardSet()
    torch._C._set_only_lift_cpu_tensors(True)
    try:
        with GeneratorsMatch(), Dispatch() as dispatch:
            yield dispatch
    finally:
        torch._C._set_only_lift_cpu_tensors(False)
        constant.cache_clear()
