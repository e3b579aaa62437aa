"""A small classifier that names what a clip shows. It learns on rendered clips and judges generated ones."""

import torch
import torch.nn.functional as F
from torch import nn

from render import render
from world.scene import NAMES, joined, sample_scenes
from world.vocabulary import RELATIONS

# Attribute of `Scene` -> its names, in the order of the indices.
ATTRIBUTES = {name: NAMES[name] for name in ("subject", "colour", "motion", "place", "time", "weather", "camera")}
LENGTH = 9
FRAMES = [0, 2, 4, 6, 8]  # of a clip of LENGTH frames
SIDE = 64


class Recogniser(nn.Module):
    """Clips [B, 3, len(FRAMES), SIDE, SIDE] in -1..1 -> {attribute: scores [B, names]}.

    The frames enter as channels: where something is in each of them tells the motion.
    """

    def __init__(self):
        super().__init__()
        widths = (3 * len(FRAMES), 32, 64, 128, 128)
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Conv2d(inputs, outputs, 5, stride=2, padding=2), nn.GroupNorm(8, outputs), nn.SiLU()]
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(widths[-1] * (SIDE // 16) ** 2, 256), nn.SiLU())
        self.heads = nn.ModuleDict({name: nn.Linear(256, len(names)) for name, names in ATTRIBUTES.items()})

    def forward(self, clips):
        features = self.features(clips.flatten(1, 2))
        return {name: head(features) for name, head in self.heads.items()}


def sample_alone(count, generator):
    """Scenes with one subject, so that it is clear whose colour and motion are meant."""
    found = []
    while sum(map(len, found)) < count:
        scenes = sample_scenes(count, generator)
        found.append(scenes.select(scenes.relation == RELATIONS.index("alone")))
    return joined(found).select(slice(count))


def rendered(count, seed, batch=64):
    """Rendered clips, uint8 [count, 3, len(FRAMES), SIDE, SIDE], and {attribute: index [count]}."""
    scenes = sample_alone(count, torch.Generator().manual_seed(seed))
    clips = []
    for start in range(0, count, batch):
        video, _ = render(scenes.select(slice(start, start + batch)), LENGTH, SIDE, SIDE, only=FRAMES)
        clips.append(((video + 1) * 127.5).round().byte())
    return torch.cat(clips), {name: getattr(scenes, name) for name in ATTRIBUTES}


def disturbed(clips, generator):
    """As an imperfect generator shows them: some blurred, all a little noisy."""
    blurred = F.avg_pool3d(F.pad(clips, (1, 1, 1, 1, 0, 0), mode="replicate"), (1, 3, 3), stride=1)
    share = torch.rand(len(clips), 1, 1, 1, 1, generator=generator)
    return torch.lerp(clips, blurred, share) + 0.05 * torch.randn(clips.shape, generator=generator)


def train(count, epochs, seed=11, batch=64, rate=1e-3):
    """A recogniser trained on `count` rendered clips."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    clips, labels = rendered(count, seed)
    model = Recogniser()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    steps = epochs * (count // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for epoch in range(epochs):
        order = torch.randperm(count, generator=generator)
        for index in order[:count // batch * batch].split(batch):
            scores = model(disturbed(clips[index].float() / 127.5 - 1, generator))
            loss = sum(F.cross_entropy(scores[name], labels[name][index]) for name in ATTRIBUTES)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"recogniser: epoch {epoch + 1} of {epochs}, loss {loss.item():.3f}", flush=True)
    return model.eval()


@torch.no_grad()
def judge(model, clips, wanted):
    """{attribute: bool [B], whether the recogniser names what was wanted}. clips: float in -1..1."""
    return {name: scores.argmax(1) == wanted[name] for name, scores in model(clips).items()}
