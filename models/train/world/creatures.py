"""Painters of creatures that move their limbs: bird, fish, horse, and from one skeleton robot and person."""

from math import pi

import torch

from .brush import DARK, STEEL, WHITE
from .constants import constant
from .shapes import circle, ellipse, limb, polygon, rectangle

SKIN = (0.98, 0.80, 0.65)
HAIR = (0.36, 0.22, 0.14)
TROUSERS = (0.24, 0.28, 0.46)


def paint_bird(b, colour):
    x, y = b.x, b.y
    b.body(polygon(x, y, [(-0.68, -0.12), (-0.2, -0.14), (-0.2, 0.06), (-0.66, 0.14)]), colour * 0.75, 0.2)
    b.lay(polygon(x, y, [(0.52, 0.04), (0.74, 0.10), (0.52, 0.22)]), (1.0, 0.70, 0.05))
    b.body(ellipse(x, y, -0.04, -0.06, 0.42, 0.27), colour)
    b.body(circle(x, y, 0.38, 0.13, 0.21), colour)
    b.lay(circle(x, y, 0.43, 0.18, 0.075), WHITE)
    b.lay(circle(x, y, 0.45, 0.18, 0.04), DARK)
    flap = 0.42 * torch.sin(2 * pi * b.cycle)
    tip = torch.where(flap > 0, flap, 1.2 * flap) + 0.05
    # The wing swings by stretching it upwards and downwards, its root stays on the back.
    up, length = torch.where(tip < 0, -1.0, 1.0), 1.05 * tip.abs().clamp_min(0.12)
    b.lay(polygon(x, (y - 0.02) * up, [(-0.26, 0.0), (0.16, 0.0), (-0.27, length), (-0.39, length)]), colour * 0.6)


def paint_fish(b, colour):
    x, y = b.x, b.y
    # The body bends, most at the tail.
    swing = 0.10 * torch.sin(2 * pi * b.cycle - 3 * x) * (0.5 - x).clamp_min(0)
    y = y + swing
    tail = 1 - 0.35 * torch.sin(2 * pi * b.cycle)
    for side in (-1, 1):
        b.lay(polygon((x + 0.36) * tail, side * y, [(-0.26, 0.30), (-0.20, 0.02), (0.06, 0.0)]), colour * 0.62)
        b.lay(polygon(x, side * y, [(-0.18, 0.40), (-0.18, 0.15), (0.16, 0.20)]), colour * 0.62)
    shape = ellipse(x, y, 0.10, 0, 0.50, 0.32)
    b.body(shape, colour, 0.6)
    for cx in (-0.14, 0.06):
        b.lay(torch.maximum(rectangle(x, y, cx, 0, 0.04, 0.40), shape + 0.02), b.accent(colour))
    b.lay(circle(x, y, 0.36, 0.07, 0.085), WHITE)
    b.lay(circle(x, y, 0.38, 0.07, 0.045), DARK)


def horse_joints(b):
    """Hip, knee and hoof of the four legs: far hind, far fore, near hind, near fore."""
    legs = []
    for hip, delay in ((-0.24, 0.15), (0.20, 0.65), (-0.27, 0.0), (0.23, 0.5)):
        swing = 2 * pi * (b.cycle - delay)
        thigh = 0.50 * torch.sin(swing) * b.walks
        bend = -0.85 * torch.cos(swing).clamp_min(0) * b.walks
        legs.append(bent_limb((hip, -0.08), thigh, bend, 0.20, 0.20))
    return legs


def paint_horse(b, colour):
    x, y = b.x, b.y - 0.02 * torch.sin(4 * pi * b.cycle) * b.walks
    legs = horse_joints(b)
    mane = colour * 0.45
    swing = 0.10 * torch.sin(2 * pi * b.cycle)
    b.lay(limb(x, y, (-0.38, 0.10), (-0.56 - 0.3 * swing, -0.16 + swing), 0.05), mane)
    for number, (hip, knee, hoof) in enumerate(legs):
        tone = colour * (0.62 if number < 2 else 0.9)
        b.lay(limb(x, y, hip, knee, 0.055), tone)
        b.lay(limb(x, y, knee, hoof, 0.042), tone)
        b.lay(circle(x, y, hoof[0], hoof[1], 0.045), DARK)
    b.lay(limb(x, y, (0.22, 0.18), (0.36, 0.44), 0.09), mane)
    body = torch.minimum(limb(x, y, (-0.26, 0.04), (0.18, 0.03), 0.155), limb(x, y, (0.22, 0.06), (0.42, 0.34), 0.095))
    b.body(body, colour, 0.4)
    b.lay(polygon(x, y, [(0.36, 0.40), (0.46, 0.40), (0.40, 0.52)]), colour)
    b.body(limb(x, y, (0.43, 0.35), (0.58, 0.24), 0.075), colour, 0.3)
    b.lay(circle(x, y, 0.47, 0.36, 0.028), DARK)


def bent_limb(root, swing, bend, upper, lower):
    """Three joints of a limb that hangs down from `root`, swung forwards by `swing` and bent by `bend`, radians."""
    middle = root[0] + upper * torch.sin(swing), root[1] - upper * torch.cos(swing)
    end = middle[0] + lower * torch.sin(swing + bend), middle[1] - lower * torch.cos(swing + bend)
    return root, middle, end


