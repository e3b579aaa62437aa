"""Make a student of few steps surer of the weather: as if other weathers had been named in a negative prompt.

Skies that should be clear at times are not, and snow is drawn so faintly that it might be anything. What the student of distil_dit.py
would do with guidance away from rain and fog (negative prompts: concept negation, Liu et al., arXiv 2206.01714) it learns to do
without (as in guidance distillation, Meng et al., arXiv 2210.03142), on the trajectories from noise to a clip that lead there, at the
levels of its own steps. In scenes of other weathers it goes on as it did. That takes captions and noise, but no clips.

Kinds of clips are said as kind=share, for example `128x128x24@12=1 128x128x3@12=2`. The checkpoint weather-N.pt stands beside student-N.pt
and takes its place in what is exported.
"""

import argparse
import random
from dataclasses import dataclass

import torch

import training
from clips import kind_and_count
from denoiser import CONFIG, schedule
from distil_dit import guided, learn
from encode_latents import scenes_to_learn
from latents import EMPTY_SHARE, tokens
from precision import lowered
from text import load_tokenizer, token_ids, with_rate
from workers import Workers, seeded
from world.captions import CHINESE_SHARE
from world.chinese import WEATHER_PHRASES as CHINESE_WEATHERS
from world.chinese import chinese
from world.english import WEATHER_PHRASES as ENGLISH_WEATHERS
from world.english import english
from world.omission import CLEAR_SHARE, says
from world.scene import names_of
from world.vocabulary import PLACE_WEATHERS

UNSURE, RIVALS = ("clear", "snow"), ("rain", "fog")
HELD_OUT = 8  # clips of the first kind


def main(words=None):
    args, workers = arguments(words), Workers()
    device = workers.device(args.device)
    tokenizer = load_tokenizer(args.tokenizer)
    sigmas = schedule(args.student).sigmas.to(device)

    def batch(step):
        [kind] = random.Random(f"{args.seed} {step}").choices(*zip(*args.kinds))
        return prompts(tokenizer, kind, workers.divisible(args.tokens // tokens(kind)), seeded(args.seed, step), workers.share, device)

    held_out = prompts(tokenizer, args.kinds[0][0], HELD_OUT, torch.Generator().manual_seed(0), slice(None), device)
    learn(f"weather-{args.student}", args.teacher or f"{args.folder}/student-{args.student}.pt", tokenizer.get_vocab_size(),
          lambda student, teacher, batch: objective(student, teacher, args.contrast, sigmas, batch), batch, held_out, args, workers, device)
    workers.leave()


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", type=kind_and_count, help="kind=share, as 128x128x24@12=3: how often a step has clips of it")
    parser.add_argument("--folder", default="runs/distil", help="where the student, the checkpoint and the log are")
    parser.add_argument("--student", type=int, default=4, help="its sampling steps")
    parser.add_argument("--teacher", help="the student in place of student-N.pt: an exported model's checkpoint/denoiser.safetensors, or its folder")
    parser.add_argument("--tokenizer", default="runs/tokenizer/tokenizer.json")
    parser.add_argument("--contrast", type=float, default=0.5, help="how far to go from the rivals, as a share of the difference to them")
    parser.add_argument("--tokens", type=int, default=1024, help="tokens a step, which has them at all levels: the more a clip has, the fewer clips")
    training.add_options(parser, rate=5e-4, warmup=5)
    return training.parsed(parser, words)


@dataclass
class Prompts:
    """B clips to be: noise [B, z, T', H', W'], ids [B, L] of their captions and rivals [B, L] of those that differ in the weather; where
    there is none to become surer of, both are the same."""

    noise: torch.Tensor
    ids: torch.Tensor
    rivals: torch.Tensor


def prompts(tokenizer, kind, count, generator, share, device):
    """`share` of `count` clips of a kind; everything random is drawn for all of them."""
    scenes = scenes_to_learn(count, generator)
    draw = random.Random(torch.randint(2**31, (), generator=generator).item())
    pairs = [("", "") if draw.random() < EMPTY_SHARE else captions_with_rival(names_of(scenes, index), draw) for index in range(count)]
    ids, rivals = (token_ids(tokenizer, [with_rate(text, kind.fps) for text in texts]) for texts in zip(*pairs))
    noise = torch.randn((count, CONFIG["in_channels"], kind.frames, kind.height // 8, kind.width // 8), generator=generator)
    return Prompts(*(each[share].to(device) for each in (noise, ids, rivals)))


def captions_with_rival(names, draw):
    """A caption of a scene, as `names_of` gives it, and one in which nothing but the weather is another, if that is unsure."""
    write, phrases, comma = (chinese, CHINESE_WEATHERS, "，") if draw.random() < CHINESE_SHARE else (english, ENGLISH_WEATHERS, " ")
    rivals = [name for name in RIVALS if name in PLACE_WEATHERS[names["place"]]]
    if names["weather"] not in UNSURE or not rivals:
        text = write(names, draw)
        return text, text
    rival = draw.choice(rivals)
    text = write(names | {"weather": rival}, draw)
    theirs = comma + max((phrase for phrase in phrases[rival] if phrase in text), key=len)
    is_said = names["weather"] != "clear" or says(draw, CLEAR_SHARE)
    return text.replace(theirs, comma + draw.choice(phrases[names["weather"]]) if is_said else ""), text


def objective(student, teacher, contrast, sigmas, batch):
    """The student's velocities against those that lead away from rivals, mean squared error, along the way that these take through
    the levels `sigmas` [N + 1]."""
    latents, level, target = trajectories(
        lambda latents, level: guided(teacher, latents, level, batch.ids, batch.rivals, 1 + contrast), batch.noise, sigmas)
    found = student(lowered(latents), 1000 * level, batch.ids.repeat(len(sigmas) - 1, 1))
    return torch.nn.functional.mse_loss(found, target)


@torch.no_grad()
def trajectories(velocity, noise, sigmas):
    """Where Euler steps along `velocity` lead from noise [B, ...]: latents [N * B, ...] before each of them, the levels [N * B], and
    the velocities there."""
    latents, velocities, now = [], [], noise
    levels = [level.expand(len(noise)) for level in sigmas[:-1]]
    for level, step in zip(levels, sigmas.diff()):
        latents.append(now)
        velocities.append(velocity(now, level))
        now = now + step * velocities[-1]
    return torch.cat(latents), torch.cat(levels), torch.cat(velocities)


if __name__ == "__main__":
    main()
