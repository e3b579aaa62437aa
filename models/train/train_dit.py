"""Train text encoder and DiT together with rectified flow on the latents that encode_latents.py wrote."""

import argparse
import glob
import os
import random

import torch

from clips import Kind, kind_of
from denoiser import CONFIG, SHIFT, Denoiser
from text import load_tokenizer, token_ids, with_rate
from training import Average, Log, Optimiser, Workers, call_in_bfloat16, learning_rate, load_weights, save_checkpoint
from world.captions import caption
from world.scene import Scene

EMPTY_SHARE = 0.1  # captions replaced by the empty prompt, for guidance
# Extra weight of the subjects, which are 7 % of the picture. It fades out where there is much noise: a weight that depends on
# what cannot be known yet would draw subjects everywhere.
SUBJECT_WEIGHT = 4.0


class Pool:
    """All shards of latents, by kind of clip. The first shard of one kind is held out."""

    HELD_OUT = f"{Kind(64, 64, 9, 8)}-0000.pt"

    def __init__(self, folder):
        self.folder, self.kinds, self.seen = folder, {}, set()
        held_out = torch.load(f"{folder}/{self.HELD_OUT}")
        self.held_out = Scene(**held_out["scenes"]), held_out["latents"], held_out["cover"]
        self.refresh()

    def refresh(self):
        """Take in shards written since the last time."""
        fresh = {}
        for path in sorted(set(glob.glob(f"{self.folder}/*@*-*.pt")) - self.seen):
            self.seen.add(path)
            if os.path.basename(path) != self.HELD_OUT:
                fresh.setdefault(kind_of(os.path.basename(path).rsplit("-", 1)[0]), []).append(torch.load(path))
        for kind, shards in fresh.items():
            if kind in self.kinds:
                scenes, latents, cover = self.kinds[kind]
                shards.insert(0, {"scenes": vars(scenes), "latents": latents, "cover": cover})
            scenes = Scene(**{k: torch.cat([s["scenes"][k] for s in shards]) for k in shards[0]["scenes"]})
            self.kinds[kind] = scenes, *(torch.cat([s[part] for s in shards]) for part in ("latents", "cover"))

    def clips(self):
        return sum(len(scenes) for scenes, *_ in self.kinds.values())

    def choose(self, draw):
        """A kind, so that every clip is as likely as any other to come next; `draw` is a random.Random."""
        kinds = sorted(self.kinds)
        return draw.choices(kinds, [len(self.kinds[kind][0]) * tokens(kind) for kind in kinds])[0]


def tokens(kind):
    """How many tokens a clip of a kind is for the DiT."""
    frames, height, width = CONFIG["patch_size"]
    return (kind.frames // frames) * (kind.height // (8 * height)) * (kind.width // (8 * width))


def main():
    args, workers = arguments(), Workers()
    device = workers.device(args.device)
    torch.manual_seed(args.seed)
    tokenizer = load_tokenizer(args.tokenizer)
    model = Denoiser(tokenizer.get_vocab_size()).to(device)
    if args.initial_weights:
        load_weights(model, args.initial_weights)
    optimiser = Optimiser(model, weight_decay=0.01)
    average = Average(model, 0.999)
    os.makedirs(args.run, exist_ok=True)
    path, first, seconds = f"{args.run}/dit.pt", 0, 0.0
    if os.path.exists(path):
        state = torch.load(path, map_location=device)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        average.values, first, seconds = state["average"], state["step"], state["seconds"]
    log = Log(f"{args.run}/dit.jsonl", seconds)
    pool, total = Pool(args.latents), 0.0

    for step in range(first, args.steps):
        if step % 200 == 0:
            pool.refresh()
        loss = objective(model, *batch(pool, step, workers.generator(args.seed, step), tokenizer, args, device))
        model.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(model.parameters())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step(learning_rate(step, args.steps, args.rate, args.warmup))
        average.update(model, step)
        total, done = total + loss.item(), step + 1
        if workers.rank == 0 and done % 100 == 0:
            log.write(stage="dit", step=done, loss=total / 100, clips=pool.clips())
        if done % 100 == 0:
            total = 0.0
        if workers.rank == 0 and (done % args.save_every == 0 or done == args.steps):
            save_checkpoint(path, model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.values,
                            step=done, seconds=log.seconds)
            log.write(stage="dit", step=done, held_out_loss=validate(model, average, pool, tokenizer, device))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", default="runs/latents")
    parser.add_argument("--tokenizer", default="runs/tokenizer/tokenizer.json")
    parser.add_argument("--run", default="runs/dit", help="folder of checkpoints and logs")
    parser.add_argument("--initial-weights", help="weights of an earlier model to begin with, as ../nano/checkpoint/denoiser.safetensors")
    parser.add_argument("--steps", type=int, required=True, help="steps, those of earlier runs included")
    parser.add_argument("--tokens", type=int, default=3072, help="tokens a worker and step: the more a clip has, the fewer clips")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--save-every", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def batch(pool, step, generator, tokenizer, args, device):
    """(clean latents, noise, s [B] in 0..1, ids, cover). All workers take clips of one kind, so that none waits for another."""
    kind = pool.choose(random.Random(f"{args.seed} {step}"))
    count = max(1, args.tokens // tokens(kind))
    index = torch.randint(len(pool.kinds[kind][0]), (count,), generator=generator)
    return tuple(t.to(device) for t in prepare(*pool.kinds[kind], index, kind.fps, generator, tokenizer))


def prepare(scenes, latents, cover, index, fps, generator, tokenizer):
    draw = random.Random(int(torch.randint(2**62, (1,), generator=generator)))
    texts = [with_rate("" if draw.random() < EMPTY_SHARE else caption(scenes, i, draw), fps) for i in index.tolist()]
    clean = latents[index].float()
    noise = torch.randn(clean.shape, generator=generator)
    s = torch.sigmoid(torch.randn(len(index), generator=generator))
    s = SHIFT * s / (1 + (SHIFT - 1) * s)
    return clean, noise, s, token_ids(tokenizer, texts), cover[index].float()


def objective(model, clean, noise, s, ids, cover, values=None, subject_weight=SUBJECT_WEIGHT):
    """Rectified flow: the velocity from the clean latents to the noise, mean squared error."""
    at = s[:, None, None, None, None]
    noisy = (1 - at) * clean + at * noise
    velocity = call_in_bfloat16(model, noisy.bfloat16(), 1000 * s, ids, values=values)
    weight = 1 + subject_weight * (1 - at) * cover[:, None]
    return (weight * (velocity - (noise - clean)) ** 2).mean()


@torch.no_grad()
def validate(model, average, pool, tokenizer, device):
    """The loss of the averaged weights on clips never trained on, without extra weights; the same noise every time."""
    generator, kind = torch.Generator().manual_seed(5), kind_of(Pool.HELD_OUT.rsplit("-", 1)[0])
    inputs = prepare(*pool.held_out, torch.arange(256), kind.fps, generator, tokenizer)
    return objective(model, *(t.to(device) for t in inputs), values=average.values, subject_weight=0.0).item()


if __name__ == "__main__":
    main()
