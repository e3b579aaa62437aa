"""Fixtures of the whole way from prompt to frames: diffusers' WanPipeline with tiny random networks.

pipeline/model is a diffusers folder. pipeline/cases.json lists the runs; each has a file with
{noise [C,F,H,W], prompt_embeds [512,d], negative_embeds [512,d] (where there is guidance),
latents [C,F,H,W]: the result of the last step, steps [N,C,F,H,W]: the result of every step,
video [3,T,H,W]: the decoded frames in [-1, 1]}.
"""

import torch
from diffusers import (
    AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel,
)
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

import unigram
from common import FIXTURES, generator, normal, randomise, save, save_json

DIRECTORY = FIXTURES / "pipeline"
CHANNELS, TEXT_DIM = 8, 32
PROMPT = "a red ball bouncing over the meadow at sunset,  “soft” light &amp; haze"
NEGATIVE = "low quality, blurry, 静态"


def tokenizer() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=unigram.umt5_form(unigram.train()), eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def text_encoder(vocabulary: int) -> UMT5EncoderModel:
    config = UMT5Config(vocab_size=vocabulary, d_model=TEXT_DIM, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
    encoder = randomise(UMT5EncoderModel(config), generator(9000))
    for name, parameter in encoder.named_parameters():
        if name.endswith("SelfAttention.q.weight"):
            parameter *= config.d_kv**-0.5
    return encoder


def transformer() -> WanTransformer3DModel:
    model = WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=CHANNELS,
        out_channels=CHANNELS, text_dim=TEXT_DIM, freq_dim=32, ffn_dim=64, num_layers=2,
    )
    randomise(model, generator(9001))
    model.condition_embedder.text_embedder.linear_1.weight *= 8  # so that 20 words count among 512 rows of padding
    return model


def autoencoder() -> AutoencoderKLWan:
    rng = generator(9002)
    mean, std = rng.standard_normal(CHANNELS), 0.5 + rng.random(CHANNELS)
    vae = AutoencoderKLWan(
        base_dim=4, z_dim=CHANNELS, dim_mult=[1, 1, 2, 2], num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=mean.round(4).tolist(), latents_std=std.round(4).tolist(),
    )
    return randomise(vae, rng)


def run(pipeline: WanPipeline, case: dict, noise: torch.Tensor) -> dict[str, torch.Tensor]:
    """One call of the pipeline, and the decoding that it does for other output types than "latent"."""
    steps = []

    def remember(_pipeline, _step, _timestep, tensors):
        steps.append(tensors["latents"][0].clone())
        return tensors

    guided = case["guidance"] > 1
    prompt_embeds, negative_embeds = pipeline.encode_prompt(
        case["prompt"], case["negative_prompt"], do_classifier_free_guidance=guided, max_sequence_length=512
    )
    arguments = dict(
        prompt=case["prompt"], negative_prompt=case["negative_prompt"], height=case["height"], width=case["width"],
        num_frames=case["frames"], num_inference_steps=case["steps"], guidance_scale=case["guidance"],
        latents=noise[None], max_sequence_length=512,
    )
    latents = pipeline(**arguments, output_type="latent", callback_on_step_end=remember).frames[0]
    frames = pipeline(**arguments, output_type="pt").frames[0]  # [T,3,H,W] in [0, 1]
    tensors = {
        "noise": noise,
        "prompt_embeds": prompt_embeds[0],
        "latents": latents,
        "steps": torch.stack(steps),
        "video": frames.transpose(0, 1) * 2 - 1,
    }
    if guided:
        tensors["negative_embeds"] = negative_embeds[0]
    return tensors


def write() -> None:
    text_tokenizer = tokenizer()
    unipc = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    pipeline = WanPipeline(
        tokenizer=text_tokenizer, text_encoder=text_encoder(len(text_tokenizer)), vae=autoencoder(), scheduler=unipc,
        transformer=transformer(),
    )
    pipeline.save_pretrained(DIRECTORY / "model")
    pipeline = WanPipeline.from_pretrained(DIRECTORY / "model")
    pipeline.set_progress_bar_config(disable=True)

    shared = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "width": 48, "height": 32, "frames": 9, "steps": 4}
    cases = [
        {"file": "unipc.safetensors", "sampler": "unipc", "shift": 3.0, "guidance": 3.0, **shared},
        {"file": "euler.safetensors", "sampler": "euler", "shift": 5.0, "guidance": 3.0, **shared},
        {"file": "unguided.safetensors", "sampler": "euler", "shift": 1.0, "guidance": 1.0, **shared}
        | {"negative_prompt": "", "width": 16, "height": 48, "frames": 5, "steps": 3},
    ]
    for index, case in enumerate(cases):
        if case["sampler"] == "euler":
            pipeline.scheduler = FlowMatchEulerDiscreteScheduler(shift=case["shift"])
        noise = normal(
            generator(9010 + index), CHANNELS, (case["frames"] - 1) // 4 + 1, case["height"] // 8, case["width"] // 8
        )
        save(DIRECTORY / case["file"], **run(pipeline, case, noise))
    save_json(DIRECTORY / "cases.json", cases)
