"""Render clips and keep their latents: shards of normalised latents, which the DiT trains on, with several captions of each
and with the share of every latent position that the subjects cover.

A kind of three frames, the depth of the DiT's patches, is an excerpt of a clip of two seconds. It shows all that a caption says
but for most of the motion, for an eighth of the tokens of 24 frames, so that the DiT sees that many more scenes and what belongs to
which subject in them (images and clips are trained on together in Movie Gen, arXiv 2410.13720, section 3, and in Wan, arXiv
2503.20314).

What to make is said as kind=shards, for example `64x64x9@8=40 64x64x18@16=10` (see clips.py).

Under `torchrun` the workers share the shards. Shards already there are kept: ask for more to continue. The first run
measures the latents' mean and standard deviation in every channel and writes them beside the shards.
"""

import argparse
import json
import math
import os
import random
import time

import torch

from autoencoder import new_autoencoder, normalised
from clips import Kind, kind_and_count
from denoiser import CONFIG
from precision import call_lowered, lowered
from render import render
from training import load_weights
from workers import Workers
from world.captions import caption
from world.scene import joined, sample_scenes
from written_whole import written_whole

CAPTIONS = 4  # of each clip
EXCERPT_FRAMES = CONFIG["patch_size"][0]
EXCERPT_CLIP_SECONDS = 2
EXCERPTS = 8  # in a shard for every clip in one of clips, which makes shards of 24 frames and of excerpts equally large
TWO_SUBJECTS = 0.5  # of the clips are drawn until they have two, for what is hard is to tell these from each other


class Encode(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, video):
        """The latents' means, [B, z, T, H / 8, W / 8]. The autoencoder sees every frame alone, so frames go in as a batch."""
        frames = video.transpose(1, 2).flatten(0, 1).unsqueeze(2)
        means = self.vae._encode(frames).chunk(2, dim=1)[0].float()
        return means.squeeze(2).unflatten(0, (len(video), -1)).transpose(1, 2)


def load_autoencoder(path, device="cpu"):
    """The autoencoder of a checkpoint of train_vae.py (`*.pt`, the averaged weights) or of an exported one (`*.safetensors`)."""
    vae = new_autoencoder()
    load_weights(vae, path)
    return vae.to(device).eval().requires_grad_(False)


def set_statistics(vae, folder):
    """Put the measured statistics of the latents into the autoencoder's configuration."""
    with open(f"{folder}/statistics.json") as file:
        vae.register_to_config(**json.load(file))


@torch.no_grad()
def encode(model, scenes, kind, device, batch, seed=0):
    """The scenes as clips of a kind: latents [B, z, T, H / 8, W / 8], and the subjects' cover [B, T, H / 8, W / 8] in 0..1.

    `batch` clips of 64x64x9 at a time, or fewer larger ones. All excerpts are from the same part of their clips; `seed` says which.
    """
    latents, covers = [], []
    whole, shown = frames_shown(kind, seed)
    batch = max(1, batch * 64 * 64 * 9 // (kind.width * kind.height * kind.frames))
    for start in range(0, len(scenes), batch):
        video, mask = render(scenes.select(slice(start, start + batch)).to(device), whole, kind.height, kind.width, kind.fps, shown)
        latents.append(call_lowered(model, lowered(video)).cpu())
        covers.append(torch.nn.functional.avg_pool2d(mask, 8).cpu())
    return torch.cat(latents), torch.cat(covers)


def is_excerpt(kind):
    return kind.frames == EXCERPT_FRAMES


def frames_shown(kind, seed):
    """How many frames the clips of a shard have, and the numbers of those that are shown (None: all)."""
    if not is_excerpt(kind):
        return kind.frames, None
    whole = EXCERPT_CLIP_SECONDS * kind.fps
    start = random.Random(seed).randrange(whole - EXCERPT_FRAMES + 1)
    return whole, list(range(start, start + EXCERPT_FRAMES))


def measure(model, folder, device, batch):
    latents, _ = encode(model, sample_scenes(256, torch.Generator().manual_seed(77)), Kind(128, 128, 9, 8), device, batch)
    flat = latents.transpose(0, 1).flatten(1)
    with written_whole(f"{folder}/statistics.json") as path, open(path, "w") as file:
        json.dump({"latents_mean": flat.mean(1).tolist(), "latents_std": flat.std(1).tolist()}, file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vae", default="runs/vae/frames.pt", help="checkpoint of the autoencoder")
    parser.add_argument("--folder", default="runs/latents")
    parser.add_argument("kinds", nargs="+", type=kind_and_count, help="kind=shards, as 64x64x9@8=40")
    parser.add_argument("--clips", type=int, default=256, help=f"clips a shard; excerpts {EXCERPTS} times as many")
    parser.add_argument("--batch", type=int, default=32, help="clips of 64x64x9, or as many pixels of others, at a time")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no shard after so many")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    workers, start = Workers(), time.monotonic()
    device = workers.device(args.device)
    os.makedirs(args.folder, exist_ok=True)
    vae = load_autoencoder(args.vae, device)
    model = Encode(vae)
    if not os.path.exists(f"{args.folder}/statistics.json"):
        if workers.rank == 0:
            measure(model, args.folder, device, args.batch)
    workers.wait()
    set_statistics(vae, args.folder)
    for kind, number in in_order(args.kinds)[workers.rank::workers.count]:
        path = f"{args.folder}/{kind}-{number:04d}.pt"
        if os.path.exists(path):
            continue
        if time.monotonic() - start > 60 * args.minutes:
            break
        scenes, seed = scenes_of_shard(kind, number, args.clips), seed_of(kind, number)
        latents, cover = encode(model, scenes, kind, device, args.batch, seed)
        with written_whole(path) as part:
            torch.save({"captions": captions_of(scenes, seed), "latents": normalised(vae, latents).half(),
                        "cover": cover.half()}, part)
        print(path, flush=True)
    workers.leave()


def in_order(kinds):
    """The shards (kind, number) of [(kind, count)]: the first of every kind, then such that, however early it ends, about the same
    part of every kind is there."""
    wanted = sorted((number / count, kind, number) for kind, count in kinds for number in range(count))
    return [(kind, number) for _, kind, number in wanted]


def scenes_of_shard(kind, number, clips):
    """The scenes of a shard; `clips`: how many a shard of clips has, one of excerpts has EXCERPTS times as many."""
    count = clips * (EXCERPTS if is_excerpt(kind) else 1)
    return scenes_to_learn(count, torch.Generator().manual_seed(seed_of(kind, number)))


def scenes_to_learn(count, generator):
    """Scenes in any order, at least TWO_SUBJECTS of them with two."""
    paired = round(TWO_SUBJECTS * count)
    parts = ((count - paired, False), (paired, True))
    scenes = joined([sample_scenes(share, generator, paired=has_two) for share, has_two in parts if share])
    return scenes.select(torch.randperm(count, generator=generator))


def captions_of(scenes, seed):
    """CAPTIONS strings for every scene."""
    draw = random.Random(seed)
    return [[caption(scenes, i, draw) for _ in range(CAPTIONS)] for i in range(len(scenes))]


def seed_of(kind, number):
    """A seed of its own for every shard."""
    return (((kind.width * 1000 + kind.height) * 100 + kind.frames) * 100 + kind.fps) * 10_000 + number


if __name__ == "__main__":
    main()
