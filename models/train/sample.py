"""Make clips of prompts and put them on a picture: from the exported model, or from a run's checkpoints."""

import argparse
import time
from dataclasses import astuple

from clips import kind_of
from contact_sheet import card_prompts, contact_sheet
from pipeline import from_export, from_run


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", nargs="*", help="without any, the lines of prompts.txt")
    parser.add_argument("--model", help="folder of an exported model; without it the checkpoints in --folder")
    parser.add_argument("--folder", default="runs", help="of the checkpoints")
    parser.add_argument("--student", type=int, help="the distilled student of so many steps, sampled so and without guidance")
    parser.add_argument("--out", default="runs/samples.png")
    parser.add_argument("--kind", type=kind_of, default="64x64x9@8", help="width x height x frames @ frames a second")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=5, help="frames shown of each clip")
    args = parser.parse_args()
    args.prompts = args.prompts or card_prompts()
    if args.student:
        args.steps, args.guidance = args.student, 1.0
    pipeline = from_export(args.model) if args.model else from_run(args.folder, args.student)
    start = time.monotonic()
    clips = pipeline(args.prompts, *astuple(args.kind), args.steps, args.guidance, args.seed)
    print(f"{time.monotonic() - start:.1f} s for {len(clips)} clips")
    contact_sheet(list(clips), args.prompts, args.out, columns=args.columns)


if __name__ == "__main__":
    main()
