"""A brush that paints subjects as layers of signed distance shapes with anti-aliased borders."""

import torch

from .constants import constant

BORDER = 0.028  # width of the pale border that sets a subject off from what is behind it, as cut out of paper
LIGHT = (-0.5, 0.8)  # where the light comes from

WHITE = (0.98, 0.98, 0.98)
DARK = (0.10, 0.10, 0.13)
GLASS = (0.70, 0.90, 1.00)
WOOD = (0.45, 0.28, 0.14)
STEEL = (0.72, 0.74, 0.78)


class Brush:
    """Paints subjects in their own coordinates: x to the right, y upwards, about -0.5..0.5 in height.

    x, y: [b, T, H, W]; pixel: a pixel's side in local units, [b, T, 1, 1]; pose: what limbs do; moment: seconds, [1, T, 1, 1].
    `rgb` [b, T, 3, H, W] and `alpha` [b, T, H, W] are the result so far.
    """

    def __init__(self, x, y, pixel, pose, moment, light, records):
        self.x, self.y, self.pixel, self.moment = x, y, pixel, moment
        limbs = pose.cycle, pose.walks, pose.dances, pose.rolled
        self.cycle, self.walks, self.dances, self.rolled = (v[..., None, None] for v in limbs)
        self.light = light
        self.outline = torch.full_like(x, 9.0)
        self.rgb = x.new_zeros(*x.shape[:2], 3, *x.shape[2:])
        self.edges = torch.zeros_like(x) if records else None

    def cover(self, distance):
        return (0.5 - distance / self.pixel).clamp(0, 1)

    def lay(self, distance, colour, shade=None):
        """Cover the inside of `distance` with `colour` ([b, 3] or a triple), times `shade` [b, T, H, W]."""
        cover = self.cover(distance)
        if not torch.is_tensor(colour):
            colour = constant(colour, self.x.device) * self.light
        paint = colour[:, None, :, None, None]
        if shade is not None:
            paint = paint * shade[:, :, None]
        self.rgb.lerp_(paint.expand_as(self.rgb), cover[:, :, None].expand_as(self.rgb))
        self.outline = torch.minimum(self.outline, distance)
        if self.edges is not None:
            line = (1.3 - distance.abs() / self.pixel).clamp(0, 1)
            self.edges = torch.maximum(self.edges * (1 - cover), line)

    def body(self, distance, colour, round_by=0.5):
        """The subject's coloured body: lit from the upper left, with a dark rim."""
        lit = 1.0 + round_by * (self.x * LIGHT[0] + self.y * LIGHT[1])
        rim = 0.62 + 0.38 * ((-distance - 0.01) / 0.05).clamp(0, 1)
        self.lay(distance, colour, lit * rim)

    def accent(self, colour):
        """White, or grey on what is white itself; [b, 3]."""
        device = self.x.device
        return torch.where(is_white(colour), constant((0.52, 0.58, 0.68), device), constant(WHITE, device)) * self.light

    def finished(self, colour):
        """Colours and alpha with the border around everything: pale, but dark around a white subject."""
        inside = self.cover(self.outline)
        # At least most of a pixel wide, so that small subjects have it too.
        border = self.cover(self.outline - (self.pixel * 0.7).clamp_min(BORDER))
        device = self.x.device
        paper = torch.where(is_white(colour), constant((0.34, 0.38, 0.50), device), constant((1.0, 0.98, 0.92), device))
        paper = (paper * (0.55 + 0.45 * self.light))[:, None, :, None, None].expand_as(self.rgb)
        return torch.lerp(paper, self.rgb, inside[:, :, None].expand_as(self.rgb)).clamp_(0, 1), border


def is_white(colour):
    """[b, 1], whatever the light."""
    return (colour.amin(1) > 0.6 * colour.amax(1))[:, None] & (colour.amax(1) > 0.5)[:, None]
