"""Put clips on one picture, to be looked at: a row a clip, time to the right."""

import os

import torch
from PIL import Image, ImageDraw


def contact_sheet(clips, captions, path, columns=None, scale=2, across=2):
    """Write a PNG. clips: list of [3, T, H, W] tensors in -1..1; `columns` frames of each, evenly spread; `across` clips side by side."""
    tiles = []
    for clip, caption in zip(clips, captions):
        frames = clip.shape[1]
        columns_here = min(columns or frames, frames)
        picks = torch.linspace(0, frames - 1, columns_here).round().long()
        strip = torch.cat([clip[:, i] for i in picks], dim=2)
        strip = ((strip.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
        image = Image.fromarray(strip).resize((strip.shape[1] * scale, strip.shape[0] * scale), Image.NEAREST)
        tile = Image.new("RGB", (image.width, image.height + 14), "white")
        tile.paste(image, (0, 14))
        ImageDraw.Draw(tile).text((2, 1), caption, fill="black")
        tiles.append(tile)
    width = max(t.width for t in tiles) + 6
    rows = [tiles[i:i + across] for i in range(0, len(tiles), across)]
    heights = [max(t.height for t in row) + 4 for row in rows]
    sheet = Image.new("RGB", (width * across, sum(heights)), "white")
    top = 0
    for row, height in zip(rows, heights):
        for i, tile in enumerate(row):
            sheet.paste(tile, (i * width, top))
        top += height
    sheet.save(path)


def card_prompts():
    """The prompts of the model card's contact sheet."""
    with open(os.path.join(os.path.dirname(__file__), "prompts.txt")) as file:
        return file.read().splitlines()
