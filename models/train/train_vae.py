"""Train the autoencoder on single frames of rendered clips.

The loss counts the subject's pixels several times. `--decoder-only` continues from the finished stage with the encoder
frozen, so that latents stay what they are.
"""

import argparse
import math
import os

import torch

from autoencoder import CONFIG, EncodeDecode, new_autoencoder
from render import render
from training import Average, Log, Optimiser, Workers, call_in_bfloat16, learning_rate, load_weights, save_checkpoint
from world.scene import sample_scenes

SUBJECT_WEIGHT = 4.0  # extra weight of the subject's pixels
SQUARE_WEIGHT = 16.0  # of squared errors beside absolute ones: at an error of 1/32 both pull alike
KL_WEIGHT = 1e-6
VALIDATION_SEED = 987_654
# Width, height, and frames a worker and step for each unit of `--batch`: about as many pixels in every step.
FRAME_SIZES = ((128, 128, 1), (64, 64, 4), (224, 128, 1), (128, 128, 1), (96, 96, 2), (128, 176, 1))


def main():
    args, workers = arguments(), Workers()
    device = workers.device(args.device)
    torch.manual_seed(args.seed)
    model = EncodeDecode(new_autoencoder()).to(device)
    name = "decoder" if args.decoder_only else "frames"
    if args.initial_weights:
        load_weights(model.vae, args.initial_weights)
    elif args.decoder_only:
        model.load_state_dict(torch.load(f"{args.run}/frames.pt", map_location=device)["average"])
    if args.decoder_only:
        model.vae.encoder.requires_grad_(False)
        model.vae.quant_conv.requires_grad_(False)
    optimiser, average = Optimiser(model, weight_decay=0.01), Average(model, 0.99)
    os.makedirs(args.run, exist_ok=True)
    path, first, seconds = f"{args.run}/{name}.pt", 0, 0.0
    if os.path.exists(path):
        state = torch.load(path, map_location=device)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        average.values, first, seconds = state["average"], state["step"], state["seconds"]
    log = Log(f"{args.run}/{name}.jsonl", seconds)

    for step in range(first, args.steps):
        generator = workers.generator(args.seed, step)
        video, mask = batch(args, step, generator, device)
        loss, error = objective(model, video, mask, generator)
        model.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(model.parameters())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step(learning_rate(step, args.steps, args.rate, args.warmup))
        average.update(model, step)
        done = step + 1
        if workers.rank == 0 and done % 50 == 0:
            log.write(stage=name, step=done, loss=loss.item(), psnr=-10 * math.log10(error / 4))
        if workers.rank == 0 and (done % args.save_every == 0 or done == args.steps):
            save_checkpoint(path, model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.values,
                            step=done, seconds=log.seconds)
            log.write(stage=name, step=done, **validate(model, average, device))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="runs/vae", help="folder of checkpoints and logs")
    parser.add_argument("--initial-weights", help="weights of an earlier model to begin with, as ../nano/checkpoint/vae.safetensors")
    parser.add_argument("--steps", type=int, required=True, help="steps of this stage, those of earlier runs included")
    parser.add_argument("--batch", type=int, default=4, help="frames of 128x128, or as many smaller ones, a worker and step")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--save-every", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


@torch.no_grad()
def batch(args, step, generator, device):
    width, height, share = FRAME_SIZES[step % len(FRAME_SIZES)]
    scenes = sample_scenes(args.batch * share, generator).to(device)
    only = [int(torch.randint(17, (1,), generator=generator))]
    return render(scenes, 17, height, width, only=only)


def latent_noise(video, generator):
    batch, _, frames, height, width = video.shape
    shape = (batch, CONFIG["z_dim"], frames, height // 8, width // 8)
    return torch.randn(shape, generator=generator).to(video.device)


def objective(model, video, mask, generator):
    """The loss, and the mean squared error of the video (-1..1) as a number."""
    decoded, posterior = call_in_bfloat16(model, video.bfloat16(), latent_noise(video, generator))
    difference = decoded - video
    weight = 1 + SUBJECT_WEIGHT * mask[:, None]
    reconstruction = (weight * (difference.abs() + SQUARE_WEIGHT * difference**2)).mean()
    return reconstruction + KL_WEIGHT * posterior.kl().mean(), (difference.detach() ** 2).mean().item()


@torch.no_grad()
def validate(model, average, device, count=32):
    """PSNR (dB) of the averaged weights on scenes never trained on, at two sizes: whole frames, and inside the subjects' masks."""
    report = {}
    for side in (64, 128):
        scenes = sample_scenes(count, torch.Generator().manual_seed(VALIDATION_SEED)).to(device)
        video, mask = render(scenes, 17, side, side, only=[8])
        noise = 0 * latent_noise(video, torch.Generator())
        decoded, posterior = call_in_bfloat16(model, video.bfloat16(), noise, values=average.values)
        square = ((decoded.clamp(-1, 1) - video) ** 2).mean(dim=1) / 4
        inside = (square * mask).sum() / mask.sum()
        report |= {f"held_out_psnr_{side}": -10 * square.mean().log10().item(),
                   f"held_out_psnr_subject_{side}": -10 * inside.log10().item(),
                   f"latent_std_{side}": posterior.mean.std().item(), f"noise_std_{side}": posterior.std.mean().item()}
    return report


if __name__ == "__main__":
    main()
