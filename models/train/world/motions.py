"""Where subjects are at every moment, at home: before a camera at rest.

Lengths are in units of the frame's height, x to the right and y upwards from the middle of the frame,
angles in radians anticlockwise, times in seconds: speeds do not depend on the number of frames.
"""

from dataclasses import dataclass
from math import pi

import torch

from .canvas import GROUND
from .places import HORIZON
from .vocabulary import MOTIONS, PACES, PLACES, RELATIONS, SIZES, SUBJECTS

HEIGHT = 0.37  # a usual subject's
SPEED = 0.38  # moving, rising, falling: length units a second
STROLL = 0.26  # walking
SPIN = 0.65 * pi  # radians a second
BOUNCE_PERIOD = 1.0  # seconds from ground to ground
CIRCLE_PERIOD = 2.0
GROWTH = 0.6  # size grows e^0.6 a second
STEPS = 1.05  # cycles of legs, wings and fins a second
BEHIND = 0.70  # nearness of who is behind the other

# Flyers hover; the others stand on the ground.
HOVER = {"star": 0.14, "balloon": 0.16, "bird": 0.18, "rocket": 0.12, "fish": 0.12}
# Half the width of each subject, its height being 1.
HALF_WIDTH = {
    "ball": 0.50, "box": 0.46, "star": 0.56, "balloon": 0.34, "car": 0.72, "boat": 0.70, "bird": 0.74, "rocket": 0.36,
    "pickup truck": 0.84, "fish": 0.68, "tree": 0.42, "house": 0.54, "windmill": 0.48, "horse": 0.66, "robot": 0.40, "person": 0.36,
}
# Heights that differ from the others'.
TALL = {"rocket": 1.1, "tree": 1.25, "house": 1.15, "windmill": 1.3, "horse": 1.15, "robot": 1.15, "person": 1.2}


@dataclass
class Pose:
    """Where subjects are and what their limbs do; every tensor is [B, T]."""

    x: torch.Tensor
    y: torch.Tensor  # the subject's middle
    size: torch.Tensor  # the subject's height
    angle: torch.Tensor
    facing: torch.Tensor  # 1: to the right, -1: to the left
    near: torch.Tensor  # nearness, see camera.py
    standing: torch.Tensor  # height of the ground under it
    cycle: torch.Tensor  # of legs, wings, fins and sails, 1 a period
    walks: torch.Tensor  # 1 or 0
    dances: torch.Tensor  # 1 or 0
    rolled: torch.Tensor  # way travelled, in units of its height


def within(way, longest):
    """A way that no clip, however long, makes longer than `longest`."""
    return longest * torch.tanh(way / longest)


def poses(scene, second, seconds, duration, aspect):
    """Poses of the scenes' first subjects, or of their second ones, at the moments `seconds` (float [T]) of clips of `duration`
    seconds. `aspect` is the frames' width / height. Whatever goes somewhere passes the middle of its path in the middle of the clip.
    """
    subject, motion = acts(scene, second)
    device = subject.device
    pace = torch.tensor(list(PACES.values()), device=device)[scene.pace][:, None]
    alone = (scene.relation == RELATIONS.index("alone"))[:, None]
    # Narrow frames are seen from a little further away, wide ones from a little nearer.
    unit = 0.5 + 0.5 * min(aspect, 1.0) if aspect < 1 else 0.5 + 0.5 * aspect**0.5
    tall = torch.tensor([TALL.get(s, 1.0) for s in SUBJECTS], device=device)
    base = height_of(scene, unit, aspect) * tall[subject][:, None]
    half = torch.tensor([HALF_WIDTH[s] * TALL.get(s, 1.0) for s in SUBJECTS], device=device)

    def moves(*names):
        return sum((motion == MOTIONS.index(n)) for n in names).bool()[:, None]

    # The part of the clip's way that is covered at each moment, -0.5..0.5; a clip of one frame shows the middle.
    part = ((seconds / duration if duration else 0 * seconds + 0.5) - 0.5)[None]
    travelled = part * within(SPEED * pace * duration, 0.95 * max(aspect, 0.7)) * unit
    strolled = part * within(STROLL * pace * duration, 0.8 * max(aspect, 0.7)) * unit
    passed = part * (aspect + 0.15) * (0.65 + 0.35 * pace)
    climbed = part * within(SPEED * pace * duration, 0.75)
    grown = part * within(GROWTH * pace * duration, 1.1)
    heading = torch.where(moves("moving right"), 1.0, torch.where(moves("moving left"), -1.0, scene.heading[:, None]))
    goes = moves("moving left", "moving right", "walking", "driving past")

    near = torch.ones_like(part).expand(len(subject), -1)
    # Who drives past comes nearer.
    near = torch.where(moves("driving past"), 1 + 0.45 * part, near)
    if not second:
        near = torch.where((scene.relation == RELATIONS.index("behind"))[:, None], BEHIND * near, near)
    horizon = torch.tensor([HORIZON[p] for p in PLACES], device=device)[scene.place][:, None]
    standing = horizon + (GROUND - horizon) * near

    size = base * near
    size = torch.where(moves("growing"), size * torch.exp(grown), size)
    size = torch.where(moves("shrinking"), size * torch.exp(-grown), size)

    hover = torch.tensor([HOVER.get(s, 0.0) for s in SUBJECTS], device=device)[subject][:, None] * unit
    free = torch.where(alone, scene.offset[:, :1] * 0.10 * max(aspect, 0.6), beside(scene, second, height_of(scene, unit, aspect), half))
    way = torch.where(moves("walking"), strolled, torch.where(moves("driving past"), passed, travelled))
    x = free + torch.where(goes, heading * way, 0 * way)

    lift = torch.where(hover > 0, hover + 0.04 * (1 + scene.offset[:, 1:]), hover)
    y = standing + size / 2 + lift
    drift = 0.04 * scene.offset[:, 1:]
    # Up and down: through the middle of the frame.
    y = torch.where(moves("rising"), drift + climbed, y)
    y = torch.where(moves("falling"), drift - climbed, y)
    beat = torch.sin(pi * (seconds[None] * pace / BOUNCE_PERIOD + scene.phase[:, None])).abs()
    y = torch.where(moves("bouncing"), standing + size / 2 + 0.34 * beat, y)
    y = torch.where(moves("spinning") & (subject != SUBJECTS.index("windmill"))[:, None], 0.02 + drift, y)

    turn = 2 * pi * (scene.phase[:, None] - seconds[None] * pace / CIRCLE_PERIOD)
    x = torch.where(moves("circling"), x + 0.19 * min(aspect, 1.0) ** 0.5 * torch.cos(turn), x)
    y = torch.where(moves("circling"), 0.03 + 0.19 * torch.sin(turn), y)

    cycle = scene.phase[:, None] + STEPS * pace * seconds[None]
    rolled = torch.where(goes, way / base, 0 * way)
    facing = torch.where(goes | ~alone, heading, torch.ones_like(heading)).expand_as(x)
    angle = torch.where(moves("spinning"), 2 * pi * scene.phase[:, None] - SPIN * pace * seconds[None], 0 * x)
    angle, facing, y, cycle = characteristic(scene, subject, moves, goes, rolled, facing, angle, y, cycle, seconds)
    return Pose(x, y, size, angle, facing, near, standing, cycle, goes.float().expand_as(x), moves("dancing").float().expand_as(x), rolled)


