"""Draw a training log (lines of JSON, those of all stages) as a picture for the model card: a panel a stage."""

import argparse
import json
from collections import defaultdict

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  the choice of drawing into files comes first

WIDTH, HEIGHT = 4.5, 3.0  # inches, of a panel
ACROSS = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", nargs="?", default="../nano/training-log.jsonl")
    parser.add_argument("out", nargs="?", default="../nano/training.png")
    args = parser.parse_args()
    draw(read(args.log), args.out)


def read(path):
    """{stage: {quantity: [(training seconds, value)]}}, stages in the order of training."""
    stages, before, last, first_step = defaultdict(lambda: defaultdict(list)), defaultdict(int), defaultdict(int), {}
    with open(path) as file:
        for line in map(json.loads, file):
            stage, seconds = line["stage"], line["seconds"]
            # A stage that was begun again with the weights it had; one that only went on goes back to its last checkpoint.
            if seconds < last[stage] and line["step"] <= first_step[stage]:
                before[stage] += last[stage]
            first_step.setdefault(stage, line["step"])
            last[stage] = seconds
            for quantity in filter(is_shown, line):
                stages[stage][quantity].append((before[stage] + seconds, line[quantity]))
    return stages


def is_shown(quantity):
    return "loss" in quantity or ("psnr" in quantity and "subject" not in quantity)


def draw(stages, path):
    """Write a PNG: PSNR of stages that have one, else the loss."""
    rows = -(-len(stages) // ACROSS)
    figure, panels = pyplot.subplots(rows, ACROSS, figsize=(ACROSS * WIDTH, rows * HEIGHT), squeeze=False, layout="constrained")
    for panel in panels.flat[len(stages):]:
        panel.axis("off")
    for panel, (stage, quantities) in zip(panels.flat, stages.items()):
        unit = "psnr" if "psnr" in quantities else "loss"
        for quantity in (name for name in quantities if unit in name):
            seconds, values = zip(*quantities[quantity])
            panel.plot(seconds, values, label=quantity.replace("_", " "), marker="." if len(values) < 30 else None)
        panel.set(title=stage, xlabel="training seconds", ylabel="PSNR (dB)" if unit == "psnr" else "loss")
        panel.legend()
        panel.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
