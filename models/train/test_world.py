"""Tests of the procedural world; run with pytest in this folder."""

import random
import re

import pytest
import torch

from render import render
from world.camera import camera_path
from world.captions import caption
from world.chinese import chinese
from world.english import CAMERA_PHRASES, SUBJECT_NAMES, english
from world.omission import Everything
from world.scene import CAN_BE_AT, CAN_DO, CAN_HAVE, NAMES, has_second, joined, names_of, sample_scenes, scene_of
from world.split import held_out
from world.vocabulary import CAMERAS, MOTIONS, PLACES, RELATIONS, SUBJECT_MOTIONS, SUBJECTS, TIMES, WEATHERS


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def looks_right(scene, height=48, width=48, frames=5):
    video, mask = render(scene, frames, height, width)
    assert video.shape == (len(scene), 3, frames, height, width) and mask.shape == (len(scene), frames, height, width)
    assert video.isfinite().all() and video.abs().max() <= 1
    assert mask.isfinite().all() and 0 <= mask.min() and mask.max() <= 1 + 1e-5
    # In the middle of a clip its subject is in sight.
    share = mask[:, frames // 2].mean((1, 2))
    assert (share > 0.004).all() and (share < 0.75).all()
    return video, mask


def test_same_seed_same_scenes_and_clips():
    first, second = (sample_scenes(6, seeded(4)) for _ in range(2))
    for name, value in vars(first).items():
        assert torch.equal(value, getattr(second, name)), name
    assert torch.equal(render(first, 3, 32, 32)[0], render(second, 3, 32, 32)[0])
    assert caption(first, 2, random.Random(1)) == caption(second, 2, random.Random(1))


def test_a_scene_looks_the_same_in_every_batch():
    scenes = sample_scenes(12, seeded(8))
    together = render(scenes, 3, 40, 40)[0]
    for i in range(len(scenes)):
        alone = render(scenes.select(slice(i, i + 1)), 3, 40, 40)[0]
        # Only the faintest trace of a border may end with a window.
        assert (together[i] - alone[0]).abs().max() < 0.06, names_of(scenes, i)


def test_only_chosen_frames():
    scenes = sample_scenes(8, seeded(5))
    every, some = render(scenes, 9, 40, 40)[0], render(scenes, 9, 40, 40, only=[1, 6])[0]
    assert (every[:, :, [1, 6]] - some).abs().max() < 1e-3


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_and_its_motions(subject):
    looks_right(joined([scene_of(seeded(i), subject=subject, motion=m, place="meadow") for i, m in enumerate(SUBJECT_MOTIONS[subject])]))


@pytest.mark.parametrize("place", PLACES)
def test_every_place_at_every_time(place):
    looks_right(joined([scene_of(seeded(i), subject="star", motion="bouncing", place=place, time=t) for i, t in enumerate(TIMES)]))


@pytest.mark.parametrize("weather", WEATHERS)
def test_every_weather(weather, monkeypatch):
    scene = scene_of(seeded(1), subject="car", motion="moving right", place="city", weather=weather)
    video = looks_right(scene)[0]
    # Haze and light of the weather alone.
    monkeypatch.setattr("world.weather.cover_of", lambda weather, x, y, *rest: 0 * (x + y))
    painted = (video - looks_right(scene)[0]).abs().mean()
    assert painted > 0.01 if weather != "clear" else painted == 0


def test_flakes_differ_from_clip_to_clip(monkeypatch):
    scenes = joined([scene_of(seeded(1), subject="star", motion="bouncing", place="city", weather="snow") for _ in range(2)])
    scenes.phase[:] = torch.tensor([0.0, 0.99 / 7])
    snowy = render(scenes, 3, 96, 96)[0]
    monkeypatch.setattr("world.weather.cover_of", lambda weather, x, y, *rest: 0 * (x + y))
    small, large = ((snowy - render(scenes, 3, 96, 96)[0]).abs() > 0.1).float().mean((1, 2, 3, 4))
    assert large > 1.3 * small > 0


@pytest.mark.parametrize("camera", CAMERAS)
def test_every_camera(camera):
    for motion in ("moving left", "growing", "bouncing"):
        looks_right(joined([scene_of(seeded(i), subject="horse", motion=motion, place=p, camera=camera) for i, p in enumerate(("meadow", "space"))]))


@pytest.mark.parametrize("relation", RELATIONS[1:])
def test_both_subjects_are_seen(relation):
    motion = "moving right" if relation == "chasing" else "bouncing"
    scene = scene_of(seeded(), subject="horse", motion=motion, relation=relation, second_subject="car", place="meadow")
    _, _, controls = render(scene, 9, 64, 64, controls=True)
    first, second = controls["masks"][0, :, 4].flatten(1).sum(1)
    assert first > 20 and second > 20
    columns = controls["keypoints"][0, :, 4, 0, 0]
    assert relation == "behind" or columns[0] < columns[1]


@pytest.mark.parametrize("width, height", [(64, 64), (128, 72), (72, 128), (96, 72), (72, 96), (168, 72)])
def test_every_aspect_ratio(width, height):
    scenes = sample_scenes(12, seeded(3))
    clips = render(scenes, 3, height, width)[0]
    assert clips.isfinite().all() and clips.abs().max() <= 1
    looks_right(scene_of(seeded(), subject="ball", motion="bouncing"), height, width)


@pytest.mark.parametrize("frames, fps", [(1, 8), (17, 8), (49, 8), (49, 24)])
def test_subjects_stay_in_sight_however_long_the_clip(frames, fps):
    names = [m for m in MOTIONS if m != "driving past"]
    scenes = joined([scene_of(seeded(i), subject=next(s for s in SUBJECTS if m in SUBJECT_MOTIONS[s]), motion=m) for i, m in enumerate(names)])
    _, mask = render(scenes, frames, 32, 32, fps=fps)
    assert (mask.mean((2, 3)) > 0.004).all()


def test_sampled_scenes_make_sense():
    scenes = sample_scenes(4000, seeded())
    assert CAN_DO[scenes.subject, scenes.motion].all()
    assert CAN_HAVE[scenes.place, scenes.weather].all()
    assert CAN_BE_AT[scenes.subject, scenes.place].all()
    chasing = scenes.relation == RELATIONS.index("chasing")
    assert chasing.any() and CAN_DO[scenes.second_subject, scenes.motion][chasing].all()
    assert (scenes.colour != scenes.second_colour).all()
    for name, words in NAMES.items():
        assert len(getattr(scenes, name).unique()) == len(words), name


def test_held_out_share():
    assert not held_out(sample_scenes(2000, seeded())).any()
    assert held_out(sample_scenes(300, seeded(), held_out=True)).all()
    paired = sample_scenes(300, seeded(), paired=True)
    assert len(paired) == 300 and has_second(paired).all() and not held_out(paired).any()
    grid = torch.cartesian_prod(torch.arange(len(SUBJECTS)), torch.arange(10), torch.arange(len(MOTIONS)), torch.arange(len(PLACES)))
    scenes = sample_scenes(1, seeded()).select(torch.zeros(len(grid), dtype=torch.long))
    scenes.relation[:] = RELATIONS.index("alone")
    scenes.subject, scenes.colour, scenes.motion, scenes.place = grid.T
    assert 0.04 < held_out(scenes).float().mean() < 0.06
    for column, names in zip(grid.T, (SUBJECTS, range(10), MOTIONS, PLACES)):
        for value in range(len(names)):
            assert 0.02 < held_out(scenes)[column == value].float().mean() < 0.09


def test_captions_hold_the_right_words():
    scene = scene_of(seeded(), subject="pickup truck", colour="red", motion="moving right", pace="fast", place="desert", time="sunset",
                     weather="dust", camera="pan right")
    names, draw = names_of(scene, 0), random.Random(0)
    in_english, in_chinese = ([words(names, draw) for _ in range(200)] for words in (english, chinese))

    def share(texts, *words):
        return sum(any(w in t for w in words) for t in texts) / len(texts)

    assert share(in_english, *SUBJECT_NAMES["pickup truck"]) == 1
    assert share(in_english, "red") > 0.9 and share(in_chinese, "红") > 0.9
    assert share(in_english, "right") > 0.9 and share(in_chinese, "右") > 0.9
    assert share(in_english, "dust", "sand") > 0.8 and share(in_chinese, "尘") > 0.8
    assert share(in_english, "camera") > 0.75 and share(in_chinese, "镜头") > 0.75
    assert share(in_english, "kicking up dust") > 0.1 and share(in_chinese, "扬起") > 0.1
    assert share(in_chinese, "皮卡") == 1 and share(in_english, " left") < 0.1
    assert len(set(in_english)) > 190 and len(set(in_chinese)) > 190


def test_captions_name_both_subjects():
    scene = scene_of(seeded(), subject="bird", motion="moving left", relation="chasing", second_subject="fish", place="sea")
    names, draw = names_of(scene, 0), random.Random(0)
    for _ in range(100):
        text, chinese_text = english(names, draw), chinese(names, draw)
        assert "bird" in text and "fish" in text and "鸟" in chinese_text and "鱼" in chinese_text


def test_captions_that_leave_nothing_out():
    scene = scene_of(seeded(), subject="pickup truck", colour="red", size="small", motion="moving right", pace="fast", place="desert",
                     time="sunset", relation="behind", second_subject="tree", second_colour="blue")
    names, draw = names_of(scene, 0), Everything(0)
    said = ("truck|pickup", "red", "small|little|tiny", "right", "quickly|fast|rapidly", "desert|sand", "sunset|dusk|evening", "behind", "tree",
            "blue", "clear|good", "camera")
    said_in_chinese = ("皮卡", "红", "小", "右", "快|迅速", "沙", "日落|傍晚|黄昏", "后", "树", "蓝", "晴", "镜头")
    for _ in range(100):
        for text, words in ((english(names, draw), said), (chinese(names, draw), said_in_chinese)):
            assert all(re.search(word, text) for word in words), text


@pytest.mark.parametrize("field, name, in_english, in_chinese", [
    ("size", "small", r"\b(small|little|tiny)\b", "小"), ("size", "large", r"\b(big|large|huge)\b", "大"),
    ("pace", "slow", r"\b(slowly|gently)\b", "(慢慢|缓慢)地"), ("pace", "fast", r"\b(quickly|fast|rapidly)\b", "(快速|飞快|迅速)地"),
    ("weather", "rain", r"\brain", "雨"), ("weather", "snow", r"\bsnow", "雪"),
    ("camera", "orbit", r"\bcamera\b", "镜头"), ("camera", "pan left", r"\bcamera\b", "镜头")])
def test_what_is_unusual_is_always_said(field, name, in_english, in_chinese):
    draw = random.Random(7)
    for _ in range(200):
        # Whose own words have none of these characters.
        scene = names_of(scene_of(seeded(draw.randrange(10**6)), subject="star", place="desert", **{field: name}), 0)
        for write, words in ((english, in_english), (chinese, in_chinese)):
            text = write(scene, draw)
            assert re.search(words, text.lower()), text


def test_every_name_has_words():
    for field, phrases in (("subject", SUBJECT_NAMES), ("camera", CAMERA_PHRASES)):
        assert set(phrases) == set(NAMES[field])
    scenes, draw = sample_scenes(500, seeded(2)), random.Random(2)
    for i in range(len(scenes)):
        assert english(names_of(scenes, i), draw).islower() and not chinese(names_of(scenes, i), draw).isascii()


def test_a_pan_moves_far_layers_less_than_near_ones():
    seconds = torch.tensor([0.0, 2.0])
    camera = camera_path(scene_of(seeded(), camera="pan right"), seconds, 2.0, 1.0)
    zero = torch.zeros(1, 2)
    shifts = [(camera.project(zero, zero, near)[0][0, 0] - camera.project(zero, zero, near)[0][0, 1]).item() for near in (0.0, 0.2, 1.0, 1.5)]
    assert 0 < shifts[0] < shifts[1] < shifts[2] < shifts[3]


def test_an_orbit_keeps_the_subject_in_the_middle():
    camera = camera_path(scene_of(seeded(), camera="orbit"), torch.tensor([0.0, 2.0]), 2.0, 1.0)
    zero = torch.zeros(1, 2)
    assert camera.project(zero, zero, 1.0)[0].abs().max() < 1e-6 < camera.project(zero, zero, 0.1)[0].abs().max()


def test_controls():
    scenes = sample_scenes(10, seeded(6))
    plain = render(scenes, 3, 48, 64)
    video, mask, controls = render(scenes, 3, 48, 64, controls=True)
    assert torch.equal(plain[0], video) and torch.equal(plain[1], mask)
    assert controls["depth"].shape == controls["edges"].shape == mask.shape
    assert controls["masks"].shape == (10, 2, 3, 48, 64) and torch.allclose(controls["masks"].sum(1), mask)
    assert controls["camera"].shape == (10, 3, 6) and controls["keypoints"].shape[:3] == (10, 2, 3)
    # The sky is far, the ground near, and there are outlines.
    assert (controls["depth"][:, :, 0].median(2).values < 0.5).all() and (controls["depth"][:, :, -1].mean(2) > 0.8).all()
    assert (controls["edges"].amax((2, 3)) > 0.5).all() and controls["edges"].max() <= 1
    for value in controls.values():
        assert value.isfinite().all()


def test_joints_lie_on_their_subject():
    for subject in ("person", "robot", "horse"):
        scene = scene_of(seeded(), subject=subject, motion="walking", place="meadow")
        _, mask, controls = render(scene, 3, 96, 96, controls=True)
        points = controls["keypoints"][0, 0, 1]
        columns, rows = points[:, 0].long(), points[:, 1].long()
        assert (points[:, 2] == 1).all() and (mask[0, 1, rows, columns] > 0.3).all()
