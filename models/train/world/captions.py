"""Captions: one sentence a scene, in English or in Chinese."""

from .chinese import chinese
from .english import english
from .scene import names_of

CHINESE_SHARE = 0.25


def caption(scene, index, draw):
    """One caption of the scene at `index`; `draw` is a random.Random."""
    return (chinese if draw.random() < CHINESE_SHARE else english)(names_of(scene, index), draw)


def known_words(captions):
    """All English words of captions, sorted; Chinese has no spaces between its words."""
    return sorted({word.strip(",.") for text in captions for word in text.split() if word.isascii()})
