"""Render clips and keep their latents: shards of scenes with normalised latents, which the DiT trains on.

Under `torchrun` the workers share the shards. Shards already there are kept: ask for more to continue. The first run
measures the latents' mean and standard deviation in every channel and writes them beside the shards.
"""

import argparse
import json
import os

import torch

from autoencoder import EncodeDecode, new_autoencoder, normalised
from render import render
from training import Workers, call_in_bfloat16
from world.scene import sample_scenes


class Encode(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, video):
        """The latents' means, [B, z, T, H / 8, W / 8]. The autoencoder sees every frame alone, so frames go in as a batch."""
        frames = video.transpose(1, 2).flatten(0, 1).unsqueeze(2)
        means = self.vae._encode(frames).chunk(2, dim=1)[0].float()
        return means.squeeze(2).unflatten(0, (len(video), -1)).transpose(1, 2)


def load_autoencoder(path, device="cpu"):
    """The averaged weights of a checkpoint of train_vae.py."""
    model = EncodeDecode(new_autoencoder()).to(device)
    model.load_state_dict(torch.load(path, map_location=device)["average"])
    return model.vae.eval().requires_grad_(False)


def set_statistics(vae, folder):
    """Put the measured statistics of the latents into the autoencoder's configuration."""
    with open(f"{folder}/statistics.json") as file:
        vae.register_to_config(**json.load(file))


@torch.no_grad()
def encode(model, scenes, frames, width, height, device, batch=32):
    latents = []
    for start in range(0, len(scenes), batch):
        video, _ = render(scenes.select(slice(start, start + batch)).to(device), frames, height, width)
        latents.append(call_in_bfloat16(model, video.bfloat16()).cpu())
    return torch.cat(latents)


def measure(model, folder, device):
    latents = encode(model, sample_scenes(256, torch.Generator().manual_seed(77)), 9, 64, 64, device)
    flat = latents.transpose(0, 1).flatten(1)
    with open(f"{folder}/statistics.json.part", "w") as file:
        json.dump({"latents_mean": flat.mean(1).tolist(), "latents_std": flat.std(1).tolist()}, file)
    os.replace(f"{folder}/statistics.json.part", f"{folder}/statistics.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vae", default="runs/vae/frames.pt", help="checkpoint of the autoencoder")
    parser.add_argument("--run", default="runs/latents")
    parser.add_argument("--size", nargs="+", default=["64x64", "80x48", "48x80"], help="width x height")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--shards", type=int, nargs="+", required=True, help="shards of each size")
    parser.add_argument("--shard", type=int, default=256, help="clips a shard")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    workers = Workers()
    device = workers.device(args.device)
    os.makedirs(args.run, exist_ok=True)
    vae = load_autoencoder(args.vae, device)
    model = Encode(vae)
    if not os.path.exists(f"{args.run}/statistics.json"):
        if workers.rank == 0:
            measure(model, args.run, device)
        workers.wait()
    set_statistics(vae, args.run)
    wanted = [(i, size) for size, count in zip(args.size, args.shards) for i in range(count)]
    for number, size in sorted(wanted)[workers.rank::workers.count]:
        path = f"{args.run}/{size}x{args.frames}-{number:04d}.pt"
        if os.path.exists(path):
            continue
        width, height = map(int, size.split("x"))
        seed = hash_seed(width, height, args.frames, number)
        scenes = sample_scenes(args.shard, torch.Generator().manual_seed(seed))
        latents = normalised(vae, encode(model, scenes, args.frames, width, height, device))
        torch.save({"scenes": vars(scenes), "latents": latents.half()}, path + ".part")
        os.replace(path + ".part", path)
        print(path, flush=True)


def hash_seed(width, height, frames, number):
    return ((width * 1000 + height) * 100 + frames) * 10_000 + number


if __name__ == "__main__":
    main()
