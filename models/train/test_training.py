"""Tests of the training loop: the same training on one worker and on two, whole or sharded, stopped or not."""

import argparse
import itertools
import json
import os
import random
import re
import socket
from contextlib import contextmanager
from functools import partial

import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch.distributed.run import get_args_parser

import autoencoder
import blocks
import denoiser
import distil_dit
import distil_weather
import encode_latents
import plot
import train_dit
import train_tokenizer
import train_vae
import training
from clips import kind_of
from denoiser import schedule, shifted, unshifted
from latents import Latents, held_out_path
from optimiser import StackedMuon
from workers import Workers
from world import chinese, english
from world.scene import names_of, sample_scenes
from world.vocabulary import WEATHERS

TOKENIZER = os.path.join(os.path.dirname(__file__), "../nano/tokenizer.json")
TINY_DIT = dict(num_attention_heads=2, ffn_dim=96, num_layers=2)
TINY_VAE = dict(base_dim=8, num_res_blocks=1)
# bfloat16 keeps 8 bits: what is summed in another order, or made orthogonal by torch's own Muon (sharded matrices are), differs by
# some parts in a thousand after some steps.
TOLERANCE = 0.01


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    make_tiny(monkeypatch.setitem, monkeypatch.setattr)


def make_tiny(set_item, set_attribute):
    for config, small in ((denoiser.CONFIG, TINY_DIT), (autoencoder.CONFIG, TINY_VAE)):
        for key, value in small.items():
            set_item(config, key, value)
    set_attribute(train_vae, "FRAME_SIZES", ((32, 32, 1), (48, 32, 1)))
    set_item(train_vae.STEPS_A_RENDER, "cpu", 2)
    set_attribute(training, "LOG_EVERY", 1)


@pytest.fixture(scope="module")
def latents(tmp_path_factory):
    """A folder with shards of invented latents."""
    folder = tmp_path_factory.mktemp("latents")
    for number in range(2):
        draw = torch.Generator().manual_seed(number)
        content = {"captions": encode_latents.captions_of(sample_scenes(8, draw), number), "latents": torch.randn(8, 12, 9, 8, 8, generator=draw).half(),
                   "cover": torch.rand(8, 9, 8, 8, generator=draw).half()}
        torch.save(content, held_out_path(folder).replace("0000", f"{number:04d}"))
    return str(folder)


def dit_words(latents, folder, *more, steps=6):
    return ["--latents", latents, "--tokenizer", TOKENIZER, "--folder", str(folder), "--tokens", "192", "--steps", str(steps),
            "--warmup", "2", "--save-every", "3", *more]


def vae_words(folder, *more, steps=4):
    return ["--folder", str(folder), "--batch", "4", "--steps", str(steps), "--warmup", "2", "--save-every", "4", *more]


def logged(folder, name="dit", key="loss"):
    with open(f"{folder}/{name}.jsonl") as file:
        lines = [json.loads(line) for line in file]
    return [line[key] for line in lines if key in line]


def same_tensors(first, second):
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same_tensors(first[key], second[key]) for key in first if key != "seconds")
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_tensors, first, second))
    return torch.equal(first, second) if isinstance(first, torch.Tensor) else first == second


