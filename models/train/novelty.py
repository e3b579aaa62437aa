"""Whether generated clips are fresh: how much seeds differ, and whether clips come nearer to clips of the training than to others.

Distances are between what the recogniser sees of clips (six frames of 64 pixels, however long a clip takes): of the pixels after a
low pass, and of the recogniser's features. Clips that were trained on are rendered again from the seeds of their shards, and as many
that never were. Clips that had been kept would be nearer to one of the former; of others, half are, by chance (Meehan, Chaudhuri and
Dasgupta, arXiv 2004.05675, compare with held-out samples so).
"""

import argparse
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

import evaluate
from clips import FRAME_RATES, from_bytes, kind_and_count, to_bytes
from contact_sheet import contact_sheet
from encode_latents import scenes_of_shard
from engine import add_arguments, parsed
from generated import generated
from questions import draw_questions, fits_model
from recogniser import MOMENTS, add_recogniser, in_parts, load, rendered, seen
from tables import markdown, publish
from world.scene import NAMES, draw

SEED = 99_887
GRID = 16  # pixels a side after the low pass
# Of the whole clips that the shipped model was trained on last, those of its usual size: of an excerpt it saw three frames only.
SHIPPED = [f"128x128x{frames}@{fps}={shards}" for frames, shards in ((24, 12), (18, 2), (36, 2), (48, 2)) for fps in FRAME_RATES]
NEVER_TRAINED = 5000  # number of the first shard that no training has


def main():
    args = arguments()
    recogniser = load(args.recogniser, args.kind)
    questions = draw_questions(args.prompts, False, fits_model(args.model, args.kind.fps), SEED)
    made = views_of_seeds(args, questions.prompts)
    generator = torch.Generator().manual_seed(SEED)
    # Of every prompt as many renders as there are seeds.
    fresh = [rendered(again(questions.scenes, i, args.seeds, generator), args.kind) for i in range(len(questions))]
    measures = {"pixels": low_passed, "features": lambda views: torch.cat(in_parts(recogniser.features, views, args.kind))}
    report = {name: {"between clips": {which: between(measure, group) for which, group in (("generated", made), ("rendered", fresh))}}
              for name, measure in measures.items()}
    # Clips of one prompt would all be near to the same ones.
    asked = draw_questions(args.copies, False, fits_model(args.model, args.kind.fps), evaluate.SEED)
    made = evaluate.generated_views(args, asked)
    trained, others = (nearest(measures, made, views_of_shards(args, first)) for first in (0, NEVER_TRAINED))
    for name in measures:
        report[name]["to the nearest"] = compare(trained[name].distances, others[name].distances)
    report["how"] = {"kind": str(args.kind), "prompts": args.prompts, "seeds": args.seeds, "steps": args.steps, "prompts with one seed": args.copies,
                     "clips trained on": trained["pixels"].among, "clips never trained on": others["pixels"].among}
    publish(report, args.out, table)
    show_nearest(made, trained["pixels"], asked.prompts, args.sheet)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    add_recogniser(parser)
    parser.add_argument("--prompts", type=int, default=16, help="with several seeds each")
    parser.add_argument("--seeds", type=int, default=8, help="of each prompt")
    parser.add_argument("--copies", type=int, default=500, help="prompts of the evaluation, whose clips are looked for among those trained on")
    parser.add_argument("--shards", type=kind_and_count, nargs="+", default=[kind_and_count(text) for text in SHIPPED],
                        help="kind=shards of whole clips that were trained on")
    parser.add_argument("--clips", type=int, default=128, help="clips a shard, as encode_latents.py was told")
    parser.add_argument("--out", default="../nano/novelty.json")
    parser.add_argument("--sheet", default="runs/nearest.png", help="the clips that come nearest to one of the training, with that")
    return parsed(parser)


def views_of_seeds(args, prompts):
    """Of every prompt its clips as the recogniser sees them: uint8 [seeds, 3, MOMENTS, SIDE, SIDE]."""
    pairs = [(prompt, seed) for prompt in prompts for seed in range(args.seeds)]
    views = [to_bytes(seen(from_bytes(clip)[None])) for clip in generated(args, *zip(*pairs))]
    return torch.cat(views).split(args.seeds)


