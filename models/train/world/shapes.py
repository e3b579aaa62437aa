"""The subjects as painted layers of signed distance shapes.

Coordinates are the subject's own: x to the right, y upwards, the subject fills about -0.5..0.5 in height.
Each painter takes a `Brush` and lays its layers over it, back to front.
"""

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
        edge = ((x - ax) * ey - (y - ay) * ex) / n
        d = edge if d is None else torch.maximum(d, edge)
    return d


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


class Brush:
    """Paints layers with anti-aliased borders.

    x, y: local coordinates, [B, T, H, W]; pixel: a pixel's side in local units, [B, T, 1, 1]; moment: seconds, [1, T, 1, 1].
    `rgb` [B, T, 3, H, W] and `alpha` [B, T, H, W] are the result so far.
    """

    def __init__(self, x, y, pixel, moment, light):
        self.x, self.y, self.pixel, self.moment, self.light = x, y, pixel, moment, light
        self.alpha = torch.zeros_like(x)
        self.rgb = x.new_zeros(*x.shape[:2], 3, *x.shape[2:])

    def cover(self, distance):
        return (0.5 - distance / self.pixel).clamp(0, 1)

    def lay(self, distance, colour, shade=None):
        """Cover the inside of `distance` with `colour` ([B, 3] or a triple), times `shade` [B, T, H, W]."""
        a = self.cover(distance)
        if not torch.is_tensor(colour):
            colour = self.x.new_tensor(colour)[None]
        paint = colour[:, None, :, None, None]
        if shade is not None:
            paint = paint * shade[:, :, None]
        self.rgb = torch.lerp(self.rgb, paint.expand_as(self.rgb), a[:, :, None])
        self.alpha = self.alpha + a * (1 - self.alpha)

    def body(self, distance, colour, round_by=0.5):
        """The subject's coloured body: lit from the upper left, with a dark rim."""
        lx, ly = self.light
        lit = 1.0 + round_by * (self.x * lx + self.y * ly)
        rim = 0.55 + 0.45 * ((-distance - 0.015) / 0.05).clamp(0, 1)
        self.lay(distance, colour, lit * rim)


WHITE = (0.98, 0.98, 0.98)
DARK = (0.10, 0.10, 0.13)
GLASS = (0.70, 0.90, 1.00)


def paint_ball(b, colour):
    x, y = b.x, b.y
    disc = circle(x, y, 0, 0, 0.5)
    b.body(disc, colour, 0.7)
    band = torch.maximum(rectangle(x, y, 0, 0, 0.6, 0.085), disc + 0.03)
    b.lay(band, WHITE)


def paint_box(b, colour):
    x, y = b.x, b.y
    b.body(rectangle(x, y, 0, 0, 0.45, 0.45, 0.04), colour, 0.35)
    for ribbon in (rectangle(x, y, 0, 0, 0.41, 0.07), rectangle(x, y, 0, 0, 0.07, 0.41)):
        b.lay(ribbon, colour * 0.45)


def paint_star(b, colour):
    b.body(star5(b.x, b.y + 0.03, 0.58, 0.5), colour, 0.4)


def paint_balloon(b, colour):
    x, y = b.x, b.y
    wave = 0.03 * torch.sin(14 * y + 4 * b.moment)
    b.lay(rectangle(x + wave, y, 0, -0.42, 0.018, 0.2), (0.35, 0.30, 0.30))
    b.lay(polygon(x, y, [(-0.07, -0.26), (0.07, -0.26), (0.0, -0.14)]), colour * 0.6)
    b.body(ellipse(x, y, 0, 0.18, 0.32, 0.38), colour, 0.6)
    b.lay(ellipse(x, y, -0.12, 0.32, 0.06, 0.1), WHITE)