@contextmanager
def stopped_at(step):
    """Trainings within it stop there; with fewer steps their learning rate would fall earlier."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Training, "progress", lambda self: 1.0 if self.step == step else self.step / self.args.steps)
        yield


def test_a_training_that_was_stopped_is_the_same_bit_for_bit(latents, tmp_path):
    train_dit.main(dit_words(latents, tmp_path / "whole"))
    stopped = tmp_path / "stopped"
    with stopped_at(3):
        train_dit.main(dit_words(latents, stopped))
    assert torch.load(stopped / "dit.pt")["step"] == 3
    train_dit.main(dit_words(latents, stopped))
    assert same_tensors(torch.load(tmp_path / "whole/dit.pt"), torch.load(stopped / "dit.pt"))
    assert logged(stopped) == logged(tmp_path / "whole")


def test_a_training_ends_with_its_steps_or_its_minutes(latents, tmp_path, capsys):
    words = dit_words(latents, tmp_path)
    at = words.index("--steps")
    without = words[:at] + words[at + 2:]
    train_dit.main([*without, "--minutes", "0.02"])
    assert torch.load(tmp_path / "dit.pt")["step"] > 0 and logged(tmp_path, key="seconds")[-1] >= 1
    with pytest.raises(SystemExit):
        train_dit.main(without)
    assert "--minutes" in capsys.readouterr().err


@pytest.mark.parametrize("end", ["", "/", "/."])
def test_the_held_out_shard_is_never_trained_on(latents, end):
    args = train_dit.arguments([*dit_words(latents + end, "")])
    assert Latents(args, Workers(), "cpu").clips() == 8


def test_recomputed_and_compiled_blocks_compute_the_same(latents, tmp_path):
    train_dit.main(dit_words(latents, tmp_path / "plain"))
    train_dit.main(dit_words(latents, tmp_path / "recomputed", "--recompute"))
    train_dit.main(dit_words(latents, tmp_path / "both", "--recompute", "--compile"))
    expected = logged(tmp_path / "plain")
    assert logged(tmp_path / "recomputed") == expected
    assert logged(tmp_path / "both") == pytest.approx(expected, rel=TOLERANCE)
    train_vae.main(vae_words(tmp_path / "plain"))
    train_vae.main(vae_words(tmp_path / "recomputed", "--recompute"))
    assert logged(tmp_path / "recomputed", "frames") == logged(tmp_path / "plain", "frames")


def test_stacked_matrices_take_the_steps_of_torchs_muon():
    shapes, options = [(8, 72), (8, 72), (72, 8), (16, 16), (3, 50)], dict(lr=1e-2, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    draw = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=draw) for shape in shapes]
    theirs, ours = ([torch.nn.Parameter(value.clone()) for value in start] for _ in range(2))
    optimisers = torch.optim.Muon(theirs, **options), StackedMuon(ours, **options)
    for _ in range(4):
        for pair in zip(theirs, ours):
            gradient = torch.randn(pair[0].shape, generator=draw)
            for parameter in pair:
                parameter.grad = gradient.clone()
        for optimiser in optimisers:
            optimiser.step()
    for expected, found, value in zip(theirs, ours, start):
        # Theirs is computed in bfloat16 on all processors.
        assert (found - expected).norm() < 0.03 * (expected - value).norm()
    torch.testing.assert_close(optimisers[0].state_dict()["state"], optimisers[1].state_dict()["state"])


def test_one_worker_and_two_and_two_with_shards_train_alike(latents, tmp_path):
    train_dit.main(dit_words(latents, tmp_path / "one"))
    train_vae.main(vae_words(tmp_path / "one"))
    with stopped_at(3):
        train_dit.main(dit_words(latents, tmp_path / "one-then-shards"))
    torch.multiprocessing.spawn(two_workers, (latents, str(tmp_path), free_port()), nprocs=2)
    train_dit.main(dit_words(latents, tmp_path / "shards-then-one"))
    for name, others in (("frames", ("two", "shards")), ("dit", ("two", "shards", "one-then-shards", "shards-then-one"))):
        for other in others:
            assert logged(tmp_path / other, name) == pytest.approx(logged(tmp_path / "one", name), rel=TOLERANCE), other


def two_workers(rank, latents, folder, port):
    """One of two processes: trainings with both, whole and sharded."""
    os.environ |= {"WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": "localhost"}
    make_tiny(dict.__setitem__, setattr)
    ports = itertools.count(port)

    def train(script, words):
        os.environ["MASTER_PORT"] = str(next(ports))  # of its own: the last one's may not be free yet
        script.main(words)

    train(train_dit, dit_words(latents, f"{folder}/two"))
    train(train_vae, vae_words(f"{folder}/two"))
    train(train_dit, dit_words(latents, f"{folder}/shards", "--shard", "--recompute"))
    train(train_vae, vae_words(f"{folder}/shards", "--shard", "--recompute"))
    train(train_dit, dit_words(latents, f"{folder}/one-then-shards", "--shard"))
    with stopped_at(3):
        train(train_dit, dit_words(latents, f"{folder}/shards-then-one", "--shard"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def test_a_students_round(latents, tmp_path):
    train_dit.main(dit_words(latents, tmp_path))
    words = dit_words(latents, tmp_path, "--teacher", f"{tmp_path}/dit.pt", "--rounds", "4", "2")
    distil_dit.main(words)
    for name in ("student-4", "student-2"):
        assert torch.load(tmp_path / f"{name}.pt")["step"] == 6
        held_out = logged(tmp_path, name, "held_out_loss")
        assert held_out[-1] < held_out[0]
    distil_dit.main(words)  # nothing is left to do
    assert len(logged(tmp_path, "student-4")) == 6


def test_a_student_learns_to_be_surer_of_the_weather(latents, tmp_path):
    train_dit.main(dit_words(latents, tmp_path))
    teacher = ["--teacher", f"{tmp_path}/dit.pt", "--tokenizer", TOKENIZER]
    training_words = ["--student", "2", "--tokens", "96", "--steps", "24", "--warmup", "2", "--save-every", "8", "--contrast", "20"]
    distil_weather.main(["64x64x9@8=2", "64x96x9@16=1", *teacher, *training_words, "--folder", f"{tmp_path}/surer"])
    held_out = logged(tmp_path / "surer", "weather-2", "held_out_loss")
    assert len(held_out) == 3 and held_out[-1] < held_out[0]


def test_captions_with_another_weather_differ_in_nothing_else():
    phrases = {weather: english.WEATHER_PHRASES[weather] + chinese.WEATHER_PHRASES[weather] for weather in WEATHERS}
    scenes, draw = encode_latents.scenes_to_learn(400, torch.Generator().manual_seed(8)), random.Random(8)
    for names in (names_of(scenes, index) for index in range(len(scenes))):
        asked, rival = distil_weather.captions_with_rival(names, draw)
        if names["weather"] not in ("clear", "snow") or names["place"] == "space":
            assert asked == rival
            continue
        theirs = [phrase for weather in ("rain", "fog") for phrase in phrases[weather] if phrase in rival]
        own = [phrase for phrase in phrases[names["weather"]] if phrase in asked] or [""]
        assert theirs and not any(phrase in asked for phrase in theirs) and (own != [""] or names["weather"] == "clear")
        rest = [re.sub("[, ，]", "", text.replace(max(said, key=len), "")) for text, said in ((asked, own), (rival, theirs))]
        assert rest[0] == rest[1], (asked, rival)


def test_trajectories_are_those_of_sampling():
    """Of our sampler, which takes its levels and steps from diffusers' scheduler."""
    levels, met = schedule(4).sigmas, []
    noise = torch.randn(2, 12, 3, 4, 4, generator=torch.Generator().manual_seed(3))

    def velocity(latents, level):
        return torch.sin(3 * latents) + level[:, None, None, None, None]

    def denoise(latents, timestep, _):
        met.append(latents)
        return velocity(latents, timestep / 1000)

    end = denoiser.sample(denoise, torch.zeros(2, 4), torch.zeros(1, 4), noise.shape, 4, 1, torch.Generator().manual_seed(3))
    latents, level, velocities = distil_weather.trajectories(velocity, noise, levels)
    assert torch.allclose(latents, torch.cat(met), atol=1e-5) and torch.equal(level, levels[:-1].repeat_interleave(2))
    assert torch.allclose(latents[-2:] - levels[3] * velocities[-2:], end, atol=1e-5)