def again(scenes, index, count, generator):
    """`count` scenes with the names of the one at `index`, and everything else drawn anew."""
    drawn = draw(count, generator)
    for field in fields(drawn):
        if field.name in NAMES:
            getattr(drawn, field.name)[:] = getattr(scenes, field.name)[index]
    return drawn


def low_passed(views):
    """[B, 3 * MOMENTS * GRID * GRID], so that a distance is a root mean square over pixels in -1..1."""
    small = F.adaptive_avg_pool3d(from_bytes(views), (MOMENTS, GRID, GRID)).flatten(1)
    return small / small.shape[1] ** 0.5


def views_of_shards(args, first):
    """The clips of args.shards, their numbers from `first` on, a shard at a time: uint8 [B, 3, MOMENTS, SIDE, SIDE]."""
    for kind, count in args.shards:
        for number in range(first, first + count):
            yield rendered(scenes_of_shard(kind, number, args.clips), kind)


@dataclass
class Nearest:
    """distances [B] to the nearest of `among` clips, and what the recogniser sees of these nearest ones."""

    distances: torch.Tensor
    views: torch.Tensor
    among: int = 0


def nearest(measures, made, known):
    """{measure: Nearest} of the clips `made`; `known` gives what they are compared with, many at a time."""
    ours = {name: measure(made) for name, measure in measures.items()}
    found = {name: Nearest(torch.full((len(made),), torch.inf), made.clone()) for name in measures}
    for views in known:
        for name, measure in measures.items():
            distances, which = torch.cdist(ours[name], measure(views)).min(1)
            nearer = distances < found[name].distances
            found[name].distances[nearer], found[name].views[nearer] = distances[nearer], views[which[nearer]]
            found[name].among += len(views)
    return found


def between(measure, group):
    """Mean distances between the clips of one prompt, and between the first clips of all prompts."""
    features = [measure(views) for views in group]
    return {"of one prompt": rounded(torch.stack([torch.pdist(each).mean() for each in features]).mean()),
            "of different prompts": rounded(torch.pdist(torch.stack([each[0] for each in features])).mean())}


def compare(trained, others):
    """Of distances [B] to the nearest clip trained on and to the nearest other: medians, leasts, and how often the first is the
    smaller one: half the time, if the model has kept nothing."""
    report = {name: {"median": rounded(d.median()), "least": rounded(d.min())}
              for name, d in (("trained on", trained), ("never trained on", others))}
    return report | {"nearer to one trained on": rounded((trained < others).float().mean())}


def rounded(value):
    return round(value.item(), 4)


def table(report):
    """The report for the model card."""
    header = ["distance", "of pixels", "of features"]
    rows = []
    for what, title in (("of one prompt", "seeds of one prompt"), ("of different prompts", "different prompts")):
        for which in ("generated", "rendered"):
            rows.append([f"{title}, {which}"] + [report[m]["between clips"][which][what] for m in ("pixels", "features")])
    for which in ("trained on", "never trained on"):
        for what in ("median", "least"):
            rows.append([f"to the nearest of {report['how'][f'clips {which}']} {which}, {what}"]
                        + [report[m]["to the nearest"][which][what] for m in ("pixels", "features")])
    rows.append(["nearer to one trained on"] + [report[m]["to the nearest"]["nearer to one trained on"] for m in ("pixels", "features")])
    return markdown(header, rows)


def show_nearest(made, found, prompts, path, count=12):
    """The `count` clips that come nearest to one of `found`, on the left, with it on the right."""
    order = found.distances.argsort()[:count].tolist()
    clips = [from_bytes(clip) for i in order for clip in (made[i], found.views[i])]
    captions = [text for i in order for text in (prompts[i], f"nearest trained on, {found.distances[i]:.3f}")]
    contact_sheet(clips, [caption if caption.isascii() else "(Chinese)" for caption in captions], path)


if __name__ == "__main__":
    main()