def acts(scene, second):
    """Which subjects, and the indices of what they do; a second subject that is not chased stays (-1)."""
    if not second:
        return scene.subject, scene.motion
    chased = scene.relation == RELATIONS.index("chasing")
    return scene.second_subject, torch.where(chased, scene.motion, -torch.ones_like(scene.motion))


def height_of(scene, unit, aspect):
    """Heights [B, 1]: those of two subjects leave room for each other."""
    size = torch.tensor(list(SIZES.values()), device=scene.size.device)[scene.size] * scene.stature
    paired = scene.relation != RELATIONS.index("alone")
    # The usual size is the second subject's too, so that only the middle counts.
    size = torch.where(paired, size**0.5 * 0.78 * min(1.0, 0.3 + 0.7 * aspect), size)
    return HEIGHT * unit * size[:, None]


def beside(scene, second, base, half):
    """How far from the middle of the two a subject of a pair is, [B, 1]."""
    widths = (half[scene.subject] + half[scene.second_subject])[:, None] * base
    relation, heading = scene.relation[:, None], scene.heading[:, None]
    right, left = (scene.motion == 1)[:, None], (scene.motion == 0)[:, None]
    heading = torch.where(right, 1.0, torch.where(left, -1.0, heading))
    apart = torch.where(relation == RELATIONS.index("left of"), widths + 0.05, heading * (widths + 0.10))
    # Behind: seen past the other one.
    apart = torch.where(relation == RELATIONS.index("behind"), 0.55 * widths * scene.heading[:, None], apart)
    return apart / 2 if second else -apart / 2


def characteristic(scene, subject, moves, goes, rolled, facing, angle, y, cycle, seconds):
    """What only some subjects do: balls roll, rockets point where they fly, boats rock on the sea, walkers bob."""

    def are(name):
        return (subject == SUBJECTS.index(name))[:, None]

    angle = torch.where(are("ball") & goes, -2 * rolled * facing, angle)
    angle = torch.where(are("rocket") & goes, -pi / 2 * facing, angle)
    facing = torch.where(are("rocket") | are("ball"), torch.ones_like(facing), facing)
    # A windmill that spins does so with its sails.
    angle = torch.where(are("windmill"), 0 * angle, angle)
    cycle = torch.where(are("windmill") & moves("spinning"), 2.5 * cycle, cycle)
    afloat = are("boat") & (scene.place == PLACES.index("sea"))[:, None]
    roll = torch.sin(2 * pi * (0.45 * seconds[None] + scene.phase[:, None]))
    angle = torch.where(afloat & ~moves("spinning"), 0.07 * roll, angle)
    y = torch.where(afloat, y + 0.008 * roll, y)
    y = torch.where(moves("dancing"), y + 0.025 * torch.sin(2 * pi * cycle).abs(), y)
    return angle, facing, y, cycle
