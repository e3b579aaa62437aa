"""Where subjects are at every moment, at home: before a camera at rest.

Lengths are in units of the frame's height, x to the right and y upwards from the middle of the frame,
angles in radians anticlockwise, times in seconds. Speeds depend on how long a clip takes only where it would leave its room (`Act.way`).
"""

from dataclasses import dataclass
from math import pi

import torch

from .canvas import GROUND
from .constants import constant
from .places import HORIZON
from .scene import has_second
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


def poses(scene, second, seconds, duration, aspect):
    """Poses of the scenes' first subjects, or of their second ones, at the moments `seconds` (float [T]) of clips of `duration`
    seconds. `aspect` is the frames' width / height. Whatever goes somewhere passes the middle of its path in the middle of the clip.
    """
    act = Act(scene, second, seconds, duration, aspect)
    near, standing = act.stage()
    size = act.size(near)
    x, rolled = act.across()
    y = act.up(standing, size)
    turn = 2 * pi * (scene.phase[:, None] - act.seconds * act.pace / CIRCLE_PERIOD)
    x = torch.where(act.moves("circling"), x + 0.19 * min(aspect, 1.0) ** 0.5 * torch.cos(turn), x)
    y = torch.where(act.moves("circling"), 0.03 + 0.19 * torch.sin(turn), y)
    pose = Pose(
        x=x, y=y, size=size, near=near, standing=standing, rolled=rolled,
        angle=torch.where(act.moves("spinning"), 2 * pi * scene.phase[:, None] - SPIN * act.pace * act.seconds, 0 * x),
        facing=torch.where(act.goes | ~act.alone, act.heading, torch.ones_like(act.heading)).expand_as(x),
        cycle=scene.phase[:, None] + STEPS * act.pace * act.seconds,
        walks=act.goes.float().expand_as(x), dances=act.moves("dancing").float().expand_as(x),
    )
    return characteristic(act, pose)


