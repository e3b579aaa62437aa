"""From prompts to clips with the trained networks, from an exported model or from a run's checkpoints."""

import os

import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

import gguf_files
from autoencoder import denormalised
from denoiser import Denoiser, sample
from encode_latents import load_autoencoder, set_statistics
from exported import manifest_of, path_of
from text import load_tokenizer, token_ids, with_rate
from training import load_weights


# Files of a run's autoencoder, the best first: with the improved decoder, as trained, as another model's checkpoint has it.
AUTOENCODERS = ("decoder.pt", "frames.pt", "frames.safetensors")
# Of its DiT: on all clips, on small ones.
DENOISERS = ("dit.pt", "low-resolution.pt")
# And of a student's: surer of the weather, as distilled.
STUDENTS = ("weather", "student")


class Pipeline:
    """`denoise` is (latents, timestep [B], ids) -> velocity; `vae` an AutoencoderKLWan with statistics in its config."""

    def __init__(self, tokenizer, denoise, vae):
        self.tokenizer, self.denoise, self.vae = tokenizer, denoise, vae

    @torch.no_grad()
    def __call__(self, prompts, width=64, height=64, frames=9, fps=8, steps=12, guidance=2.0, seed=0):
        """Clips of the prompts: [B, 3, frames, height, width] in -1..1."""
        ids, empty = (token_ids(self.tokenizer, [with_rate(text, fps) for text in texts], self.denoise.text_length) for texts in (prompts, [""]))
        shape = (len(prompts), self.vae.config.z_dim, frames, height // 8, width // 8)
        latents = sample(self.denoise, ids, empty, shape, steps, guidance, torch.Generator().manual_seed(seed))
        return self.vae.decode(denormalised(self.vae, latents), return_dict=False)[0].clamp(-1, 1)


def from_run(folder="runs", student=None):
    """The averaged weights of a run's checkpoints.

    `student`: the distilled student of so many steps in place of the DiT. It is to be sampled so, with guidance 1.
    FileNotFoundError if a network is missing.
    """
    tokenizer = load_tokenizer(f"{folder}/tokenizer/tokenizer.json")
    denoiser = Denoiser(tokenizer.get_vocab_size())
    students, denoisers = [f"{folder}/distil/{name}-{student}.pt" for name in STUDENTS], [f"{folder}/dit/{name}" for name in DENOISERS]
    load_weights(denoiser, best(students if student else denoisers))
    autoencoder = load_autoencoder(best([f"{folder}/vae/{name}" for name in AUTOENCODERS]))
    set_statistics(autoencoder, f"{folder}/latents")
    return Pipeline(tokenizer, denoiser.eval(), autoencoder)


def best(paths):
    """The first file that is there; if there is none, the last."""
    return next(filter(os.path.exists, paths), paths[-1])


def from_export(folder):
    """Read the exported files back, dequantised, into diffusers' and transformers' classes."""
    config, tensors = gguf_files.read(path_of(folder, "vae"))
    vae = gguf_files.load(AutoencoderKLWan.from_config(config), tensors, gguf_files.vae_namer(config))
    manifest, tokenizer = manifest_of(folder), load_tokenizer(path_of(folder, "tokenizer"))
    denoiser = Denoiser(tokenizer.get_vocab_size(), manifest["text_length"])
    denoiser.encoder = UMT5EncoderModel(UMT5Config(**manifest["configs"]["text"]))
    denoiser.dit = WanTransformer3DModel.from_config(manifest["configs"]["dit"])
    gguf_files.load_denoiser(denoiser, path_of(folder, "text"), path_of(folder, "dit"))
    return Pipeline(tokenizer, denoiser.eval(), vae.eval())
