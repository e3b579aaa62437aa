"""Whether generated clips are fresh: how much seeds differ, and how near clips come to what the model may have seen.

Distances are between what the recogniser sees of clips (six frames of 64 pixels): of the pixels after a low pass, and of the
recogniser's features. Clips of one prompt are compared with renders of the prompt's scene in which all that a caption does
not say is drawn anew, as it was for the training clips. A memorised clip would be much nearer to one of those renders than
another fresh render is.
"""

import argparse
from dataclasses import fields

import torch
import torch.nn.functional as F

from clips import from_bytes, to_bytes
from contact_sheet import contact_sheet
from engine import add_arguments, parsed
from generated import generated
from questions import draw_questions, fits_model
from recogniser import MOMENTS, add_recogniser, in_parts, load, rendered, seen
from tables import markdown, publish
from world.scene import NAMES, draw

SEED = 99_887
GRID = 16  # pixels a side after the low pass


def main():
    args = arguments()
    recogniser = load(args.recogniser, args.kind)
    questions = draw_questions(args.prompts, False, fits_model(args.model, args.kind.fps), SEED)
    made = views_of_seeds(args, questions.prompts)
    generator = torch.Generator().manual_seed(SEED)
    # Of every prompt: as many renders as there are seeds, and those among which the nearest is looked for.
    fresh, known = ([rendered(again(questions.scenes, i, count, generator), args.kind) for i in range(len(questions))]
                    for count in (args.seeds, args.renders))
    measures = {"pixels": low_passed, "features": lambda views: torch.cat(in_parts(recogniser.features, views, args.kind))}
    report = {name: compare(measure, made, fresh, known) for name, measure in measures.items()}
    report["how"] = {"kind": str(args.kind), "prompts": args.prompts, "seeds": args.seeds, "renders": args.renders, "steps": args.steps}
    publish(report, args.out, table)
    show_nearest(made, known, questions.prompts, args.sheet)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    add_recogniser(parser)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=8, help="of each prompt")
    parser.add_argument("--renders", type=int, default=256, help="of each prompt, among which the nearest is looked for")
    parser.add_argument("--out", default="../nano/novelty.json")
    parser.add_argument("--sheet", default="runs/nearest.png", help="the clips that come nearest to a render, with that")
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


def compare(measure, made, fresh, known):
    """Mean distances between clips, and of the distances to the nearest known render the median and the least."""
    made, fresh, known = ([measure(views) for views in group] for group in (made, fresh, known))
    nearest = {name: torch.cat([torch.cdist(a, b).amin(1) for a, b in zip(group, known)])
               for name, group in (("generated", made), ("fresh render", fresh))}
    return {
        "between clips": {name: {"of one prompt": within(group), "of different prompts": across(group)}
                          for name, group in (("generated", made), ("rendered", fresh))},
        "to the nearest known render": {name: {"median": rounded(d.median()), "least": rounded(d.min())} for name, d in nearest.items()},
    }


def within(group):
    return rounded(torch.stack([torch.pdist(features).mean() for features in group]).mean())


def across(group):
    """Between the first clips of all prompts."""
    return rounded(torch.pdist(torch.stack([features[0] for features in group])).mean())


def rounded(value):
    return round(value.item(), 4)


def table(report):
    """The report for the model card."""
    header = ["distance", "of pixels: generated", "rendered", "of features: generated", "rendered"]
    rows = []
    for name, title in (("of one prompt", "seeds of one prompt"), ("of different prompts", "different prompts")):
        rows.append([title] + [report[m]["between clips"][kind][name] for m in ("pixels", "features") for kind in ("generated", "rendered")])
    for name in ("median", "least"):
        rows.append([f"to the nearest of {report['how']['renders']} renders, {name}"] + [
            report[m]["to the nearest known render"][kind][name] for m in ("pixels", "features") for kind in ("generated", "fresh render")])
    return markdown(header, rows)


def show_nearest(made, known, prompts, path, count=12):
    """The `count` clips that come nearest to a render of their prompt, on the left, with it on the right."""
    pairs = []
    for prompt, mine, others in zip(prompts, made, known):
        distances, which = torch.cdist(low_passed(mine), low_passed(others)).min(1)
        pairs += [(distance.item(), prompt, mine[seed], others[at]) for seed, (distance, at) in enumerate(zip(distances, which))]
    pairs = sorted(pairs, key=lambda pair: pair[0])[:count]
    clips = [from_bytes(clip) for _, _, mine, other in pairs for clip in (mine, other)]
    captions = [text for distance, prompt, _, _ in pairs for text in (prompt, f"nearest render, {distance:.3f}")]
    contact_sheet(clips, [caption if caption.isascii() else "(Chinese)" for caption in captions], path)


if __name__ == "__main__":
    main()
