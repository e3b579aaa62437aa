"""How well the autoencoder keeps held-out clips: encoded and decoded by the engine, from the shipped file.

For every kind of clip: PSNR of whole frames and of the pixels that subjects cover, and, where latent frames hold several
frames, flicker at their borders: how much more pictures change there than elsewhere, against the rendered clip's own.
"""

import argparse
import json
import os

import torch

from clips import Kind
from engine import add_arguments, forward, in_parallel, parsed
from exported import chunk_frames, digest, manifest_of
from quality import psnr
from render import render
from tables import markdown, publish
from world.scene import sample_scenes
from written_whole import written_whole

SEED = 515_151
CLIPS_TOGETHER = 8


def main():
    args = arguments()
    first, *others = sizes_of(args.model, args.kind)
    counts = {first: args.clips} | dict.fromkeys(others, args.clips_of_others)
    report = {str(kind): examine(args, kind, clips) for kind, clips in counts.items() if clips}
    publish(report, args.out, table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--clips", type=int, default=512, help="held-out clips of the model's first size")
    parser.add_argument("--clips-of-others", type=int, default=512, help="of each other size")
    parser.add_argument("--every", type=int, default=1, help="look at every so many frames, with an autoencoder of single frames")
    parser.add_argument("--out", default="../nano/autoencoder.json")
    args = parsed(parser)
    if args.every > 1 and not sees_single_frames(args.model):
        parser.error("--every: this autoencoder looks at whole clips")
    return args


def sizes_of(model, kind):
    """Kinds as `kind`, in every size that the model names."""
    return [Kind(size["width"], size["height"], kind.frames, kind.fps) for size in manifest_of(model)["sizes"]]


def sees_single_frames(model):
    """Whether the autoencoder makes of a frame what it is, whatever comes before."""
    return chunk_frames(model) == 1 and manifest_of(model)["configs"]["vae"].get("kernel_frames") == 1


def examine(args, kind, count):
    """Mean figures of `count` clips of a kind. The engine runs twice for every part of them: one clip, for a causal network
    would see clips that are put one after the other as one, or several where it sees single frames anyway."""
    folder = os.path.join("runs/reconstructed", digest(args.model), f"{kind}-{count}-every-{args.every}")
    os.makedirs(folder, exist_ok=True)
    scenes = sample_scenes(count, torch.Generator().manual_seed(SEED), held_out=True)
    chunk, together = chunk_frames(args.model), CLIPS_TOGETHER if sees_single_frames(args.model) else 1

    def measure(start):
        """Figures of the clips from a number on, kept on disk, so that an interrupted run goes on."""
        part = slice(start, min(start + together, count))
        path = f"{folder}/{part.start:04d}-{part.stop:04d}.json"
        if not os.path.exists(path):
            videos, masks = render(scenes.select(part), kind.frames, kind.height, kind.width, kind.fps)
            videos, masks = videos[:, :, ::args.every], masks[:, ::args.every]
            decoded = reconstructed(args, videos)
            clips = [figures(*(each[None] for each in clip), chunk) for clip in zip(decoded, videos, masks)]
            with written_whole(path) as whole, open(whole, "w") as file:
                json.dump(clips, file)
        with open(path) as file:
            return json.load(file)

    found = sum(in_parallel(args.jobs, measure, range(0, count, together)), [])
    return {name: mean_of([each[name] for each in found]) for name in found[0]} | {"clips": count}


def reconstructed(args, videos):
    """Videos [B, 3, T, H, W] after a way through the autoencoder, one after the other as one."""
    latent = forward(args.kinora, args.model, "vae-encode", video=videos.transpose(0, 1).flatten(1, 2))
    decoded = forward(args.kinora, args.model, "vae-decode", latent=latent).clamp(-1, 1)
    return decoded.unflatten(1, (len(videos), -1)).transpose(0, 1)


def figures(decoded, video, mask, chunk):
    """{name: figure} of one clip, [1, 3, T, H, W]; None for those that it has not."""
    inside = psnr(decoded, video, mask).item() if mask.any() else None
    return {"PSNR": psnr(decoded, video).item(), "PSNR inside subjects": inside, "flicker": flicker(decoded, video, chunk)}


def flicker(decoded, video, chunk):
    """How much more a clip changes where latent frames meet than elsewhere, divided by the same of the rendered clip: 1 is
    none. None where every frame is a latent frame, or nothing moves."""
    if chunk == 1:
        return None
    at_border, elsewhere = changes(decoded, chunk)
    own_at_border, own_elsewhere = changes(video, chunk)
    if min(elsewhere, own_at_border, own_elsewhere) < 1e-4:
        return None
    return (at_border / elsewhere) / (own_at_border / own_elsewhere)


def changes(clip, chunk):
    """Mean absolute difference of neighbouring frames, where latent frames meet (0|1 2 3 4|5 ...) and elsewhere."""
    change = (clip[:, :, 1:] - clip[:, :, :-1]).abs().mean((0, 1, 3, 4))
    border = torch.arange(len(change)) % chunk == 0
    return change[border].mean().item(), change[~border].mean().item()


def mean_of(values):
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def table(report):
    """The report for the model card."""
    names = ["PSNR", "PSNR inside subjects", "flicker", "clips"]
    return markdown(["kind", *names], [[kind] + [each[name] for name in names] for kind, each in report.items()])


if __name__ == "__main__":
    main()
