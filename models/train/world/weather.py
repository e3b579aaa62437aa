"""Weather before everything else: rain, falling snow, banks of fog, blown dust; and the dust that someone kicks up."""

from math import pi

import torch

from .canvas import own_value
from .constants import constant
from .light import haze_of, light_of
from .vocabulary import DUST_RAISERS, SUBJECTS, WEATHERS
from .window import Window

PUFFS = 7
PUFF_LIFE = 0.9  # seconds


def paint_weather(video, scene, camera, seconds, screen):
    """Paint weather over `video` [B, 3, T, H, W]."""
    for number, name in enumerate(WEATHERS):
        index = (scene.weather == number).nonzero()[:, 0]
        if name == "clear" or not len(index):
            continue
        phase = scene.phase[index, None, None, None]
        # What falls is near to the viewer and passes by a moving camera fast.
        x = screen.x + 1.4 * camera.select(index).x[..., None, None] + 3 * phase
        y = screen.y[:, None] + 0 * x[:, :, :, :1]
        cover = cover_of(name, x, y, seconds[None, :, None, None], screen.pixel, phase)
        colour = torch.lerp(haze_of(scene)[1][index], torch.ones_like(scene.backdrop[index, :3]), 0.0 if name == "dust" else 0.45)
        video[index] = torch.lerp(video[index], colour[:, :, None, None, None], cover[:, None])


def cover_of(weather, x, y, t, pixel, phase):
    """How much a weather hides of what is behind it, 0..1 [B, T, H, W]; `phase` makes one clip differ from the next."""
    if weather == "rain":
        return rain(x, y, t, pixel)
    if weather == "snow":
        # Of one size in all clips, flakes would be known by it: larger ones would not count as snow.
        return snow(x, y, t, pixel, larger=1 + torch.remainder(7 * phase, 1))
    return fog(x, y, t) if weather == "fog" else blown_dust(x, y, t)


def rain(x, y, t, pixel):
    cover = 0
    for width, length, speed, seed in ((0.050, 0.34, 1.5, 0.1), (0.085, 0.50, 2.1, 0.6)):
        place = (x + 0.16 * y) / width
        column = torch.floor(place)
        value = own_value(column, seed)
        across = ((place - column - 0.5).abs() * width - 0.06 * width) / pixel
        along = torch.remainder(y / length + speed * t / length + 5 * value, 1)
        cover = cover + 0.5 * (0.7 - across).clamp(0, 1) * (along < 0.30) * (along / 0.30)
    return cover.clamp(0, 0.75)


def snow(x, y, t, pixel, larger):
    cover = 0
    for side, radius, speed, seed in ((0.125, 0.010, 0.16, 0.1), (0.19, 0.016, 0.26, 0.6)):
        side, radius = side * (1 + 0.55 * (larger - 1)), radius * larger
        across, along = (x + 0.02 * torch.sin(1.6 * t + 9 * y + seed)) / side, (y + speed * t) / side
        row, column = torch.floor(along), torch.floor(across)
        value = own_value(column + 5.3 * row, seed)
        dx = (across - column - 0.25 - 0.5 * value) * side
        dy = (along - row - 0.25 - 0.5 * torch.remainder(7 * value, 1)) * side
        cover = cover + (0.5 + (radius - torch.sqrt(dx * dx + dy * dy)) / pixel).clamp(0, 1)
    return 0.9 * cover.clamp(0, 1)


def fog(x, y, t):
    bank = 0.5 + 0.5 * torch.sin(2 * pi * (x / 1.1 - 0.05 * t) + 7 * y + 1.5 * torch.sin(5 * x + 3 * y))
    return 0.26 * bank * (1 - (y / 0.45) ** 2).clamp(0, 1)


def blown_dust(x, y, t):
    streaks = torch.sin(2 * pi * (x / 0.8 - 0.9 * t) + 3 * torch.sin(9 * y)) * torch.sin(17 * y + 2 * torch.sin(4 * x - 2 * t))
    return 0.30 * streaks.clamp(0, 1) * (0.35 - y).clamp(0, 0.5) / 0.5


def kick_up_dust(video, actors, seconds, screen):
    """Clouds of dust behind those who run or drive where there is dust."""
    raisers = constant(tuple(float(s in DUST_RAISERS) for s in SUBJECTS), video.device)[actors.subject] > 0
    here = (raisers & (actors.scene.weather == WEATHERS.index("dust")) & (actors.pose.walks[:, 0] > 0)).nonzero()[:, 0]
    if not len(here):
        return
    pose, x, y, size = actors.pose, actors.x[here], actors.y[here], actors.size[here]
    x, y = x - 0.75 * size * pose.facing[here], y - 0.42 * size
    window = Window(screen, actors.entries[here], x, y, 1.35 * size.max().item(), 0.75 * size.max().item())
    u, v = (window.x - x[..., None, None]) / size[..., None, None], (window.y - y[..., None, None]) / size[..., None, None]
    u = u * pose.facing[here][..., None, None]
    clear = 1.0
    for i in range(PUFFS):
        age = torch.remainder(seconds[None, :, None, None] / PUFF_LIFE + actors.scene.phase[here, None, None, None] + i / PUFFS, 1)
        radius = 0.08 + 0.17 * age
        distance = torch.sqrt((u - 0.20 + 1.0 * age) ** 2 + (v - 0.24 * age - 0.05 * (i % 3)) ** 2)
        clear = clear * (1 - 0.85 * (1 - age) ** 0.7 * ((1.15 - distance / radius) * 3).clamp(0, 1))
    # Paler than the ground, or it would not be seen.
    pale = (0.5 + 0.5 * light_of(actors.scene)) * constant((1.0, 0.92, 0.80), video.device)
    colour = torch.lerp(haze_of(actors.scene)[1], pale, 0.5)[here]
    window.blend(video, colour[:, None, :, None, None], 1 - clear)
