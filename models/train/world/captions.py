"""Captions: one sentence a scene, in English or in Chinese."""

from .chinese import chinese
from .english import english
from .scene import names_of

CHINESE_SHARE = 0.25


def caption(scene, index, draw):
    """One caption of the scene at `index`; `draw` is a random.Random."""
    return (chinese if draw.random() < CHINESE_SHARE else english)(names_of(scene, index), draw)


def known_words(captions):
    """All English words of captions and all Chinese characters, sorted: Chinese has no spaces between its words."""
    english = {word.strip(",.") for text in captions for word in text.split() if word.isascii()}
    return sorted(english | {letter for text in captions for letter in text if "\u4e00" <= letter <= "\u9fff"})
