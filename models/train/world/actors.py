"""Subjects on the stage: painted where their poses and the camera put them, with shadows on the ground."""

from dataclasses import fields

import torch

from . import creatures, things, vehicles
from .brush import Brush
from .constants import constant
from .light import haze_of, hazed, light_of
from .motions import HALF_WIDTH, Pose, poses
from .scene import has_second
from .vocabulary import COLOURS, SUBJECTS
from .window import Window

PAINTERS = things.PAINTERS | vehicles.PAINTERS | creatures.PAINTERS
REACH = 0.60  # half of what a subject of height 1 is painted in, upwards and downwards
MARGIN = 0.12  # and beyond its half width


class Actors:
    """The first or the second subjects of a batch of scenes, those that there are.

    entries [b]: which scenes they belong to; x, y, size [b, T]: where they appear.
    """

    def __init__(self, scene, second, camera, seconds, duration, aspect):
        present = has_second(scene) if second else torch.ones_like(scene.relation)
        self.entries = present.nonzero()[:, 0]
        self.scene, self.camera = scene.select(self.entries), camera.select(self.entries)
        self.subject = self.scene.second_subject if second else self.scene.subject
        self.colour = self.scene.second_colour if second else self.scene.colour
        self.pose = poses(self.scene, second, seconds, duration, aspect)
        self.x, self.y, scale = self.camera.project(self.pose.x, self.pose.y, self.pose.near)
        self.size = self.pose.size * scale


def cast(scene, camera, seconds, duration, aspect):
    """First and second subjects, in the order of painting: who is behind is painted first."""
    return [Actors(scene, second, camera, seconds, duration, aspect) for second in (False, True)]


def cast_shadows(video, actors, screen):
    """Darken the ground under each subject; the higher it is, the smaller and fainter the shadow."""
    if not len(actors.entries):
        return
    pose = actors.pose
    half = constant(tuple(HALF_WIDTH[s] for s in SUBJECTS), video.device)[actors.subject][:, None]
    x, y, scale = actors.camera.project(pose.x, pose.standing, pose.near)
    above = (pose.y - pose.size / 2 - pose.standing).clamp(0, 1)
    wide = actors.size * (0.85 * half + 0.12) * (1 - 0.4 * above)
    window = Window(screen, actors.entries, x, y, 1.5 * wide.max().item(), 0.3 * wide.max().item())
    distance = torch.sqrt(((window.x - x[..., None, None]) / wide[..., None, None]) ** 2
                          + ((window.y - y[..., None, None]) / (0.18 * wide[..., None, None])) ** 2)
    shade = (0.5 * (1 - 0.7 * above))[..., None, None] * (1.5 - distance).clamp(0, 1)
    window.darken(video, shade)


def paint_actors(video, mask, actors, seconds, screen, records=None):
    """Paint subjects into `video` [B, 3, T, H, W] and their share of every pixel into `mask` [B, T, H, W], subject by subject."""
    # Things keep most of their own colour at every time of day, or no night would have a red ball.
    light = 0.74 + 0.26 * light_of(actors.scene)
    colours = constant(tuple(COLOURS.values()), video.device)[actors.colour] * light
    haze, haze_colour = haze_of(actors.scene)
    for number, name in enumerate(SUBJECTS):
        here = (actors.subject == number).nonzero()[:, 0]
        if not len(here):
            continue
        pose = Pose(**{f.name: getattr(actors.pose, f.name)[here] for f in fields(Pose)})
        x, y, size = actors.x[here], actors.y[here], actors.size[here]
        window = Window(screen, actors.entries[here], x, y, *reach(name, pose, size))
        u, v = own_coordinates(window, x, y, size, pose)
        pixel, moment = (screen.pixel / size)[..., None, None], seconds[None, :, None, None]
        brush = Brush(u, v, pixel, pose, moment, light[here], records is not None)
        PAINTERS[name](brush, colours[here])
        rgb, alpha = brush.finished(colours[here])
        near = pose.near[..., None, None, None]
        rgb = hazed(rgb, haze[here, None, None, None, None], haze_colour[here, None, :, None, None], near)
        window.blend(video, rgb, alpha)
        window.blend(mask, torch.ones_like(alpha), alpha)
        if records is not None:
            window.blend(records["depth"], pose.near[..., None, None], alpha)
            window.blend(records["edges"], brush.edges, torch.maximum(alpha, brush.edges))


def reach(name, pose, size):
    """Half width and half height of what the largest of these subjects is painted in."""
    largest, wide = size.max().item(), HALF_WIDTH[name] + MARGIN
    if (pose.angle != 0).any():
        wide = high = (wide**2 + REACH**2) ** 0.5
    else:
        high = REACH
    return wide * largest, high * largest


def own_coordinates(window, x, y, size, pose):
    """The window's pixels in the subject's own coordinates."""
    dx, dy = ((p - q[..., None, None]) / size[..., None, None] for p, q in ((window.x, x), (window.y, y)))
    cos, sin = torch.cos(pose.angle)[..., None, None], torch.sin(pose.angle)[..., None, None]
    return (cos * dx + sin * dy) * pose.facing[..., None, None], -sin * dx + cos * dy


def on_screen(actors, u, v):
    """Where points (u, v [b, T]) of the subjects' own coordinates appear; the inverse of `own_coordinates`."""
    u = u * actors.pose.facing
    cos, sin = torch.cos(actors.pose.angle), torch.sin(actors.pose.angle)
    return actors.x + actors.size * (cos * u - sin * v), actors.y + actors.size * (sin * u + cos * v)
