"""Backgrounds: behind the subject a ground that tells the place, painted from far to near."""

from math import pi

import torch

from .canvas import TILED, Canvas
from .constants import constant
from .shapes import circle, rectangle
from .sky import paint_sky
from .vocabulary import CAMERAS, PLACES, TIMES

HORIZON = {
    "meadow": -0.08, "desert": -0.12, "sea": -0.08, "snow": -0.08,
    "city": -0.22, "space": -0.18, "mountains": -0.14, "forest": -0.16,
}



def paint_backgrounds(video, scene, camera, seconds, screen, records=None):
    """Paint the backgrounds into `video` [B, T, 3, H, W], place by place, and into records ("depth", "edges") if there are any."""
    still = scene.camera == CAMERAS.index("still")
    for number, name in enumerate(PLACES):
        for at_rest in (True, False):
            index = ((scene.place == number) & (still == at_rest)).nonzero()[:, 0]
            if not len(index):
                continue
            # Before a still camera a background is one picture, unless it moves by itself.
            moments = slice(1) if at_rest else slice(None)
            canvas = Canvas(scene.select(index), camera.select(index, moments), seconds, screen, HORIZON[name], records is not None)
            paint_sky(canvas, name)
            GROUNDS[name](canvas)
            video[index] = canvas.rgb.expand(-1, len(seconds), -1, -1, -1)
            if records is not None:
                for key, painted in (("depth", canvas.depth), ("edges", canvas.edges)):
                    records[key][index] = painted.expand(-1, len(seconds), -1, -1)


def peaks(layer, base, height, width, seed):
    """A jagged line: the higher of two rows of triangles; and how high the peak over each x is."""
    line = top = None
    for shift in (0.0, 0.37):
        x, value = layer.columns(width, seed + shift)
        peak = base + height * (0.55 + 0.45 * value)
        side = peak - (peak - base) * 2 / width * (x.abs() + 0.02 * torch.sin(40 * x + 9 * value))
        line, top = (side, peak) if line is None else (torch.maximum(line, side), torch.where(side > line, peak, top))
    return line, top


def firs(layer, base, width, height, seed, colour):
    """A row of fir trees, one a column, of three tiers each."""
    x, value = layer.columns(width, seed)
    x = (x - 0.3 * width * (value - 0.5)).abs()
    size = height * (0.75 + 0.5 * torch.remainder(5 * value, 1))
    tree = None
    for low, high, half in ((0.0, 0.55, 0.30), (0.28, 0.80, 0.24), (0.55, 1.0, 0.17)):
        height_above = layer.y - base - low * size
        tier = 0.3 * torch.maximum(x / half + height_above / (high - low) - size, -1.4 * height_above)
        tree = tier if tree is None else torch.minimum(tree, tier)
    layer.lay(tree, colour)


def meadow(c):
    hills = c.layer(0.12, high=0.08)
    hills.below(hills.wave(-0.02, 0.05, 1.3, c.free(2)), c.lit((0.42, 0.68, 0.52)))
    bushes = c.layer(0.18, -0.12, 0.06)
    x, value = bushes.columns(0.42, c.free(5))
    x, radius = x - 0.2 * (value - 0.5), 0.045 + 0.03 * value
    crown = torch.minimum(circle(x, bushes.y, 0, -0.06, radius), circle(x, bushes.y, 0.055, -0.075, 0.75 * radius))
    bushes.lay(crown, c.lit((0.22, 0.52, 0.34)))
    c.plain(-0.10, 0.015, 0.9, c.free(3), (0.42, 0.74, 0.22), (0.64, 0.86, 0.36))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.36, 0.24, c.free(4), squeeze=2.0)
    x = x - 0.16 * (value - 0.5)
    flower = (torch.sqrt(x * x + y * y) - 0.024) * ground.near
    petals = constant(((1.0, 1.0, 0.88), (1.0, 0.74, 0.86)), c.rgb.device)
    colour = torch.where((value > 0.5)[:, :, None], petals[0][:, None, None], petals[1][:, None, None])
    ground.lay(flower, colour * c.light[:, None, :, None, None])


