"""A canvas for backgrounds: layers at different depths, painted from far to near, each only in the rows that it can reach."""

from math import pi

import torch

from .constants import constant
from .light import haze_of, hazed, light_of

GROUND = -0.36  # height of the line that subjects stand on
TILED = 1.65  # how far away the ground still has details
EDGE = 0.22  # nearness of the ground's edge before the sky


class Canvas:
    """Backgrounds of b scenes; `rgb` is [b, T, 3, H, W], T = 1 as long as nothing moves.

    `records` keeps depth and edges too: `depth` (nearness, [b, T, H, W]) and `edges` (outlines, 0..1).
    """

    def __init__(self, scene, camera, seconds, screen, horizon, records):
        self.scene, self.camera, self.seconds = scene, camera, seconds
        self.screen, self.pixel, self.half_width = screen, screen.pixel, screen.aspect / 2
        self.horizon, self.light = horizon, light_of(scene)
        self.haze, self.haze_colour = haze_of(scene)
        self.is_hazy = bool((self.haze > 0).any())
        shape = len(scene), camera.x.shape[1], len(screen.y), len(screen.x)
        self.rgb = camera.x.new_empty(shape[0], shape[1], 3, *shape[2:])
        self.depth = self.rgb.new_zeros(shape) if records else None
        self.edges = self.rgb.new_zeros(shape) if records else None

    def free(self, i):
        """The scene's i-th free value, 0..1, [b, 1, 1, 1]."""
        return self.scene.backdrop[:, i, None, None, None]

    def lit(self, colour):
        """`colour` (a triple) in the light of each scene, [b, 3]."""
        return constant(colour, self.rgb.device)[None] * self.light

    def animate(self):
        """From here on something moves: every frame gets its own picture."""
        moments = len(self.seconds)
        if self.rgb.shape[1] != moments:
            self.rgb = self.rgb.repeat(1, moments, 1, 1, 1)
            if self.depth is not None:
                self.depth, self.edges = self.depth.repeat(1, moments, 1, 1), self.edges.repeat(1, moments, 1, 1)

    def layer(self, near, low=-2.0, high=2.0):
        """The upright layer of nearness `near`, of which only home heights `low`..`high` are painted."""
        x, y, scale = self.camera.layer(self.screen.x, self.screen.y, near)
        rows = rows_within(y, low, high)
        return Layer(self, rows, x, y[:, :, rows], near, self.pixel * scale)

    def ground(self, distance=20.0):
        """The ground's surface, from the frame's lower edge to a distance."""
        x, y, near, scale = self.camera.ground(self.screen.x, self.screen.y, self.horizon, GROUND)
        rows = rows_within(y, -2.0, self.horizon - (self.horizon - GROUND) / distance)
        return Layer(self, rows, x[:, :, rows], y[:, :, rows], near[:, :, rows], self.pixel * scale[:, :, rows])

    def plain(self, height, rise, length, phase, close, far):
        """Fill the ground: coloured from `close` at the frame's lower edge to `far` at the horizon, a wavy edge before the sky."""
        x, y, scale = self.camera.layer(self.screen.x, self.screen.y, EDGE)
        near = self.camera.ground(self.screen.x, self.screen.y, self.horizon, GROUND)[2]
        rows = rows_within(y, -2.0, height + rise)
        y = y[:, :, rows]
        depth = ((y + 0.5) / (self.horizon + 0.5)).clamp(0, 1)[:, :, None]
        colour = torch.lerp(self.lit(close)[:, None, :, None, None], self.lit(far)[:, None, :, None, None], depth)
        layer = Layer(self, rows, x, y, near[:, :, rows].clamp_min(EDGE), self.pixel * scale)
        layer.below(layer.wave(height, rise, length, phase), colour)


def rows_within(y, low, high):
    """The slice of rows that some scene at some moment sees between the heights `low` and `high`. y: [b, T, H, 1]."""
    found = ((y >= low - 0.02) & (y <= high + 0.02)).any(dim=(0, 1, 3) if y.dim() == 4 else (0, 1)).nonzero()[:, 0]
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


class Layer:
    """One layer of a canvas. x, y: home positions, broadcastable to [b, T, h, W]; near: number or [b, T, h, 1]."""

    def __init__(self, canvas, rows, x, y, near, pixel):
        self.canvas, self.rows, self.x, self.y, self.near, self.pixel = canvas, rows, x, y, near, pixel

    def cover(self, distance):
        return (0.5 - distance / self.pixel).clamp(0, 1)

    def lay(self, distance, colour, opacity=1.0):
        """Cover the inside of `distance` with a colour: a triple, [b, 3], or broadcastable to [b, T, 3, h, W]."""
        self.mix(self.cover(distance) * opacity, colour)
        if self.canvas.edges is not None:
            edges = self.canvas.edges[:, :, self.rows]
            outline = (1.3 - distance.abs() / self.pixel).clamp(0, 1) * opacity
            edges.copy_(torch.maximum(edges * (1 - self.cover(distance) * opacity), outline))

    def mix(self, cover, colour):
        """Lay `colour` where `cover` [b, T, h, W] is 1."""
        canvas = self.canvas
        if not torch.is_tensor(colour):
            colour = constant(colour, canvas.rgb.device)[None]
        if colour.dim() == 2:
            colour = colour[:, None, :, None, None]
        if canvas.is_hazy:
            near = self.near[:, :, None] if torch.is_tensor(self.near) else self.near
            colour = hazed(colour, canvas.haze[:, None, None, None, None], canvas.haze_colour[:, None, :, None, None], near)
        view = canvas.rgb[:, :, :, self.rows]
        view.lerp_(colour.expand_as(view) if colour.dim() == 5 else colour, cover[:, :, None].expand_as(view))
        if canvas.depth is not None:
            depth = canvas.depth[:, :, self.rows]
            depth.lerp_(torch.as_tensor(self.near, device=depth.device).expand_as(depth), cover.expand_as(depth))

    def wave(self, height, rise, length, phase):
        """A wavy line."""
        return height + rise * torch.sin(2 * pi * (self.x / length + phase))

    def below(self, crest, colour):
        """Fill everything below the line y = crest."""
        self.lay(self.y - crest, colour)

    def columns(self, width, seed):
        """Divide x into columns: (position within the column from its middle, the column's own value in 0..1)."""
        place = self.x / width + 7.3 * seed
        number = torch.floor(place)
        return (place - number - 0.5) * width, own_value(number, seed)

    def tiles(self, width, depth, seed, squeeze):
        """Divide the ground into tiles `width` by `depth`: (x and y from the middle of the tile, the tile's own value).

        x and y are lengths on the spot, y `squeeze` times as long as it appears.
        """
        across, along = self.x / self.near / width + 5.1 * seed, 1 / self.near / depth + 0.7 * seed
        row = torch.floor(along)
        # Every other row is shifted, as bricks are.
        across = across + 0.5 * torch.remainder(row, 2)
        column = torch.floor(across)
        slope = self.canvas.horizon - GROUND
        # Tiles that are far away, and would be finer than pixels, are moved out of sight.
        away = 99.0 * ((row + 1 - 0.7 * seed) * depth > TILED)
        return ((across - column - 0.5) * width + away, (along - row - 0.5) * depth * self.near * slope * squeeze,
                own_value(column + 3.7 * row, seed))


def own_value(number, seed):
    """A value in 0..1 for every whole number, evenly spread."""
    return torch.remainder(number * 0.618034 + 3.1 * seed + 0.17 * torch.sin(12.9 * number), 1)
