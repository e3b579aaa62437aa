"""The camera's path, and how it sees layers at different depths.

Lengths are in units of the frame's height, x to the right and y upwards from the middle of the frame. Everything has a home
position, where it appears to the camera at rest, and a nearness: 1 / depth, 0 infinitely far away, 1 in the plane of the
subject. A camera that moves sideways shifts what it sees by the nearness: that is the parallax.
"""

from dataclasses import dataclass, fields
from math import tanh

import torch

from .vocabulary import CAMERAS

# Speeds in units a second. Sideways and upwards part of the way is a turn, which shifts near and far alike.
PAN, PAN_TURN = 0.30, 0.08
TILT, TILT_TURN = 0.07, 0.16
ZOOM, DOLLY = 0.16, 0.20
ORBIT = 0.42
# However long the clip, the camera moves no further than this, or the subject would be lost from sight.
LONGEST = 1.6  # seconds' worth of way


def way(duration, longest):
    """The seconds' worth of way in a clip of `duration` seconds: the same at first, never more than `longest`."""
    return longest * tanh(duration / longest)


@dataclass
class Camera:
    """Where cameras are and look; every tensor is [B, T]."""

    x: torch.Tensor
    y: torch.Tensor
    forward: torch.Tensor
    turn_x: torch.Tensor
    turn_y: torch.Tensor
    zoom: torch.Tensor

    def select(self, index, moments=slice(None)):
        return Camera(**{f.name: getattr(self, f.name)[index][:, moments] for f in fields(self)})

    def path(self):
        """[B, T, 6], for controls."""
        return torch.stack([getattr(self, f.name) for f in fields(self)], dim=2)

    def project(self, x, y, near):
        """Where points ([B, T]) of home position x, y and nearness `near` appear: x, y and how much larger than at home."""
        scale = self.zoom / (1 - near * self.forward)
        return (x - self.turn_x - near * self.x) * scale, (y - self.turn_y - near * self.y) * scale, scale

    def layer(self, x, y, near):
        """Home positions of the pixels with x [W] and y [H] on a layer: [B, T, 1, W], [B, T, H, 1], and their size [B, T, 1, 1]."""
        forward, cx, cy, turn_x, turn_y, zoom = self.expanded()
        scale = (1 - near * forward) / zoom
        return x * scale + turn_x + near * cx, y[:, None] * scale + turn_y + near * cy, scale

    def ground(self, x, y, horizon, standing):
        """The ground's home positions x [B, T, H, W], y [B, T, H, 1], nearness [B, T, H, 1] and pixel sizes.

        The ground is a plane that vanishes at height `horizon` and has nearness 1 at height `standing`.
        """
        forward, cx, cy, turn_x, turn_y, zoom = self.expanded()
        row = y[:, None] / zoom
        slope = 1 / (horizon - standing)
        tilt = slope * (cy - row * forward)
        home_y = (row + turn_y + horizon * tilt) / (1 + tilt)
        near = (slope * (horizon - home_y)).clamp_min(0.02)
        scale = (1 - near * forward) / zoom
        return x * scale + turn_x + near * cx, home_y, near, scale

    def expanded(self):
        return [v[..., None, None] for v in (self.forward, self.x, self.y, self.turn_x, self.turn_y, self.zoom)]


def camera_path(scene, seconds, duration, aspect):
    """The cameras at the moments `seconds` (float [T]) of clips of `duration` seconds; they pass their rest in the middle."""
    progress = (seconds / duration - 0.5 if duration else 0 * seconds)[None] * way(duration, LONGEST)
    # Tall frames show less to the left and right.
    across = min(aspect, 1.4) ** 0.5

    def does(name):
        return (scene.camera == CAMERAS.index(name)).float()[:, None]

    pan = (does("pan right") - does("pan left")) * progress * across
    tilt = (does("tilt up") - does("tilt down")) * progress
    zoom = (does("zoom in") - does("zoom out")) * progress
    orbit = does("orbit") * scene.heading[:, None] * progress * across
    return Camera(
        x=PAN * pan + ORBIT * orbit,
        y=TILT * tilt,
        forward=DOLLY * zoom,
        # Who goes around something keeps it in the middle.
        turn_x=PAN_TURN * pan - ORBIT * orbit,
        turn_y=TILT_TURN * tilt,
        zoom=torch.exp(ZOOM * zoom),
    )
