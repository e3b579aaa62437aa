"""Rectangles of a video that follow what moves, so that it is painted only where it can be."""

from math import ceil

import torch


class Screen:
    """Positions of the pixels: x [W] to the right and y [H] upwards from the middle, in units of the frame's height."""

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
        columns, left = extent(cx / screen.pixel + len(screen.x) / 2, half_width, screen.pixel, len(screen.x))
        rows, top = extent(len(screen.y) / 2 - cy / screen.pixel, half_height, screen.pixel, len(screen.y))
        self.x = screen.x[left[..., None, None] + torch.arange(columns, device=cx.device)]
        self.y = screen.y[top[..., None, None] + torch.arange(rows, device=cx.device)[:, None]]
        self.rows = [[slice(v, v + rows) for v in clip] for clip in top.tolist()]
        self.columns = [[slice(v, v + columns) for v in clip] for clip in left.tolist()]
        self.entries = entries.tolist()

    def parts(self, planes):
        """Views of the rectangles in planes [B, ..., T, H, W], with their clip and moment in the window. One by one they are
        reached faster than all together by their indices."""
        for i, entry in enumerate(self.entries):
            for t, (rows, columns) in enumerate(zip(self.rows[i], self.columns[i])):
                yield planes[entry, ..., t, rows, columns], i, t

    def blend(self, planes, values, cover):
        """Lay values, [b, T, h, w] or [b, T, 3, h, w], over planes where `cover` [b, T, h, w] is 1."""
        for part, i, t in self.parts(planes):
            part.lerp_(values[i, t], cover[i, t].expand_as(part))

    def darken(self, planes, shade):
        for part, i, t in self.parts(planes):
            part.mul_(1 - shade[i, t])


def extent(middle, half, pixel, pixels):
    """How many pixels a window has and where it begins, inside the frame. half: the largest half side."""
    # Rounded up to a multiple of 4, so that few different sizes occur.
    count = min(pixels, 4 * ceil((2 * half / pixel + 3) / 4))
    return count, (middle - count / 2).round().long().clamp(0, pixels - count)
