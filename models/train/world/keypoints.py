"""Points of subjects by which they can be followed: joints of those that have some, else their extremes."""

import torch

from .actors import on_screen
from .creatures import horse_joints, skeleton
from .motions import HALF_WIDTH
from .vocabulary import SUBJECTS

POINTS = 14


def keypoints(actors, count, screen):
    """[count, T, POINTS, 3] for the clips of a batch of `count`: column and row in pixels, and 1 where there is such a point.

    Robot and person: head, hips, then shoulder, elbow, hand and hip, knee, foot, of the left and then of the right side.
    Horse: head, tail, then hip, knee, hoof of four legs. Others: middle, top, bottom, back, front.
    """
    moments = actors.x.shape[1]
    found = torch.zeros(count, moments, POINTS, 3, device=actors.x.device)
    points = [own_points(name, actors.pose) for name in SUBJECTS]
    for number, point_list in enumerate(points):
        here = (actors.subject == number).nonzero()[:, 0]
        for k, (u, v) in enumerate(point_list):
            zero = torch.zeros_like(actors.x)
            x, y = on_screen(actors, zero + u, zero + v)
            column, row = x / screen.pixel + len(screen.x) / 2, len(screen.y) / 2 - y / screen.pixel
            found[actors.entries[here], :, k] = torch.stack((column, row, zero + 1), dim=2)[here]
    return found


def own_points(name, pose):
    if name in ("robot", "person"):
        limbs, sway = skeleton(pose)
        chains = [limbs[f"{side} {part}"] for side in ("left", "right") for part in ("arm", "leg")]
        return [(0.3 * sway, 0.32), (sway, -0.12)] + [joint for chain in chains for joint in chain]
    if name == "horse":
        return [(0.48, 0.32), (-0.38, 0.10)] + [joint for leg in horse_joints(pose) for joint in leg]
    wide = HALF_WIDTH[name]
    return [(0.0, 0.0), (0.0, 0.5), (0.0, -0.5), (-wide, 0.0), (wide, 0.0)]
