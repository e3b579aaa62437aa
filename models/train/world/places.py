"""Backgrounds: a sky that tells the time of day and a ground that tells the place.

Coordinates: x in units of the frame's height from the middle, y from 0 (bottom) to 1 (top).
"""

from math import pi

import torch

from .vocabulary import PLACES, TIMES

# Per time of day: sky at the top, sky at the horizon, light on the ground, sun or moon (colour, x as a part of the half width, y, radius).
SKY_TOP = {"morning": (0.55, 0.75, 0.95), "noon": (0.16, 0.50, 0.95), "sunset": (0.38, 0.20, 0.52), "night": (0.02, 0.03, 0.13)}
SKY_LOW = {"morning": (1.00, 0.86, 0.78), "noon": (0.66, 0.87, 1.00), "sunset": (1.00, 0.55, 0.20), "night": (0.08, 0.11, 0.32)}
LIGHT = {"morning": (1.00, 0.94, 0.86), "noon": (1.00, 1.00, 1.00), "sunset": (0.95, 0.66, 0.52), "night": (0.24, 0.28, 0.48)}
DISC = {
    "morning": ((1.00, 0.95, 0.70), -0.62, 0.62, 0.085),
    "noon": ((1.00, 0.97, 0.55), 0.55, 0.88, 0.080),
    "sunset": ((1.00, 0.85, 0.35), 0.45, 0.46, 0.110),
    "night": ((0.95, 0.95, 0.85), -0.55, 0.86, 0.070),
}
# In space the sky is nearly black at every time of day; a glow at the horizon tells it.
SPACE_TOP = {"morning": (0.05, 0.03, 0.10), "noon": (0.01, 0.02, 0.08), "sunset": (0.10, 0.02, 0.08), "night": (0.00, 0.00, 0.03)}
SPACE_LOW = {"morning": (0.34, 0.20, 0.36), "noon": (0.06, 0.14, 0.34), "sunset": (0.50, 0.18, 0.06), "night": (0.02, 0.01, 0.07)}
HORIZON = {"meadow": 0.42, "desert": 0.38, "sea": 0.42, "snow": 0.42, "city": 0.24, "space": 0.30}


def table(values, names, device):
    """A [len(names), 3] tensor of colours."""
    return torch.tensor([values[n] for n in names], device=device)


def light_of(scene):
    """Colour of the light on things, [B, 3]."""
    return table(LIGHT, TIMES, scene.time.device)[scene.time]


def backgrounds(scene, seconds, x, y, pixel):
    """Paint the backgrounds: [B, T, 3, H, W].

    x: [W], y: [H], pixel: side of a pixel in units of the frame's height, seconds: [T].
    Scenes are painted place by place.
    """
    device = x.device
    X, Y = torch.broadcast_tensors(x[None, None, None, :], y[None, None, :, None])
    out = x.new_empty(len(scene), len(seconds), 3, len(y), len(x))
    for number, name in enumerate(PLACES):
        index = (scene.place == number).nonzero()[:, 0]
        if len(index):
            canvas = Canvas(scene.select(index), name, seconds, X, Y, x[-1].item(), pixel)
            canvas.sky()
            GROUNDS[name](canvas)
            out[index] = canvas.rgb.expand(-1, len(seconds), -1, -1, -1)
    return out


