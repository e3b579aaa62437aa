"""Train the autoencoder on single frames of rendered clips.

The loss counts the subject's pixels several times. `--decoder-only` continues from the finished stage with the encoder
frozen, so that latents stay what they are. Both it and `--initial-weights` leave out clips smaller than those that ship.
"""

import argparse

import torch

import training
from autoencoder import CONFIG, EncodeDecode, new_autoencoder
from precision import lowered
from render import render
from training import Training, load_weights
from workers import Workers, seeded
from world.scene import sample_scenes

SUBJECT_WEIGHT = 9.0  # extra weight of the subject's pixels, 7 % of all
SQUARE_WEIGHT = 16.0  # of squared errors beside absolute ones: at an error of 1/32 both pull alike
KL_WEIGHT = 1e-6
VALIDATION_SEED = 987_654
# Width, height, and frames a step for each unit of `--batch`: about as many pixels in every step.
FRAME_SIZES = ((128, 128, 1), (64, 64, 4), (224, 128, 1), (128, 128, 1), (96, 96, 2), (128, 176, 1))
# Only these when weights are there to begin with: no smaller clips than those that ship are needed any more.
SHIPPED_FRAME_SIZES = ((128, 128, 1), (224, 128, 1), (128, 128, 1), (128, 176, 1))
# A GPU renders thousands of scenes in the time that it takes to ask it for one: so many steps' frames are rendered at once.
STEPS_A_RENDER = {"cpu": 1, "cuda": 24}


def main(words=None):
    args, workers = arguments(words), Workers()
    device = workers.device(args.device)
    torch.manual_seed(args.seed)
    model = EncodeDecode(new_autoencoder()).to(device)
    if args.initial_weights:
        load_weights(model.vae, args.initial_weights)
    elif args.decoder_only:
        load_weights(model.vae, f"{args.folder}/frames.pt")
    if args.decoder_only:
        model.vae.encoder.requires_grad_(False)
        model.vae.quant_conv.requires_grad_(False)
    vae = Training(model, "decoder" if args.decoder_only else "frames", args, workers, device, weight_decay=0.01, average_decay=0.99)
    frames = Frames(args, workers, device)
    vae.run(lambda step, progress: objective(vae, *frames.batch(step)), lambda: validate(vae, device))
    workers.leave()


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="runs/vae", help="where checkpoints and logs are")
    parser.add_argument("--batch", type=int, default=8, help="frames of 128x128, or as many smaller ones, a step")
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--initial-weights", help="weights to begin with: an exported model's checkpoint/vae.safetensors, or a run's *.pt")
    training.add_options(parser, rate=1.5e-3, warmup=100)
    return training.parsed(parser, words)


class Frames:
    """Single frames of random scenes, step after step in another size."""

    def __init__(self, args, workers, device):
        self.args, self.workers, self.device, self.rendered = args, workers, device, {}
        self.sizes = SHIPPED_FRAME_SIZES if args.decoder_only or args.initial_weights else FRAME_SIZES

    @torch.no_grad()
    def batch(self, step):
        """This worker's share of a step: (video, the subjects' mask, noise of the latents)."""
        turn, which = divmod(step, len(self.sizes))
        width, height, share = self.sizes[which]
        count = self.workers.divisible(self.args.batch * share)
        group, number = divmod(turn, STEPS_A_RENDER[self.device.type])
        if self.rendered.get(which, (None,))[0] != group:
            self.rendered[which] = group, *self.render(step - number * len(self.sizes), width, height, count)
        _, video, mask = self.rendered[which]
        own = count // self.workers.count
        mine = slice(number * own, (number + 1) * own)
        # Of another seed than the scenes, or noise and scene would be the same random numbers.
        noise = latent_noise(count, height, width, seeded(self.args.seed + 1, step, self.device))[self.workers.share]
        return video[mine], mask[mine], noise

    def render(self, step, width, height, count):
        """The frames of this and the next steps of this size, `count` of all workers each."""
        generator = seeded(self.args.seed, step)
        scenes = sample_scenes(count * STEPS_A_RENDER[self.device.type], generator)
        only = [int(torch.randint(17, (1,), generator=generator))]
        return render(scenes.select(self.workers.share).to(self.device), 17, height, width, only=only)


def latent_noise(count, height, width, generator):
    """Noise for the latents of single frames."""
    shape = count, CONFIG["z_dim"], 1, height // 8, width // 8
    return torch.randn(shape, generator=generator, device=generator.device)


def objective(vae, video, mask, noise):
    """The loss, and for the log the PSNR (dB)."""
    decoded, posterior = vae(lowered(video), noise)
    difference = decoded - video
    weight = 1 + SUBJECT_WEIGHT * mask[:, None]
    reconstruction = (weight * (difference.abs() + SQUARE_WEIGHT * difference**2)).mean()
    error = (difference.detach() ** 2).mean()
    return reconstruction + KL_WEIGHT * posterior.kl().mean(), {"psnr": -10 * torch.log10(error / 4)}


def validate(vae, device, count=32):
    """PSNR (dB) on scenes never trained on, at two sizes: whole frames, and inside the subjects' masks."""
    report = {}
    for side in (64, 128):
        scenes = sample_scenes(count, torch.Generator().manual_seed(VALIDATION_SEED)).to(device)
        video, mask = render(scenes, 17, side, side, only=[8])
        decoded, posterior = vae(lowered(video), torch.zeros(1, device=device))
        square = ((decoded - video) ** 2).mean(dim=1) / 4
        inside = (square * mask).sum() / mask.sum()
        report |= {f"held_out_psnr_{side}": -10 * square.mean().log10().item(),
                   f"held_out_psnr_subject_{side}": -10 * inside.log10().item(),
                   f"latent_std_{side}": posterior.mean.std().item(), f"noise_std_{side}": posterior.std.mean().item()}
    return report


if __name__ == "__main__":
    main()