def paint_car(b, colour):
    x, y = b.x, b.y
    b.body(polygon(x, y, [(-0.42, 0.0), (0.34, 0.0), (0.18, 0.36), (-0.30, 0.36)]), colour, 0.3)
    b.lay(polygon(x, y, [(-0.31, 0.03), (-0.05, 0.03), (-0.05, 0.28), (-0.24, 0.28)]), GLASS)
    b.lay(polygon(x, y, [(0.03, 0.03), (0.25, 0.03), (0.14, 0.28), (0.03, 0.28)]), GLASS)
    b.body(rectangle(x, y, 0, -0.12, 0.68, 0.17, 0.08), colour, 0.3)
    b.lay(circle(x, y, 0.62, -0.08, 0.055), (1.0, 0.95, 0.6))
    for wheel in (-0.36, 0.36):
        b.lay(circle(x, y, wheel, -0.28, 0.19), DARK)
        b.lay(circle(x, y, wheel, -0.28, 0.08), (0.75, 0.75, 0.78))


def paint_boat(b, colour):
    x, y = b.x, b.y
    b.lay(rectangle(x, y, -0.02, 0.1, 0.025, 0.42), (0.40, 0.25, 0.12))
    b.body(polygon(x, y, [(0.04, -0.14), (0.48, -0.14), (0.04, 0.52)]), x.new_tensor(WHITE)[None], 0.2)
    b.lay(polygon(x, y, [(-0.40, -0.14), (-0.06, -0.14), (-0.06, 0.40)]), (0.90, 0.86, 0.75))
    b.body(polygon(x, y, [(-0.42, -0.5), (0.40, -0.5), (0.68, -0.18), (-0.62, -0.18)]), colour, 0.3)


def paint_bird(b, colour):
    x, y = b.x, b.y
    b.body(polygon(x, y, [(-0.68, -0.12), (-0.2, -0.14), (-0.2, 0.06), (-0.66, 0.14)]), colour * 0.75, 0.2)
    b.lay(polygon(x, y, [(0.52, 0.04), (0.76, 0.10), (0.52, 0.22)]), (1.0, 0.70, 0.05))
    b.body(ellipse(x, y, -0.04, -0.06, 0.42, 0.27), colour)
    b.body(circle(x, y, 0.38, 0.13, 0.21), colour)
    b.lay(circle(x, y, 0.43, 0.18, 0.075), WHITE)
    b.lay(circle(x, y, 0.45, 0.18, 0.04), DARK)
    flap = 0.42 * torch.sin(2 * pi * b.moment)
    tip = torch.where(flap > 0, flap, 1.2 * flap) + 0.05
    # The wing swings by stretching it upwards and downwards, its root stays on the back.
    height = (y - 0.02) / torch.where(tip.abs() < 0.12, 0.12 * torch.sign(tip + 1e-6), tip)
    wing = polygon(x + 0.25 * height.clamp(0, 1.2), height, [(-0.26, 0.0), (0.16, 0.0), (-0.02, 1.05), (-0.14, 1.05)])
    b.lay(wing * tip.abs().clamp_min(0.12), colour * 0.6)


def paint_rocket(b, colour):
    x, y = b.x, b.y
    flame = 0.10 + 0.03 * torch.sin(2 * pi * 1.6 * b.moment)
    b.lay(ellipse(x, y, 0, -0.42, 0.10, 0.10 + flame), (1.0, 0.62, 0.05))
    b.lay(ellipse(x, y, 0, -0.40, 0.05, 0.05 + flame * 0.7), (1.0, 0.95, 0.55))
    b.lay(polygon(x, y, [(-0.34, -0.42), (-0.10, -0.32), (-0.10, 0.02)]), DARK)
    b.lay(polygon(x, y, [(0.34, -0.42), (0.10, 0.02), (0.10, -0.32)]), DARK)
    b.body(torch.maximum(ellipse(x, y, 0, -0.02, 0.21, 0.60), -0.38 - y), colour)
    b.lay(torch.maximum(ellipse(x, y, 0, -0.02, 0.20, 0.59), 0.30 - y), WHITE)
    b.lay(circle(x, y, 0, 0.08, 0.10), GLASS)


PAINTERS = {
    "ball": paint_ball, "box": paint_box, "star": paint_star, "balloon": paint_balloon,
    "car": paint_car, "boat": paint_boat, "bird": paint_bird, "rocket": paint_rocket,
}
