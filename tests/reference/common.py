"""What every fixture script shares: paths, random weights, saving and the check that files load back."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures"

torch.set_grad_enabled(False)
torch.set_num_threads(1)


def generator(seed: int) -> np.random.Generator:
    """NumPy's PCG64: its stream is stable between versions and machines, which torch's is not promised to be."""
    return np.random.default_rng(seed)


def normal(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """Standard normal float32 values."""
    return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))


def randomise(module: torch.nn.Module, rng: np.random.Generator) -> torch.nn.Module:
    """Gives every parameter a random value, so that no norm, bias or modulation is trivially zero or one.

    Weights keep the variance of what flows through them (standard deviation 1/sqrt(fan-in)).
    """
    for name, parameter in module.named_parameters():
        values = normal(rng, *parameter.shape)
        leaf = name.rsplit(".", 1)[-1]
        if leaf == "bias":
            values *= 0.2
        elif leaf in ("scale_shift_table", "pos_embed"):
            values *= 0.5
        elif leaf == "gamma" or "norm" in name:
            values = 1 + 0.3 * values
        elif not is_embedding(name):
            values /= parameter[0].numel() ** 0.5
        parameter.copy_(values)
    return module.float().eval()


def is_embedding(name: str) -> bool:
    """Whether a parameter is a table looked up by index; its rows have unit variance."""
    return name.endswith(("shared.weight", "embed_tokens.weight", "relative_attention_bias.weight"))


def save(path: Path, **tensors: torch.Tensor) -> None:
    """Writes contiguous tensors and checks that the file reads back to the same finite values."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    with safe_open(path, "pt") as file:
        for name, tensor in tensors.items():
            assert torch.equal(file.get_tensor(name), tensor), f"{path}: {name} does not read back"
            assert not tensor.is_floating_point() or tensor.isfinite().all(), f"{path}: {name} is not finite"
    sizes = ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in tensors.items())
    print(f"  {path.relative_to(FIXTURES)}: {sizes}")


def save_json(path: Path, value) -> None:
    """Writes indented JSON with a final newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def suffixed(directory: Path, stem: str, case: str) -> Path:
    """`input.safetensors` for the first case, `input-<case>.safetensors` for the others."""
    return directory / (f"{stem}-{case}.safetensors" if case else f"{stem}.safetensors")
