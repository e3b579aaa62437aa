"""Captions: a small grammar of English with synonyms, optional parts and several word orders. All lower case."""

import random

from .vocabulary import COLOURS, MOTIONS, PLACES, SUBJECTS, TIMES

SUBJECT_NAMES = {
    "ball": ["ball", "ball", "ball"],
    "box": ["box", "box", "gift box", "present"],
    "star": ["star", "star"],
    "balloon": ["balloon", "balloon"],
    "car": ["car", "car", "automobile"],
    "boat": ["boat", "boat", "sailboat", "ship"],
    "bird": ["bird", "bird"],
    "rocket": ["rocket", "rocket", "spaceship"],
}
COLOUR_NAMES = {name: [name] for name in COLOURS} | {"purple": ["purple", "purple", "violet"]}
# Where something is; "over" goes with what moves through the air as well as with what rolls along.
PLACE_PHRASES = {
    "meadow": ["over the meadow", "in the meadow", "in a green meadow", "on the grass", "across the meadow", "over a meadow", "in a field"],
    "desert": ["in the desert", "over the desert", "across the desert", "in a sandy desert", "on the sand", "through the desert"],
    "sea": ["over the sea", "on the sea", "at sea", "over the ocean", "on the water", "across the sea", "in the sea"],
    "snow": ["in the snow", "over the snow", "on the snow", "across the snow", "in a snowy forest", "in a snowy landscape"],
    "city": ["in the city", "over the city", "in a city street", "on the street", "through the city", "in town"],
    "space": ["in space", "in outer space", "on the moon", "over the moon", "through space"],
}
TIME_PHRASES = {
    "morning": ["in the morning", "in the early morning", "at sunrise", "at dawn"],
    "noon": ["at noon", "at midday", "during the day", "on a sunny day", "in the daytime"],
    "sunset": ["at sunset", "at sunset", "at dusk", "in the evening"],
    "night": ["at night", "at night", "by night", "at midnight", "in the moonlight"],
}
# Every motion as (participle, third person).
MOTION_PHRASES = {
    "moving left": [("moving left", "moves left"), ("moving to the left", "moves to the left"), ("going left", "goes left"),
                    ("travelling to the left", "travels to the left"), ("sliding to the left", "slides to the left")],
    "moving right": [("moving right", "moves right"), ("moving to the right", "moves to the right"), ("going right", "goes right"),
                     ("travelling to the right", "travels to the right"), ("sliding to the right", "slides to the right")],
    "rising": [("rising", "rises"), ("rising up", "rises up"), ("going up", "goes up"), ("moving up", "moves up"), ("floating up", "floats up")],
    "falling": [("falling", "falls"), ("falling down", "falls down"), ("going down", "goes down"), ("moving down", "moves down"), ("dropping", "drops")],
    "bouncing": [("bouncing", "bounces"), ("bouncing up and down", "bounces up and down"), ("hopping", "hops"), ("jumping", "jumps")],
    "spinning": [("spinning", "spins"), ("spinning around", "spins around"), ("rotating", "rotates"), ("turning around", "turns around")],
    "circling": [("circling", "circles"), ("flying in circles", "flies in circles"), ("moving in a circle", "moves in a circle"), ("going round in circles", "goes round in circles")],
    "growing": [("growing", "grows"), ("growing bigger", "grows bigger"), ("getting bigger", "gets bigger"), ("getting larger", "gets larger")],
    "shrinking": [("shrinking", "shrinks"), ("getting smaller", "gets smaller"), ("becoming smaller", "becomes smaller")],
}
# Verbs that only some subjects use.
OWN_MOTION_PHRASES = {
    ("ball", "moving left"): [("rolling to the left", "rolls to the left"), ("rolling left", "rolls left")],
    ("ball", "moving right"): [("rolling to the right", "rolls to the right"), ("rolling right", "rolls right")],
    ("car", "moving left"): [("driving to the left", "drives to the left"), ("driving left", "drives left")],
    ("car", "moving right"): [("driving to the right", "drives to the right"), ("driving right", "drives right")],
    ("boat", "moving left"): [("sailing to the left", "sails to the left"), ("sailing left", "sails left")],
    ("boat", "moving right"): [("sailing to the right", "sails to the right"), ("sailing right", "sails right")],
    ("bird", "moving left"): [("flying to the left", "flies to the left"), ("flying left", "flies left")],
    ("bird", "moving right"): [("flying to the right", "flies to the right"), ("flying right", "flies right")],
    ("rocket", "moving left"): [("flying to the left", "flies to the left"), ("flying left", "flies left")],
    ("rocket", "moving right"): [("flying to the right", "flies to the right"), ("flying right", "flies right")],
    ("rocket", "rising"): [("taking off", "takes off"), ("flying up", "flies up")],
    ("rocket", "falling"): [("landing", "lands")],
    ("balloon", "rising"): [("flying up", "flies up")],
    ("bird", "rising"): [("flying up", "flies up")],
}
# Words without a meaning of their own in this world.
ADJECTIVES = ["", "", "", "", "", "little", "big", "shiny", "bright", "beautiful"]
OPENINGS = ["", "", "", "", "", "a video of", "a clip of", "an animation of"]


def caption(scene, index, draw):
    """One caption of the scene at `index`; `draw` is a random.Random."""
    subject, colour, place, time, motion = (
        names[int(values[index])]
        for names, values in (
            (SUBJECTS, scene.subject), (tuple(COLOURS), scene.colour), (PLACES, scene.place),
            (TIMES, scene.time), (MOTIONS, scene.motion),
        )
    )
    return phrase(subject, colour, place, time, motion, draw)


def phrase(subject, colour, place, time, motion, draw):
    """Put one scene into words. A part left out leaves the scene's choice open."""
    adjective = draw.choice(ADJECTIVES)
    hue = draw.choice(COLOUR_NAMES[colour]) if draw.random() > 0.05 else ""
    name = " ".join(w for w in (adjective, hue, draw.choice(SUBJECT_NAMES[subject])) if w)
    verbs = MOTION_PHRASES[motion] + 2 * OWN_MOTION_PHRASES.get((subject, motion), [])
    participle, finite = draw.choice(verbs)
    if draw.random() < 0.04:
        participle = finite = ""
    where = draw.choice(PLACE_PHRASES[place]) if draw.random() > 0.05 else ""
    when = draw.choice(TIME_PHRASES[time]) if draw.random() > 0.08 else ""
    article = draw.choice(["the", with_article(name), with_article(name), with_article(name)])
    opening = draw.choice(OPENINGS)
    noun = f"{article} {name}" if article == "the" else article

    verb = participle if opening or draw.random() < 0.55 else finite
    core = [opening, noun, verb]
    order = draw.random()
    if order < 0.68:
        parts = core + [where, when]
    elif order < 0.80:
        parts = core + [when, where]
    elif order < 0.92:
        parts = [when + "," if when else ""] + core + [where]
    else:
        parts = [where + "," if where else ""] + core + [when]
    text = " ".join(p for p in parts if p)
    return text + ("." if draw.random() < 0.12 else "")


def with_article(name):
    return ("an " if name[0] in "aeiou" else "a ") + name


def known_words(captions):
    """All words of captions, sorted."""
    return sorted({word.strip(",.") for text in captions for word in text.split()})
