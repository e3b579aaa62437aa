"""Fixtures of whole networks with stored types other than float32, in the original namings.

quantised/<network>-<type>/ holds config.json, the weights, and expected*.safetensors: the output of the network run
in float32 on the values that the stored weights mean. The inputs are those of the float32 fixture of the same config:
dit/head64, text/head64 and vae/patched or vae/residual.
"""

import json
import shutil
from pathlib import Path

import gguf
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file, save_file

import dit
import text
import vae
from common import FIXTURES, save
from names import dit_original, text_llama, vae_original
from quantisation import add_tensor, block_size, finish

DIRECTORY = FIXTURES / "quantised"


def stored_type(name: str, tensor: torch.Tensor, kind: Type, kept: Type, kept_names: tuple[str, ...]) -> Type:
    """The type a tensor is stored in: vectors and modulation stay F32, kept and unaligned ones get `kept`."""
    if tensor.ndim == 1 or name.endswith("modulation"):
        return Type.F32
    if name.startswith(kept_names) or tensor[0].numel() % block_size(kind):
        return kept
    return kind


def write_gguf(path: Path, architecture: str, config: dict, tensors: dict[str, torch.Tensor], types: dict[str, Type]):
    """Writes a GGUF file and returns the values its readers see, by the same names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_string("config", json.dumps(config))
    if architecture == "t5encoder":
        add_t5_metadata(writer, config)
    values = {
        name: torch.from_numpy(add_tensor(writer, name, tensor.numpy(), types[name]))
        for name, tensor in tensors.items()
    }
    finish(writer)
    return values


def add_t5_metadata(writer: gguf.GGUFWriter, config: dict) -> None:
    """What llama.cpp's converter writes for a T5 encoder, the tokenizer excepted."""
    writer.add_context_length(512)
    writer.add_embedding_length(config["d_model"])
    writer.add_feed_forward_length(config["d_ff"])
    writer.add_block_count(config["num_layers"])
    writer.add_head_count(config["num_heads"])
    writer.add_key_length(config["d_kv"])
    writer.add_value_length(config["d_kv"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    writer.add_layer_norm_rms_eps(config["layer_norm_epsilon"])
    writer.add_relative_attn_buckets_count(config["relative_attention_num_buckets"])


def copy_config(source: Path, directory: Path) -> dict:
    """Copies a component's config.json into a new folder and returns it."""
    directory.mkdir(parents=True)
    shutil.copy(source / "config.json", directory)
    return json.loads((source / "config.json").read_text())


def with_values(model: torch.nn.Module, renamed: dict[str, str], values: dict[str, torch.Tensor]) -> torch.nn.Module:
    """Gives the model's parameters (by their own names) the stored values (by the file's names)."""
    parameters = dict(model.named_parameters())
    assert parameters.keys() == renamed.keys()
    for name, parameter in parameters.items():
        parameter.copy_(values[renamed[name]])
    return model


def write_dit() -> None:
    source = FIXTURES / "dit" / "head64"
    weights = load_file(source / "diffusion_pytorch_model.safetensors")
    renamed = {name: dit_original(name) for name in weights}
    tensors = {renamed[name]: tensor for name, tensor in weights.items()}
    # city96's converter leaves the embeddings and the head unquantised; ours quantises every matrix it can.
    embeddings = ("patch_embedding.", "text_embedding.", "time_embedding.", "time_projection.", "head.")
    for kind, kept_names in ((Type.Q8_0, embeddings), (Type.Q4_0, ())):
        directory = DIRECTORY / f"dit-{kind.name.lower()}"
        config = copy_config(source, directory)
        types = {name: stored_type(name, tensor, kind, Type.F16, kept_names) for name, tensor in tensors.items()}
        values = write_gguf(directory / "dit.gguf", "wan", config, tensors, types)
        save_dit_expected(directory, renamed, values)
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
        directory = DIRECTORY / f"dit-{name}"
        copy_config(source, directory)
        rounded = {name: tensor.to(dtype) for name, tensor in tensors.items()}
        prefix = "model.diffusion_model." if dtype is torch.bfloat16 else ""
        save_file(
            {prefix + name: tensor for name, tensor in rounded.items()},
            directory / "diffusion_pytorch_model.safetensors",
        )
        save_dit_expected(directory, renamed, {name: tensor.float() for name, tensor in rounded.items()})


def save_dit_expected(directory: Path, renamed: dict[str, str], values: dict[str, torch.Tensor]) -> None:
    transformer = with_values(dit.model("head64"), renamed, values)
    save(directory / "expected.safetensors", velocity=dit.velocity(transformer, dit.inputs("head64", "")))


def write_text() -> None:
    source = FIXTURES / "text" / "head64"
    weights = load_file(source / "model.safetensors")
    renamed = {name: text_llama(name) for name in weights}
    tensors = {renamed[name]: tensor for name, tensor in weights.items()}
    for kind, bias_type in ((Type.Q8_0, Type.F32), (Type.Q4_0, Type.F16)):
        directory = DIRECTORY / f"text-{kind.name.lower()}"
        config = copy_config(source, directory)
        types = {
            name: bias_type if "attn_rel_b" in name else stored_type(name, tensor, kind, Type.F16, ())
            for name, tensor in tensors.items()
        }
        values = write_gguf(directory / "text.gguf", "t5encoder", config, tensors, types)
        encoder = with_values(text.model("head64"), renamed, values)
        save(directory / "expected.safetensors", hidden=text.hidden(encoder, text.input_ids("head64", "")))


def write_vae() -> None:
    source = FIXTURES / "vae" / "patched"
    directory = DIRECTORY / "vae-q8_0"
    config = copy_config(source, directory)
    weights = load_file(source / "diffusion_pytorch_model.safetensors")
    renamed = {name: vae_original(name, config) for name in weights}
    tensors = {renamed[name]: tensor for name, tensor in weights.items()}
    types = {
        name: Type.F32 if name.endswith("gamma") else stored_type(name, tensor, Type.Q8_0, Type.F16, ())
        for name, tensor in tensors.items()
    }
    values = write_gguf(directory / "vae.gguf", "wan_vae", config, tensors, types)
    save_vae_expected(directory, "patched", renamed, values)

    source = FIXTURES / "vae" / "residual"
    directory = DIRECTORY / "vae-residual-f16"
    config = copy_config(source, directory)
    weights = load_file(source / "diffusion_pytorch_model.safetensors")
    renamed = {name: vae_original(name, config) for name in weights}
    rounded = {renamed[name]: tensor.half() for name, tensor in weights.items()}
    save_file(rounded, directory / "diffusion_pytorch_model.safetensors")
    save_vae_expected(directory, "residual", renamed, {name: tensor.float() for name, tensor in rounded.items()})


def save_vae_expected(directory: Path, name: str, renamed: dict[str, str], values: dict[str, torch.Tensor]) -> None:
    autoencoder = with_values(vae.model(name), renamed, values)
    source = FIXTURES / "vae" / name
    video = load_file(source / "encode-input.safetensors")["video"]
    save(directory / "encode-expected.safetensors", latent=vae.encoded(autoencoder, video))
    latent = load_file(source / "decode-input.safetensors")["latent"]
    save(directory / "decode-expected.safetensors", video=vae.decoded(autoencoder, latent))


def write() -> None:
    write_dit()
    write_text()
    write_vae()
