"""The Chinese grammar, with the same freedom as the English one."""

from .omission import CLEAR_SHARE, STILL_SHARE, says
from .vocabulary import DUST_RAISERS

# Names with their measure words.
SUBJECT_NAMES = {
    "ball": ["个球", "只球", "个皮球"], "box": ["个盒子", "个礼物盒", "个箱子"], "star": ["颗星星", "颗星"], "balloon": ["个气球", "只气球"],
    "car": ["辆汽车", "辆车", "辆轿车"], "boat": ["艘船", "艘帆船", "只帆船"], "bird": ["只鸟", "只鸟儿"], "rocket": ["枚火箭", "艘飞船"],
    "pickup truck": ["辆皮卡", "辆皮卡车"], "fish": ["条鱼", "条鱼儿"], "tree": ["棵树"], "house": ["座房子", "间房子", "座房屋"],
    "windmill": ["座风车", "个风车"], "horse": ["匹马", "匹马儿"], "robot": ["个机器人"], "person": ["个人"],
}
COLOUR_NAMES = {
    "red": "红", "orange": "橙", "yellow": "黄", "green": "绿", "blue": "蓝", "purple": "紫", "pink": "粉", "white": "白",
    "brown": "棕", "black": "黑",
}
SIZE_NAMES = {"small": ["小", "小小的"], "medium": [""], "large": ["大", "巨大的"]}
PACE_NAMES = {"slow": ["慢慢地", "缓慢地"], "normal": [""], "fast": ["快速地", "飞快地", "迅速地"]}
PLACE_PHRASES = {
    "meadow": ["草地上", "草原上", "绿色的草地上", "田野里"], "desert": ["沙漠里", "沙漠中", "沙地上"], "sea": ["海上", "大海上", "海面上"],
    "snow": ["雪地里", "雪地上", "雪原上"], "city": ["城市里", "城市街道上", "街道上", "城里"], "space": ["太空中", "月球上", "太空里"],
    "mountains": ["山里", "雪山前", "群山中"], "forest": ["森林里", "树林里", "森林中"],
}
TIME_PHRASES = {
    "morning": ["早晨", "清晨", "日出时", "早上"], "noon": ["中午", "正午", "白天"], "sunset": ["日落时", "傍晚", "黄昏时"],
    "night": ["夜晚", "夜里", "晚上", "月光下"],
}
WEATHER_PHRASES = {
    "clear": ["天气晴朗", "晴空万里"], "rain": ["下着雨", "天上下着雨", "雨中"], "snow": ["下着雪", "雪花飘落", "天上飘着雪"],
    "fog": ["大雾弥漫", "雾中", "起了雾"], "dust": ["沙尘弥漫", "尘土飞扬", "刮着沙尘暴"],
}
KICKING_UP = ["扬起尘土", "扬起阵阵尘土", "身后尘土飞扬"]
CAMERA_PHRASES = {
    "still": ["镜头静止", "固定镜头"], "pan left": ["镜头向左摇", "镜头向左移动", "镜头左移"],
    "pan right": ["镜头向右摇", "镜头向右移动", "镜头右移"], "tilt up": ["镜头向上摇", "镜头上仰"], "tilt down": ["镜头向下摇", "镜头下俯"],
    "zoom in": ["镜头拉近", "镜头推近"], "zoom out": ["镜头拉远", "镜头后退"], "orbit": ["镜头环绕", "镜头环绕拍摄"],
}
MOTION_PHRASES = {
    "moving left": ["向左移动", "往左移动", "向左行进"], "moving right": ["向右移动", "往右移动", "向右行进"],
    "rising": ["上升", "向上升起", "升起"], "falling": ["下落", "落下", "向下掉落"], "bouncing": ["弹跳", "上下跳动", "蹦跳"],
    "spinning": ["旋转", "转动", "转圈"], "circling": ["绕圈", "盘旋", "绕着圆圈移动"], "growing": ["变大", "越变越大"],
    "shrinking": ["变小", "越变越小", "缩小"], "driving past": ["经过", "路过", "从眼前经过"], "walking": ["走路", "行走", "散步"],
    "dancing": ["跳舞", "欢快地跳舞"],
}
OWN_VERBS = {
    "ball": "滚", "car": "行驶", "pickup truck": "行驶", "boat": "航行", "bird": "飞", "rocket": "飞", "fish": "游", "balloon": "飘",
    "horse": "奔跑", "robot": "行进", "person": "跑",
}
SIDES = {"left": "左", "right": "右"}


