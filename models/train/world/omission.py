"""What captions leave out: the optional parts, each in its share of the captions."""

import random

# What is usual is said in these shares of the captions, so that both are known, its words and that it need not be said.
CLEAR_SHARE = 0.4
STILL_SHARE = 0.4


class Everything(random.Random):
    """Draws captions that leave nothing out, to ask for everything that a scene is."""


def says(draw, share):
    """Whether an optional part is said, which it is in `share` of all captions."""
    return isinstance(draw, Everything) or draw.random() < share
