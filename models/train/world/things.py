"""Painters of things: ball, box, star, balloon, tree, house, windmill. Each lays its layers back to front."""

from math import pi

import torch

from .brush import DARK, WHITE, WOOD
from .shapes import circle, ellipse, polygon, rectangle, star5

LAMPLIGHT = (1.0, 0.88, 0.50)


def paint_ball(b, colour):
    x, y = b.x, b.y
    disc = circle(x, y, 0, 0, 0.5)
    b.body(disc, colour, 0.7)
    b.lay(torch.maximum(rectangle(x, y, 0, 0, 0.6, 0.085), disc + 0.03), b.accent(colour))


def paint_box(b, colour):
    x, y = b.x, b.y
    b.body(rectangle(x, y, 0, -0.06, 0.44, 0.44, 0.04), colour, 0.35)
    ribbon = 0.5 * colour + 0.5 * (colour.mean(1, keepdim=True) < 0.55)
    for half_width, half_height in ((0.44, 0.07), (0.07, 0.44)):
        b.lay(rectangle(x, y, 0, -0.06, half_width, half_height), ribbon)
    for side in (-1, 1):
        b.lay(ellipse(x, y, 0.10 * side, 0.42, 0.11, 0.07), ribbon)


def paint_star(b, colour):
    x, y = b.x, b.y
    b.body(star5(x, y + 0.03, 0.58, 0.5), colour, 0.4)
    for side in (-1, 1):
        b.lay(ellipse(x, y, 0.10 * side, 0.06, 0.035, 0.055), DARK)
    b.lay(torch.maximum(circle(x, y, 0, -0.05, 0.09), y + 0.07), DARK)


def paint_balloon(b, colour):
    x, y = b.x, b.y
    wave = 0.03 * torch.sin(14 * y + 4 * b.moment)
    b.lay(rectangle(x + wave, y, 0, -0.34, 0.016, 0.17), (0.45, 0.40, 0.38))
    b.lay(polygon(x, y, [(-0.07, -0.26), (0.07, -0.26), (0.0, -0.14)]), colour * 0.6)
    b.body(ellipse(x, y, 0, 0.14, 0.31, 0.36), colour, 0.6)
    b.lay(ellipse(x, y, -0.12, 0.28, 0.06, 0.09), WHITE)


def paint_tree(b, colour):
    # The crown sways.
    x, y = b.x - 0.05 * torch.sin(2 * pi * 0.45 * b.cycle) * (b.y + 0.5) ** 2, b.y
    b.lay(polygon(x, y, [(-0.09, -0.5), (0.09, -0.5), (0.05, 0.0), (-0.05, 0.0)]), WOOD)
    crown = circle(x, y, 0, 0.24, 0.25)
    for cx, cy, radius in ((-0.20, 0.04, 0.19), (0.20, 0.06, 0.19)):
        crown = torch.minimum(crown, circle(x, y, cx, cy, radius))
    b.body(crown, colour, 0.7)
    for cx, cy in ((-0.10, 0.28), (0.14, 0.10), (-0.18, 0.02)):
        b.lay(circle(x, y, cx, cy, 0.045), colour * 0.55 + 0.35 * b.light)


def paint_house(b, colour):
    x, y = b.x, b.y
    b.lay(rectangle(x, y, 0.24, 0.26, 0.06, 0.18), (0.62, 0.30, 0.24))
    b.body(rectangle(x, y, 0, -0.22, 0.42, 0.28), colour, 0.3)
    b.lay(polygon(x, y, [(-0.54, 0.04), (0.54, 0.04), (0.0, 0.48)]), colour * 0.5)
    b.lay(rectangle(x, y, 0.14, -0.34, 0.09, 0.16), WOOD)
    b.lay(rectangle(x, y, -0.18, -0.18, 0.12, 0.11), WHITE)
    b.lay(rectangle(x, y, -0.18, -0.18, 0.09, 0.08), LAMPLIGHT)
    b.lay(circle(x, y, 0, 0.20, 0.07), LAMPLIGHT)


def paint_windmill(b, colour):
    x, y = b.x, b.y
    b.body(polygon(x, y, [(-0.24, -0.5), (0.24, -0.5), (0.13, 0.18), (-0.13, 0.18)]), colour, 0.3)
    b.lay(torch.maximum(ellipse(x, y, 0, 0.17, 0.17, 0.17), 0.17 - y), colour * 0.5)
    b.lay(rectangle(x, y, 0, -0.40, 0.07, 0.10), WOOD)
    b.lay(circle(x, y, 0, -0.10, 0.055), LAMPLIGHT)
    turn = 2 * pi * 0.11 * b.cycle
    u = torch.cos(turn) * x + torch.sin(turn) * (y - 0.16)
    v = torch.cos(turn) * (y - 0.16) - torch.sin(turn) * x
    # All four sails are one shape, seen from the quarter that a pixel is in.
    quarter = torch.atan2(v, u).div(pi / 2).round() * (pi / 2)
    along, across = torch.cos(quarter) * u + torch.sin(quarter) * v, torch.cos(quarter) * v - torch.sin(quarter) * u
    b.lay(rectangle(along, across, 0.22, 0.035, 0.22, 0.055), b.accent(colour))
    b.lay(rectangle(along, across, 0.20, -0.010, 0.24, 0.016), WOOD)
    b.lay(circle(x, y, 0, 0.16, 0.045), DARK)


PAINTERS = {
    "ball": paint_ball, "box": paint_box, "star": paint_star, "balloon": paint_balloon,
    "tree": paint_tree, "house": paint_house, "windmill": paint_windmill,
}
