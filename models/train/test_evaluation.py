"""Tests of what the evaluation is made of; run with pytest in this folder."""

import argparse

import pytest
import torch

import generated
from clips import Kind, from_bytes, kind_of, to_bytes
from evaluate import reconstructed
from evaluate_vae import flicker
from novelty import again, compare, low_passed, nearest
from pipeline import from_export
from quality import psnr
from questions import draw_questions
from recogniser import ATTRIBUTES, MOMENTS, SIDE, Recogniser, accuracy, judge, load, loss_of, moments, rendered, save, seconds_of, seen, train
from tables import markdown
from world.scene import NAMES, draw, has_second
from world.split import held_out


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", [Kind(64, 64, 9, 8), Kind(128, 72, 17, 16), Kind(40, 80, 5, 8)])
def test_the_recogniser_sees_any_kind(kind):
    scenes = draw(3, seeded())
    views = rendered(scenes, kind)
    assert views.shape == (3, 3, MOMENTS, SIDE, SIDE) and views.dtype == torch.uint8
    shorter = round(SIDE * min(kind.width, kind.height) / max(kind.width, kind.height))
    beside = (SIDE - shorter) // 2
    grey = views[..., :beside, :] if kind.width > kind.height else views[..., :beside]
    assert ((grey.int() - 127).abs() <= 1).all()
    scores = Recogniser()(from_bytes(views), seconds_of(kind, 3))
    assert {name: each.shape[1] for name, each in scores.items()} == {name: len(NAMES[name]) for name in ATTRIBUTES}
    assert loss_of(scores, scenes).isfinite()


def test_the_autoencoder_keeps_the_moments_that_are_looked_at():
    kind, scenes = Kind(64, 64, 24, 12), draw(4, seeded())
    kept, plain = (from_bytes(views) for views in (reconstructed(from_export("../nano").vae, scenes, kind), rendered(scenes, kind)))
    assert psnr(kept, plain).min() > 20
    assert psnr(kept[:, :, 1:], plain[:, :, :-1]).mean() < psnr(kept, plain).mean() - 3


def test_moments_reach_from_the_first_frame_to_the_last():
    for frames in (6, 9, 49):
        assert moments(frames)[0] == 0 and moments(frames)[-1] == frames - 1 and len(set(moments(frames))) == MOMENTS


def test_whole_frames_are_averaged_over_areas():
    clip = torch.rand(1, 3, 9, 128, 128) * 2 - 1
    view = seen(clip)
    assert torch.allclose(view[0, :, 0, 0, 0], clip[0, :, 0, :2, :2].mean((1, 2)), atol=1e-6)


def test_second_subjects_count_only_where_there_are_some():
    scenes = draw(200, seeded())
    paired = has_second(scenes)
    verdicts = {name: torch.ones(200, dtype=torch.bool) for name in ATTRIBUTES} | {"second_subject": paired}
    assert set(accuracy(verdicts, scenes).values()) == {1.0}
    verdicts["second_colour"] = ~paired
    found = accuracy(verdicts, scenes)
    assert found["second_colour"] == 0 and found["all"] == round(1 - paired.float().mean().item(), 3)


def test_a_saved_recogniser_says_the_same(tmp_path):
    kind, scenes = Kind(64, 64, 9, 8), draw(4, seeded())
    model, views = Recogniser([kind]).eval(), rendered(scenes, kind)
    save(model, f"{tmp_path}/recogniser.pt")
    expected, found = (judge(m, views, kind, scenes) for m in (model, load(f"{tmp_path}/recogniser.pt", kind)))
    assert all(torch.equal(expected[name], found[name]) for name in ATTRIBUTES)
    with pytest.raises(ValueError, match="128x128x17@8"):
        load(f"{tmp_path}/recogniser.pt", kind_of("128x128x17@8"))


def test_a_recogniser_begins_with_the_weights_of_another():
    kind = Kind(64, 64, 9, 8)
    weights = Recogniser([kind]).state_dict()
    found = train([kind], count=8, epochs=1, batch=8, rate=0.0, weights=weights).state_dict()
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_questions():
    for part in (False, True):
        questions = draw_questions(10, part, lambda prompt: len(prompt) < 100, 5)
        assert (held_out(questions.scenes) == part).all() and len(questions) == len(questions.scenes) == 10
        assert questions.in_chinese().tolist() == [number % 5 == 4 for number in range(10)]
        assert all(len(prompt) < 100 for prompt in questions.prompts)


def test_generated_clips_are_kept(tmp_path, monkeypatch):
    (tmp_path / "model.json").write_text("{}")
    asked = []

    def generate(kinora, model, prompt, kind, seed, steps):
        asked.append((prompt, seed))
        return torch.full((3, 1, 2, 2), seed, dtype=torch.uint8)

    monkeypatch.setattr(generated, "generate", generate)
    monkeypatch.setattr(generated, "FOLDER", str(tmp_path / "clips"))
    args = argparse.Namespace(kinora="", model=str(tmp_path), kind=Kind(2, 2, 1, 8), steps=1, jobs=2)
    for _ in range(2):
        clips = list(generated.generated(args, ["a", "b", "a"], [0, 1, 2]))
        assert [int(clip[0, 0, 0, 0]) for clip in clips] == [0, 1, 2]
    assert sorted(asked) == [("a", 0), ("a", 2), ("b", 1)]


def test_scenes_of_a_caption_differ_in_what_it_does_not_say():
    scenes = draw(5, seeded())
    others = again(scenes, 3, 20, seeded(1))
    assert all((getattr(others, name) == getattr(scenes, name)[3]).all() for name in NAMES)
    assert len(others.phase.unique()) == 20 and len(others.heading.unique()) == 2


def test_copies_are_nearest_to_what_was_trained_on():
    kind, measures = Kind(32, 32, 6, 8), {"pixels": low_passed}
    trained, others, fresh = (rendered(draw(40, seeded(seed)), kind) for seed in range(3))
    for made, least, most in ((trained[:20], 1, 1), (fresh, 0.25, 0.75)):
        found = [nearest(measures, made, known.split(15))["pixels"] for known in (trained, others)]
        assert [each.among for each in found] == [40, 40]
        assert least <= compare(*(each.distances for each in found))["nearer to one trained on"] <= most
    copies = nearest(measures, trained[:20], trained.split(15))["pixels"]
    assert copies.distances.max() < 0.01 and torch.equal(copies.views, trained[:20])


def test_flicker_where_latent_frames_meet():
    video = torch.linspace(-0.5, 0.5, 9)[None, None, :, None, None].expand(1, 3, 9, 4, 4)
    assert flicker(video, video, 4) == pytest.approx(1)
    jump = torch.tensor([0.0] + [0.1] * 4 + [0.2] * 4)[None, None, :, None, None]
    assert flicker(video + jump, video, 4) > 1.5
    assert flicker(video, video, 1) is None


def test_psnr_of_what_counts():
    clips = torch.zeros(1, 3, 1, 2, 2)
    noisy = clips.clone()
    noisy[..., 0, 0] = 0.2
    assert psnr(noisy, clips).item() == pytest.approx(26.02, abs=0.01)
    only = torch.zeros(1, 1, 2, 2)
    only[..., 0, 0] = 1
    assert psnr(noisy, clips, only).item() == pytest.approx(20, abs=0.01)


def test_bytes_and_tables():
    values = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_bytes(from_bytes(values)), values)
    assert markdown(["what", "share"], [["a", 0.5], ["b", None]]).splitlines() == ["| what | share |", "| --- | --: |", "| a | 0.5 |", "| b | – |"]
