"""The whole recipe in one command: every stage in order, each in processes of its own.

    python recipe.py smoke        a few minutes on two cores: does everything run? (the clips show nothing)
    python recipe.py cpu          days on two cores
    python recipe.py gpu          25 minutes of one large GPU
    python recipe.py further      eleven minutes of one large GPU: the DiT of ../nano trained further, with the autoencoder it has

Started again, it goes on where it stopped: stages that are finished are not run again, unless their options have changed or a
stage that they build on has run. One whose own options have changed goes on from its last checkpoint. Those that build on it
begin anew, and what they had made is moved to FOLDER/earlier, in the place of what was there from the time before.
"""

import argparse
import glob
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import torch

from clips import FRAME_RATES
from written_whole import written_whole

HERE = os.path.dirname(os.path.abspath(__file__))
NANO = os.path.abspath(f"{HERE}/../nano")

# Kinds of clips (see clips.py). Numbers of frames are multiples of three, the depth of the DiT's patches.
LOW = ("64x64x9@8", "64x64x18@12", "64x64x18@16")
OBLONG = ("176x128", "128x176", "224x128", "128x224", "304x128")
LARGE = ("256x256", "320x176", "176x320", "320x240")


def at_all_rates(sizes, *lengths):
    return tuple(f"{size}x{frames}@{fps}" for size, frames, fps in itertools.product(sizes, lengths, FRAME_RATES))


HIGHER = at_all_rates(("128x128", *OBLONG), 24, 36)
LARGEST = ("256x256x48@16", "320x176x48@24", "176x320x48@24", "320x240x48@16", "320x320x48@12")
SIZES = " ".join(("128x128", *OBLONG, "64x64", *LARGE, "320x320"))
WEATHER = "128x128x24@12=1 128x128x3@12=2"


def shards(kinds, count):
    return " ".join(f"{kind}={count}" for kind in kinds)


@dataclass
class Preset:
    device: str
    options: dict  # of the stages, by name
    begins_with: str | None = None  # the folder of a model, whose tokenizer and autoencoder stay
    rendering: int = 1  # processes a device that render


PRESETS = {
    "smoke": Preset("cpu", {
        "tokenizer": "--captions 3000 --vocabulary 600",
        "vae": "--batch 4 --steps 36 --warmup 6 --save-every 12",
        "latents": "--clips 16 64x64x9@8=3 64x64x18@12=1 64x64x3@8=1 96x64x9@16=1",
        "low resolution": "--kinds 64x64x9@8 64x64x18@12 --tokens 384 --steps 15 --warmup 3 --save-every 5",
        "dit": "--tokens 384 --rate 5e-4 --steps 10 --warmup 2 --save-every 5",
        "distil": "--rounds 4 2 --tokens 192 --steps 6 --warmup 1 --save-every 3",
        "weather": "64x64x9@8=2 64x64x3@8=1 --student 2 --tokens 96 --steps 4 --warmup 1 --save-every 2",
        "export": "--student 2 --frames 9 18 --sizes 64x64 96x64",
        "recogniser": "64x64x9@8 --clips 256 --epochs 1",
        "evaluate": "--prompts 4",
    }),
    "cpu": Preset("cpu", {
        "tokenizer": "",
        "vae": "--batch 8 --steps 8000",
        "latents": f"--clips 64 {shards(LOW, 80)} {shards(HIGHER, 4)} {shards(LARGEST, 1)}",
        "low resolution": f"--kinds {' '.join(LOW)} --tokens 6144 --steps 12000",
        "dit": "--tokens 6144 --steps 6000",
        "distil": "--rounds 16 8 4 --tokens 3072 --steps 800 --save-every 100",
        "weather": f"{WEATHER} --steps 84",
        "export": f"--student 4 --frames 24 18 36 48 --fps 12 --sizes {SIZES}",
        "recogniser": "128x128x24@12",  # what the model makes when no size is asked for
    }),
    # More steps than there is time for: the minutes end a stage, and the learning rate falls with them.
    "gpu": Preset("cuda", {
        "tokenizer": "",
        "vae": "--batch 128 --minutes 6 --save-every 1000",
        "latents": f"--minutes 4 --batch 2048 --clips 256 {shards(LOW, 40)} {shards(HIGHER, 3)} {shards(LARGEST, 1)}",
        "low resolution": f"--compile --kinds {' '.join(LOW)} --tokens 65536 --rate 2e-3 --minutes 2 --save-every 1000",
        "dit": "--compile --tokens 65536 --rate 1.7e-3 --minutes 10 --save-every 1000",
        "distil": "--compile --rounds 8 4 --tokens 32768 --minutes 1.2 --save-every 1000",
        "weather": f"{WEATHER} --tokens 8192 --steps 84 --save-every 40",
        "export": f"--student 4 --frames 24 18 36 48 --fps 12 --sizes {SIZES}",
        # Of what the model makes when no size is asked for.
        "recogniser": "128x128x24@12 --device cuda --clips 40000 --epochs 10 --batch 192",
    }),
    # All of rendering comes before all of training: side by side, both lose more than they gain. Three processes
    # render, as they did for the model that ships.
    "further": Preset("cuda", {
        "latents": "--minutes 1.2 --batch 2048 --clips 128 64x64x9@8=2 "
                   f"{shards(at_all_rates(['128x128'], 3), 40)} {shards(at_all_rates(OBLONG, 3), 2)} "
                   f"{shards(at_all_rates(['128x128'], 24), 20)} {shards(at_all_rates(['128x128'], 18, 36, 48), 2)} "
                   f"{shards(at_all_rates(OBLONG, 24), 1)} {shards([f'{size}x48@12' for size in OBLONG], 1)} "
                   f"{shards([f'{size}x24@12' for size in (*LARGE, '240x320')], 2)}",
        "dit": "--compile --tokens 131072 --rate 1.8e-3 --minutes 6.5 --save-every 2000",
        "distil": "--compile --rounds 8 4 --tokens 65536 --minutes 0.75 --save-every 1000",
        "weather": f"{WEATHER} --tokens 8192 --steps 84 --save-every 40",
        "export": f"--student 4 --frames 24 18 36 48 --fps 12 --sizes {' '.join(('128x128', *OBLONG, *LARGE, '240x320'))}",
    }, begins_with=NANO, rendering=3),
}