class Act:
    """What subjects do in a batch of scenes, and the parts of their poses; tensors are [B, 1] or [B, T]."""

    def __init__(self, scene, second, seconds, duration, aspect):
        self.scene, self.second, self.duration, self.aspect, device = scene, second, duration, aspect, scene.subject.device
        # A second subject that is not chased stays: no motion's index is -1.
        chased = scene.relation == RELATIONS.index("chasing")
        self.subject = scene.second_subject if second else scene.subject
        self.motion = torch.where(chased, scene.motion, -torch.ones_like(scene.motion)) if second else scene.motion
        self.alone = ~has_second(scene)[:, None]
        self.pace = constant(tuple(PACES.values()), device)[scene.pace][:, None]
        self.seconds = seconds[None]
        # The part of the clip's way that is covered at each moment, -0.5..0.5; a clip of one frame shows the middle.
        self.part = self.seconds / duration - 0.5 if duration else 0 * self.seconds
        # Narrow frames are seen from a little further away, wide ones from a little nearer.
        self.unit = 0.5 + 0.5 * (aspect if aspect < 1 else aspect**0.3)
        tall = constant(tuple(TALL.get(s, 1.0) for s in SUBJECTS), device)[:, None]
        wide = constant(tuple(HALF_WIDTH[s] for s in SUBJECTS), device)[:, None] * tall
        first_height, second_height = (height_of(scene, which, self.unit, aspect) for which in (False, True))
        self.height = (second_height if second else first_height) * tall[self.subject]
        # The mean of the two half widths of a pair.
        self.half_width = (first_height * wide[scene.subject] + second_height * wide[scene.second_subject]) / 2
        named = constant(tuple({"moving left": -1.0, "moving right": 1.0}.get(m, 0.0) for m in MOTIONS), device)[scene.motion]
        self.heading = torch.where(named == 0, scene.heading, named)[:, None]
        self.goes = self.moves("moving left", "moving right", "walking", "driving past")

    def moves(self, *names):
        return sum(self.motion == MOTIONS.index(name) for name in names).bool()[:, None]

    def are(self, name):
        return (self.subject == SUBJECTS.index(name))[:, None]

    def way(self, speed, longest):
        """The way covered so far at a speed, from the middle; the whole of it is never longer than `longest`, however long the clip:
        the longer it is, the less paces differ."""
        return self.part * longest * torch.tanh(speed * self.pace * self.duration / longest)

    def stage(self):
        """Nearness, and the height of the ground there."""
        # Who drives past comes nearer.
        near = torch.where(self.moves("driving past"), 1 + 0.45 * self.part, 1 + 0 * self.part)
        if not self.second:
            near = torch.where((self.scene.relation == RELATIONS.index("behind"))[:, None], BEHIND * near, near)
        horizon = constant(tuple(HORIZON[p] for p in PLACES), near.device)[self.scene.place][:, None]
        return near, horizon + (GROUND - horizon) * near

    def size(self, near):
        grown = self.way(GROWTH, 0.95)
        grown = torch.where(self.moves("growing"), grown, torch.where(self.moves("shrinking"), -grown, 0 * grown))
        return self.height * near * torch.exp(grown)

    def across(self):
        """x, and the way rolled in units of the subject's height."""
        room = max(self.aspect, 0.7)
        way = self.way(SPEED, 0.95 * room) * self.unit
        way = torch.where(self.moves("walking"), self.way(STROLL, 0.8 * room) * self.unit, way)
        way = torch.where(self.moves("driving past"), self.part * (self.aspect + 0.15) * (0.65 + 0.35 * self.pace), way)
        way = torch.where(self.goes, way, 0 * way)
        apart = self.apart() * (1 if self.second else -1)
        start = torch.where(self.alone, self.scene.offset[:, :1] * 0.10 * max(self.aspect, 0.6), apart)
        return start + self.heading * way, way / self.height

    def apart(self):
        """How far to the right of the middle between the two the second subject of a pair is."""
        relation = self.scene.relation[:, None]
        apart = self.heading * (self.half_width + 0.05)
        apart = torch.where(relation == RELATIONS.index("left of"), self.half_width + 0.03, apart)
        # Behind: seen past the other one.
        return torch.where(relation == RELATIONS.index("behind"), 0.55 * self.half_width * self.scene.heading[:, None], apart)

    def up(self, standing, size):
        free = 0.04 * self.scene.offset[:, 1:]
        hover = constant(tuple(HOVER.get(s, 0.0) for s in SUBJECTS), size.device)[self.subject][:, None]
        y = standing + size / 2 + torch.where(hover > 0, hover * self.unit + 0.04 + free, hover)
        climbed = self.way(SPEED, 0.75)
        # Up and down: through the middle of the frame.
        y = torch.where(self.moves("rising"), free + climbed, y)
        y = torch.where(self.moves("falling"), free - climbed, y)
        y = torch.where(self.moves("spinning") & ~self.are("windmill"), 0.02 + free, y)
        beat = torch.sin(pi * (self.seconds * self.pace / BOUNCE_PERIOD + self.scene.phase[:, None])).abs()
        return torch.where(self.moves("bouncing"), standing + size / 2 + 0.34 * beat, y)


def height_of(scene, second, unit, aspect):
    """Usual heights [B, 1] of subjects of their sizes: those of two subjects leave room for each other."""
    size = constant(tuple(SIZES.values()), scene.size.device)[scene.size] * scene.stature
    # A caption tells only the first one's size.
    beside = 0 * size + 1 if second else size**0.7
    return HEIGHT * unit * torch.where(has_second(scene), 0.80 * min(1.0, 0.3 + 0.7 * aspect) * beside, size)[:, None]


def characteristic(act, pose):
    """What only some subjects do: balls roll, rockets point where they fly, windmills spin with their sails, boats rock on the
    sea, dancers hop."""
    pose.angle = torch.where(act.are("ball") & act.goes, -2 * pose.rolled * pose.facing, pose.angle)
    pose.angle = torch.where(act.are("rocket") & act.goes, -pi / 2 * pose.facing, pose.angle)
    pose.facing = torch.where(act.are("rocket") | act.are("ball"), torch.ones_like(pose.facing), pose.facing)
    pose.angle = torch.where(act.are("windmill"), 0 * pose.angle, pose.angle)
    pose.cycle = torch.where(act.are("windmill") & act.moves("spinning"), 2.5 * pose.cycle, pose.cycle)
    afloat = act.are("boat") & (act.scene.place == PLACES.index("sea"))[:, None]
    roll = torch.sin(2 * pi * (0.45 * act.seconds + act.scene.phase[:, None]))
    pose.angle = torch.where(afloat & ~act.moves("spinning"), 0.07 * roll, pose.angle)
    pose.y = torch.where(afloat, pose.y + 0.008 * roll, pose.y)
    pose.y = torch.where(act.moves("dancing"), pose.y + 0.025 * torch.sin(2 * pi * pose.cycle).abs(), pose.y)
    return pose
