"""Scenes: batches of indices into the vocabulary, and the continuous values that make two clips of one caption differ."""

from dataclasses import dataclass, fields

import torch

from . import split
from .vocabulary import (CAMERAS, COLOURS, MOTIONS, NEVER_AT_SEA, PACES, PLACE_WEATHERS, PLACES, RELATION_MOTIONS,
                         RELATIONS, SIZES, SUBJECT_MOTIONS, SUBJECTS, TIMES, WEATHERS)


@dataclass
class Scene:
    """A batch of B scenes; every field is a tensor whose first dimension is B."""

    subject: torch.Tensor  # int64 [B], index into SUBJECTS
    colour: torch.Tensor  # int64 [B], index into COLOURS
    size: torch.Tensor  # int64 [B], index into SIZES
    motion: torch.Tensor  # int64 [B], index into MOTIONS
    pace: torch.Tensor  # int64 [B], index into PACES
    relation: torch.Tensor  # int64 [B], index into RELATIONS; the second subject counts only if it is not "alone"
    second_subject: torch.Tensor  # int64 [B], index into SUBJECTS
    second_colour: torch.Tensor  # int64 [B], index into COLOURS, never the first subject's
    place: torch.Tensor  # int64 [B], index into PLACES
    time: torch.Tensor  # int64 [B], index into TIMES
    weather: torch.Tensor  # int64 [B], index into WEATHERS
    camera: torch.Tensor  # int64 [B], index into CAMERAS
    heading: torch.Tensor  # float [B], 1 to the right or -1 to the left, where neither motion nor camera says it
    stature: torch.Tensor  # float [B], the subject's height relative to that of its size, 0.93..1.07
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


def joined(scenes):
    """Several batches as one."""
    return Scene(**{f.name: torch.cat([getattr(s, f.name) for s in scenes]) for f in fields(Scene)})


def sample_scenes(count, generator, held_out=False, paired=False):
    """Draw `count` independent scenes on the CPU: only such as make sense, and only (or never) held-out ones; `paired`: only
    such with two subjects, which otherwise are a quarter.

    The draw is made on the CPU whatever device renders it, so that a seed means the same scenes everywhere.
    """
    drawn, missing = [], count
    while missing > 0:
        scenes = draw(missing * (split.HELD_OUT_PART if held_out else 1) + 8, generator)
        wanted = (split.held_out(scenes) == held_out) & (has_second(scenes) | (not paired))
        drawn.append(scenes.select(wanted).select(slice(missing)))
        missing -= len(drawn[-1])
    return joined(drawn)


def has_second(scene):
    """Bool [B]: whether there are two subjects."""
    return scene.relation != RELATIONS.index("alone")


# Bool tables of what goes with what.
CAN_DO = torch.tensor([[m in SUBJECT_MOTIONS[s] for m in MOTIONS] for s in SUBJECTS])
FITS_RELATION = torch.tensor([[m in RELATION_MOTIONS[r] for m in MOTIONS] for r in RELATIONS])
CAN_BE_AT = torch.tensor([[p != "sea" or s not in NEVER_AT_SEA for p in PLACES] for s in SUBJECTS])
CAN_HAVE = torch.tensor([[w in PLACE_WEATHERS[p] for w in WEATHERS] for p in PLACES])
# Half of the weather is clear, a third of the cameras stand still, three scenes in four have one subject.
WEATHER_SHARES = torch.tensor([3.0 if w == "clear" else 1.0 for w in WEATHERS])
CAMERA_SHARES = torch.tensor([4.0 if c == "still" else 1.0 for c in CAMERAS])
RELATION_SHARES = torch.tensor([9.0 if r == "alone" else 1.0 for r in RELATIONS])
PACE_SHARES = torch.tensor([2.0 if p == "normal" else 1.0 for p in PACES])


def draw(count, generator):
    def index(n):
        return torch.randint(n, (count,), generator=generator)

    def uniform(*shape):
        return torch.rand(count, *shape, generator=generator)

    def one_of(shares):
        return torch.multinomial(shares.float().expand(count, -1), 1, generator=generator)[:, 0]

    subject = index(len(SUBJECTS))
    relation = one_of(RELATION_SHARES)
    # Whoever cannot do what a relation asks for is alone.
    relation = relation * (CAN_DO[subject] & FITS_RELATION[relation]).any(1)
    motion = one_of(CAN_DO[subject] & FITS_RELATION[relation])
    chased = (relation == RELATIONS.index("chasing"))[:, None]
    second_subject = one_of(CAN_DO.T[motion] | ~chased)
    paired = (relation != RELATIONS.index("alone"))[:, None]
    place = one_of(CAN_BE_AT[subject] & (CAN_BE_AT[second_subject] | ~paired))
    colour = index(len(COLOURS))
    return Scene(
        subject=subject,
        colour=colour,
        size=index(len(SIZES)),
        motion=motion,
        pace=one_of(PACE_SHARES),
        relation=relation,
        second_subject=second_subject,
        second_colour=(colour + 1 + index(len(COLOURS) - 1)) % len(COLOURS),
        place=place,
        time=index(len(TIMES)),
        weather=one_of(WEATHER_SHARES * CAN_HAVE[place]),
        camera=one_of(CAMERA_SHARES),
        heading=2.0 * index(2) - 1,
        stature=0.93 + 0.14 * uniform(),
        offset=2 * uniform(2) - 1,
        phase=uniform(),
        backdrop=uniform(8),
    )


NAMES = {
    "subject": SUBJECTS, "colour": tuple(COLOURS), "size": tuple(SIZES), "motion": MOTIONS, "pace": tuple(PACES),
    "relation": RELATIONS, "second_subject": SUBJECTS, "second_colour": tuple(COLOURS), "place": PLACES, "time": TIMES,
    "weather": WEATHERS, "camera": CAMERAS,
}


def scene_of(generator, **names):
    """One scene (B = 1) with the named things, e.g. `subject="car"`; alone, clear, still and of usual size and pace unless
    named, all the rest is drawn."""
    scene = draw(1, generator)
    usual = {"size": "medium", "pace": "normal", "relation": "alone", "weather": "clear", "camera": "still"}
    for field, name in (usual | names).items():
        getattr(scene, field)[:] = NAMES[field].index(name)
    return scene


def names_of(scene, index):
    """What scene `index` is made of in words: {field: name}, and its heading."""
    found = {field: names[int(getattr(scene, field)[index])] for field, names in NAMES.items()}
    return found | {"heading": "right" if scene.heading[index] > 0 else "left"}
