"""Fixtures of the text encoder: transformers' UMT5EncoderModel and T5EncoderModel with random weights.

Writes text/<config>/{config.json, model.safetensors} as `save_pretrained` does, and for each case
input[-case].safetensors {input_ids i64 [L]}, expected[-case].safetensors {hidden [L,d]}. There is no padding.
"""

import torch
from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

from common import FIXTURES, generator, normal, randomise, save, suffixed

# model class, config arguments, then cases: name -> number of tokens
CONFIGS = {
    "head64": (
        UMT5EncoderModel,
        dict(vocab_size=96, d_model=64, d_kv=64, d_ff=96, num_layers=2, num_heads=2),
        {"": 40, "one-token": 1, "long": 150},
    ),
    # heads * d_kv differs from d_model; few buckets, all of them reached within 150 tokens
    "narrow": (
        UMT5EncoderModel,
        dict(
            vocab_size=61, d_model=30, d_kv=10, d_ff=50, num_layers=3, num_heads=5,
            relative_attention_num_buckets=12, relative_attention_max_distance=20, layer_norm_epsilon=1e-5,
        ),
        {"": 29, "long": 147},
    ),
    # more distance than tokens: the outermost buckets stay unused
    "wide": (
        UMT5EncoderModel,
        dict(
            vocab_size=50, d_model=24, d_kv=16, d_ff=40, num_layers=1, num_heads=3,
            relative_attention_num_buckets=64, relative_attention_max_distance=256, feed_forward_proj="gated-silu",
        ),
        {"": 7, "long": 100},
    ),
    # no gate: one matrix `wi` in place of `wi_0` and `wi_1`
    "plain-relu": (
        UMT5EncoderModel,
        dict(vocab_size=40, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, feed_forward_proj="relu"),
        {"": 11},
    ),
    # T5 v1.1 has position biases in its first layer only, shared by all
    "t5": (
        T5EncoderModel,
        dict(
            vocab_size=70, d_model=32, d_kv=12, d_ff=64, num_layers=3, num_heads=4,
            relative_attention_num_buckets=16, relative_attention_max_distance=64, feed_forward_proj="gated-gelu",
        ),
        {"": 31, "long": 130},
    ),
}


def model(name: str) -> UMT5EncoderModel | T5EncoderModel:
    """The random model of a config; the same at every call."""
    kind, arguments, _ = CONFIGS[name]
    config = (UMT5Config if kind is UMT5EncoderModel else T5Config)(**arguments)
    encoder = randomise(kind(config), generator(3000 + list(CONFIGS).index(name)))
    for parameter_name, parameter in encoder.named_parameters():
        if parameter_name.endswith("SelfAttention.q.weight"):
            parameter *= config.d_kv**-0.5  # T5 folds the attention's 1/sqrt(d_kv) into q
    return encoder


def input_ids(name: str, case: str) -> torch.Tensor:
    """Random ids [L] that end with the end-of-sequence id 1."""
    _, config, cases = CONFIGS[name]
    rng = generator(4000 + 10 * list(CONFIGS).index(name) + list(cases).index(case))
    ids = torch.from_numpy(rng.integers(2, config["vocab_size"], cases[case]))
    ids[-1] = 1
    return ids


def hidden(encoder: UMT5EncoderModel | T5EncoderModel, ids: torch.Tensor) -> torch.Tensor:
    """The encoder's output [L,d] for ids [L]."""
    return encoder(ids[None]).last_hidden_state[0]


def write() -> None:
    for name, (_, _, cases) in CONFIGS.items():
        directory = FIXTURES / "text" / name
        encoder = model(name)
        encoder.save_pretrained(directory)
        for case in cases:
            ids = input_ids(name, case)
            save(suffixed(directory, "input", case), input_ids=ids)
            save(suffixed(directory, "expected", case), hidden=hidden(encoder, ids))