def desert(c):
    mesas = c.layer(0.10, high=0.16)
    x, value = mesas.columns(0.85, c.free(2))
    # Flat-topped rocks with sloping sides.
    side = (x - 0.2 * (value - 0.5)).abs() - 0.14 - 0.08 * value - 0.35 * (0.10 - mesas.y)
    rock = torch.maximum(side, mesas.y - 0.03 - 0.08 * value)
    mesas.lay(rock, c.lit((0.76, 0.45, 0.32)))
    dunes = c.layer(0.16, high=0.0)
    dunes.below(dunes.wave(-0.08, 0.04, 0.9, c.free(5)), c.lit((0.84, 0.60, 0.36)))
    c.plain(-0.15, 0.02, 1.3, c.free(3), (0.95, 0.78, 0.50), (0.90, 0.69, 0.42))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.50, 0.30, c.free(6), squeeze=2.2)
    x = x - 0.26 * (value - 0.5)
    ground.lay((torch.sqrt(x * x + y * y) - 0.026) * ground.near, c.lit((0.66, 0.47, 0.30)))
    cacti = c.layer(0.45, -0.28, 0.10)
    x, value = cacti.columns(0.92, c.free(4))
    x, y = x - 0.5 * (value - 0.5), cacti.y + 0.10
    cactus = rectangle(x, y, 0, 0, 0.026, 0.14, 0.026)
    for side, height in ((-1, 0.0), (1, 0.035)):
        cactus = torch.minimum(cactus, rectangle(x, y, 0.042 * side, height, 0.045, 0.016, 0.016))
        cactus = torch.minimum(cactus, rectangle(x, y, 0.080 * side, height + 0.035, 0.016, 0.048, 0.016))
    cacti.lay(cactus, c.lit((0.20, 0.48, 0.25)))


def sea(c):
    island = c.layer(0.06, -0.10, 0.06)
    x, value = island.columns(1.7, c.free(2))
    x = x - 0.5 * (value - 0.5)
    island.lay((torch.sqrt((x / 2.6) ** 2 + (island.y + 0.13) ** 2) - 0.09), c.lit((0.34, 0.52, 0.50)))
    c.animate()
    c.plain(c.horizon, 0.0, 1.0, 0.0, (0.02, 0.30, 0.58), (0.14, 0.54, 0.80))
    # Crests drift towards the viewer; they are further apart there.
    water = c.ground()
    depth = 1 / water.near
    swell = 0.25 * torch.sin(5 * water.x / water.near + 6 * c.free(3))
    crest = torch.sin(2 * pi * (2.6 * torch.log(depth) + swell + 0.3 * c.seconds[None, :, None, None]))
    water.mix(0.45 * ((crest - 0.74) / 0.2).clamp(0, 1) * (6 * (water.near - 0.02)).clamp(0, 1), c.lit((0.78, 0.93, 1.0)))


def snow(c):
    hills = c.layer(0.10, high=0.16)
    hills.below(hills.wave(0.03, 0.07, 1.1, c.free(2)), c.lit((0.66, 0.75, 0.88)))
    firs(c.layer(0.18, -0.14, 0.16), -0.10, 0.34, 0.20, c.free(4), c.lit((0.18, 0.42, 0.38)))
    c.plain(-0.10, 0.02, 1.0, c.free(3), (0.84, 0.90, 0.98), (0.95, 0.98, 1.0))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.70, 0.34, c.free(5), squeeze=3.0)
    drift = (torch.sqrt((x / 3.2) ** 2 + y * y) - 0.05) * ground.near
    ground.lay(drift, c.lit((0.76, 0.84, 0.95)))


def city(c):
    skyline = c.layer(0.10, high=0.24)
    _, value = skyline.columns(0.16, c.free(5))
    skyline.below(0.02 + 0.18 * value, c.lit((0.62, 0.66, 0.78)))
    houses = c.layer(0.20, high=0.32)
    x, value = houses.columns(0.20, c.free(2))
    height = -0.03 + 0.28 * value
    wall = torch.maximum(houses.y - height, x.abs() - 0.092)
    tone = 0.40 + 0.20 * torch.remainder(7 * value, 1)
    tint = torch.stack((tone, 0.96 * tone, 1.10 * tone), 2)
    houses.lay(wall, tint * c.light[:, None, :, None, None])
    night = (c.scene.time == TIMES.index("night"))[:, None]
    pane = torch.where(night, constant((1.0, 0.85, 0.40), c.rgb.device), c.lit((0.66, 0.84, 0.95)))
    wx, wy = torch.remainder(x, 0.086) - 0.043, torch.remainder(houses.y, 0.10) - 0.05
    # At night some windows are dark.
    chance = torch.remainder(torch.floor(x / 0.086) * 0.43 + torch.floor(houses.y / 0.10) * 0.618 + 3 * value, 1)
    awake = chance < torch.where(night, 0.6, 1.0)[..., None, None]
    window = torch.maximum(torch.maximum(wx.abs() - 0.020, wy.abs() - 0.026), wall + 0.014)
    houses.mix(0.85 * houses.cover(window) * awake, pane)
    c.plain(c.horizon, 0.0, 1.0, 0.0, (0.34, 0.34, 0.38), (0.42, 0.42, 0.46))
    street = c.ground()
    pavement = (street.near < 0.86) & (street.near > 0.3)
    street.mix(pavement.float().expand(-1, -1, -1, street.x.shape[3]), c.lit((0.60, 0.59, 0.60)))
    across = street.x / street.near / 0.36 + c.free(4)
    dash = torch.maximum((street.near - 1.42).abs() / 0.07 - 1, ((across - torch.floor(across) - 0.5).abs() - 0.30) * 4)
    street.lay(dash * 0.012, c.lit((0.95, 0.92, 0.80)))


