"""What smaller weights cost: the networks with f16, Q8_0 and Q4_0 weights, which the engine makes from the model's
checkpoint, and as they ship, with their files' sizes, how far their outputs and clips are from those with f16 weights, how many
of the recogniser's verdicts are others, and how well the clips follow the prompts.
"""

import argparse
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file

from clips import from_bytes
from engine import add_arguments, forward, parsed, run
from evaluate import SEED, generated_views
from exported import chunk_frames, file_entry, manifest_of, path_of
from generated import generated
from gguf_files import without_past
from quality import psnr, relative_error
from questions import draw_questions, fits_model
from recogniser import ATTRIBUTES, accuracy, add_recogniser, has_meaning, load, named, right
from tables import markdown, publish
from text import load_tokenizer

TYPES = ("f16", "q8_0", "q4_0")
SHIPPED = "as shipped"  # Q8_0 wherever rows allow it, while `kinora quantize` leaves what is sensitive in f16
ROLES = ("text", "dit", "vae")


def main():
    args = arguments()
    recogniser = load(args.recogniser, args.kind)
    questions = draw_questions(args.prompts, False, fits_model(args.model, args.kind.fps), SEED)
    models = {data_type: quantised(args.kinora, args.model, data_type) for data_type in TYPES} | {SHIPPED: args.model}
    reference, report = None, {}
    for name, model in models.items():
        of_type = argparse.Namespace(**vars(args) | {"model": model})
        outputs = outputs_of(of_type, questions.prompts[0])
        clips = torch.stack(list(generated(of_type, questions.prompts, range(args.prompts))))
        names = named(recogniser, generated_views(of_type, questions), args.kind)
        reference = reference or (outputs, clips, names)
        report[name] = {
            "bytes": {role: os.path.getsize(path_of(model, role)) for role in ROLES},
            "error": {role: round(relative_error(outputs[role], reference[0][role]), 5) for role in ROLES},
            "PSNR": None if name == TYPES[0] else round(psnr(from_bytes(clips), from_bytes(reference[1])).mean().item(), 2),
            "other verdicts": sum(((names[a] != reference[2][a]) & has_meaning(questions.scenes, a)).sum().item() for a in ATTRIBUTES),
            "accuracy": accuracy(right(names, questions.scenes), questions.scenes),
        }
    report["how"] = {"kind": str(args.kind), "prompts": args.prompts, "steps": args.steps}
    publish(report, args.out, table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    add_recogniser(parser)
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--out", default="../nano/quantisation.json")
    return parsed(parser)


def quantised(kinora, source, data_type):
    """A folder with the model of the folder `source`, its weights of a type; made from the checkpoint, for the shipped files
    have lost what f16 would keep."""
    manifest = manifest_of(source)
    out = f"runs/quantised/{data_type}"
    os.makedirs(out, exist_ok=True)
    for role, tensors in networks(f"{source}/checkpoint").items():
        config = manifest["configs"][role]
        if role == "vae":
            config, tensors = without_past(config, tensors)
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, f"{out}/{role}.safetensors")
        # `kinora quantize` takes the configuration that lies beside its input into the file.
        with open(f"{out}/config.json", "w") as file:
            json.dump(config, file)
        run(kinora, "quantize", f"{out}/{role}.safetensors", f"{out}/{role}.gguf", "--type", data_type)
        os.remove(f"{out}/{role}.safetensors")
        os.remove(f"{out}/config.json")
    for entry in manifest["files"]:
        if entry["role"] in ROLES:
            entry["path"] = f"{entry['role']}.gguf"
        else:
            shutil.copyfile(f"{source}/{entry['path']}", f"{out}/{entry['path']}")
        entry |= file_entry(out, entry["role"], entry["path"])
    with open(f"{out}/model.json", "w") as file:
        json.dump(manifest, file)
    return out


def networks(checkpoint):
    """{role: {name: tensor}} of what export.py keeps to go on from."""
    denoiser = load_file(f"{checkpoint}/denoiser.safetensors")
    parts = {role: {name.removeprefix(start): tensor for name, tensor in denoiser.items() if name.startswith(start)}
             for role, start in (("text", "encoder."), ("dit", "dit."))}
    return parts | {"vae": load_file(f"{checkpoint}/vae.safetensors")}


def outputs_of(args, prompt):
    """{role: what the network makes of the same input}: text rows of a prompt, the velocity of noise, a decoded latent."""
    manifest = manifest_of(args.model)
    vae = manifest["configs"]["vae"]
    draw = torch.Generator().manual_seed(0)
    ids = load_tokenizer(path_of(args.model, "tokenizer")).encode(prompt).ids
    frames = (args.kind.frames - 1) // chunk_frames(args.model) + 1
    noise = torch.randn(vae["z_dim"], frames, args.kind.height // 8, args.kind.width // 8, generator=draw)
    rows = torch.randn(manifest["text_length"], manifest["configs"]["dit"]["text_dim"], generator=draw)
    mean, std = (torch.tensor(vae[name])[:, None, None, None] for name in ("latents_mean", "latents_std"))
    inputs = {
        "text": ("text", {"input_ids": torch.tensor(ids)}),
        "dit": ("dit", {"latent": noise, "timestep": torch.tensor([500.0]), "text": rows}),
        "vae": ("vae-decode", {"latent": noise * std + mean}),
    }
    return {role: forward(args.kinora, args.model, network, **tensors) for role, (network, tensors) in inputs.items()}


def table(report):
    """The report for the model card."""
    header = ["weights", "MB: " + " + ".join(ROLES)] + [f"error: {role}" for role in ROLES] + ["PSNR, dB", "other verdicts"]
    rows = []
    for data_type in (*TYPES, SHIPPED):
        each = report[data_type]
        sizes = " + ".join(f"{each['bytes'][role] / 1e6:.2f}" for role in ROLES)
        rows.append([data_type, sizes] + [each["error"][role] for role in ROLES] + [each["PSNR"], each["other verdicts"]] + [each["accuracy"][name] for name in (*ATTRIBUTES, "all")])
    return markdown(header + [name.replace("_", " ") for name in (*ATTRIBUTES, "all")], rows)


if __name__ == "__main__":
    main()
