"""Scenes: batches of indices into the vocabulary, and the continuous values that make two clips of one caption differ."""

from dataclasses import dataclass, fields

import torch

from .vocabulary import COLOURS, MOTIONS, PLACES, SUBJECTS, TIMES


@dataclass
class Scene:
    """A batch of B scenes; every field is a tensor whose first dimension is B."""

    subject: torch.Tensor  # int64 [B], index into SUBJECTS
    colour: torch.Tensor  # int64 [B], index into COLOURS
    place: torch.Tensor  # int64 [B], index into PLACES
    time: torch.Tensor  # int64 [B], index into TIMES
    motion: torch.Tensor  # int64 [B], index into MOTIONS
    size: torch.Tensor  # float [B], the subject's height relative to the usual one, about 0.9..1.1
    offset: torch.Tensor  # float [B, 2], where the path's middle lies, -1..1 of the free room to the right and upwards
    phase: torch.Tensor  # float [B], 0..1, where a periodic motion starts
    backdrop: torch.Tensor  # float [B, 8], 0..1, free values of the background (hills, clouds, houses)

    def __len__(self):
        return self.subject.shape[0]

    def select(self, index):
        """The scenes at `index` (int64 or bool tensor, or a slice)."""
        return Scene(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def to(self, device):
        return Scene(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def sample_scenes(count, generator):
    """Draw `count` independent scenes on the CPU, every combination equally likely.

    The draw is made on the CPU whatever device renders it, so that a seed means the same scenes everywhere.
    """

    def index(n):
        return torch.randint(n, (count,), generator=generator)

    def uniform(*shape):
        return torch.rand(count, *shape, generator=generator)

    return Scene(
        subject=index(len(SUBJECTS)),
        colour=index(len(COLOURS)),
        place=index(len(PLACES)),
        time=index(len(TIMES)),
        motion=index(len(MOTIONS)),
        size=0.9 + 0.2 * uniform(),
        offset=2 * uniform(2) - 1,
        phase=uniform(),
        backdrop=uniform(8),
    )


def scene_of(subject, colour, place, time, motion, generator):
    """One scene (B = 1) with the named things; the continuous values are drawn."""
    scene = sample_scenes(1, generator)
    scene.subject[:] = SUBJECTS.index(subject)
    scene.colour[:] = list(COLOURS).index(colour)
    scene.place[:] = PLACES.index(place)
    scene.time[:] = TIMES.index(time)
    scene.motion[:] = MOTIONS.index(motion)
    return scene
