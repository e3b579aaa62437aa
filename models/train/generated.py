"""Generated clips, kept on disk: an interrupted evaluation goes on where it was, and all measures share them."""

import hashlib
import os

import torch

from engine import generate, in_parallel
from exported import digest
from written_whole import written_whole

FOLDER = "runs/clips"


def generated(args, prompts, seeds):
    """The clips of the prompts with these seeds, one after the other: uint8 [3, T, H, W].

    args: the options of engine.add_arguments. `args.jobs` engines run at once.
    """
    folder = os.path.join(FOLDER, digest(args.model), str(args.kind))
    os.makedirs(folder, exist_ok=True)

    def make(prompt, seed):
        path = os.path.join(folder, hashlib.sha256(f"{seed} {args.steps} {prompt}".encode()).hexdigest()[:16] + ".pt")
        if not os.path.exists(path):
            with written_whole(path) as part:
                torch.save(generate(args.kinora, args.model, prompt, args.kind, seed, args.steps), part)
        return path

    yield from map(torch.load, in_parallel(args.jobs, make, prompts, seeds))
