"""What the description of an exported model says."""

import hashlib
import json
import os

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
    whole = f"{model}/{path}"
    return {"role": role, "path": path, "bytes": os.path.getsize(whole), "sha256": sha256(whole)}


def sha256(path):
    """Of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    return sha256(f"{model}/model.json")[:16]
