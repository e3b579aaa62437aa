"""Clips that the engine makes from an exported model, through its command line."""

import os
import subprocess
import tempfile

import numpy
import torch
from PIL import Image


def generate(kinora, model, prompt, seed=0, width=64, height=64, frames=9, steps=None):
    """A clip [3, frames, height, width] in -1..1, in the model's own number of steps unless another is given.

    Raises CalledProcessError when `kinora generate` fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = {"model": model, "prompt": prompt, "seed": seed, "width": width, "height": height, "frames": frames,
                   "out": folder} | ({"steps": steps} if steps else {})
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        subprocess.run([kinora, "generate", *words], check=True, stdout=subprocess.DEVNULL)
        names = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
        pictures = [numpy.asarray(Image.open(f"{folder}/{name}").convert("RGB")) for name in names]
    return torch.from_numpy(numpy.stack(pictures)).permute(3, 0, 1, 2).float() / 127.5 - 1