def test_shards_come_in_equal_parts():
    order = encode_latents.in_order([(kind_of("64x64x9@8"), 4), (kind_of("128x128x9@8"), 2), (kind_of("96x96x9@8"), 1)])
    assert [(kind.width, number) for kind, number in order] == [(64, 0), (96, 0), (128, 0), (64, 1), (64, 2), (128, 1), (64, 3)]


def test_excerpts_are_what_their_clips_show():
    model = encode_latents.Encode(autoencoder.new_autoencoder())
    scenes = sample_scenes(2, torch.Generator().manual_seed(4))
    clip = encode_latents.encode(model, scenes, kind_of("32x32x16@8"), "cpu", 8)
    kind = kind_of("32x32x3@8")
    places = {seed: encode_latents.frames_shown(kind, seed) for seed in range(40)}
    assert {shown[0] for _, shown in places.values()} == set(range(14))  # of a clip of two seconds, the last begins two before its end
    for seed in range(3):
        start = places[seed][1][0]
        excerpt = encode_latents.encode(model, scenes, kind, "cpu", 8, seed)
        latents, cover = clip[0][:, :, start:start + 3], clip[1][:, start:start + 3]
        assert (excerpt[0] - latents).norm() < TOLERANCE * latents.norm() and torch.equal(excerpt[1], cover)


