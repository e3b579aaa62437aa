"""The things the world is made of. Every list's order is the meaning of the indices in `Scene`: append only."""

SUBJECTS = (
    "ball", "box", "star", "balloon", "car", "boat", "bird", "rocket",
    "pickup truck", "fish", "tree", "house", "windmill", "horse", "robot", "person",
)
PLACES = ("meadow", "desert", "sea", "snow", "city", "space", "mountains", "forest")
TIMES = ("morning", "noon", "sunset", "night")
WEATHERS = ("clear", "rain", "snow", "fog", "dust")
MOTIONS = (
    "moving left", "moving right", "rising", "falling", "bouncing",
    "spinning", "circling", "growing", "shrinking", "driving past", "walking", "dancing",
)
CAMERAS = ("still", "pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out", "orbit")
RELATIONS = ("alone", "left of", "behind", "chasing")
# The subject's size and the pace of its motion, relative to the usual ones.
SIZES = {"small": 0.74, "medium": 1.0, "large": 1.3}
PACES = {"slow": 0.55, "normal": 1.0, "fast": 1.7}
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
    "brown": (0.48, 0.25, 0.09),
    "black": (0.13, 0.13, 0.16),
}

# What a subject can do.
AIRBORNE = ("moving left", "moving right", "rising", "falling", "bouncing", "spinning", "circling", "growing", "shrinking")
ROOTED = ("bouncing", "growing", "shrinking")
DRIVING = ("moving left", "moving right", "bouncing", "spinning", "circling", "growing", "shrinking", "driving past")
WALKING = ("moving left", "moving right", "bouncing", "growing", "shrinking", "walking")
SUBJECT_MOTIONS = {
    "ball": AIRBORNE, "box": AIRBORNE, "star": AIRBORNE, "balloon": AIRBORNE,
    "bird": AIRBORNE + ("driving past",), "rocket": AIRBORNE + ("driving past",), "fish": AIRBORNE + ("driving past",),
    "car": DRIVING, "pickup truck": DRIVING, "boat": DRIVING,
    "tree": ROOTED, "house": ROOTED, "windmill": ROOTED + ("spinning",),
    "horse": WALKING + ("driving past",), "robot": WALKING + ("dancing", "spinning"), "person": WALKING + ("dancing",),
}
# Two subjects: the first one moves, the second one watches, or flees if it is chased.
STAYING = ("rising", "falling", "bouncing", "spinning", "circling", "growing", "shrinking", "dancing")
TRAVELLING = ("moving left", "moving right", "driving past", "walking")
RELATION_MOTIONS = {"alone": MOTIONS, "left of": STAYING, "behind": MOTIONS, "chasing": TRAVELLING}
PLACE_WEATHERS = {
    "meadow": ("clear", "rain", "snow", "fog", "dust"),
    "desert": ("clear", "fog", "dust"),
    "sea": ("clear", "rain", "snow", "fog"),
    "snow": ("clear", "snow", "fog"),
    "city": ("clear", "rain", "snow", "fog", "dust"),
    "space": ("clear",),
    "mountains": ("clear", "rain", "snow", "fog"),
    "forest": ("clear", "rain", "snow", "fog"),
}
# What would drown.
NEVER_AT_SEA = ("car", "pickup truck", "tree", "house", "windmill", "horse", "robot", "person")
# Those that kick up dust where there is some.
DUST_RAISERS = ("car", "pickup truck", "horse", "person", "robot")
