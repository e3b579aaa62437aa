"""What time of day and weather do to the light: sky, sun and moon, haze."""

import torch

from .constants import constant
from .vocabulary import TIMES, WEATHERS

# Per time of day: sky at the top, sky at the horizon, light on the ground, sun or moon (colour, x as a part of the half width, y, radius).
SKY_TOP = {"morning": (0.50, 0.74, 0.95), "noon": (0.16, 0.50, 0.95), "sunset": (0.36, 0.20, 0.52), "night": (0.02, 0.03, 0.13)}
SKY_LOW = {"morning": (1.00, 0.87, 0.80), "noon": (0.68, 0.88, 1.00), "sunset": (1.00, 0.57, 0.22), "night": (0.09, 0.13, 0.36)}
LIGHT = {"morning": (1.00, 0.94, 0.86), "noon": (1.00, 1.00, 1.00), "sunset": (0.95, 0.66, 0.52), "night": (0.25, 0.30, 0.50)}
DISC = {
    "morning": ((1.00, 0.95, 0.70), -0.62, 0.12, 0.085),
    "noon": ((1.00, 0.97, 0.55), 0.55, 0.36, 0.080),
    "sunset": ((1.00, 0.85, 0.35), 0.45, 0.01, 0.110),
    "night": ((0.95, 0.95, 0.85), -0.55, 0.35, 0.070),
}
# In space the sky is nearly black at every time of day; a glow at the horizon tells it.
SPACE_TOP = {"morning": (0.05, 0.03, 0.10), "noon": (0.01, 0.02, 0.08), "sunset": (0.10, 0.02, 0.08), "night": (0.00, 0.00, 0.03)}
SPACE_LOW = {"morning": (0.34, 0.20, 0.36), "noon": (0.06, 0.14, 0.34), "sunset": (0.50, 0.18, 0.06), "night": (0.02, 0.01, 0.07)}

# Per weather: haze in the plane of the subject (0..), haze before the sky (0..1), its colour in full light, what light is left.
HAZE = {"clear": 0.0, "rain": 0.05, "snow": 0.05, "fog": 0.15, "dust": 0.08}
SKY_HAZE = {"clear": 0.0, "rain": 0.70, "snow": 0.60, "fog": 0.88, "dust": 0.72}
HAZE_COLOUR = {
    "clear": (1.0, 1.0, 1.0), "rain": (0.56, 0.62, 0.70), "snow": (0.82, 0.86, 0.92),
    "fog": (0.86, 0.88, 0.90), "dust": (0.90, 0.72, 0.48),
}
DIMMED = {"clear": 1.0, "rain": 0.84, "snow": 0.95, "fog": 0.96, "dust": 0.95}


def table(values, names, index):
    """The rows of `values` ({name: number or triple}) at `index` [B]."""
    return constant(tuple(values[n] for n in names), index.device)[index]


def light_of(scene):
    """Colour of the light on things, [B, 3]."""
    return table(LIGHT, TIMES, scene.time) * table(DIMMED, WEATHERS, scene.weather)[:, None]


def haze_of(scene):
    """Haze in the plane of the subject [B], and its colour [B, 3], which takes a little of the evening's."""
    glow = 0.75 * table(LIGHT, TIMES, scene.time) + 0.25 * table(SKY_LOW, TIMES, scene.time)
    return table(HAZE, WEATHERS, scene.weather), table(HAZE_COLOUR, WEATHERS, scene.weather) * glow


def hazed(colour, haze, haze_colour, near):
    """`colour` seen through haze, thicker the farther: all must broadcast."""
    far = 1 / near if torch.is_tensor(near) else 1 / max(near, 0.01)
    return torch.lerp(haze_colour, colour, torch.exp(-haze * far))
