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
        self.entries, self.top, self.left, self.shape = entries, top, left, (rows, columns)

    def change(self, planes, function):
        """Replace all rectangles of planes [B, T, H, W] or [B, 3, T, H, W] by function(them), [b, T, 1 or 3, h, w].

        All of them by one index: a GPU would spend its time being asked for one after the other.
        """
        planes = planes.unsqueeze(1) if planes.dim() == 4 else planes
        rows, columns = (torch.arange(n, device=planes.device) for n in self.shape)
        moments = torch.arange(self.top.shape[1], device=planes.device)
        index = (self.entries[:, None, None, None], moments[:, None, None],
                 self.top[..., None, None] + rows[:, None], self.left[..., None, None] + columns)
        pixels = planes.permute(0, 2, 3, 4, 1)
        pixels[index] = function(pixels[index].movedim(-1, 2)).movedim(2, -1)

    def blend(self, planes, values, cover):
        """Lay values, [b, T, h, w] or [b, T, 3, h, w], over planes where `cover` [b, T, h, w] is 1."""
        values, cover = values.unsqueeze(2) if values.dim() == 4 else values, cover.unsqueeze(2)
        self.change(planes, lambda parts: torch.lerp(parts, values.expand_as(parts), cover.expand_as(parts)))

    def darken(self, planes, shade):
        self.change(planes, lambda parts: parts * (1 - shade.unsqueeze(2)))


def extent(middle, half, pixel, pixels):
    """How many pixels a window has and where it begins, inside the frame. half: the largest half side."""
    # Rounded up to a multiple of 4, so that few different sizes occur.
    count = min(pixels, 4 * ceil((2 * half / pixel + 3) / 4))
    return count, (middle - count / 2).round().long().clamp(0, pixels - count)
