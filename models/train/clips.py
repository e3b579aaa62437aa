"""Kinds of clips: a size, a number of frames and a frame rate, written as 64x64x9@8; and their pixels as bytes."""

import re
from dataclasses import dataclass

FRAME_RATES = (8, 12, 16, 24)  # that models are trained with


@dataclass(frozen=True, order=True)
class Kind:
    """Clips of `frames` frames of width x height pixels, `fps` of them a second."""

    width: int
    height: int
    frames: int
    fps: int

    def __str__(self):
        return f"{self.width}x{self.height}x{self.frames}@{self.fps}"


def kind_of(text):
    """The kind that a string names; ValueError for any other string."""
    match = re.fullmatch(r"(\d+)x(\d+)x(\d+)@(\d+)", text)
    if not match:
        raise ValueError(f"{text} is no kind of clip such as 64x64x9@8")
    return Kind(*map(int, match.groups()))


def kind_and_count(text):
    """64x64x9@8=40 -> the kind and 40, for the command line."""
    kind, count = text.rsplit("=", 1)
    return kind_of(kind), int(count)


def to_bytes(clips):
    """Pixels from -1..1 to uint8."""
    return ((clips + 1) * 127.5).round().byte()


def from_bytes(clips):
    """Pixels from uint8 to -1..1."""
    return clips.float() / 127.5 - 1