@dataclass
class Stage:
    name: str
    script: str
    words: list  # of its command line, but for the preset's
    trains: bool = True  # on the preset's device, with all workers
    after: tuple = ()  # the stages whose results it takes
    goes_on: tuple = ()  # patterns, in the recipe's folder: what it would go on from if it is there


def stages(folder, out, kinora, begins_with):
    """All stages in order; those of ON_REQUEST are run on request only."""
    vae, weights = f"{folder}/vae/frames.pt", f"{folder}/dit/low-resolution.pt"
    if begins_with:
        vae, weights = f"{folder}/vae/frames.safetensors", f"{begins_with}/teacher"
    clips = ["--latents", f"{folder}/latents", "--tokenizer", f"{folder}/tokenizer/tokenizer.json"]
    engine = ["--kinora", kinora, "--model", out]
    return [
        Stage("tokenizer", "train_tokenizer.py", ["--folder", f"{folder}/tokenizer"], trains=False),
        Stage("vae", "train_vae.py", ["--folder", f"{folder}/vae"]),
        Stage("latents", "encode_latents.py", ["--folder", f"{folder}/latents", "--vae", vae], after=("vae",), goes_on=("latents",)),
        Stage("low resolution", "train_dit.py", ["--folder", f"{folder}/dit", "--name", "low-resolution", *clips],
              after=("tokenizer", "latents"), goes_on=("dit/low-resolution.*",)),
        Stage("dit", "train_dit.py", ["--folder", f"{folder}/dit", "--initial-weights", weights, *clips],
              after=("tokenizer", "latents", "low resolution"), goes_on=("dit/dit.*",)),
        Stage("distil", "distil_dit.py", ["--folder", f"{folder}/distil", "--teacher", f"{folder}/dit/dit.pt", *clips],
              after=("dit",), goes_on=("distil/student-*",)),
        Stage("weather", "distil_weather.py", ["--folder", f"{folder}/distil", "--tokenizer", f"{folder}/tokenizer/tokenizer.json"],
              after=("distil",), goes_on=("distil/weather-*",)),
        Stage("export", "export.py", ["--folder", folder, "--out", out], trains=False, after=("vae", "weather")),
        Stage("plot", "plot.py", [f"{out}/training-log.jsonl", f"{out}/training.png"], trains=False, after=("export",)),
        Stage("showcase", "showcase.py", [*engine, "--out", f"{out}/contact-sheet.png"], trains=False, after=("export",)),
        Stage("recogniser", "recogniser.py", ["--out", f"{folder}/recogniser.pt"], trains=False),
        Stage("evaluate", "evaluate.py", [*engine, "--recogniser", f"{folder}/recogniser.pt", "--out", f"{out}/evaluation.json"],
              trains=False, after=("export", "recogniser")),
    ]