def skeleton(b):
    """Joints of someone on two legs who walks, dances or stands and waves: {name: (root, middle, end)} and the sway of the hips."""
    beat, idle = 2 * pi * b.cycle, (1 - b.walks) * (1 - b.dances)
    step, groove = torch.sin(beat), torch.sin(beat)
    sway = 0.07 * groove * b.dances
    limbs = {}
    for name, side in (("left", -1), ("right", 1)):
        stride = side * step
        lifted = (side * torch.cos(beat)).clamp_min(0)
        thigh = b.walks * 0.62 * stride + b.dances * side * (0.22 + 0.25 * (side * groove).clamp_min(0)) + idle * 0.10 * side
        knee = -b.walks * 0.8 * lifted - b.dances * side * 0.7 * (side * groove).clamp_min(0)
        limbs[f"{name} leg"] = bent_limb((sway + 0.07 * side, -0.14), thigh, knee, 0.17, 0.17)
        raised = side * (1.55 + 0.95 * side * groove)
        # Standing still, the right hand waves and the left one hangs down.
        greeting = 2.35 if side > 0 else -0.30
        arm = -b.walks * 0.75 * stride + b.dances * raised + idle * greeting
        hand = 0.45 * torch.sin(1.5 * beat) + 0.25 if side > 0 else 0.1
        elbow = b.walks * 0.5 + b.dances * side * 0.6 * torch.cos(beat) + idle * hand
        limbs[f"{name} arm"] = bent_limb((0.5 * sway + 0.12 * side, 0.09), arm, elbow, 0.13, 0.13)
    return limbs, sway


def paint_person(b, colour):
    x, y = b.x, b.y
    limbs, sway = skeleton(b)
    for name, tone in (("left leg", 0.8), ("right leg", 1.0)):
        hip, knee, foot = limbs[name]
        trousers = constant(TROUSERS, x.device) * tone * b.light
        b.lay(limb(x, y, hip, knee, 0.065), trousers)
        b.lay(limb(x, y, knee, foot, 0.055), trousers)
        b.lay(limb(x, y, foot, (foot[0] + 0.05, foot[1]), 0.045), DARK)
    paint_arm(b, limbs["left arm"], colour * 0.75, SKIN)
    b.body(limb(x, y, (sway, -0.10), (0.5 * sway, 0.06), 0.135), colour, 0.4)
    paint_arm(b, limbs["right arm"], colour * 0.85, SKIN)
    cx = 0.3 * sway
    b.lay(circle(x, y, cx - 0.02, 0.34, 0.165), HAIR)
    b.lay(torch.maximum(circle(x, y, cx + 0.015, 0.31, 0.145), y - 0.40), SKIN)
    for eye in (0.01, 0.10):
        b.lay(circle(x, y, cx + eye, 0.32, 0.022), DARK)


def paint_arm(b, arm, sleeve, hand):
    shoulder, elbow, wrist = arm
    b.lay(limb(b.x, b.y, shoulder, elbow, 0.048), sleeve)
    b.lay(limb(b.x, b.y, elbow, wrist, 0.044), sleeve)
    b.lay(circle(b.x, b.y, wrist[0], wrist[1], 0.052), hand)


def paint_robot(b, colour):
    x, y = b.x, b.y
    limbs, sway = skeleton(b)
    for name in ("left leg", "right leg"):
        hip, knee, foot = limbs[name]
        b.lay(limb(x, y, hip, knee, 0.045), STEEL)
        b.lay(limb(x, y, knee, foot, 0.045), STEEL)
        b.lay(rectangle(x, y, foot[0] + 0.03, foot[1] - 0.005, 0.085, 0.045, 0.02), colour * 0.6)
    paint_arm(b, limbs["left arm"], constant(STEEL, x.device) * 0.8 * b.light, colour * 0.6)
    b.body(rectangle(x, y, 0.6 * sway, -0.04, 0.19, 0.17, 0.03), colour, 0.4)
    b.lay(rectangle(x, y, 0.6 * sway, -0.03, 0.10, 0.06, 0.02), (0.16, 0.20, 0.28))
    b.lay(circle(x, y, 0.6 * sway - 0.04, -0.03, 0.028), (0.40, 1.0, 0.60))
    paint_arm(b, limbs["right arm"], STEEL, colour * 0.6)
    b.lay(rectangle(x, y, 0.3 * sway, 0.42, 0.014, 0.05), STEEL)
    b.lay(circle(x, y, 0.3 * sway, 0.46, 0.04), (1.0, 0.35, 0.25))
    b.body(rectangle(x, y, 0.3 * sway, 0.27, 0.20, 0.125, 0.05), colour, 0.3)
    b.lay(rectangle(x, y, 0.3 * sway + 0.02, 0.28, 0.155, 0.065, 0.05), (0.16, 0.20, 0.28))
    for eye in (-0.06, 0.09):
        b.lay(circle(x, y, 0.3 * sway + eye, 0.28, 0.040), (0.55, 0.95, 1.0))


PAINTERS = {"bird": paint_bird, "fish": paint_fish, "horse": paint_horse, "robot": paint_robot, "person": paint_person}
