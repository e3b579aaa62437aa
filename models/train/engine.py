"""What the engine makes from an exported model, through its command line."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from clips import kind_of
from exported import default_kind, default_steps


def add_arguments(parser):
    """The options of everything that asks the engine for clips."""
    parser.add_argument("--kinora", default="../../target/release/kinora", help="the engine's command line")
    parser.add_argument("--model", default="../nano")
    parser.add_argument("--kind", type=kind_of, help="as 128x128x17@8; left out, the model's own default")
    parser.add_argument("--steps", type=int, help="left out, the model's own number")
    parser.add_argument("--jobs", type=int, default=2, help="engines that run at once")


def parsed(parser):
    """The arguments, with the model's kind and number of steps where none is named."""
    args = parser.parse_args()
    args.kind, args.steps = args.kind or default_kind(args.model), args.steps or default_steps(args.model)
    return args


def generate(kinora, model, prompt, kind, seed=0, steps=None):
    """A clip uint8 [3, T, H, W], in the model's own number of steps unless another is given.

    Raises RuntimeError when `kinora generate` fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = {"model": model, "prompt": prompt, "seed": seed, "width": kind.width, "height": kind.height,
                   "frames": kind.frames, "fps": kind.fps, "steps": steps or default_steps(model), "out": folder}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        run(kinora, "generate", *words)
        names = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
        pictures = [numpy.asarray(Image.open(f"{folder}/{name}").convert("RGB")) for name in names]
    return torch.from_numpy(numpy.stack(pictures)).permute(3, 0, 1, 2).contiguous()


def run(kinora, *words):
    """Run a command of the engine; RuntimeError with its message when it fails."""
    done = subprocess.run([kinora, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")


def in_parallel(jobs, function, *items):
    """What `function` makes of the items, in their order; `jobs` run at once, and no more are begun when one fails."""
    workers = ThreadPoolExecutor(jobs)
    try:
        yield from workers.map(function, *items)
    finally:
        workers.shutdown(cancel_futures=True)


def forward(kinora, model, network, **tensors):
    """One network (text, dit, vae-encode or vae-decode, see `kinora forward --help`) on tensors: the one that comes out."""
    with tempfile.TemporaryDirectory() as folder:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, f"{folder}/in.safetensors")
        run(kinora, "forward", network, "--model", model, "--input", f"{folder}/in.safetensors", "--output", f"{folder}/out.safetensors")
        [result] = load_file(f"{folder}/out.safetensors").values()
    return result
