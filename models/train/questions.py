"""What the model is asked for when it is examined: scenes, and captions of them that leave nothing out."""

from dataclasses import dataclass

import torch

from exported import manifest_of, path_of
from text import load_tokenizer
from world.chinese import chinese
from world.english import english
from world.omission import Everything
from world.scene import Scene, joined, names_of, sample_scenes

CHINESE_EVERY = 5  # one prompt in so many is Chinese
WORDINGS = 20  # that are tried until one is short enough


@dataclass
class Questions:
    scenes: Scene
    prompts: list  # of strings
    too_long: int  # scenes passed over since no wording of them fits into the model's text

    def __len__(self):
        return len(self.prompts)

    def in_chinese(self):
        """Bool [B]"""
        return torch.tensor([not prompt.isascii() for prompt in self.prompts])


def draw_questions(count, held_out, fits, seed):
    """`count` scenes, of combinations that are held out from training or of no such, with a prompt each."""
    generator, draw = torch.Generator().manual_seed(seed), Everything(seed)
    scenes, prompts, too_long = [], [], 0
    while len(prompts) < count:
        scene = sample_scenes(1, generator, held_out)
        write = chinese if len(prompts) % CHINESE_EVERY == CHINESE_EVERY - 1 else english
        wordings = (write(names_of(scene, 0), draw) for _ in range(WORDINGS))
        prompt = next(filter(fits, wordings), None)
        if prompt is None:
            too_long += 1
        else:
            scenes.append(scene)
            prompts.append(prompt)
    return Questions(joined(scenes), prompts, too_long)


def fits_model(folder, fps):
    """A function from prompts to whether the model in a folder reads them to their end."""
    manifest, tokenizer = manifest_of(folder), load_tokenizer(path_of(folder, "tokenizer"))
    template = manifest.get("prompt_template", "{prompt}")
    return lambda prompt: len(tokenizer.encode(template.format(prompt=prompt, fps=fps)).ids) <= manifest["text_length"]
