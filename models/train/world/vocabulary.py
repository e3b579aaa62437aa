"""The things the world is made of. Every list's order is the meaning of the indices in `Scene`: append only."""

SUBJECTS = ("ball", "box", "star", "balloon", "car", "boat", "bird", "rocket")
PLACES = ("meadow", "desert", "sea", "snow", "city", "space")
TIMES = ("morning", "noon", "sunset", "night")
MOTIONS = (
    "moving left", "moving right", "rising", "falling", "bouncing",
    "spinning", "circling", "growing", "shrinking",
)
# sRGB, 0..1. Saturated, so that a subject differs from every background.
COLOURS = {
    "red": (0.90, 0.09, 0.09),
    "orange": (1.00, 0.50, 0.02),
    "yellow": (1.00, 0.90, 0.05),
    "green": (0.03, 0.58, 0.16),
    "blue": (0.08, 0.25, 0.95),
    "purple": (0.52, 0.10, 0.80),
    "pink": (1.00, 0.40, 0.75),
    "white": (0.97, 0.97, 0.97),
}
