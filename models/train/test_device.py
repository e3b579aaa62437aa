"""Tests of what runs on a GPU, without one."""

import argparse
import os

import pytest
import torch

import denoiser
import train_dit
import train_vae
from autoencoder import EncodeDecode, new_autoencoder
from encode_latents import captions_of
from latents import Latents, held_out_path
from pretended_device import DEVICE, Pretended, moved, pretended_device
from recogniser import MOMENTS, SIDE, rendered
from clips import Kind
from render import render
from workers import Workers
from world.scene import sample_scenes

TOKENIZER = os.path.join(os.path.dirname(__file__), "../nano/tokenizer.json")


@pytest.fixture
def gpu(monkeypatch):
    with pretended_device(monkeypatch) as device:
        yield device


def test_tensors_of_two_devices_are_refused(gpu):
    with pytest.raises(AssertionError, match="two devices"):
        torch.ones(3, device=DEVICE) + torch.ones(3)
    with pytest.raises(AssertionError, match="generator"):
        torch.rand(3, generator=torch.Generator(DEVICE))


def test_scenes_are_the_same_and_nothing_is_sent_twice(gpu):
    scenes = sample_scenes(24, torch.Generator().manual_seed(3))
    expected = render(scenes, 2, 32, 48)
    there = scenes.to(DEVICE)
    render(there, 2, 32, 48)
    sent = gpu.transfers
    found = render(there, 2, 32, 48)
    assert gpu.transfers == sent
    assert all(torch.equal(each.inner, other) for each, other in zip(found, expected))


@pytest.mark.parametrize("gpus, expected", [(1, (0, "gloo")), (2, (0, "gloo")), (3, (2, "nccl"))])
def test_workers_share_gpus_where_there_are_too_few(monkeypatch, gpus, expected):
    for name, value in dict(WORLD_SIZE=3, LOCAL_WORLD_SIZE=3, RANK=2, LOCAL_RANK=2).items():
        monkeypatch.setenv(name, str(value))
    chosen = {}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: chosen["device"])
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: chosen.update(device=device))
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend: chosen.update(backend=backend))
    assert Workers().device("cuda") == torch.device("cuda", chosen["device"])
    assert (chosen["device"], chosen["backend"]) == expected


def test_what_the_judge_sees(gpu):
    views = rendered(sample_scenes(4, torch.Generator().manual_seed(1)), Kind(48, 32, 12, 8), DEVICE)
    assert isinstance(views, Pretended) and views.shape == (4, 3, MOMENTS, SIDE, SIDE)


def test_frames_for_the_autoencoder(gpu, monkeypatch):
    monkeypatch.setattr(train_vae, "FRAME_SIZES", ((32, 32, 1), (48, 32, 2)))
    monkeypatch.setitem(train_vae.STEPS_A_RENDER, "cuda", 3)
    args = argparse.Namespace(seed=1, batch=2, decoder_only=False, initial_weights=None)
    frames = train_vae.Frames(args, Workers(), DEVICE)
    batches = [frames.batch(step) for step in range(8)]
    again = train_vae.Frames(args, Workers(), DEVICE).batch(5)
    # A training that goes on at step 5 sees what it would have seen.
    assert all(torch.equal(one.inner, other.inner) for one, other in zip(batches[5], again))
    assert [tuple(video.shape) for video, *_ in batches[:2]] == [(2, 3, 1, 32, 32), (4, 3, 1, 32, 48)]
    first, later, next_render = (batches[step][0].inner for step in (0, 2, 6))
    assert not torch.equal(first, later) and not torch.equal(first, next_render)
    model = moved(EncodeDecode(new_autoencoder()))
    loss, numbers = train_vae.objective(lambda video, noise: model(video.float(), noise), *batches[0])
    assert isinstance(loss, Pretended) and isinstance(numbers["psnr"], Pretended)


def test_latents_for_the_dit(gpu, monkeypatch, tmp_path):
    for key, value in dict(num_attention_heads=2, ffn_dim=96, num_layers=1).items():
        monkeypatch.setitem(denoiser.CONFIG, key, value)
    for number in range(2):
        draw = torch.Generator().manual_seed(number)
        content = {"captions": captions_of(sample_scenes(6, draw), number), "latents": torch.randn(6, 12, 9, 8, 8, generator=draw).half(),
                   "cover": torch.rand(6, 9, 8, 8, generator=draw).half()}
        torch.save(content, held_out_path(tmp_path).replace("0000", f"{number:04d}"))
    args = argparse.Namespace(latents=str(tmp_path), tokenizer=TOKENIZER, kinds=None, tokens=192, seed=1)
    clips = Latents(args, Workers(), DEVICE)
    sent = gpu.transfers
    batch = clips.batch(1)
    assert gpu.transfers == sent
    assert all(isinstance(value, Pretended) for value in vars(batch).values())
    model = moved(denoiser.Denoiser(clips.tokenizer.get_vocab_size()))
    loss, _ = train_dit.objective(lambda *inputs: model(inputs[0].float(), *inputs[1:]), batch, train_dit.SUBJECT_WEIGHT)
    assert isinstance(loss, Pretended) and loss.inner.isfinite()
