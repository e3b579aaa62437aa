"""The English grammar: synonyms, optional parts and several word orders. All lower case."""

from .omission import CLEAR_SHARE, STILL_SHARE, says
from .vocabulary import COLOURS, DUST_RAISERS, SUBJECT_MOTIONS

SUBJECT_NAMES = {
    "ball": ["ball"],
    "box": ["box", "box", "gift box", "present"],
    "star": ["star"],
    "balloon": ["balloon"],
    "car": ["car", "car", "automobile"],
    "boat": ["boat", "boat", "sailboat", "ship"],
    "bird": ["bird"],
    "rocket": ["rocket", "rocket", "spaceship"],
    "pickup truck": ["pickup truck", "pickup truck", "pickup", "truck"],
    "fish": ["fish"],
    "tree": ["tree"],
    "house": ["house", "house", "cottage"],
    "windmill": ["windmill", "windmill", "mill"],
    "horse": ["horse", "horse", "pony"],
    "robot": ["robot"],
    "person": ["person", "person", "human"],
}
COLOUR_NAMES = {name: [name] for name in COLOURS} | {"purple": ["purple", "purple", "violet"]}
SIZE_NAMES = {"small": ["small", "small", "little", "tiny"], "medium": [""], "large": ["big", "big", "large", "huge"]}
PACE_NAMES = {"slow": ["slowly", "slowly", "gently"], "normal": [""], "fast": ["quickly", "fast", "fast", "rapidly"]}
# Where something is; "over" goes with what moves through the air as well as with what rolls along.
PLACE_PHRASES = {
    "meadow": ["over the meadow", "in the meadow", "in a green meadow", "on the grass", "across the meadow", "over a meadow", "in a field"],
    "desert": ["in the desert", "over the desert", "across the desert", "in a sandy desert", "on the sand", "through the desert"],
    "sea": ["over the sea", "on the sea", "at sea", "over the ocean", "on the water", "across the sea", "in the sea"],
    "snow": ["in the snow", "over the snow", "on the snow", "across the snow", "in a snowy landscape", "in a snowy field"],
    "city": ["in the city", "over the city", "in a city street", "on the street", "through the city", "in town"],
    "space": ["in space", "in outer space", "on the moon", "over the moon", "through space"],
    "mountains": ["in the mountains", "before the mountains", "in front of snowy mountains", "in the alps", "through the mountains"],
    "forest": ["in the forest", "in the woods", "through the forest", "in a dark forest", "among the trees"],
}
TIME_PHRASES = {
    "morning": ["in the morning", "in the early morning", "at sunrise", "at dawn"],
    "noon": ["at noon", "at midday", "during the day", "in the daytime"],
    "sunset": ["at sunset", "at sunset", "at dusk", "in the evening"],
    "night": ["at night", "at night", "by night", "at midnight", "in the moonlight"],
}
WEATHER_PHRASES = {
    "clear": ["in clear weather", "under a clear sky", "in good weather"],
    "rain": ["in the rain", "in the rain", "while it rains", "in rainy weather", "as rain falls"],
    "snow": ["while it snows", "in falling snow", "as snow falls", "in snowy weather", "in a snowfall"],
    "fog": ["in the fog", "in the fog", "in thick fog", "in foggy weather", "in the mist"],
    "dust": ["in a dust storm", "in the dust", "in dusty air", "in a sandstorm"],
}
KICKING_UP = ["kicking up dust", "kicking up dust", "kicking up clouds of dust", "raising dust", "leaving a trail of dust"]
# Every camera motion as (third person, participle).
CAMERA_PHRASES = {
    "still": [("stands still", "standing still"), ("does not move", "not moving")],
    "pan left": [("pans left", "panning left"), ("pans to the left", "panning to the left"), ("moves left", "moving left")],
    "pan right": [("pans right", "panning right"), ("pans to the right", "panning to the right"), ("moves right", "moving right")],
    "tilt up": [("tilts up", "tilting up"), ("tilts upwards", "tilting upwards"), ("looks up", "looking up")],
    "tilt down": [("tilts down", "tilting down"), ("tilts downwards", "tilting downwards"), ("looks down", "looking down")],
    "zoom in": [("zooms in", "zooming in"), ("zooms in", "zooming in"), ("moves closer", "moving closer")],
    "zoom out": [("zooms out", "zooming out"), ("zooms out", "zooming out"), ("moves away", "moving away")],
    "orbit": [("orbits", "orbiting"), ("circles around", "circling around"), ("orbits around it", "orbiting around it")],
}
# Every motion as (participle, third person).
MOTION_PHRASES = {
    "moving left": [("moving left", "moves left"), ("moving to the left", "moves to the left"), ("going left", "goes left"),
                    ("travelling to the left", "travels to the left")],
    "moving right": [("moving right", "moves right"), ("moving to the right", "moves to the right"), ("going right", "goes right"),
                     ("travelling to the right", "travels to the right")],
    "rising": [("rising", "rises"), ("rising up", "rises up"), ("going up", "goes up"), ("moving up", "moves up"), ("floating up", "floats up")],
    "falling": [("falling", "falls"), ("falling down", "falls down"), ("going down", "goes down"), ("moving down", "moves down"), ("dropping", "drops")],
    "bouncing": [("bouncing", "bounces"), ("bouncing up and down", "bounces up and down"), ("hopping", "hops"), ("jumping", "jumps")],
    "spinning": [("spinning", "spins"), ("spinning around", "spins around"), ("rotating", "rotates"), ("turning around", "turns around")],
    "circling": [("circling", "circles"), ("moving in a circle", "moves in a circle"), ("going round in circles", "goes round in circles")],
    "growing": [("growing", "grows"), ("growing bigger", "grows bigger"), ("getting bigger", "gets bigger"), ("getting larger", "gets larger")],
    "shrinking": [("shrinking", "shrinks"), ("getting smaller", "gets smaller"), ("becoming smaller", "becomes smaller")],
    "driving past": [("passing by", "passes by"), ("rushing past", "rushes past"), ("going past", "goes past")],
    "walking": [("walking", "walks"), ("walking along", "walks along"), ("strolling", "strolls")],
    "dancing": [("dancing", "dances"), ("dancing happily", "dances happily"), ("dancing around", "dances around")],
}
# The verb with which a subject goes somewhere, as (participle, third person).
OWN_VERBS = {
    "ball": ("rolling", "rolls"), "car": ("driving", "drives"), "pickup truck": ("driving", "drives"), "boat": ("sailing", "sails"),
    "bird": ("flying", "flies"), "rocket": ("flying", "flies"), "fish": ("swimming", "swims"), "balloon": ("floating", "floats"),
    "horse": ("galloping", "gallops"), "robot": ("marching", "marches"), "person": ("running", "runs"),
}
WAYS = {
    "moving left": ["left", "to the left", "to the left"], "moving right": ["right", "to the right", "to the right"],
    "driving past": ["past", "past", "by"],
}
# Verbs that only some subjects use.
OWN_MOTION_PHRASES = {
    (subject, motion): [(f"{participle} {way}", f"{finite} {way}") for way in ways]
    for subject, (participle, finite) in OWN_VERBS.items() for motion, ways in WAYS.items() if motion in SUBJECT_MOTIONS[subject]
} | {
    ("rocket", "rising"): [("taking off", "takes off"), ("flying up", "flies up")],
    ("rocket", "falling"): [("landing", "lands")],
    ("balloon", "rising"): [("flying up", "flies up")],
    ("bird", "rising"): [("flying up", "flies up")],
    ("bird", "circling"): [("flying in circles", "flies in circles")],
    ("car", "circling"): [("driving in circles", "drives in circles")],
    ("pickup truck", "circling"): [("driving in circles", "drives in circles")],
    ("fish", "circling"): [("swimming in circles", "swims in circles")],
    ("windmill", "spinning"): [("turning its sails", "turns its sails"), ("turning in the wind", "turns in the wind")],
}
RELATION_PHRASES = {"left of": ["to the left of", "left of", "on the left of"], "behind": ["behind"]}
CHASING = [("chasing", "chases"), ("chasing", "chases"), ("following", "follows"), ("running after", "runs after")]
# Words without a meaning of their own in this world.
ADJECTIVES = ["", "", "", "", "", "", "shiny", "bright", "beautiful"]
OPENINGS = ["", "", "", "", "", "a video of", "a clip of", "an animation of"]


