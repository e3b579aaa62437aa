"""Files that are there whole or not at all."""

import os
from contextlib import contextmanager


@contextmanager
def written_whole(path):
    """A path to write to, whose file then takes the place of `path`: an interruption leaves what was there before."""
    yield f"{path}.part"
    os.replace(f"{path}.part", path)
