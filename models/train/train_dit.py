"""Train text encoder and DiT together with rectified flow on the latents that encode_latents.py wrote."""

import argparse

import torch

import latents
import training
from denoiser import Denoiser, shifted
from latents import Latents
from precision import lowered
from training import Training, load_weights
from workers import Workers


# Extra weight of the subjects, which are 7 % of the picture. It fades out where there is much noise: a weight that depends on
# what cannot be known yet would draw subjects everywhere. For what it may do all the same it fades out in the course of the stage,
# too, and the last part is without it.
SUBJECT_WEIGHT = 4.0
UNWEIGHTED_FROM = 0.7  # of the stage


def subject_weight(progress):
    """The extra weight when so much of the stage is done, 0..1."""
    return SUBJECT_WEIGHT * max(0.0, 1 - progress / UNWEIGHTED_FROM)


def main(words=None):
    args, workers = arguments(words), Workers()
    device = workers.device(args.device)
    torch.manual_seed(args.seed)
    clips = Latents(args, workers, device)
    model = Denoiser(clips.tokenizer.get_vocab_size()).to(device)
    if args.initial_weights:
        load_weights(model, args.initial_weights)
    dit = Training(model, args.name, args, workers, device, weight_decay=0.01, average_decay=0.999)
    held_out = clips.held_out()
    dit.run(lambda step, progress: objective(dit, clips.batch(step), subject_weight(progress)),
            lambda: {"held_out_loss": objective(dit, held_out)[0].item(), "clips": clips.clips()})
    workers.leave()


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="runs/dit", help="where checkpoints and logs are")
    parser.add_argument("--name", default="dit", help="of checkpoint and log there")
    parser.add_argument("--initial-weights", help="weights to begin with: an exported model's folder or its checkpoint/denoiser.safetensors, or a run's *.pt")
    latents.add_options(parser)
    training.add_options(parser, rate=1.5e-3, warmup=200)
    return training.parsed(parser, words)


def objective(dit, batch, extra_weight=0.0):
    """Rectified flow: the velocity from the clean latents to the noise, mean squared error, with an extra weight for subjects; for
    the log also without it, or it would fall with the weight."""
    # Logit-normal levels (Esser et al., arXiv 2403.03206, section 3.1).
    level = shifted(torch.sigmoid(torch.special.ndtri(batch.chance)))
    velocity = dit(lowered(batch.noisy(level)), 1000 * level, batch.ids)
    error = (velocity - (batch.noise - batch.clean)) ** 2
    weight = 1 + extra_weight * (1 - level)[:, None, None, None, None] * batch.cover[:, None]
    return (weight * error).mean(), {"unweighted_loss": error.detach().mean()}


if __name__ == "__main__":
    main()
