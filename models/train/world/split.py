"""Which combinations are never trained on, so that generalisation can be measured."""

from .vocabulary import RELATIONS

HELD_OUT_PART = 20  # one combination in so many


def held_out(scene):
    """Bool [B]: whether a scene shows a combination of subject, colour, motion and place that is kept from training."""
    first = chosen(scene.subject, scene.colour, scene.motion, scene.place)
    # What is chased moves too.
    second = chosen(scene.second_subject, scene.second_colour, scene.motion, scene.place)
    return first | (second & (scene.relation == RELATIONS.index("chasing")))


def chosen(subject, colour, motion, place):
    """A hash of the combination decides; it depends on indices only, which never change their meaning."""
    mixed = ((subject * 64 + colour) * 64 + motion) * 64 + place
    for factor in (0x45D9F3B, 0x27D4EB2D):
        mixed = (((mixed ^ (mixed >> 15)) & 0x7FFFFFFF) * factor) & 0x7FFFFFFF
    return (mixed ^ (mixed >> 13)) % HELD_OUT_PART == 0
