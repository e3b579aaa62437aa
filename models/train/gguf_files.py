"""GGUF files of the three networks: original Wan and llama.cpp names, Q8_0 matrices, and back to diffusers' names."""

import json
import re

import gguf
import numpy as np
import torch

ORIGINAL_SHAPE = "comfy.gguf.orig_shape."

# Ordered text replacements from diffusers' names to the original ones.
DIT_NAMES = (
    ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
    ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
    ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
    ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
    ("condition_embedder.time_proj", "time_projection.1"),
    (".attn1.", ".self_attn."), (".attn2.", ".cross_attn."),
    (".to_q.", ".q."), (".to_k.", ".k."), (".to_v.", ".v."), (".to_out.0.", ".o."),
    (".norm2.", ".norm3."), (".ffn.net.0.proj.", ".ffn.0."), (".ffn.net.2.", ".ffn.2."),
    ("proj_out.", "head.head."),
)
TEXT_NAMES = (
    ("shared.", "token_embd."), ("encoder.block.", "enc.blk."), ("encoder.final_layer_norm.", "enc.output_norm."),
    (".layer.0.SelfAttention.relative_attention_bias.", ".attn_rel_b."),
    (".layer.0.SelfAttention.q.", ".attn_q."), (".layer.0.SelfAttention.k.", ".attn_k."),
    (".layer.0.SelfAttention.v.", ".attn_v."), (".layer.0.SelfAttention.o.", ".attn_o."),
    (".layer.0.layer_norm.", ".attn_norm."), (".layer.1.layer_norm.", ".ffn_norm."),
    (".layer.1.DenseReluDense.wi_0.", ".ffn_gate."), (".layer.1.DenseReluDense.wi_1.", ".ffn_up."),
    (".layer.1.DenseReluDense.wo.", ".ffn_down."),
)
RESIDUAL_NAMES = (
    (".norm1.gamma", ".residual.0.gamma"), (".conv1.", ".residual.2."), (".norm2.gamma", ".residual.3.gamma"),
    (".conv2.", ".residual.6."), (".conv_shortcut.", ".shortcut."),
)


def replaced(name, pairs):
    for old, new in pairs:
        name = name.replace(old, new)
    return name


def dit_name(name):
    if name == "scale_shift_table":
        return "head.modulation"
    return replaced(name, DIT_NAMES).replace("scale_shift_table", "modulation")


def text_name(name):
    return replaced(name, TEXT_NAMES)


def vae_namer(config):
    """A function from diffusers' names to the original ones; the decoder's blocks are counted through in the original."""
    resnets = config["num_res_blocks"] + 1
    stages = len(config["dim_mult"])

    def name_of(name):
        if name.startswith("quant_conv."):
            return name.replace("quant_conv.", "conv1.")
        if name.startswith("post_quant_conv."):
            return name.replace("post_quant_conv.", "conv2.")
        name = name.replace("conv_in.", "conv1#.").replace("conv_out.", "head.2.").replace("norm_out.", "head.0.")
        name = name.replace("mid_block.resnets.0.", "middle.0.").replace("mid_block.attentions.0.", "middle.1.").replace("mid_block.resnets.1.", "middle.2.")
        name = name.replace("encoder.down_blocks.", "encoder.downsamples.")
        block = re.match(r"decoder\.up_blocks\.(\d+)\.(resnets|upsamplers)\.(\d+)\.", name)
        if block:
            stage, kind, number = int(block[1]), block[2], int(block[3])
            index = stage * (resnets + 1) + (number if kind == "resnets" else resnets)
            assert stage < stages
            name = f"decoder.upsamples.{index}." + name[block.end():]
        return replaced(name, RESIDUAL_NAMES).replace("conv1#.", "conv1.")

    return name_of


def without_past(config, tensors):
    """A VAE's configuration and tensors without the taps on earlier frames, if they are all zero (`kernel_frames: 1`)."""
    config = {key: value for key, value in config.items() if key != "kernel_frames"}  # kept from the file it was read from
    causal = {name: tensor for name, tensor in tensors.items() if tensor.ndim == 5 and tensor.shape[2] > 1}
    if any(config["temperal_downsample"]) or any(tensor[:, :, :-1].any() for tensor in causal.values()):
        return config, tensors
    return config | {"kernel_frames": 1}, tensors | {name: tensor[:, :, -1:] for name, tensor in causal.items()}


def write(path, architecture, config, tensors):
    """Write float32 arrays by name.

    Matrices and convolution kernels whose rows are multiples of 32 become Q8_0 (kernels of three dimensions as the
    matrix outputs x all it sums over, with their shape beside them), other weights F16; vectors, norms, biases and
    modulation stay F32.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_string("config", json.dumps(config))
    for name, tensor in tensors.items():
        is_vector = tensor.size == max(tensor.shape) or "modulation" in name or "attn_rel_b" in name
        row = tensor.size // tensor.shape[0]
        if is_vector:
            writer.add_tensor(name, tensor.astype(np.float32))
        elif tensor.ndim in (2, 5) and row % 32 == 0:
            if tensor.ndim == 5:
                writer.add_array(ORIGINAL_SHAPE + name, [int(n) for n in tensor.shape])
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(tensor.reshape(tensor.shape[0], row), kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, tensor.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path):
    """(config, {name: float32 tensor in its torch shape})."""
    reader = gguf.GGUFReader(path)
    tensors = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        field = reader.get_field(ORIGINAL_SHAPE + tensor.name)
        shape = field.contents() if field else [int(n) for n in reversed(tensor.shape)]
        tensors[tensor.name] = torch.from_numpy(np.array(values, dtype=np.float32).reshape(shape))
    return json.loads(reader.get_field("config").contents()), tensors


def load_denoiser(denoiser, text, dit):
    """Load the files of a text encoder and of a DiT into a Denoiser."""
    for module, path, name_of in ((denoiser.encoder, text, text_name), (denoiser.dit, dit, dit_name)):
        load(module, read(path)[1], name_of)


def load(module, tensors, name_of):
    """Load original names into a diffusers or transformers module; every parameter must be there, and no more.

    Taps on earlier frames that a file leaves out are zeros.
    """
    state = {name: tensors[name_of(name)] for name, _ in module.named_parameters()}
    assert len(state) == len(tensors), sorted(set(tensors) - {name_of(n) for n in state})
    for name, parameter in module.named_parameters():
        with torch.no_grad():
            value = state[name]
            if value.numel() < parameter.numel():
                value = torch.cat([value.new_zeros(parameter[:, :, :-1].shape), value], dim=2)
            parameter.copy_(value.view(parameter.shape))
    return module