class Canvas:
    """One place's background for b scenes; `rgb` is [b, 1 or T, 3, H, W]."""

    def __init__(self, scene, place, seconds, x, y, half_width, pixel):
        self.scene, self.place, self.x, self.y = scene, place, x, y
        self.half_width, self.pixel = half_width, pixel
        self.t = seconds[None, :, None, None]
        self.horizon = HORIZON[place]
        self.light = light_of(scene)
        if place == "space":
            # No air: the ground is lit, never dim.
            self.light = 0.45 + 0.55 * self.light

    def free(self, i):
        """The scene's i-th free value, 0..1, [b, 1, 1, 1]."""
        return self.scene.backdrop[:, i, None, None, None]

    def mix(self, cover, colour):
        """Lay `colour` ([b, 3], [b, T, 3, H, W] or a triple) where `cover` [b, T, H, W] is 1."""
        if not torch.is_tensor(colour):
            colour = self.x.new_tensor(colour)[None]
        if colour.dim() == 2:
            colour = colour[:, None, :, None, None]
        self.rgb = torch.lerp(self.rgb, colour, cover[:, :, None])

    def lit(self, colour):
        return self.x.new_tensor(colour)[None] * self.light

    def inside(self, distance):
        return (0.5 - distance / self.pixel).clamp(0, 1)

    def sky(self):
        top, low = (SPACE_TOP, SPACE_LOW) if self.place == "space" else (SKY_TOP, SKY_LOW)
        device, time = self.x.device, self.scene.time
        top, low = table(top, TIMES, device)[time], table(low, TIMES, device)[time]
        climb = ((self.y - self.horizon) / (1 - self.horizon)).clamp(0, 1)[:, :, None] ** 0.8
        self.rgb = torch.lerp(low[:, None, :, None, None], top[:, None, :, None, None], climb)
        night = (time == TIMES.index("night"))[:, None, None, None]
        self.stars(torch.ones_like(night) if self.place == "space" else night)
        self.disc()
        if self.place not in ("space", "city"):
            self.clouds()

    def stars(self, visible):
        k = torch.arange(14, device=self.x.device)
        for i in k.tolist():
            cx = self.half_width * (2 * ((i * 0.618034 + 0.13) % 1) - 1)
            cy = self.horizon + 0.1 + (0.9 - self.horizon) * ((i * 0.381966 * 1.7 + 0.3) % 1)
            spark = torch.exp(-((self.x - cx) ** 2 + (self.y - cy) ** 2) / (2 * 0.011**2))
            self.mix(0.9 * spark * visible, (1.0, 1.0, 0.92))

    def disc(self):
        values = [DISC[t] for t in TIMES]
        rows = torch.tensor([[*c, px, py, r] for c, px, py, r in values], device=self.x.device)[self.scene.time]
        colour, px, py, r = rows[:, :3], rows[:, 3], rows[:, 4], rows[:, 5]
        cx, cy, r = (v[:, None, None, None] for v in (px * self.half_width, py, r))
        d = torch.sqrt((self.x - cx) ** 2 + (self.y - cy) ** 2) - r
        self.mix(0.35 * torch.exp(-d.clamp_min(0) / 0.10), colour)
        self.mix(self.inside(d), colour)

    def clouds(self):
        device, time = self.x.device, self.scene.time
        colour = 0.35 * table(SKY_LOW, TIMES, device)[time] + 0.65 * self.light
        for i, cy in ((0, 0.90), (1, 0.74)):
            cx = self.half_width * (2.2 * self.free(i) - 1.1)
            d = None
            for ox, oy, r in ((-0.10, 0.0, 0.040), (0.0, 0.02, 0.062), (0.10, 0.0, 0.045)):
                puff = torch.sqrt((self.x - cx - ox) ** 2 + ((self.y - cy - oy) * 1.3) ** 2) - r
                d = puff if d is None else torch.minimum(d, puff)
            self.mix(0.75 * (0.5 - d / 0.03).clamp(0, 1), colour)

    def fade(self, near, far):
        """Ground colour from the bottom edge (`near`) to the horizon (`far`), both lit; [b, 1, 3, H, W]."""
        depth = (self.y / self.horizon).clamp(0, 1)[:, :, None]
        return torch.lerp(self.lit(near)[:, None, :, None, None], self.lit(far)[:, None, :, None, None], depth)

    def hill(self, height, wave, length, phase, colour):
        crest = height + wave * torch.sin(2 * pi * (self.x / length + phase))
        self.mix(self.inside(self.y - crest), colour)


def meadow(c):
    c.hill(c.horizon + 0.05, 0.05, 1.1, c.free(2), c.lit((0.36, 0.66, 0.36)))
    c.hill(c.horizon - 0.03, 0.02, 0.9, c.free(3), c.fade((0.42, 0.74, 0.22), (0.62, 0.86, 0.34)))
    for i in range(5):
        cx = c.half_width * (2 * ((i * 0.618 + c.free(4)) % 1) - 1)
        cy = 0.05 + 0.055 * (i * 2 % 5)
        flower = torch.sqrt((c.x - cx) ** 2 + (c.y - cy) ** 2) - 0.020
        c.mix(c.inside(flower), c.lit((1.0, 1.0, 0.85) if i % 2 else (1.0, 0.75, 0.85)))


def desert(c):
    c.hill(c.horizon + 0.04, 0.07, 0.9, c.free(2), c.lit((0.80, 0.56, 0.34)))
    c.hill(c.horizon - 0.04, 0.03, 1.3, c.free(3), c.fade((0.95, 0.78, 0.50), (0.88, 0.68, 0.42)))
    # A cactus.
    cx = c.half_width * (0.86 - 1.72 * (c.free(4) > 0.5).float())
    green = c.lit((0.20, 0.48, 0.25))
    for ox, oy, hx, hy in ((0, 0.44, 0.030, 0.15), (0.065, 0.47, 0.05, 0.018), (0.10, 0.51, 0.018, 0.05), (-0.065, 0.42, 0.05, 0.018), (-0.10, 0.46, 0.018, 0.05)):
        d = torch.maximum((c.x - cx - ox).abs() - hx, (c.y - oy).abs() - hy)
        c.mix(c.inside(d), green)