def test_the_subjects_weight_fades_out():
    assert [train_dit.subject_weight(part) for part in (0, 0.35, 0.7, 1)] == pytest.approx([4, 2, 0, 0])


def test_levels_of_half_as_many_steps_are_among_them():
    assert torch.allclose(schedule(8).sigmas[::2], schedule(4).sigmas)


def test_blocks_are_not_compiled_again_for_every_kind_of_clip(monkeypatch):
    torch._dynamo.reset()
    counter = CompileCounter()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=counter))
    model = denoiser.Denoiser(64)
    for block in model.blocks():
        blocks.compile(block)
    for count, frames, height, width in ((2, 9, 8, 8), (3, 18, 8, 8), (4, 24, 16, 16), (2, 36, 16, 22), (9, 3, 16, 16), (5, 24, 22, 16)):
        model(torch.randn(count, 12, frames, height, width), torch.rand(count), torch.randint(1, 60, (count, 48)))
    assert counter.frame_count == 2  # of the first shape, and of any


def test_the_target_is_where_two_steps_lead():
    sigmas = schedule(4).sigmas
    assert torch.allclose(shifted(unshifted(sigmas)), sigmas)
    start, end = sigmas[:-1], sigmas[1:]
    latents = torch.randn(4, 2, 3, 4, 4)

    def velocity(latents, level):
        return latents * level[:, None, None, None, None] + 1

    def move(latents, at, to):
        return latents + (to - at)[:, None, None, None, None] * velocity(latents, at)

    middle = shifted((unshifted(start) + unshifted(end)) / 2)
    expected = move(move(latents, start, middle), middle, end)
    found = latents + (end - start)[:, None, None, None, None] * distil_dit.two_steps(velocity, latents, start, end)
    assert torch.allclose(found, expected, atol=1e-6)


def test_the_plot_knows_a_stage_that_went_on_from_one_that_was_begun_again(tmp_path):
    lines = [(50, 10), (100, 20), (150, 30), (150, 28), (200, 38), (50, 9), (100, 18)]  # step, seconds
    with open(tmp_path / "log.jsonl", "w") as file:
        file.writelines(json.dumps({"stage": "dit", "step": step, "seconds": seconds, "loss": 1.0}) + "\n" for step, seconds in lines)
    assert [seconds for seconds, _ in plot.read(tmp_path / "log.jsonl")["dit"]["loss"]] == [10, 20, 30, 28, 38, 47, 56]


class Parsed(Exception):
    pass


@pytest.mark.parametrize("script", [train_vae, train_dit, distil_dit, distil_weather, encode_latents, train_tokenizer])
def test_no_option_begins_one_of_torchruns(script, monkeypatch):
    """torchrun would take it for its own, shortened, though it stands after the script's name."""
    def parse(parser, *_):
        raise Parsed({word for action in parser._actions for word in action.option_strings} - {"-h", "--help"})

    theirs = [word for action in get_args_parser()._actions for word in action.option_strings]
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    with pytest.raises(Parsed) as ours:
        script.main()
    for option in ours.value.args[0]:
        assert not any(other.startswith(option) for other in theirs), option
