"""How well clips follow their prompts, judged by a recogniser: clips that the engine makes from the shipped files.

For prompts like those seen in training, and for unseen ones (combinations of subject, colour, motion and place that were
held out), writes how often every attribute is named rightly: on rendered clips of the same scenes, which is the most that
can be expected, on these after a way through the autoencoder, and on generated ones.
"""

import argparse

import torch

from clips import from_bytes, to_bytes
from encode_latents import Encode
from engine import add_arguments, parsed
from exported import sha256
from generated import generated
from pipeline import from_export
from questions import draw_questions, fits_model
from recogniser import ATTRIBUTES, accuracy, add_recogniser, judge, load, moments, rendered, seen
from render import render
from tables import markdown, publish

SEED = 424_242


def main():
    args = arguments()
    recogniser = load(args.recogniser, args.kind)
    parts = {name: draw_questions(args.prompts, name == "unseen", fits_model(args.model, args.kind.fps), SEED + number)
             for number, name in enumerate(("seen", "unseen"))}
    vae = from_export(args.model).vae
    report = {name: examine(args, recogniser, vae, questions) for name, questions in parts.items()}
    report["how"] = {
        "kind": str(args.kind), "prompts of each": args.prompts,
        "too long to ask": {name: questions.too_long for name, questions in parts.items()}, "steps": args.steps,
        "engine": "kinora generate", "recogniser, SHA-256": sha256(args.recogniser),
    }
    publish(report, args.out, table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    add_recogniser(parser)
    parser.add_argument("--prompts", type=int, default=500, help="of each part")
    parser.add_argument("--out", default="../nano/evaluation.json")
    return parsed(parser)


def examine(args, recogniser, vae, questions):
    """{what was judged: {attribute: accuracy}} of one part; "Chinese": generated clips whose prompt was."""
    scenes = questions.scenes
    verdicts = judge(recogniser, generated_views(args, questions), args.kind, scenes)
    report = {
        "rendered": accuracy(judge(recogniser, rendered(scenes, args.kind), args.kind, scenes), scenes),
        "reconstructed": accuracy(judge(recogniser, reconstructed(vae, scenes, args.kind), args.kind, scenes), scenes),
        "generated": accuracy(verdicts, scenes),
    }
    report["ratio"] = {name: of_ceiling(report["generated"][name], ceiling) for name, ceiling in report["rendered"].items()}
    chinese = questions.in_chinese()
    report["Chinese"] = accuracy({name: right[chinese] for name, right in verdicts.items()}, scenes.select(chinese))
    return report


def of_ceiling(share, ceiling):
    return round(share / ceiling, 3) if share is not None and ceiling else None


def generated_views(args, questions):
    """What the recogniser sees of a clip of each prompt; a prompt's number is its seed."""
    clips = generated(args, questions.prompts, range(len(questions)))
    return torch.cat([to_bytes(seen(from_bytes(clip)[None])) for clip in clips])


@torch.no_grad()
def reconstructed(vae, scenes, kind, batch=16):
    """What the recogniser sees of the rendered scenes after the autoencoder, which takes every frame alone."""
    views, encode = [], Encode(vae)
    for start in range(0, len(scenes), batch):
        video, _ = render(scenes.select(slice(start, start + batch)), kind.frames, kind.height, kind.width, kind.fps, only=moments(kind.frames))
        views.append(to_bytes(seen(vae.decode(encode(video)).sample.clamp(-1, 1), chosen=True)))
    return torch.cat(views)


def table(report):
    """The report for the model card."""
    columns = [(part, what) for part in ("seen", "unseen") for what in ("rendered", "reconstructed", "generated", "ratio", "Chinese")]
    rows = [[name.replace("_", " ")] + [report[part][what][name] for part, what in columns] for name in (*ATTRIBUTES, "all")]
    return markdown(["named rightly"] + [f"{part}: {what}" for part, what in columns], rows)


if __name__ == "__main__":
    main()
