"""How well clips follow their prompts, judged by a recogniser: clips that the engine makes from the shipped files.

Writes a table of the accuracy of every attribute: on rendered clips (the most that can be expected), on rendered clips
that went through the autoencoder, and on generated ones.
"""

import argparse
import json
import os
import random

import torch

from engine import generate
from pipeline import from_export
from recogniser import ATTRIBUTES, FRAMES, LENGTH, SIDE, judge, rendered, sample_alone, train
from world.english import (CAMERA_PHRASES, COLOUR_NAMES, MOTION_PHRASES, PLACE_PHRASES, SUBJECT_NAMES, TIME_PHRASES,
                           WEATHER_PHRASES, with_article)
from world.scene import names_of

HELD_OUT_SEED = 424_242


def main():
    args = arguments()
    if os.path.exists(args.recogniser):
        model = torch.load(args.recogniser, weights_only=False)
    else:
        model = train(args.clips, args.epochs)
        torch.save(model, args.recogniser)
    clips, wanted = rendered(512, HELD_OUT_SEED)
    clips = clips.float() / 127.5 - 1
    report = {"rendered": accuracy(judge(model, clips, wanted))}
    report["reconstructed"] = accuracy(judge(model, reconstructed(args.model, clips), wanted))

    prompts, wanted = draw_prompts(args.prompts)
    made = [generate(args.kinora, args.model, prompt, seed, SIDE, SIDE, LENGTH, args.steps)[:, FRAMES]
            for seed, prompt in enumerate(prompts)]
    verdicts = judge(model, torch.stack(made), wanted)
    report["generated"] = accuracy(verdicts)
    report["all right"] = {
        "generated": round(torch.stack(list(verdicts.values())).all(0).float().mean().item(), 3)}
    report["how"] = {"prompts": args.prompts, "steps": args.steps or default_steps(args.model), "engine": "kinora generate"}
    with open(args.out, "w") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    print(json.dumps(report, indent=1))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinora", default="../../target/release/kinora", help="the engine's command line")
    parser.add_argument("--model", default="../nano")
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--steps", type=int, help="without it the model's own number")
    parser.add_argument("--recogniser", default="runs/recogniser.pt", help="trained and written if it is not there")
    parser.add_argument("--clips", type=int, default=12_000, help="rendered clips that the recogniser learns on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", default="../nano/evaluation.json")
    return parser.parse_args()


def draw_prompts(count, seed=3):
    """Prompts that name all attributes, and the indices of what they name."""
    draw, scenes = random.Random(seed), sample_alone(count, torch.Generator().manual_seed(seed))
    prompts = []
    for i in range(count):
        names = names_of(scenes, i)
        thing = f"{draw.choice(COLOUR_NAMES[names['colour']])} {draw.choice(SUBJECT_NAMES[names['subject']])}"
        verb, _ = draw.choice(MOTION_PHRASES[names["motion"]])
        place, time = draw.choice(PLACE_PHRASES[names["place"]]), draw.choice(TIME_PHRASES[names["time"]])
        weather = draw.choice(WEATHER_PHRASES[names["weather"]])
        camera, _ = draw.choice(CAMERA_PHRASES[names["camera"]])
        prompts.append(f"{with_article(thing)} {verb} {place} {time} {weather}, the camera {camera}")
    return prompts, {name: getattr(scenes, name) for name in ATTRIBUTES}


def default_steps(folder):
    with open(f"{folder}/model.json") as file:
        return json.load(file)["sampler"]["steps"]


@torch.no_grad()
def reconstructed(folder, clips):
    vae = from_export(folder).vae
    out = [vae.decode(vae.encode(part).latent_dist.mode()).sample for part in clips.split(32)]
    return torch.cat(out).clamp(-1, 1)


def accuracy(verdicts):
    return {name: round(right.float().mean().item(), 3) for name, right in verdicts.items()}


if __name__ == "__main__":
    main()