def chinese(names, draw):
    """Put a scene, as `names_of` gives it, into words; `draw` is a random.Random."""

    def sometimes(share, text):
        return text if says(draw, share) else ""

    subject = noun(names["subject"], names["colour"], draw.choice(SIZE_NAMES[names["size"]]), draw)
    where, when = sometimes(0.95, draw.choice(PLACE_PHRASES[names["place"]])), sometimes(0.92, draw.choice(TIME_PHRASES[names["time"]]))
    # Without it a second subject or an unusual pace would not be mentioned.
    action = sometimes(0.96 if (names["relation"], names["pace"]) == ("alone", "normal") else 1.0, act(names, draw))
    weather = sometimes(CLEAR_SHARE if names["weather"] == "clear" else 1.0, describe_weather(names, draw))
    camera = sometimes(STILL_SHARE if names["camera"] == "still" else 1.0, draw.choice(CAMERA_PHRASES[names["camera"]]))

    at = f"在{where}" if where else ""
    order = draw.random()
    if names["relation"] in ("left of", "behind"):
        # Two places in one sentence: the wider one comes first.
        sentence = f"{when}{'的' if when and where else ''}{where}{'，' if when or where else ''}{subject}{action}"
    elif order < 0.45:
        sentence = f"{when}{'，' if when else ''}{subject}{at}{action}"
    elif order < 0.75:
        sentence = f"{subject}{when}{at}{action}"
    else:
        sentence = f"{when}{'的' if when and where else ''}{where}{'，' if when or where else ''}{subject}{action}"
    text = "，".join(part for part in (sentence, weather, camera) if part)
    return text + ("。" if draw.random() < 0.2 else "")


def noun(name, colour, size, draw):
    """A subject with measure word, size and colour: 一辆红色的小汽车 is one thing, red, small."""
    word = draw.choice(SUBJECT_NAMES[name])
    measure, word = word[0], word[1:]
    hue = COLOUR_NAMES[colour] + draw.choice(["色的", "色的", "色"]) if says(draw, 0.96) else ""
    if name == "person" and hue and draw.random() < 0.4:
        return f"一{measure}穿{COLOUR_NAMES[colour]}衣服的{size}{word}"
    return f"一{measure}{size}{hue}{word}" if size.endswith("的") else f"一{measure}{hue}{size}{word}"


def act(names, draw):
    """What the subject does, how fast, and where it is to a second one."""
    motion, relation = names["motion"], names["relation"]
    pace = draw.choice(PACE_NAMES[names["pace"]])
    if relation == "chasing":
        return chase(names, pace, draw)
    verb = pace + move(names, draw)
    if relation == "alone":
        return verb
    second = noun(names["second_subject"], names["second_colour"], "", draw)
    if names["second_subject"] == "person" and draw.random() < 0.4:
        second = second.replace("一个", "一个挥手的", 1)
    side = draw.choice(["左边", "左侧"]) if relation == "left of" else draw.choice(["后面", "后边"])
    return f"在{second}{side}{verb}"


def move(names, draw):
    """The motion's verb; often that with which this subject goes somewhere."""
    motion, own = names["motion"], OWN_VERBS.get(names["subject"])
    if own and draw.random() < 0.5:
        if motion in ("moving left", "moving right"):
            return f"向{SIDES[motion.split()[1]]}{own}"
        if motion == "driving past":
            return {"行驶": "驶", "航行": "驶", "奔跑": "跑", "行进": "走"}.get(own, own) + "过"
    verb = draw.choice(MOTION_PHRASES[motion])
    if motion == "walking" and draw.random() < 0.4:
        return f"向{SIDES[names['heading']]}{draw.choice(['走', '行走'])}"
    return verb


def chase(names, pace, draw):
    second = noun(names["second_subject"], names["second_colour"], "", draw)
    verb = draw.choice(["追着", "追赶着", "跟着"])
    motion = names["motion"]
    if motion == "walking":
        return f"{pace}{verb}{second}走"
    if motion == "driving past":
        return f"{pace}{verb}{second}经过"
    return f"{pace}{verb}{second}向{SIDES[motion.split()[1]]}{draw.choice(['移动', '跑', '前进'])}"


def describe_weather(names, draw):
    goes = names["motion"] in ("moving left", "moving right", "driving past", "walking")
    if names["weather"] == "dust" and goes and names["subject"] in DUST_RAISERS and draw.random() < 0.7:
        return draw.choice(KICKING_UP)
    return draw.choice(WEATHER_PHRASES[names["weather"]])
