"""Latents with captions and noise, as the stages of the DiT train on them."""

import glob
import os
import random
from dataclasses import dataclass

import torch

from clips import Kind, kind_of
from denoiser import CONFIG
from text import load_tokenizer, token_ids, with_rate
from workers import seeded

EMPTY_SHARE = 0.1  # captions replaced by the empty prompt, for guidance
HELD_OUT = Kind(64, 64, 9, 8)  # the first shard of this kind is never trained on
REFRESH_EVERY = 200  # steps


def add_options(parser):
    parser.add_argument("--latents", default="runs/latents")
    parser.add_argument("--tokenizer", default="runs/tokenizer/tokenizer.json")
    parser.add_argument("--kinds", nargs="+", type=kind_of, help="kinds of clips to train on; without it all that there are")
    parser.add_argument("--tokens", type=int, default=6144, help="tokens a step: the more a clip has, the fewer clips")


@dataclass
class Clips:
    """N clips of a kind: latents [N, z, T', H', W'] and the subjects' cover [N, T', H', W'] in float16, the ids of several
    captions of each [N, K, L], and those of the empty prompt at the same frame rate [L]."""

    latents: torch.Tensor
    cover: torch.Tensor
    ids: torch.Tensor
    empty: torch.Tensor

    def __len__(self):
        return len(self.latents)


def joined(parts):
    """Clips of one kind as one."""
    together = {name: torch.cat([getattr(part, name) for part in parts]) for name in ("latents", "cover", "ids")}
    return Clips(**together, empty=parts[0].empty)


@dataclass
class Batch:
    """B clips of a kind: latents and noise [B, z, T', H', W'], the subjects' cover [B, T', H', W'] in 0..1.

    chance [B] in 0..1 is for the choice of noise levels. ids [B, L] are the captions', empty [1, L] those of the empty
    prompt at the same frame rate.
    """

    clean: torch.Tensor
    cover: torch.Tensor
    noise: torch.Tensor
    chance: torch.Tensor
    ids: torch.Tensor
    empty: torch.Tensor

    def noisy(self, level):
        """The latents with their noise at levels [B] in 0..1."""
        at = level[:, None, None, None, None]
        return (1 - at) * self.clean + at * self.noise


class Latents:
    """All shards of latents that encode_latents.py wrote, by kind of clip. They are kept on the device, where a batch is put
    together without waiting for anything."""

    def __init__(self, args, workers, device):
        self.args, self.workers, self.device = args, workers, device
        self.tokenizer = load_tokenizer(args.tokenizer)
        self.kinds, self.seen = {}, {os.path.basename(held_out_path(args.latents))}
        self.refresh()

    def refresh(self):
        """Take in shards written since the last time: on all workers the same, or they would not choose the same kinds."""
        fresh = {}
        there = self.workers.first_lists(glob.glob("*@*-*.pt", root_dir=self.args.latents), self.device)
        for name in sorted(set(there) - self.seen):
            kind = kind_of(name.rsplit("-", 1)[0])
            if self.args.kinds is None or kind in self.args.kinds:
                self.seen.add(name)
                fresh.setdefault(kind, []).append(self.load(f"{self.args.latents}/{name}", kind))
        for kind, shards in fresh.items():
            known = [self.kinds[kind]] if kind in self.kinds else []
            self.kinds[kind] = joined(known + shards)

    def load(self, path, kind):
        """A shard's clips."""
        shard = torch.load(path)
        texts = [text for captions in shard["captions"] for text in captions] + [""]
        ids = token_ids(self.tokenizer, [with_rate(text, kind.fps) for text in texts]).to(self.device)
        latents, cover = (shard[part].to(self.device) for part in ("latents", "cover"))
        return Clips(latents, cover, ids[:-1].unflatten(0, (len(latents), -1)), ids[-1])

    def clips(self):
        return sum(map(len, self.kinds.values()))

    def batch(self, step):
        """This worker's share of a step's batch. All workers take clips of one kind, so that none waits for another."""
        if step % REFRESH_EVERY == 0:
            self.refresh()
        kind = self.choose(random.Random(f"{self.args.seed} {step}"))
        count = self.workers.divisible(self.args.tokens // tokens(kind))
        generator = seeded(self.args.seed, step, self.device)
        index = torch.randint(len(self.kinds[kind]), (count,), generator=generator, device=self.device)
        return prepare(self.kinds[kind], index, generator, self.workers.share)

    def choose(self, draw):
        """A kind, so that every clip is as likely as any other to come next; `draw` is a random.Random."""
        kinds = sorted(self.kinds)
        return draw.choices(kinds, [len(self.kinds[kind]) * tokens(kind) for kind in kinds])[0]

    def held_out(self, count=256):
        """Clips never trained on, with the same noise every time; the same on all workers."""
        clips = self.load(held_out_path(self.args.latents), HELD_OUT)
        index = torch.arange(min(count, len(clips)), device=self.device)
        return prepare(clips, index, seeded(5, 0, self.device), slice(None))


def prepare(clips, index, generator, share):
    """The chosen clips with noise, each with one of its captions; everything random is drawn for all of them, then the share is
    taken."""
    device, count = index.device, len(index)
    noise = torch.randn((count, *clips.latents.shape[1:]), generator=generator, device=device)[share]
    chance, nothing = torch.rand((2, count), generator=generator, device=device)[:, share]
    which = torch.randint(clips.ids.shape[1], (count,), generator=generator, device=device)[share]
    index = index[share]
    ids = torch.where((nothing < EMPTY_SHARE)[:, None], clips.empty, clips.ids[index, which])
    return Batch(clips.latents[index].float(), clips.cover[index].float(), noise, chance, ids, clips.empty[None])


def held_out_path(folder):
    return f"{folder}/{HELD_OUT}-0000.pt"


def tokens(kind):
    """How many tokens a clip of a kind is for the DiT."""
    frames, height, width = CONFIG["patch_size"]
    return (kind.frames // frames) * (kind.height // (8 * height)) * (kind.width // (8 * width))