ON_REQUEST = ("showcase", "recogniser", "evaluate")
NOT_AGAIN = ("tokenizer", "vae", "low resolution", "recogniser")  # of a model that is begun with


def is_left_out(stage, preset, also):
    if preset.begins_with and stage.name in NOT_AGAIN:
        return True
    return stage.name in ON_REQUEST and stage.name not in also


def begin_with(model, folder):
    """Put a model's tokenizer, autoencoder, statistics, log and judge where the stages look for them."""
    places = {"tokenizer.json": "tokenizer/tokenizer.json", "checkpoint/vae.safetensors": "vae/frames.safetensors",
              "checkpoint/statistics.json": "latents/statistics.json", "training-log.jsonl": "earlier.jsonl",
              "checkpoint/recogniser.pt": "recogniser.pt"}
    for source, place in places.items():
        if not os.path.exists(f"{folder}/{place}"):
            os.makedirs(os.path.dirname(f"{folder}/{place}"), exist_ok=True)
            with written_whole(f"{folder}/{place}") as path:
                shutil.copyfile(f"{model}/{source}", path)


def main():
    args = arguments()
    folder = os.path.abspath(args.folder or f"{HERE}/runs/{args.preset}")
    out, preset = os.path.abspath(args.out or f"{folder}/model"), PRESETS[args.preset]
    os.makedirs(folder, exist_ok=True)
    if preset.begins_with:
        begin_with(preset.begins_with, folder)
    workers = args.workers or (torch.cuda.device_count() if preset.device == "cuda" else os.cpu_count())
    every = stages(folder, out, os.path.abspath(args.kinora), preset.begins_with)
    for stage in every:
        if is_left_out(stage, preset, args.also):
            continue
        words = stage.words + preset.options.get(stage.name, "").split()
        if finished(folder).get(stage.name) == words:
            print(f"{stage.name}: done", flush=True)
            continue
        forget(folder, that_build_on(stage, every))
        start = time.monotonic()
        print(f"{stage.name}: {stage.script} {' '.join(words)}", flush=True)
        run(stage, words, preset.device, workers * (preset.rendering if stage.name == "latents" else 1))
        write_finished(folder, stage.name, words)
        print(f"{stage.name}: {time.monotonic() - start:.0f} s", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("--folder", help="of checkpoints and logs; without it runs/PRESET")
    parser.add_argument("--out", help="folder of the exported model; without it FOLDER/model")
    parser.add_argument("--workers", type=int, help="processes; without it one a core, or one a GPU")
    parser.add_argument("--also", nargs="+", default=[], choices=ON_REQUEST, help="what needs the engine's command line too")
    parser.add_argument("--kinora", default=f"{HERE}/../../target/release/kinora", help="the engine's command line")
    return parser.parse_args()


def run(stage, words, device, workers):
    """Run a stage to its end; CalledProcessError when it fails."""
    command = [sys.executable]
    if stage.trains:
        words = ["--device", device, *words]
        command += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(workers)] if workers > 1 else []
    environment = os.environ if device == "cuda" else {"OMP_NUM_THREADS": "1"} | os.environ
    subprocess.run([*command, stage.script, *words], cwd=HERE, env=environment, check=True)


def finished(folder):
    """{stage: the words of its command line} of all that are finished."""
    path = f"{folder}/recipe.json"
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def write_finished(folder, name, words):
    write(folder, finished(folder) | {name: words})


def that_build_on(stage, every):
    """All stages of `every` that take a stage's results, or those of one that does."""
    found = [stage]
    for later in every:
        if any(earlier.name in later.after for earlier in found):
            found.append(later)
    return found[1:]


def forget(folder, stages):
    """Have these stages begin anew: what they have made is of what there was before them."""
    names = {stage.name for stage in stages}
    write(folder, {name: words for name, words in finished(folder).items() if name not in names})
    for path in [path for stage in stages for pattern in stage.goes_on for path in glob.glob(pattern, root_dir=folder)]:
        kept = f"{folder}/earlier/{path}"
        if os.path.isdir(kept):
            shutil.rmtree(kept)
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        os.replace(f"{folder}/{path}", kept)


def write(folder, content):
    with written_whole(f"{folder}/recipe.json") as path, open(path, "w") as file:
        json.dump(content, file, indent=1)


if __name__ == "__main__":
    main()