def english(names, draw):
    """Put a scene, as `names_of` gives it, into words; `draw` is a random.Random.

    A part left out leaves the scene's choice open, but for sizes, paces, weathers and cameras: what is unusual of these is always said,
    so that what nobody speaks of is medium, normal, clear and still. (Usual sizes and paces have no words at all.)
    """

    def sometimes(share, text):
        return text if says(draw, share) else ""

    opening = draw.choice(OPENINGS)
    subject = noun(names["subject"], names["colour"], draw.choice(SIZE_NAMES[names["size"]]), draw)
    # Without it a second subject or an unusual pace would not be mentioned.
    action = sometimes(0.96 if (names["relation"], names["pace"]) == ("alone", "normal") else 1.0, act(names, bool(opening) or draw.random() < 0.55, draw))
    where = sometimes(0.95, draw.choice(PLACE_PHRASES[names["place"]]))
    when = sometimes(0.92, draw.choice(TIME_PHRASES[names["time"]]))
    weather = sometimes(CLEAR_SHARE if names["weather"] == "clear" else 1.0, describe_weather(names, draw))
    camera = sometimes(STILL_SHARE if names["camera"] == "still" else 1.0, describe_camera(names["camera"], draw))

    core = join(opening, subject, action)
    order = draw.random()
    if order < 0.66:
        text = join(core, where, when)
    elif order < 0.78:
        text = join(core, when, where)
    elif order < 0.90:
        text = join(when and when + ",", core, where)
    else:
        text = join(where and where + ",", core, when)
    text = join(text + ("," if weather.endswith("dust") and draw.random() < 0.7 else ""), weather)
    text = text + (camera if camera else "")
    return text + ("." if draw.random() < 0.12 else "")