def space(c):
    # A ringed planet in the sky, craters on the ground.
    sky = c.layer(0.03, 0.15, 0.46)
    cx, cy = c.half_width * (0.5 - c.free(2)) * 0.8, 0.30
    planet = circle(sky.x, sky.y, cx, cy, 0.075)
    sky.lay(planet, (0.45, 0.62, 0.62))
    sky.mix(0.5 * sky.cover(torch.maximum(planet, -circle(sky.x, sky.y, cx - 0.03, cy + 0.03, 0.08))), (0.12, 0.20, 0.28))
    ring = (torch.sqrt(((sky.x - cx) / 0.15) ** 2 + ((sky.y - cy - 0.2 * (sky.x - cx)) / 0.035) ** 2) - 1).abs() * 0.035 - 0.010
    sky.lay(ring, (0.80, 0.72, 0.55))
    ridge = c.layer(0.12, high=-0.04)
    ridge.below(peaks(ridge, -0.24, 0.18, 0.5, c.free(5))[0], c.lit((0.34, 0.33, 0.40)))
    c.plain(-0.19, 0.015, 1.2, c.free(3), (0.60, 0.58, 0.62), (0.48, 0.47, 0.54))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.46, 0.36, c.free(4), squeeze=2.4)
    x, radius = x - 0.12 * (value - 0.5), 0.05 + 0.05 * value
    distance = torch.sqrt(x * x + y * y) - radius
    ground.lay(distance * ground.near, c.lit((0.70, 0.68, 0.72)))
    ground.lay((torch.sqrt(x * x + (y - 0.012) ** 2) - 0.86 * radius) * ground.near, c.lit((0.38, 0.37, 0.43)))


def mountains(c):
    for near, base, height, width, seed, rock in (
        (0.05, -0.10, 0.44, 0.62, c.free(2), (0.60, 0.66, 0.80)), (0.12, -0.14, 0.27, 0.50, c.free(5), (0.42, 0.48, 0.60)),
    ):
        layer = c.layer(near, high=base + height)
        line, peak = peaks(layer, base, height, width, seed)
        layer.below(line, c.lit(rock))
        # Snow caps with a zigzag edge.
        edge = peak - 0.30 * height + 0.025 * torch.sin(2 * pi * layer.x / 0.075)
        layer.lay(torch.maximum(layer.y - line, edge - layer.y), c.lit((0.96, 0.97, 1.0)))
    c.plain(-0.15, 0.02, 0.8, c.free(3), (0.46, 0.62, 0.36), (0.56, 0.70, 0.46))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.44, 0.28, c.free(4), squeeze=1.6)
    x, radius = x - 0.18 * (value - 0.5), 0.020 + 0.030 * value
    ground.lay((torch.sqrt(x * x + y * y) - radius) * ground.near, c.lit((0.58, 0.58, 0.60)))


def forest(c):
    wall = c.layer(0.08, high=0.30)
    x, value = wall.columns(0.20, c.free(2))
    wall.below(0.14 + 0.10 * value - 6.0 * x * x, c.lit((0.50, 0.70, 0.56)))
    for near, base, width, height, seed, colour in (
        (0.14, -0.18, 0.24, 0.40, c.free(5), (0.26, 0.52, 0.40)), (0.20, -0.18, 0.46, 0.56, c.free(4), (0.13, 0.38, 0.28)),
    ):
        layer = c.layer(near, base, base + 1.25 * height)
        x, value = layer.columns(width, seed)
        trunk = rectangle(x - 0.3 * width * (value - 0.5), layer.y, 0, base + 0.06, 0.018, 0.10)
        layer.lay(trunk, c.lit((0.36, 0.25, 0.18)))
        firs(layer, base + 0.05, width, height, seed, c.lit(colour))
    c.plain(-0.18, 0.01, 0.7, c.free(3), (0.52, 0.48, 0.26), (0.44, 0.54, 0.28))
    ground = c.ground(TILED)
    x, y, value = ground.tiles(0.34, 0.22, c.free(6), squeeze=2.0)
    leaf = torch.sqrt((x - 0.14 * (value - 0.5)) ** 2 + y * y) - 0.022
    ground.lay(leaf * ground.near, c.lit((0.80, 0.52, 0.24)))


GROUNDS = {
    "meadow": meadow, "desert": desert, "sea": sea, "snow": snow,
    "city": city, "space": space, "mountains": mountains, "forest": forest,
}
