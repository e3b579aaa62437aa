"""Painters of vehicles: car, pickup truck, boat, rocket. Each lays its layers back to front."""

from math import pi

import torch

from .brush import DARK, GLASS, STEEL, WHITE, WOOD
from .shapes import circle, ellipse, limb, polygon, rectangle

HEADLIGHT = (1.0, 0.95, 0.6)


def wheel(b, cx, cy, radius):
    """A wheel whose spoke shows how far it has rolled."""
    b.lay(circle(b.x, b.y, cx, cy, radius), DARK)
    b.lay(circle(b.x, b.y, cx, cy, 0.5 * radius), STEEL)
    turn = -b.rolled / radius
    spoke = 0.45 * radius * torch.cos(turn), 0.45 * radius * torch.sin(turn)
    b.lay(limb(b.x, b.y, (cx - spoke[0], cy - spoke[1]), (cx + spoke[0], cy + spoke[1]), 0.11 * radius), DARK)


def paint_car(b, colour):
    x, y = b.x, b.y
    b.body(polygon(x, y, [(-0.44, 0.0), (0.36, 0.0), (0.18, 0.42), (-0.30, 0.42)]), colour, 0.3)
    b.lay(polygon(x, y, [(-0.33, 0.04), (-0.06, 0.04), (-0.06, 0.33), (-0.24, 0.33)]), GLASS)
    b.lay(polygon(x, y, [(0.03, 0.04), (0.27, 0.04), (0.14, 0.33), (0.03, 0.33)]), GLASS)
    b.body(rectangle(x, y, 0, -0.13, 0.70, 0.18, 0.09), colour, 0.3)
    b.lay(circle(x, y, 0.62, -0.08, 0.06), HEADLIGHT)
    for cx in (-0.38, 0.38):
        wheel(b, cx, -0.30, 0.20)


def paint_pickup_truck(b, colour):
    x, y = b.x, b.y
    # A cab in front of the middle, the bed open behind it.
    b.body(polygon(x, y, [(-0.10, 0.0), (0.50, 0.0), (0.34, 0.44), (-0.10, 0.44)]), colour, 0.3)
    b.lay(polygon(x, y, [(0.0, 0.06), (0.38, 0.06), (0.28, 0.34), (0.0, 0.34)]), GLASS)
    b.body(rectangle(x, y, 0.38, -0.12, 0.44, 0.17, 0.06), colour, 0.3)
    b.body(rectangle(x, y, -0.40, -0.10, 0.42, 0.19, 0.02), colour, 0.3)
    b.lay(rectangle(x, y, -0.43, 0.05, 0.37, 0.035), DARK)
    b.lay(rectangle(x, y, 0.05, -0.08, 0.012, 0.14), colour * 0.5)
    b.lay(circle(x, y, 0.74, -0.08, 0.055), HEADLIGHT)
    b.lay(rectangle(x, y, -0.80, -0.06, 0.02, 0.06), (0.95, 0.25, 0.2))
    for cx in (-0.46, 0.46):
        wheel(b, cx, -0.29, 0.21)


def paint_boat(b, colour):
    x, y = b.x, b.y
    b.lay(rectangle(x, y, -0.01, 0.08, 0.025, 0.42), WOOD)
    b.lay(polygon(x, y, [(0.05, -0.14), (0.48, -0.14), (0.05, 0.48)]), WHITE)
    b.lay(polygon(x, y, [(-0.40, -0.14), (-0.06, -0.14), (-0.06, 0.38)]), (0.90, 0.86, 0.75))
    b.body(polygon(x, y, [(-0.44, -0.5), (0.42, -0.5), (0.68, -0.18), (-0.64, -0.18)]), colour, 0.3)
    b.lay(rectangle(x, y, 0.02, -0.21, 0.62, 0.022), colour * 0.5)


def paint_rocket(b, colour):
    x, y = b.x, b.y
    flame = 0.08 + 0.03 * torch.sin(2 * pi * 1.6 * b.moment)
    b.lay(ellipse(x, y, 0, -0.40, 0.10, 0.08 + flame), (1.0, 0.62, 0.05))
    b.lay(ellipse(x, y, 0, -0.38, 0.05, 0.04 + flame * 0.7), (1.0, 0.95, 0.55))
    for side in (-1, 1):
        b.lay(polygon(side * x, y, [(0.34, -0.42), (0.10, 0.04), (0.10, -0.32)]), colour * 0.45)
    b.body(torch.maximum(ellipse(x, y, 0, -0.02, 0.22, 0.52), -0.36 - y), colour)
    b.lay(torch.maximum(ellipse(x, y, 0, -0.02, 0.20, 0.50), 0.27 - y), WHITE)
    b.lay(circle(x, y, 0, 0.08, 0.12), WHITE)
    b.lay(circle(x, y, 0, 0.08, 0.09), GLASS)


PAINTERS = {"car": paint_car, "pickup truck": paint_pickup_truck, "boat": paint_boat, "rocket": paint_rocket}
