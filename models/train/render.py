"""Render scenes to video: batched tensor code for any device, any height and width."""

import torch

from world.motions import GROUND, poses
from world.places import backgrounds, light_of
from world.shapes import PAINTERS, Brush
from world.vocabulary import COLOURS, SUBJECTS

FPS = 8


def render(scene, frames, height, width, fps=FPS, only=None):
    """Render a batch of B scenes as clips of `frames` frames; `only`, a list of T frame numbers, paints no others.

    Returns (video, mask): video float32 [B, 3, T, height, width] in -1..1, mask float32 [B, T, height, width] in 0..1,
    the share of a pixel that the subject covers.
    """
    device = scene.subject.device
    only = torch.arange(frames, device=device) if only is None else torch.tensor(only, device=device)
    seconds = only / fps
    aspect, pixel = width / height, 1.0 / height
    x = (torch.arange(width, device=device) + 0.5) * pixel - aspect / 2
    y = 1 - (torch.arange(height, device=device) + 0.5) * pixel

    canvas = backgrounds(scene, seconds, x, y, pixel)  # [B, T, 3, H, W]
    pose = poses(scene, seconds, (frames - 1) / fps, aspect)
    cast_shadows(canvas, scene, pose, x, y)
    mask = paint_subjects(canvas, scene, pose, seconds, x, y, pixel)
    video = canvas.clamp_(0, 1).mul_(2).sub_(1).permute(0, 2, 1, 3, 4).contiguous()
    return video, mask


def cast_shadows(canvas, scene, pose, x, y):
    """Darken the ground under each subject; the higher it is, the smaller and fainter the shadow."""
    cx, size = pose.x[..., None, None], pose.size[..., None, None]
    above = (pose.y - pose.size / 2 - GROUND).clamp_min(0)[..., None, None]
    wide = size * (0.62 - 0.35 * above.clamp(0, 1))
    d = torch.sqrt(((x - cx) / wide) ** 2 + ((y[:, None] - 0.5 - GROUND) / (0.16 * wide)) ** 2)
    shade = 0.5 * (1 - 0.7 * above.clamp(0, 1)) * (1.5 - 1.0 * d).clamp(0, 1)
    canvas.mul_(1 - shade[:, :, None])


def paint_subjects(canvas, scene, pose, seconds, x, y, pixel):
    """Paint the subjects over the canvas in place, subject by subject. Returns their masks [B, T, H, W]."""
    colours = torch.tensor(list(COLOURS.values()), device=x.device)[scene.colour]
    # Things keep most of their own colour at every time of day, or no night would have a red ball.
    colours = colours * (0.74 + 0.26 * light_of(scene))
    mask = canvas.new_zeros(canvas.shape[0], canvas.shape[1], *canvas.shape[3:])
    for number, name in enumerate(SUBJECTS):
        index = (scene.subject == number).nonzero()[:, 0]
        if not len(index):
            continue
        px, py, size, angle, facing = (v[index][..., None, None] for v in (pose.x, pose.y, pose.size, pose.angle, pose.facing))
        dx, dy = (x - px) / size, (y[:, None] - 0.5 - py) / size
        cos, sin = torch.cos(angle), torch.sin(angle)
        u, v = (cos * dx + sin * dy) * facing, -sin * dx + cos * dy
        brush = Brush(u, v, pixel / size, seconds[None, :, None, None], light=(-0.5, 0.8))
        PAINTERS[name](brush, colours[index])
        canvas[index] = torch.lerp(canvas[index], brush.rgb.clamp(0, 1), brush.alpha[:, :, None])
        mask[index] = brush.alpha
    return mask
