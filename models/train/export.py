"""Write the model that ships: GGUF files, tokenizer, manifest, training log, and a checkpoint to continue from."""

import argparse
import glob
import json
import math
import os
import shutil

import torch
from safetensors.torch import save_file

import gguf_files
from autoencoder import normalised
from clips import FRAME_RATES
from denoiser import SHIFT
from encode_latents import Encode
from exported import file_entry
from pipeline import from_run
from render import render
from text import PROMPT_TEMPLATE, TEXT_LENGTH
from train_tokenizer import sample_captions
from world.captions import known_words
from world.english import (CAMERA_PHRASES, COLOUR_NAMES, MOTION_PHRASES, OWN_MOTION_PHRASES, PACE_NAMES, PLACE_PHRASES, RELATION_PHRASES,
                           SIZE_NAMES, SUBJECT_NAMES, TIME_PHRASES, WEATHER_PHRASES)
from world.scene import sample_scenes

NAME = {"name": "nano", "title": "Kinora Nano"}
TEACHER_NAME = {"name": "nano-teacher", "title": "Kinora Nano, teacher"}
EXAMPLES = (
    "a red pickup truck driving through the desert at sunset, kicking up dust, the camera pans right",
    "a red ball bouncing over the meadow at sunset",
    "a blue boat sailing to the right on the sea at noon",
    "a yellow rocket rising in space at night",
    "a brown horse walking through the forest in the rain, the camera orbits",
    "a pink balloon rising over the city in the morning",
    "a purple star spinning in the desert at night",
    "a green car driving to the left in the snow at noon",
    "a white bird circling over the sea at sunset",
    "a small white robot dancing to the left of a purple house in falling snow",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="runs", help="of the checkpoints")
    parser.add_argument("--out", default="../nano")
    parser.add_argument("--student", type=int, help="ship the distilled student of so many steps, without guidance, and its teacher in a folder of its own")
    parser.add_argument("--frames", type=int, nargs="+", default=[9], help="clip lengths that were really trained, the default first")
    parser.add_argument("--sizes", nargs="+", default=["64x64"], help="sizes that were really trained, the default first")
    parser.add_argument("--fps", type=int, default=8, help="the default frame rate")
    args = parser.parse_args()
    pipeline = from_run(args.folder)
    preview = preview_factors(pipeline.vae)
    shipped, sampling = pipeline, sampler()
    if args.student:
        shipped, sampling = from_run(args.folder, args.student), sampler(args.student, guidance=1.0)
        write_model(args, pipeline, f"{args.out}/teacher", preview, TEACHER_NAME | {"sampler": sampler()})
    write_model(args, shipped, args.out, preview, NAME | {"sampler": sampling})
    write_log(args)
    write_checkpoint(args, shipped)
    for name in sorted(os.listdir(args.out)):
        print(f"{os.path.getsize(f'{args.out}/{name}'):>9} {name}")


def sampler(steps=20, guidance=2.0):
    """How a model is sampled; unless told otherwise, one that has not been distilled."""
    return {"name": "euler", "steps": steps, "guidance": guidance, "shift": SHIFT, "negative_prompt": "", "timestep_spacing": "trailing"}


def write_model(args, pipeline, out, preview, own):
    """The folder of a model that the engine reads; `own` is what its description has of its own."""
    os.makedirs(out, exist_ok=True)
    configs = write_networks(pipeline, out)
    shutil.copyfile(f"{args.folder}/tokenizer/tokenizer.json", f"{out}/tokenizer.json")
    write_manifest(args, out, configs, preview, own)


def write_networks(pipeline, out):
    """Write the three GGUF files; returns their configurations by role."""
    denoiser, vae = pipeline.denoise, pipeline.vae
    text = {k: v for k, v in denoiser.encoder.config.to_dict().items() if v is not None and k not in ("id2label", "label2id", "_name_or_path")}
    configs = {"text": text, "dit": plain(denoiser.dit.config), "vae": plain(vae.config)}
    parts = {
        "text": ("t5encoder", denoiser.encoder, gguf_files.text_name),
        "dit": ("wan", denoiser.dit, gguf_files.dit_name),
        "vae": ("wan_vae", vae, gguf_files.vae_namer(vae.config)),
    }
    for role, (architecture, module, name_of) in parts.items():
        tensors = {name_of(name): value.detach().float().numpy() for name, value in module.named_parameters()}
        if role == "vae":
            configs[role], tensors = gguf_files.without_past(configs[role], tensors)
        gguf_files.write(f"{out}/{role}.gguf", architecture, configs[role], tensors)
    return configs


def plain(config):
    """A diffusers configuration without the entries that say where it was loaded from."""
    kept = {k: v for k, v in config.items() if k != "_use_default_values" and k != "_name_or_path"}
    return json.loads(json.dumps(kept))


