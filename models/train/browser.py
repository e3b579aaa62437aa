"""Whether Chromium makes the clips that the native engine makes: the same prompts and seeds through the JavaScript API
(tests/browser/clips.ts), PSNR between the frames before they are encoded, and whether the recogniser says the same of both.

Needs `cargo xtask build`, which also puts the model of ../nano beside the page, and `npm ci` in tests/browser.
"""

import argparse
import hashlib
import json
import os
import subprocess

import numpy
import torch

from clips import from_bytes, to_bytes
from engine import add_arguments, parsed
from evaluate import SEED
from exported import digest, manifest_of
from generated import generated
from quality import psnr
from questions import draw_questions, fits_model
from recogniser import ATTRIBUTES, add_recogniser, has_meaning, load, named, seen
from tables import markdown, publish

TESTS = "../../tests/browser"


def main():
    args = arguments()
    recogniser = load(args.recogniser, args.kind)
    questions = draw_questions(args.prompts, False, fits_model(args.model, args.kind.fps), SEED)
    in_chromium = chromium_clips(args, questions.prompts)
    native = torch.stack(list(generated(args, questions.prompts, range(args.prompts))))
    report = compare(recogniser, args.kind, in_chromium, native, questions.scenes)
    report["how"] = {"kind": str(args.kind), "prompts": args.prompts, "steps": args.steps}
    publish(report, args.out, table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    add_recogniser(parser)
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--out", default="../nano/browser.json")
    return parsed(parser)


def chromium_clips(args, prompts):
    """uint8 [N, 3, T, H, W]; a prompt's number is its seed. Clips are kept, in a folder for the model and what it was asked."""
    kind = args.kind
    options = {"width": kind.width, "height": kind.height, "seconds": kind.frames / kind.fps, "fps": kind.fps, "steps": args.steps}
    requests = json.dumps([{"prompt": prompt, "seed": seed} | options for seed, prompt in enumerate(prompts)])
    folder = os.path.abspath(f"runs/browser/{digest(args.model)}/{hashlib.sha256(requests.encode()).hexdigest()[:16]}")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/requests.json", "w") as file:
        file.write(requests)
    subprocess.run(["npx", "playwright", "test", "--config", "clips.config.ts"], cwd=TESTS, check=True, env=os.environ | {"KINORA_CLIPS": folder})
    if manifest_of(folder)["files"] != manifest_of(args.model)["files"]:
        raise ValueError(f"the built page has another model than {args.model}: cargo xtask build")
    pixels = [numpy.fromfile(f"{folder}/{number}.rgba", numpy.uint8).reshape(kind.frames, kind.height, kind.width, 4) for number in range(len(prompts))]
    return torch.from_numpy(numpy.stack(pixels)[..., :3]).permute(0, 4, 1, 2, 3)


def compare(recogniser, kind, in_chromium, native, scenes):
    """PSNR between the clips in dB, and the share of verdicts that are the same."""
    identical = (in_chromium == native).flatten(1).all(1)
    ratios = psnr(from_bytes(in_chromium[~identical]), from_bytes(native[~identical]))
    different = {"median": round(ratios.median().item(), 2), "least": round(ratios.min().item(), 2)} if len(ratios) else None
    theirs, ours = (named(recogniser, to_bytes(seen(from_bytes(clips))), kind) for clips in (in_chromium, native))
    same = {}
    for name in ATTRIBUTES:
        counts = has_meaning(scenes, name)
        same[name] = round((theirs[name] == ours[name])[counts].float().mean().item(), 3) if counts.any() else None
    return {"identical": int(identical.sum()), "PSNR of the others": different, "same verdict": same}


def table(report):
    """The report for the model card."""
    names = [name.replace("_", " ") for name in report["same verdict"]]
    header = ["clips", "identical", "others: PSNR, median", "least"] + [f"same {name}" for name in names]
    ratios = report["PSNR of the others"] or {"median": None, "least": None}
    row = [report["how"]["prompts"], report["identical"], *ratios.values(), *report["same verdict"].values()]
    return markdown(header, [row])


if __name__ == "__main__":
    main()
