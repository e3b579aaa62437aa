"""A small classifier that names what a clip shows. It learns on rendered clips and judges generated ones.

`python recogniser.py 128x128x17@8 ...` trains one for some kinds of clips and says how often it is right about clips that
it has not seen: its ceiling, the most that can be expected of generated clips.
"""

import argparse
import os

import torch
import torch.nn.functional as F
from torch import nn

from clips import from_bytes, kind_of, to_bytes
from precision import compute_type
from render import render
from world.scene import NAMES, draw, has_second

# Attribute of `Scene` -> its names, in the order of the indices.
ATTRIBUTES = {name: NAMES[name] for name in (
    "subject", "colour", "size", "motion", "pace", "relation", "second_subject", "second_colour", "place", "time", "weather", "camera")}
MOMENTS = 6  # frames of a clip that are looked at
SIDE = 64
WIDTH = 512  # of the features
RENDERED_TOGETHER = {"cpu": 32, "cuda": 1024}  # clips


class Recogniser(nn.Module):
    """Clips as `seen` gives them, [B, 3, MOMENTS, SIDE, SIDE] in -1..1, and their seconds -> {attribute: scores [B, names]}.

    Neighbouring moments pass one trunk of 2-D convolutions together, as the later picture and what has changed since the
    earlier one; then all of them are compared at every place of an 8 x 8 grid, where positions still tell the motion.
    """

    def __init__(self, kinds=()):
        super().__init__()
        self.kinds = [str(kind) for kind in kinds]
        self.trunk = nn.Sequential(block(6, 32, 5, 2), block(32, 64, 3, 2), block(64, 64, 3, 1), block(64, 96, 3, 2))
        self.across_time = nn.Sequential(block((MOMENTS - 1) * 96, 256, 1, 1), block(256, 256, 3, 1), block(256, 256, 3, 2))
        self.to_features = nn.Sequential(nn.Dropout(0.2), nn.Linear(256 * (SIDE // 16) ** 2 + 1, WIDTH), nn.SiLU())
        self.heads = nn.ModuleDict({name: nn.Linear(WIDTH, len(names)) for name, names in ATTRIBUTES.items()})

    def features(self, clips, seconds):
        """[B, WIDTH]; seconds [B]: how long the clips are, without which a pace is none."""
        changes = clips[:, :, 1:] - clips[:, :, :-1]
        pairs = torch.cat([clips[:, :, 1:], changes], dim=1).transpose(1, 2)  # [B, MOMENTS - 1, 6, SIDE, SIDE]
        maps = self.trunk(pairs.flatten(0, 1)).unflatten(0, pairs.shape[:2])
        return self.to_features(torch.cat([self.across_time(maps.flatten(1, 2)).flatten(1), seconds.log()[:, None]], dim=1))

    def forward(self, clips, seconds):
        features = self.features(clips, seconds)
        return {name: head(features) for name, head in self.heads.items()}


def block(inputs, outputs, size, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2), nn.GroupNorm(8, outputs), nn.SiLU())


def moments(frames):
    """The numbers of the frames that are looked at, spread evenly over a clip."""
    return torch.linspace(0, frames - 1, MOMENTS).round().long().tolist()


def seen(clips, chosen=False):
    """What the recogniser sees of clips [B, 3, T, H, W]: MOMENTS frames (`chosen`: they are these already), averaged over
    areas until the longer side is SIDE, with grey beside the shorter one: [B, 3, MOMENTS, SIDE, SIDE]."""
    frames = clips if chosen else clips[:, :, moments(clips.shape[2])]
    scale = SIDE / max(frames.shape[-2:])
    height, width = (round(n * scale) for n in frames.shape[-2:])
    small = F.adaptive_avg_pool3d(frames, (MOMENTS, height, width))
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    return F.pad(small, (left, SIDE - width - left, top, SIDE - height - top))


@torch.no_grad()
def rendered(scenes, kind, device="cpu"):
    """The scenes as the recogniser sees them in clips of a kind: uint8 [B, 3, MOMENTS, SIDE, SIDE]."""
    views, batch = [], RENDERED_TOGETHER[torch.device(device).type]
    for start in range(0, len(scenes), batch):
        part = scenes.select(slice(start, start + batch)).to(device)
        video, _ = render(part, kind.frames, kind.height, kind.width, kind.fps, only=moments(kind.frames))
        views.append(to_bytes(seen(video, chosen=True)))
    return torch.cat(views)


def seconds_of(kind, count):
    """float [count]"""
    return torch.full((count,), kind.frames / kind.fps)


def has_meaning(scenes, name):
    """Bool [B]: a second subject counts only where there is one."""
    return has_second(scenes) if name.startswith("second_") else torch.ones_like(scenes.relation, dtype=torch.bool)


def loss_of(scores, scenes):
    total = 0
    for name in ATTRIBUTES:
        counts = has_meaning(scenes, name)
        total = total + (F.cross_entropy(scores[name].float(), getattr(scenes, name), reduction="none") * counts).sum() / counts.sum().clamp_min(1)
    return total


def disturbed(clips, generator):
    """As an imperfect generator shows them: some blurred, all a little noisy."""
    blurred = F.avg_pool3d(F.pad(clips, (1, 1, 1, 1, 0, 0), mode="replicate"), (1, 3, 3), stride=1)
    share = torch.rand((len(clips), 1, 1, 1, 1), generator=generator, device=clips.device)
    return torch.lerp(clips, blurred, share) + 0.05 * torch.randn(clips.shape, generator=generator, device=clips.device)


def train(kinds, count, epochs, batch=32, device="cpu", seed=11, rate=1e-3, weights=None):
    """A recogniser that has learned on `count` rendered clips of each kind, held-out combinations among them: a judge
    must know what it is asked about. It begins with `weights`, those of another one's state_dict(), or with random ones."""
    torch.manual_seed(seed)
    generator, noise = torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed(seed + 1)
    material = [(scenes.to(device), rendered(scenes, kind, device), kind) for kind in kinds for scenes in [draw(count, generator)]]
    print(f"recogniser: {len(kinds)} x {count} clips rendered", flush=True)
    model = Recogniser(kinds)
    if weights is not None:
        model.load_state_dict(weights)
    model.to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    batches = [(which, slice(start, start + batch)) for which in range(len(kinds)) for start in range(0, count - batch + 1, batch)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * len(batches))
    for epoch in range(epochs):
        orders = [torch.randperm(count, generator=generator).to(device) for _ in kinds]
        total = 0.0
        for at in torch.randperm(len(batches), generator=generator).tolist():
            which, part = batches[at]
            scenes, clips, kind = material[which]
            index = orders[which][part]
            view = disturbed(from_bytes(clips[index]), noise)
            # A step takes three fifths of the time in bfloat16, where that is computed in.
            with torch.autocast(view.device.type, torch.bfloat16, enabled=compute_type(view.device) == torch.bfloat16):
                scores = model(view, seconds_of(kind, batch).to(device))
            loss = loss_of(scores, scenes.select(index))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.detach()
        print(f"recogniser: epoch {epoch + 1} of {epochs}, loss {total.item() / len(batches):.3f}", flush=True)
    return model.cpu().eval()


@torch.no_grad()
def in_parts(function, views, kind, batch=64):
    """`function` of a recogniser (`model` or `model.features`) for many views, uint8."""
    return [function(from_bytes(part), seconds_of(kind, len(part))) for part in views.split(batch)]


def named(model, views, kind):
    """{attribute: number of the name [B] that the recogniser gives}; views: uint8, as `rendered` gives them."""
    scores = in_parts(model, views, kind)
    return {name: torch.cat([part[name].argmax(1) for part in scores]) for name in ATTRIBUTES}


def judge(model, views, kind, scenes):
    """{attribute: bool [B], whether the recogniser names what the scenes have}; views as for `named`."""
    return right(named(model, views, kind), scenes)


def right(names, scenes):
    """{attribute: bool [B], whether `named` gave what the scenes have}"""
    return {name: number == getattr(scenes, name) for name, number in names.items()}


def accuracy(verdicts, scenes):
    """{attribute: share of verdicts that are right where the attribute has a meaning}, and "all": of scenes with all right;
    None where there is nothing to judge."""
    meaning = {name: has_meaning(scenes, name) for name in verdicts}
    right = torch.stack([verdicts[name] | ~counts for name, counts in meaning.items()]).all(0)
    counted = {name: verdicts[name][counts] for name, counts in meaning.items()} | {"all": right}
    return {name: round(each.float().mean().item(), 3) if len(each) else None for name, each in counted.items()}


def add_recogniser(parser):
    """The option of everything that asks a recogniser."""
    parser.add_argument("--recogniser", default="../nano/checkpoint/recogniser.pt", help="what recogniser.py wrote")


def save(model, path):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    torch.save({"kinds": model.kinds, "weights": {name: value.half() for name, value in model.state_dict().items()}}, path)


def load(path, kind):
    """The recogniser that main() wrote; ValueError if it has not learned on this kind of clip."""
    saved = torch.load(path)
    if str(kind) not in saved["kinds"]:
        raise ValueError(f"{path} knows {', '.join(saved['kinds'])}; train one for {kind}: python recogniser.py {kind}, then name it: --recogniser runs/recogniser.pt")
    model = Recogniser(saved["kinds"])
    model.load_state_dict(saved["weights"])
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="+", type=kind_of, help="as 128x128x17@8")
    parser.add_argument("--clips", type=int, default=12_000, help="rendered clips of each kind to learn on")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3, help="the highest learning rate")
    parser.add_argument("--seed", type=int, default=11, help="of the scenes that are rendered")
    parser.add_argument("--initial-weights", help="another recogniser's file, to begin with its weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", default="runs/recogniser.pt")
    args = parser.parse_args()
    weights = torch.load(args.initial_weights)["weights"] if args.initial_weights else None
    model = train(args.kinds, args.clips, args.epochs, args.batch, args.device, args.seed, args.rate, weights)
    save(model, args.out)
    scenes = draw(512, torch.Generator().manual_seed(args.seed + 1))
    for kind in args.kinds:
        print(kind, accuracy(judge(model, rendered(scenes, kind), kind, scenes), scenes), flush=True)


if __name__ == "__main__":
    main()
