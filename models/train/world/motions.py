"""Where a subject is at every moment.

Lengths are in units of the frame's height, x to the right and y upwards from the middle of the frame,
angles in radians anticlockwise, times in seconds: speeds do not depend on the number of frames.
"""

from dataclasses import dataclass
from math import pi

import torch

from .vocabulary import MOTIONS, SUBJECTS

GROUND = -0.36  # height of the line that subjects stand on
SPEED = 0.38  # moving, rising, falling: length units a second
SPIN = 0.65 * pi  # radians a second
BOUNCE_PERIOD = 1.0  # seconds from ground to ground
CIRCLE_PERIOD = 2.0
GROWTH = 0.6  # size grows e^0.6 a second

# Flyers hover; the others stand on the ground.
HOVER = {"star": 0.14, "balloon": 0.16, "bird": 0.18, "rocket": 0.12}


@dataclass
class Pose:
    """Where subjects are; every tensor is [B, T]."""

    x: torch.Tensor
    y: torch.Tensor  # the subject's middle
    size: torch.Tensor  # the subject's height
    angle: torch.Tensor
    facing: torch.Tensor  # 1: to the right, -1: to the left


def poses(scene, seconds, duration, aspect):
    """Poses of the scenes' subjects at the moments `seconds` (float [T]) of clips of `duration` seconds.

    `aspect` is the frames' width / height. Whatever goes somewhere passes the middle of its path in the middle of the clip.
    """
    middle = duration / 2
    t = seconds[None]
    motion = scene.motion[:, None]
    # Narrow frames are seen from a little further away, wide ones from a little nearer.
    unit = 0.5 + 0.5 * min(aspect, 1.0) if aspect < 1 else 0.5 + 0.5 * aspect**0.5
    base = 0.37 * unit * scene.size[:, None]

    def moves(name):
        return motion == MOTIONS.index(name)

    hover = torch.tensor([HOVER.get(s, 0.0) for s in SUBJECTS], device=t.device)[scene.subject][:, None]
    standing = GROUND + base / 2 + hover

    size = base.expand(-1, t.shape[1]).clone()
    size = torch.where(moves("growing"), base * torch.exp(GROWTH * (t - middle)), size)
    size = torch.where(moves("shrinking"), base * torch.exp(GROWTH * (middle - t)), size)

    travel = SPEED * (t - middle)
    room = 0.10 * max(aspect, 0.6)
    x = (scene.offset[:, :1] * room).expand_as(size)
    x = torch.where(moves("moving right"), x + travel * unit, x)
    x = torch.where(moves("moving left"), x - travel * unit, x)

    lift = 0.04 * (1 + scene.offset[:, 1:])
    y = (standing + torch.where(hover > 0, lift, 0 * lift)).expand_as(size)
    y = torch.where(moves("growing") | moves("shrinking"), y + 0.06, y)
    drift = 0.04 * scene.offset[:, 1:]
    y = torch.where(moves("rising"), drift + travel, y)
    y = torch.where(moves("falling"), drift - travel, y)
    beat = torch.sin(pi * (t / BOUNCE_PERIOD + scene.phase[:, None])).abs()
    y = torch.where(moves("bouncing"), GROUND + base / 2 + 0.36 * beat, y)
    y = torch.where(moves("spinning"), 0.02 + drift, y)

    turn = 2 * pi * (scene.phase[:, None] - t / CIRCLE_PERIOD)
    radius = 0.18
    x = torch.where(moves("circling"), x + radius * min(aspect, 1.0) ** 0.5 * torch.cos(turn), x)
    y = torch.where(moves("circling"), 0.03 + radius * torch.sin(turn), y)

    angle = torch.where(moves("spinning"), 2 * pi * scene.phase[:, None] - SPIN * t, torch.zeros_like(size))
    # A round thing that travels rolls; a rocket points where it flies.
    rolls = (scene.subject == SUBJECTS.index("ball"))[:, None]
    angle = torch.where(rolls & (moves("moving left") | moves("moving right")), -2 * x / base, angle)
    rocket = (scene.subject == SUBJECTS.index("rocket"))[:, None]
    angle = torch.where(rocket & moves("moving right"), torch.full_like(angle, -pi / 2), angle)
    angle = torch.where(rocket & moves("moving left"), torch.full_like(angle, pi / 2), angle)
    facing = torch.where(moves("moving left") & ~rocket, -1.0, 1.0).expand_as(size)
    return Pose(x, y, size, angle, facing)
