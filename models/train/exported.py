"""What the description of an exported model says."""

import hashlib
import json

from clips import Kind


def manifest_of(model):
    """The model.json of a folder."""
    with open(f"{model}/model.json") as file:
        return json.load(file)


def path_of(model, role):
    """The file of a model that has this role."""
    [path] = [entry["path"] for entry in manifest_of(model)["files"] if entry["role"] == role]
    return f"{model}/{path}"


def file_entry(model, role, path):
    """What a description says of one of the model's files."""
    with open(f"{model}/{path}", "rb") as file:
        content = file.read()
    return {"role": role, "path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def default_kind(model):
    """The kind of clip that the engine makes unless told otherwise: the first size and the first length."""
    manifest = manifest_of(model)
    size = manifest["sizes"][0]
    return Kind(size["width"], size["height"], manifest["frames"][0], manifest["fps"])


def default_steps(model):
    """The steps that a model is sampled in unless told otherwise."""
    return manifest_of(model)["sampler"]["steps"]


def chunk_frames(model):
    """How many frames a latent frame holds, but for the first, which holds one."""
    return 2 ** sum(manifest_of(model)["configs"]["vae"]["temperal_downsample"])


def digest(model):
    """A short name for exactly this model: its description holds the SHA-256 of all its files."""
    with open(f"{model}/model.json", "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]
