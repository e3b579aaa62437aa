"""Signed distance shapes: negative inside, in the units of the coordinates."""

from math import cos, pi, sin

import torch


def circle(x, y, cx, cy, r):
    return torch.sqrt((x - cx) ** 2 + (y - cy) ** 2) - r


def ellipse(x, y, cx, cy, rx, ry):
    """Approximate distance to an ellipse (exact on its border)."""
    dx, dy = (x - cx) / rx, (y - cy) / ry
    k = torch.sqrt(dx * dx + dy * dy)
    return k * (k - 1) / torch.sqrt((dx / rx) ** 2 + (dy / ry) ** 2).clamp_min(1e-4)


def rectangle(x, y, cx, cy, hx, hy, r=0.0):
    """Rectangle with half sides hx, hy and corner radius r."""
    dx, dy = (x - cx).abs() - (hx - r), (y - cy).abs() - (hy - r)
    outside = torch.sqrt(dx.clamp_min(0) ** 2 + dy.clamp_min(0) ** 2)
    return outside + torch.maximum(dx, dy).clamp_max(0) - r


def polygon(x, y, points):
    """Convex polygon, corners anticlockwise."""
    d = None
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
        ex, ey = bx - ax, by - ay
        n = (ex * ex + ey * ey) ** 0.5
        edge = (x * (ey / n) - y * (ex / n)) + (ay * ex - ax * ey) / n
        d = edge if d is None else torch.maximum(d, edge)
    return d


def limb(x, y, start, end, r):
    """A rod with round ends from `start` to `end`, pairs of numbers or of tensors."""
    ex, ey = end[0] - start[0], end[1] - start[1]
    dx, dy = x - start[0], y - start[1]
    along = ((dx * ex + dy * ey) / (ex * ex + ey * ey + 1e-9)).clamp(0, 1)
    return torch.sqrt((dx - along * ex) ** 2 + (dy - along * ey) ** 2) - r


def star5(x, y, r, inner):
    """Five-pointed star with a tip at the top, outer radius r, inner radius r * inner."""
    a = torch.atan2(x, y)
    a = (a + pi / 5).remainder(2 * pi / 5) - pi / 5
    rho = torch.sqrt(x * x + y * y)
    px, py = rho * torch.sin(a.abs()), rho * torch.cos(a)
    # The edge from the tip (0, r) to the notch at 36 degrees.
    qx, qy = r * inner * sin(pi / 5), r * inner * cos(pi / 5)
    ex, ey = qx, qy - r
    n = (ex * ex + ey * ey) ** 0.5
    return -((px * ey - (py - r) * ex) / n)
