"""The sky: its gradient, stars, sun or moon, clouds."""

import torch

from .light import DISC, SKY_HAZE, SKY_LOW, SKY_TOP, SPACE_LOW, SPACE_TOP, table
from .vocabulary import TIMES, WEATHERS

CLOUD_NEAR = 0.04
PUFFS = ((-0.115, -0.004, 0.042), (-0.04, 0.018, 0.058), (0.045, 0.010, 0.066), (0.125, -0.006, 0.040))


def paint_sky(canvas, place):
    scene, in_space = canvas.scene, place == "space"
    layer = canvas.layer(0.0)
    gradient(canvas, layer, in_space)
    if in_space or (scene.time == TIMES.index("night")).any():
        stars(canvas, in_space)
    clearness = (1 - table(SKY_HAZE, WEATHERS, scene.weather))[:, None, None, None]
    disc(canvas, layer, clearness)
    if not in_space:
        clouds(canvas)


def gradient(canvas, layer, in_space):
    scene = canvas.scene
    top, low = (table(colours, TIMES, scene.time) for colours in ((SPACE_TOP, SPACE_LOW) if in_space else (SKY_TOP, SKY_LOW)))
    veil = table(SKY_HAZE, WEATHERS, scene.weather)[:, None]
    top, low = torch.lerp(top, canvas.haze_colour, 0.9 * veil), torch.lerp(low, canvas.haze_colour, veil)
    climb = ((layer.y - canvas.horizon) / (0.5 - canvas.horizon)).clamp(0, 1)[:, :, None] ** 0.8
    canvas.rgb.copy_(torch.lerp(low[:, None, :, None, None], top[:, None, :, None, None], climb))


def stars(canvas, in_space):
    """One star in most fields of a grid, twinkling by size."""
    layer = canvas.layer(0.0, canvas.horizon + 0.05)
    side = 0.19
    across, along = layer.x / side + 3 * canvas.free(7), layer.y / side
    row = torch.floor(along)
    column = torch.floor(across)
    first = torch.remainder(0.618034 * column + 0.754878 * row, 1)
    second = torch.remainder(0.569840 * column + 0.348 * row + 0.5 * first, 1)
    dx, dy = (across - column - 0.2 - 0.6 * first) * side, (along - row - 0.2 - 0.6 * second) * side
    radius = 0.007 + 0.008 * torch.remainder(7 * first + 3 * second, 1)
    visible = 1.0 if in_space else (canvas.scene.time == TIMES.index("night"))[:, None, None, None].float()
    visible = visible * (1 - table(SKY_HAZE, WEATHERS, canvas.scene.weather))[:, None, None, None]
    layer.mix(0.95 * visible * (1.6 - torch.sqrt(dx * dx + dy * dy) / radius).clamp(0, 1), (1.0, 1.0, 0.92))


def disc(canvas, layer, clearness):
    values = {name: (*colour, x, y, radius) for name, (colour, x, y, radius) in DISC.items()}
    rows = table(values, TIMES, canvas.scene.time)
    colour, (px, py, radius) = rows[:, :3], (v[:, None, None, None] for v in rows[:, 3:].unbind(1))
    distance = torch.sqrt((layer.x - px * canvas.half_width) ** 2 + (layer.y - py) ** 2) - radius
    glow = 0.40 * (1 - distance / 0.30).clamp(0, 1) ** 2
    layer.mix(torch.maximum(glow, layer.cover(distance)) * clearness, colour)


def clouds(canvas):
    colour = 0.35 * table(SKY_LOW, TIMES, canvas.scene.time) + 0.65 * canvas.light
    for i, (height, width) in enumerate(((0.37, 0.95), (0.22, 1.25))):
        layer = canvas.layer(CLOUD_NEAR, height - 0.09, height + 0.09)
        x, value = layer.columns(width, canvas.free(i))
        x, y = x - (value - 0.5) * (width - 0.40), layer.y - height
        puffs = None
        for cx, cy, radius in PUFFS:
            puff = torch.sqrt((x - cx) ** 2 + (1.25 * (y - cy)) ** 2) - radius
            puffs = puff if puffs is None else torch.minimum(puffs, puff)
        # A flat underside, as painted on wood.
        puffs = torch.maximum(puffs, -0.028 - y)
        layer.mix(0.85 * (0.5 - puffs / 0.014).clamp(0, 1), colour)