def sea(c):
    depth = (c.y / c.horizon).clamp(0, 1)
    c.mix(c.inside(c.y - c.horizon), c.fade((0.02, 0.30, 0.58), (0.12, 0.52, 0.78)))
    # Crests drift; they are further apart near the viewer.
    ripple = torch.sin(2 * pi * (2.2 * (1 - depth) ** 1.5 * 2.2 + 0.15 * torch.sin(9 * c.x + 6 * c.free(2)) - 0.3 * c.t))
    crest = ((ripple - 0.72) / 0.2).clamp(0, 1) * c.inside(c.y - c.horizon + 0.02)
    c.mix(0.5 * crest, c.lit((0.75, 0.92, 1.0)))


def snow(c):
    c.hill(c.horizon + 0.10, 0.08, 0.8, c.free(2), c.lit((0.62, 0.72, 0.86)))
    for i, cx in enumerate((-0.80, 0.30, 0.78)):
        x = c.x - c.half_width * cx - 0.12 * (c.free(4 + i) - 0.5)
        for base, height, width in ((0.40, 0.17, 0.085), (0.49, 0.14, 0.065)):
            d = torch.maximum(x.abs() / width - 1 + (c.y - base) / height, (base - c.y) / height) * width
            c.mix(c.inside(d), c.lit((0.12, 0.36, 0.30)))
    c.hill(c.horizon - 0.02, 0.02, 1.0, c.free(3), c.fade((0.84, 0.90, 0.98), (0.94, 0.97, 1.0)))


def city(c):
    night = (c.scene.time == TIMES.index("night"))[:, None, None, None]
    count = max(4, round(8 * c.half_width * 2 / 1.4))
    width = 2 * c.half_width / count
    slot = ((c.x + c.half_width) / width).clamp(0, count - 1e-3)
    number = torch.floor(slot)
    # A hash of the slot and the scene gives each house's height.
    height = 0.46 + 0.30 * ((number * 0.618034 + 3 * c.free(2)) % 1)
    inside = torch.minimum(c.inside(c.y - height), c.inside((slot - number - 0.5).abs() * width - 0.46 * width))
    tone = 0.42 + 0.2 * ((number * 0.381966 + 2 * c.free(3)) % 1)
    wall = torch.stack((tone, tone * 0.98, tone * 1.12), 2) * c.light[:, None, :, None, None]
    c.mix(inside, wall)
    wx = ((slot - number) * 2) % 1 - 0.5
    wy = (c.y / 0.11) % 1 - 0.5
    window = inside * c.inside(torch.maximum(wx.abs() * width / 2 - width * 0.12, wy.abs() * 0.11 - 0.030))
    window = window * (c.y < height - 0.03) * (c.y > c.horizon + 0.04)
    pane = torch.where(night[:, :, None], c.x.new_tensor((1.0, 0.85, 0.40))[:, None, None], c.x.new_tensor((0.62, 0.80, 0.92))[:, None, None])
    c.mix(0.85 * window, pane)
    c.mix(c.inside(c.y - c.horizon), c.fade((0.34, 0.34, 0.37), (0.40, 0.40, 0.43)))
    dash = c.inside((c.y - 0.055).abs() - 0.013) * (((c.x + 0.5 * c.free(4)) % 0.3) < 0.17)
    c.mix(dash, c.lit((0.95, 0.92, 0.80)))


def space(c):
    # A ringed planet in the sky, craters on the ground.
    cx, cy = c.half_width * (0.5 - c.free(2)) * 0.8, 0.80
    planet = torch.sqrt((c.x - cx) ** 2 + (c.y - cy) ** 2) - 0.075
    c.mix(c.inside(planet), (0.45, 0.62, 0.62))
    ring = (torch.sqrt(((c.x - cx) / 0.15) ** 2 + ((c.y - cy - 0.2 * (c.x - cx)) / 0.035) ** 2) - 1).abs() * 0.035 - 0.010
    c.mix(c.inside(ring), (0.80, 0.72, 0.55))
    c.hill(c.horizon, 0.02, 1.2, c.free(3), c.fade((0.58, 0.56, 0.60), (0.46, 0.45, 0.52)))
    for i in range(4):
        px = c.half_width * (2 * ((i * 0.618 + c.free(4)) % 1) - 1)
        py = 0.04 + 0.06 * (i * 3 % 4)
        d = torch.sqrt((c.x - px) ** 2 + (2.6 * (c.y - py)) ** 2) - 0.06
        c.mix(c.inside(d), c.lit((0.36, 0.35, 0.40)))


GROUNDS = {"meadow": meadow, "desert": desert, "sea": sea, "snow": snow, "city": city, "space": space}
