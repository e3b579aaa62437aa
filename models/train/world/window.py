"""Rectangles of a video that follow what moves, so that it is painted only where it can be."""

from dataclasses import dataclass
from math import ceil

import torch


@dataclass
class Screen:
    """Positions of the pixels: x [W] to the right and y [H] upwards from the middle, in units of the frame's height."""

    x: torch.Tensor
    y: torch.Tensor

    def __init__(self, height, width, device):
        self.pixel = 1.0 / height
        self.x = (torch.arange(width, device=device) + 0.5 - width / 2) * self.pixel
        self.y = (height / 2 - torch.arange(height, device=device) - 0.5) * self.pixel

    @property
    def aspect(self):
        return len(self.x) / len(self.y)


class Window:
    """Rectangles around cx, cy ([b, T]), all as large as the largest needs to be, for the clips `entries` [b] of a batch.

    x [b, T, 1, w] and y [b, T, h, 1] are the positions of its pixels.
    """

    def __init__(self, screen, entries, cx, cy, half_width, half_height):
        self.screen, self.entries = screen, entries
        columns, left = extent(cx / screen.pixel + len(screen.x) / 2, half_width, screen.pixel, len(screen.x))
        rows, top = extent(len(screen.y) / 2 - cy / screen.pixel, half_height, screen.pixel, len(screen.y))
        self.columns = left[..., None, None] + torch.arange(columns, device=cx.device)
        self.rows = top[..., None, None] + torch.arange(rows, device=cx.device)[:, None]
        self.x, self.y = screen.x[self.columns], screen.y[self.rows]
        moments = cx.shape[1]
        frame = entries[:, None] * moments + torch.arange(moments, device=cx.device)
        self.index = (frame[..., None, None] * len(screen.y) + self.rows) * len(screen.x) + self.columns

    def of(self, plane):
        """The window's part of a plane [B, T, H, W]."""
        return plane.view(-1)[self.index]

    def put(self, plane, values):
        plane.view(-1)[self.index] = values

    def of_video(self, video):
        """The window's part of a video [B, 3, T, H, W], as [b, T, 3, h, w]."""
        return video.view(-1)[self.video_index(video)]

    def put_video(self, video, values):
        video.view(-1)[self.video_index(video)] = values

    def video_index(self, video):
        _, channels, moments, height, width = video.shape
        clip = moments * height * width
        within = self.index - (self.entries * clip)[:, None, None, None]
        start = self.entries[:, None] * channels + torch.arange(channels, device=video.device)
        return (start * clip)[:, None, :, None, None] + within[:, :, None]


def extent(middle, half, pixel, pixels):
    """How many pixels a window has and where it begins, inside the frame. half: the largest half side."""
    # Rounded up to a multiple of 4, so that few different sizes occur.
    count = min(pixels, 4 * ceil((2 * half / pixel + 3) / 4))
    return count, (middle - count / 2).round().long().clamp(0, pixels - count)