def join(*parts):
    return " ".join(p for p in parts if p)


def noun(name, colour, size, draw, waves=False):
    """A subject with article, size and colour."""
    adjective = draw.choice(ADJECTIVES) if not size else ""
    hue = draw.choice(COLOUR_NAMES[colour]) if says(draw, 0.96) else ""
    word = draw.choice(SUBJECT_NAMES[name])
    waving = "waving" if waves and draw.random() < 0.4 else ""
    if name == "person" and hue and draw.random() < 0.4:
        text = join(size, adjective, waving, word, "in", hue)
    else:
        text = join(size, adjective, waving, hue, word)
    return f"the {text}" if draw.random() < 0.25 else with_article(text)


def with_article(name):
    return ("an " if name[0] in "aeiou" else "a ") + name


def act(names, as_participle, draw):
    """What the subject does, how fast, and where it is to a second one."""
    form = 0 if as_participle else 1
    motion, relation = names["motion"], names["relation"]
    pace = draw.choice(PACE_NAMES[names["pace"]])
    if relation == "chasing":
        return chase(names, form, pace, draw)
    own = OWN_MOTION_PHRASES.get((names["subject"], motion), [])
    verb = draw.choice(MOTION_PHRASES[motion] + 2 * own)[form]
    if motion in ("walking", "driving past") and draw.random() < 0.4:
        verb = join(verb, f"to the {names['heading']}")
    # "Fast" only follows its verb.
    text = join(pace, verb) if pace != "fast" and draw.random() < 0.6 else join(verb, pace)
    if relation == "alone":
        return text
    return join(text, draw.choice(RELATION_PHRASES[relation]), second_noun(names, draw))


def chase(names, form, pace, draw):
    verb = "walking after", "walks after"
    if names["motion"] != "walking":
        verb = draw.choice(CHASING)
    way = WAYS.get(names["motion"], [f"to the {names['heading']}"])
    direction = draw.choice(way if names["motion"] != "driving past" else ["past"])
    if names["motion"] == "walking" and draw.random() < 0.5:
        direction = ""
    if pace == "fast":
        return join(verb[form], second_noun(names, draw), direction, pace)
    return join(pace, verb[form], second_noun(names, draw), direction)


def second_noun(names, draw):
    waves = names["second_subject"] == "person" and names["relation"] != "chasing"
    return noun(names["second_subject"], names["second_colour"], "", draw, waves)


def describe_weather(names, draw):
    goes = names["motion"] in ("moving left", "moving right", "driving past", "walking")
    if names["weather"] == "dust" and goes and names["subject"] in DUST_RAISERS and draw.random() < 0.7:
        return draw.choice(KICKING_UP)
    return draw.choice(WEATHER_PHRASES[names["weather"]])


def describe_camera(camera, draw):
    finite, participle = draw.choice(CAMERA_PHRASES[camera])
    return draw.choice([
        f", the camera {finite}", f", the camera {finite}", f" as the camera {finite}", f" while the camera {finite}",
        f", camera {participle}", f", with the camera {participle}",
    ])