@torch.no_grad()
def preview_factors(vae, count=256):
    """The linear map from normalised latents to colours (-1..1) that comes closest, least squares: for previews.

    {"factors": [[r, g, b] per latent channel], "bias": [r, g, b]}; a latent cell's colour is its pixels' mean.
    """
    scenes = sample_scenes(count, torch.Generator().manual_seed(55))
    video, _ = render(scenes, 9, 64, 64, only=[4])
    latents = normalised(vae, Encode(vae)(video))[:, :, 0].permute(0, 2, 3, 1).flatten(0, 2)
    colours = torch.nn.functional.avg_pool2d(video[:, :, 0], 8).permute(0, 2, 3, 1).flatten(0, 2)
    solution = torch.linalg.lstsq(torch.cat([latents, torch.ones(len(latents), 1)], dim=1), colours).solution
    rows = [[round(v, 4) for v in row] for row in solution.tolist()]
    return {"factors": rows[:-1], "bias": rows[-1]}


def write_manifest(args, out, configs, preview, own):
    paths = {"text": "text.gguf", "tokenizer": "tokenizer.json", "dit": "dit.gguf", "vae": "vae.gguf"}
    manifest = {
        "format": "kinora-model/1",
        **own,
        "description": "A tiny model of a toy world: one or two coloured things, a place, a time of day, weather, a motion and a camera.",
        "license": "Apache-2.0",
        "architecture": "wan",
        "files": [file_entry(out, role, path) for role, path in paths.items()],
        "configs": configs,
        "text_length": TEXT_LENGTH,
        "sizes": sizes_of(args.sizes),
        "frames": args.frames, "fps": args.fps, "frame_rates": list(FRAME_RATES), "prompt_template": PROMPT_TEMPLATE,
        "preview": preview,
        "vocabulary": vocabulary(),
        "known_words": known_words(sample_captions(30_000, 1)),
        "examples": list(EXAMPLES),
    }
    with open(f"{out}/model.json", "w") as file:
        json.dump(manifest, file, indent=1)
        file.write("\n")


def sizes_of(names):
    """[{"label", "width", "height"}] of names as 128x128; of sizes of one aspect ratio, the first has its name alone."""
    sizes = {}
    for name in names:
        width, height = map(int, name.split("x"))
        aspect = aspect_of(width, height)
        label = f"{aspect}, {width} × {height}" if aspect in sizes else aspect
        sizes[label] = {"label": label, "width": width, "height": height}
    return list(sizes.values())


def aspect_of(width, height):
    """The usual name of the aspect ratio that comes closest."""
    names = ("1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "9:21")
    return min(names, key=lambda name: abs(math.log(width / height * int(name.split(":")[1]) / int(name.split(":")[0]))))


def vocabulary():
    """Content words in groups, one for each thing: a page has them to click on. The others are among the known words."""

    def words(lists):
        return [word for word in dict.fromkeys(names[0] for names in lists) if word]

    own = [[participle for participle, _ in phrases] for phrases in OWN_MOTION_PHRASES.values()]
    return [
        {"label": "Subjects", "words": words(SUBJECT_NAMES.values())},
        {"label": "Colours", "words": words(COLOUR_NAMES.values())},
        {"label": "Motions", "words": words([[p for p, _ in phrases] for phrases in MOTION_PHRASES.values()] + own)},
        {"label": "Sizes", "words": words(SIZE_NAMES.values())},
        {"label": "Paces", "words": words(PACE_NAMES.values())},
        {"label": "Relations", "words": words([*RELATION_PHRASES.values(), ["chasing"]])},
        {"label": "Places", "words": words(PLACE_PHRASES.values())},
        {"label": "Times", "words": words(TIME_PHRASES.values())},
        {"label": "Weather", "words": words(WEATHER_PHRASES.values())},
        {"label": "Camera", "words": words([[f"the camera {finite}" for finite, _ in phrases] for phrases in CAMERA_PHRASES.values()])},
    ]


def write_log(args):
    """All stages' logs in the order of training; first, if it is there, the log of the model that was begun with."""
    students = sorted(glob.glob(f"{args.folder}/distil/student-*.jsonl"), key=steps_of_student, reverse=True) + glob.glob(f"{args.folder}/distil/weather-*.jsonl")
    paths = [f"{args.folder}/{name}.jsonl" for name in ("earlier", "vae/frames", "vae/decoder", "dit/low-resolution", "dit/dit")] + students
    with open(f"{args.out}/training-log.jsonl", "w") as out:
        for path in filter(os.path.exists, paths):
            with open(path) as file:
                shutil.copyfileobj(file, out)


def steps_of_student(path):
    """4 of .../student-4.jsonl"""
    return int(os.path.basename(path).removeprefix("student-").removesuffix(".jsonl"))


def write_checkpoint(args, pipeline):
    """What training can go on from beside the exported models: the averaged weights of what ships in float16 under diffusers'
    names, and the latents' statistics."""
    folder = f"{args.out}/checkpoint"
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(f"{args.folder}/latents/statistics.json", f"{folder}/statistics.json")
    for name, module in (("denoiser", pipeline.denoise), ("vae", pipeline.vae)):
        save_file({n: p.detach().half().contiguous() for n, p in module.named_parameters()}, f"{folder}/{name}.safetensors")


if __name__ == "__main__":
    main()
