"""The model card's contact sheet: the prompts of prompts.txt, seed 0, made by the engine from the shipped files."""

import argparse

from clips import from_bytes
from contact_sheet import card_prompts, contact_sheet
from engine import generate
from exported import default_kind


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinora", default="../../target/release/kinora", help="the engine's command line")
    parser.add_argument("--model", default="../nano")
    parser.add_argument("--out", default="../nano/contact-sheet.png")
    args = parser.parse_args()
    prompts = card_prompts()
    kind = default_kind(args.model)
    clips = [from_bytes(generate(args.kinora, args.model, prompt, kind)) for prompt in prompts]
    contact_sheet(clips, prompts, args.out, columns=5)


if __name__ == "__main__":
    main()
