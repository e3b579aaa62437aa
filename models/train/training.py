"""What the training stages share: the loop with its options, weight averaging, checkpoints that resume exactly, the log."""

import json
import os
import time
from contextlib import contextmanager

import torch
from safetensors.torch import load_file

import blocks
import gguf_files
from exported import path_of
from optimiser import Optimiser, divided_like, learning_rate, whole
from precision import call_lowered
from written_whole import written_whole

LOG_EVERY = 50  # steps


def add_options(parser, rate, warmup):
    """The options that all stages have; those of one process are never beginnings of torchrun's own (see test_training.py)."""
    parser.add_argument("--steps", type=int, help="steps of this stage, those of earlier runs included")
    parser.add_argument("--minutes", type=float, help="minutes of training, those of earlier runs included; whichever of the two is reached first ends it")
    parser.add_argument("--rate", type=float, default=rate, help="the highest learning rate")
    parser.add_argument("--warmup", type=int, default=warmup, help="steps until it is reached")
    parser.add_argument("--save-every", type=int, default=500, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shard", action="store_true", help="divide parameters and optimiser among the workers (FSDP2)")
    parser.add_argument("--recompute", action="store_true", help="compute blocks again in the backward pass, to save memory")
    parser.add_argument("--compile", action="store_true", help="torch.compile the blocks")


def parsed(parser, words):
    """The arguments of a stage; a training without an end has no learning rate."""
    args = parser.parse_args(words)
    if not args.steps and not args.minutes:
        parser.error("say with --steps or --minutes how long to train")
    return args


class Training:
    """A module on its way from its first step to its last, with optimiser, averaged weights, checkpoints and log.

    module: float32, already with its initial weights, and with `blocks()`, the parts that are recomputed, compiled and
    sharded. The checkpoint is {args.folder}/{name}.pt, the log {args.folder}/{name}.jsonl; a checkpoint that is there is
    continued, whatever the number of workers and the options that wrote it.
    """

    def __init__(self, module, name, args, workers, device, weight_decay, average_decay):
        self.module, self.name, self.args, self.workers, self.device = module, name, args, workers, device
        self.sharded = args.shard and workers.count > 1
        for block in module.blocks():
            if args.compile:
                blocks.compile(block)
            if args.recompute:
                blocks.recompute(block)
        if self.sharded:
            blocks.shard(module, module.blocks(), workers.mesh(device))
        self.optimiser, self.average = Optimiser(module, weight_decay), Average(module, average_decay)
        os.makedirs(args.folder, exist_ok=True)
        self.path, self.step, seconds = f"{args.folder}/{name}.pt", 0, 0.0
        if os.path.exists(self.path):
            seconds = self.resume(torch.load(self.path, map_location=device))
        self.log = Log(f"{args.folder}/{name}.jsonl", seconds)

    def __call__(self, *inputs):
        """The module's outputs, computed in the compute type (see precision.py); gradients are those of the float32 parameters."""
        return self.module(*inputs) if self.sharded else call_lowered(self.module, *inputs)

    def run(self, objective, validate):
        """Train to the end.

        objective(step, progress 0..1) -> (loss, {name: number for the log}), all as tensors without dimensions, which are read
        only when they are written, for a GPU works ahead of that; validate() -> {name: number}, called with averaged weights.
        """
        totals, counted, progress = {}, 0, self.progress()
        while progress < 1:
            loss, numbers = objective(self.step, progress)
            self.update(loss, progress)
            for key, number in ({"loss": loss.detach()} | numbers).items():
                totals[key] = totals.get(key, 0.0) + number
            self.step, counted = self.step + 1, counted + 1
            progress = self.progress()
            is_due = self.step % self.args.save_every == 0 or progress >= 1
            if is_due or self.step % LOG_EVERY == 0:
                means = self.workers.mean([total.item() / counted for total in totals.values()], self.device)
                self.write(**dict(zip(totals, means)))
                totals, counted = {}, 0
            if is_due:
                self.save()
                # Once in a while: to compile for it would take longer.
                with torch.no_grad(), torch.compiler.set_stance("force_eager"), self.average.in_place_of(self.module):
                    self.write(**validate())

    def progress(self):
        """How much of the training is done, 0..1 and beyond: of the steps or of the time, whichever is further."""
        by_steps = self.step / self.args.steps if self.args.steps else 0.0
        if not self.args.minutes:
            return by_steps
        return max(by_steps, self.workers.first_says(self.log.seconds / 60 / self.args.minutes, self.device))

    def update(self, loss, progress):
        self.module.zero_grad(set_to_none=True)
        loss.backward()
        if not self.sharded:
            self.workers.average_gradients(self.module.parameters())
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimiser.step(learning_rate(self.step, progress, self.args.rate, self.args.warmup))
        self.average.update(self.module, self.step)

    def write(self, **values):
        if self.workers.rank == 0:
            self.log.write(stage=self.name, step=self.step, **values)

    def save(self):
        """Whole tensors, also of a sharded module: putting them together takes all workers."""
        state = {"model": whole(self.module.state_dict()), "optimiser": self.optimiser.state_dict(), "average": whole(self.average.values),
                 "step": self.step, "seconds": self.log.seconds}
        if self.workers.rank == 0:
            with written_whole(self.path) as path:
                torch.save(state, path)

    def resume(self, state):
        own = self.module.state_dict()
        self.module.load_state_dict({name: divided_like(value, own[name]) for name, value in state["model"].items()})
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.values = {name: divided_like(value, self.average.values[name]) for name, value in state["average"].items()}
        self.step = state["step"]
        return state["seconds"]


class Average:
    """Exponential moving average of a model's parameters, with a warm-up so that early steps do not linger."""

    def __init__(self, model, decay):
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in model.named_parameters()}

    @torch.no_grad()
    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = dict(model.named_parameters())
        torch._foreach_lerp_([self.values[name] for name in parameters], list(parameters.values()), 1 - decay)

    @contextmanager
    def in_place_of(self, model):
        """Within it, the model computes with the averaged weights."""
        self.exchange(model)
        yield
        self.exchange(model)

    @torch.no_grad()
    def exchange(self, model):
        for name, parameter in model.named_parameters():
            held = parameter.detach().clone()
            parameter.copy_(self.values[name])
            self.values[name].copy_(held)


def load_weights(module, path):
    """Start from exported weights (`checkpoint/*.safetensors`, or for a Denoiser the folder of a model) or from the averaged ones
    of a checkpoint (`*.pt`).

    Every parameter must be in the file, else KeyError.
    """
    if os.path.isdir(path):
        gguf_files.load_denoiser(module, path_of(path, "text"), path_of(path, "dit"))
        return
    values = torch.load(path, map_location="cpu")["average"] if path.endswith(".pt") else load_file(path)
    values = {name.removeprefix("vae."): value for name, value in values.items()}  # as EncodeDecode has it
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(values[name])


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
