"""What captions leave out: the optional parts, each in its share of the captions."""

import random


class Everything(random.Random):
    """Draws captions that leave nothing out, to ask for everything that a scene is."""


def says(draw, share):
    """Whether an optional part is said, which it is in `share` of all captions."""
    return isinstance(draw, Everything) or draw.random() < share
