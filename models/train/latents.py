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
from world.captions import caption
from world.scene import Scene

EMPTY_SHARE = 0.1  # captions replaced by the empty prompt, for guidance
HELD_OUT = Kind(64, 64, 9, 8)  # the first shard of this kind is never trained on
REFRESH_EVERY = 200  # steps


def add_options(parser):
    parser.add_argument("--latents", default="runs/latents")
    parser.add_argument("--tokenizer", default="runs/tokenizer/tokenizer.json")
    parser.add_argument("--kinds", nargs="+", type=kind_of, help="kinds of clips to train on; without it all that there are")
    parser.add_argument("--tokens", type=int, default=6144, help="tokens a step: the more a clip has, the fewer clips")


@dataclass
class Batch:
    """B clips of a kind: latents and noise [B, z, T', H', W'], the subjects' cover [B, T', H', W'] in 0..1.

    chance [B] in 0..1 is for the choice of noise levels. ids [B, L] are the captions', empty [1, M] those of the empty
    prompt at the same frame rate.
    """

    clean: torch.Tensor
    cover: torch.Tensor
    noise: torch.Tensor
    chance: torch.Tensor
    ids: torch.Tensor
    empty: torch.Tensor

    def to(self, device):
        return Batch(**{name: tensor.to(device) for name, tensor in vars(self).items()})

    def noisy(self, level):
        """The latents with their noise at levels [B] in 0..1."""
        at = level[:, None, None, None, None]
        return (1 - at) * self.clean + at * self.noise


class Latents:
    """All shards of latents that encode_latents.py wrote, by kind of clip."""

    def __init__(self, args, workers, device):
        self.args, self.workers, self.device = args, workers, device
        self.tokenizer = load_tokenizer(args.tokenizer)
        self.kinds, self.seen = {}, {held_out_path(args.latents)}
        self.refresh()

    def refresh(self):
        """Take in shards written since the last time."""
        fresh = {}
        for path in sorted(set(glob.glob(f"{self.args.latents}/*@*-*.pt")) - self.seen):
            kind = kind_of(os.path.basename(path).rsplit("-", 1)[0])
            if self.args.kinds is None or kind in self.args.kinds:
                self.seen.add(path)
                fresh.setdefault(kind, []).append(torch.load(path))
        for kind, shards in fresh.items():
            if kind in self.kinds:
                scenes, latents, cover = self.kinds[kind]
                shards.insert(0, {"scenes": vars(scenes), "latents": latents, "cover": cover})
            scenes = Scene(**{k: torch.cat([s["scenes"][k] for s in shards]) for k in shards[0]["scenes"]})
            self.kinds[kind] = scenes, *(torch.cat([s[part] for s in shards]) for part in ("latents", "cover"))

    def clips(self):
        return sum(len(scenes) for scenes, *_ in self.kinds.values())

    def batch(self, step):
        """This worker's share of a step's batch. All workers take clips of one kind, so that none waits for another."""
        if step % REFRESH_EVERY == 0:
            self.refresh()
        kind, generator = self.choose(random.Random(f"{self.args.seed} {step}")), seeded(self.args.seed, step)
        count = self.workers.divisible(self.args.tokens // tokens(kind))
        index = torch.randint(len(self.kinds[kind][0]), (count,), generator=generator)
        return self.prepare(kind, *self.kinds[kind], index, generator, self.workers.share)

    def choose(self, draw):
        """A kind, so that every clip is as likely as any other to come next; `draw` is a random.Random."""
        kinds = sorted(self.kinds)
        return draw.choices(kinds, [len(self.kinds[kind][0]) * tokens(kind) for kind in kinds])[0]

    def held_out(self, count=256):
        """Clips never trained on, with the same noise every time; the same on all workers."""
        shard = torch.load(held_out_path(self.args.latents))
        index = torch.arange(min(count, len(shard["latents"])))
        parts = Scene(**shard["scenes"]), shard["latents"], shard["cover"]
        return self.prepare(HELD_OUT, *parts, index, torch.Generator().manual_seed(5), slice(None))

    def prepare(self, kind, scenes, latents, cover, index, generator, share):
        """The chosen clips with captions and noise; everything random is drawn for all of them, then the share is taken."""
        seeds = torch.randint(2**62, (len(index),), generator=generator)[share]
        noise = torch.randn((len(index), *latents.shape[1:]), generator=generator)[share]
        chance = torch.rand(len(index), generator=generator)[share]
        index = index[share]
        texts = [text_of(scenes, i, random.Random(seed)) for i, seed in zip(index.tolist(), seeds.tolist())]
        ids, empty = (token_ids(self.tokenizer, [with_rate(text, kind.fps) for text in group]) for group in (texts, [""]))
        return Batch(latents[index].float(), cover[index].float(), noise, chance, ids, empty).to(self.device)


def held_out_path(folder):
    return f"{folder}/{HELD_OUT}-0000.pt"


def text_of(scenes, index, draw):
    return "" if draw.random() < EMPTY_SHARE else caption(scenes, index, draw)


def tokens(kind):
    """How many tokens a clip of a kind is for the DiT."""
    frames, height, width = CONFIG["patch_size"]
    return (kind.frames // frames) * (kind.height // (8 * height)) * (kind.width // (8 * width))
