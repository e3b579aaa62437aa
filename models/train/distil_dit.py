"""Distil the trained DiT into a student of few steps that needs no guidance.

Progressive distillation (Salimans and Ho, arXiv 2202.00512) of the guided model (Meng et al., arXiv 2210.03142), for
rectified flow: in a round of N steps the student learns to do in one Euler step what its teacher does in two. The
teacher of the first round is the trained DiT with guidance, that of every other one the student of the round before,
into which guidance has gone. A student begins with its teacher's weights. Its steps are those that sampling with N
steps takes; the teacher divides each in the middle, as the levels were before their shift.

A round is a training of its own with the checkpoint student-N.pt, and rounds that are finished are not done again.
"""

import argparse

import torch

import blocks
import latents
import training
from denoiser import Denoiser, schedule, shifted, unshifted
from latents import Latents
from precision import call_lowered, lowered
from training import Training, load_weights
from workers import Workers


def main(words=None):
    args, workers = arguments(words), Workers()
    device = workers.device(args.device)
    clips = Latents(args, workers, device)
    weights, guidance = args.teacher, args.guidance
    for steps in args.rounds:
        distil(steps, weights, guidance, clips, args, workers, device)
        weights, guidance = f"{args.folder}/student-{steps}.pt", 1.0
        workers.wait()
    workers.leave()


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", default="runs/dit/dit.pt", help="checkpoint of train_dit.py, or an exported model's folder")
    parser.add_argument("--folder", default="runs/distil", help="where checkpoints and logs are")
    parser.add_argument("--rounds", nargs="+", type=int, default=[16, 8, 4], help="the students' sampling steps, each half of the last")
    parser.add_argument("--guidance", type=float, default=2.0, help="of the first teacher")
    latents.add_options(parser)
    training.add_options(parser, rate=1e-4, warmup=50)
    return training.parsed(parser, words)


def distil(steps, weights, guidance, clips, args, workers, device):
    """One round: the student of `steps` steps, from a teacher's weights."""
    sigmas = schedule(steps).sigmas.to(device)
    learn(f"student-{steps}", weights, clips.tokenizer.get_vocab_size(),
          lambda student, teacher, batch: objective(student, teacher, guidance, sigmas, batch), clips.batch, clips.held_out(), args, workers, device)


def learn(name, weights, vocab_size, objective, batch, held_out, args, workers, device):
    """Train a student that begins with its teacher's weights: objective(student, teacher, a batch) is the loss, batch(step) a step's."""
    teacher, model = (Denoiser(vocab_size).to(device) for _ in range(2))
    load_weights(teacher, weights)
    load_weights(model, weights)
    teacher.requires_grad_(False)
    if args.compile:
        for block in teacher.blocks():
            blocks.compile(block)
    student = Training(model, name, args, workers, device, weight_decay=0.0, average_decay=0.99)
    student.run(lambda step, progress: (objective(student, teacher, batch(step)), {}),
                lambda: {"held_out_loss": objective(student, teacher, held_out).item()})


def objective(student, teacher, guidance, sigmas, batch):
    """The student's step from a level of `sigmas` [N + 1] to the next against its teacher's two, mean squared error."""
    step = (batch.chance * (len(sigmas) - 1)).long()
    start, end = sigmas[step], sigmas[step + 1]
    noisy = batch.noisy(start)
    with torch.no_grad():
        target = two_steps(lambda latents, level: guided(teacher, latents, level, batch.ids, batch.empty, guidance), noisy, start, end)
    return torch.nn.functional.mse_loss(student(lowered(noisy), 1000 * start, batch.ids), target)


def two_steps(velocity, latents, start, end):
    """The velocity that leads in one Euler step from `start` to `end` (levels [B]) to where two steps along `velocity` lead."""
    middle = shifted((unshifted(start) + unshifted(end)) / 2)
    first_part, second_part = ((to - at)[:, None, None, None, None] for at, to in ((start, middle), (middle, end)))
    first = velocity(latents, start)
    second = velocity(latents + first_part * first, middle)
    return (first_part * first + second_part * second) / (first_part + second_part)


def guided(teacher, latents, level, ids, away, guidance):
    """The teacher's velocity at levels [B] for prompts `ids` [B, L], with guidance away from others, [B, L] or [1, L], unless that is 1."""
    def velocity(ids):
        return call_lowered(teacher, lowered(latents), 1000 * level, ids)

    asked = velocity(ids)
    if guidance == 1:
        return asked
    other = velocity(away.expand(len(ids), -1))
    return other + guidance * (asked - other)


if __name__ == "__main__":
    main()
