"""The whole recipe in its smallest form: losses fall, and the engine makes clips with the files. Minutes long."""

import json
import os
import subprocess
import sys

import pytest
import torch
from PIL import Image

import recipe
from autoencoder import new_autoencoder
from denoiser import Denoiser
from export import EXAMPLES
from pipeline import from_run
from training import load_weights

HERE = os.path.dirname(os.path.abspath(__file__))
KINORA = os.environ.get("KINORA", f"{HERE}/../../target/release/kinora")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    command = [sys.executable, "recipe.py", "smoke", "--folder", str(folder)]
    subprocess.run(command, cwd=HERE, check=True)
    # Nothing is left to do.
    again = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True).stdout.splitlines()
    assert again and all(line.endswith(": done") for line in again)
    return folder


@pytest.mark.parametrize("log, quantity", [
    ("vae/frames", "loss"), ("dit/low-resolution", "held_out_loss"), ("dit/dit", "held_out_loss"),
    ("distil/student-4", "held_out_loss"), ("distil/student-2", "held_out_loss")])
def test_losses_fall(folder, log, quantity):
    with open(f"{folder}/{log}.jsonl") as file:
        losses = [line[quantity] for line in map(json.loads, file) if quantity in line]
    assert len(losses) > 1 and losses[-1] < losses[0]


def test_what_is_exported(folder):
    with open(folder / "model/model.json") as file:
        manifest = json.load(file)
    assert (manifest["sampler"]["steps"], manifest["sampler"]["guidance"]) == (2, 1.0)
    assert {f"checkpoint/{name}.safetensors" for name in ("denoiser", "vae")} <= {
        os.path.relpath(path, folder / "model") for path in (folder / "model").rglob("*")}
    assert Image.open(folder / "model/training.png").size[0] > 100


def test_training_can_go_on_from_the_exported_teacher(folder):
    trained = torch.load(folder / "dit/dit.pt")["average"]
    denoiser = Denoiser(len(trained["encoder.shared.weight"]))
    load_weights(denoiser, str(folder / "model/teacher"))
    for name, parameter in denoiser.named_parameters():
        # As near as Q8_0 comes.
        assert (parameter - trained[name]).norm() <= 0.01 * trained[name].norm(), name


def test_clips_can_be_seen_before_the_dit_has_begun_with_all(folder, tmp_path):
    for name in ("tokenizer", "vae", "latents"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "dit").mkdir()
    (tmp_path / "dit/low-resolution.pt").symlink_to(folder / "dit/low-resolution.pt")
    clips = from_run(str(tmp_path))([EXAMPLES[1]], steps=1)
    assert clips.shape == (1, 3, 9, 64, 64) and clips.isfinite().all()


def test_further_begins_with_the_model_that_ships(monkeypatch, tmp_path):
    stages = {}
    monkeypatch.setattr(recipe, "run", lambda stage, words, device, workers: stages.update({stage.name: workers}))
    monkeypatch.setattr(sys, "argv", ["recipe.py", "further", "--folder", str(tmp_path), "--workers", "1"])
    recipe.main()
    assert stages == {"latents": 3, "dit": 1, "distil": 1, "weather": 1, "export": 1, "plot": 1}
    autoencoder = new_autoencoder()
    load_weights(autoencoder, str(tmp_path / "vae/frames.safetensors"))
    with open(tmp_path / "latents/statistics.json") as file:
        assert len(json.load(file)["latents_mean"]) == autoencoder.config.z_dim


CHECKPOINTS = ("latents/128x128x3@12-0000.pt", "dit/low-resolution.pt", "dit/dit.pt", "distil/student-4.pt", "distil/weather-4.pt")


@pytest.mark.parametrize("changed, run_again, begun_anew", [
    ("tokenizer", ["tokenizer", "low resolution", "dit", "distil", "weather", "export", "plot", "evaluate"], CHECKPOINTS[1:]),
    ("vae", ["vae", "latents", "low resolution", "dit", "distil", "weather", "export", "plot", "evaluate"], CHECKPOINTS),
    ("low resolution", ["low resolution", "dit", "distil", "weather", "export", "plot", "evaluate"], CHECKPOINTS[2:]),
    ("distil", ["distil", "weather", "export", "plot", "evaluate"], CHECKPOINTS[4:]),
    ("recogniser", ["recogniser", "evaluate"], ())])
def test_what_builds_on_a_changed_stage_is_made_anew(monkeypatch, tmp_path, changed, run_again, begun_anew):
    stages = []
    monkeypatch.setattr(recipe, "run", lambda stage, words, device, workers: stages.append(stage.name))
    monkeypatch.setattr(sys, "argv", ["recipe.py", "cpu", "--folder", str(tmp_path), "--workers", "1", "--also", "recogniser", "evaluate"])
    recipe.main()
    for path in CHECKPOINTS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    stages.clear()
    recipe.main()
    assert stages == [] and all((tmp_path / path).exists() for path in CHECKPOINTS)
    monkeypatch.setitem(recipe.PRESETS["cpu"].options, changed, recipe.PRESETS["cpu"].options[changed] + " --seed 2")
    recipe.main()
    assert stages == run_again
    for path in CHECKPOINTS:
        assert (tmp_path / path).exists() == (path not in begun_anew)
        assert (tmp_path / "earlier" / path).exists() == (path in begun_anew)


def test_a_stage_that_was_interrupted_goes_on(monkeypatch, tmp_path):
    def interrupted(stage, words, device, workers):
        if stage.name == "distil":
            (tmp_path / "distil").mkdir()
            (tmp_path / "distil/student-8.pt").touch()
            raise KeyboardInterrupt

    monkeypatch.setattr(recipe, "run", interrupted)
    monkeypatch.setattr(sys, "argv", ["recipe.py", "cpu", "--folder", str(tmp_path), "--workers", "1"])
    with pytest.raises(KeyboardInterrupt):
        recipe.main()
    stages = []
    monkeypatch.setattr(recipe, "run", lambda stage, words, device, workers: stages.append(stage.name))
    recipe.main()
    assert stages == ["distil", "weather", "export", "plot"] and (tmp_path / "distil/student-8.pt").exists()


@pytest.mark.parametrize("model", ["model", "model/teacher"])
def test_the_engine_makes_a_clip(folder, model, tmp_path):
    command = [KINORA, "generate", "--model", str(folder / model), "--prompt", EXAMPLES[1], "--frames", "9", "--steps", "2",
               "--out", str(tmp_path)]
    subprocess.run(command, check=True)
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 9 and Image.open(pictures[0]).size == (64, 64)
