"""Draws metrics.jsonl of a training run as curves: python train/curves.py runs/tiny/metrics.jsonl runs/tiny/curves.png"""

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PANELS = [
    ("answer: cross-entropy of decimals", "train", ["d1", "d2"]),
    ("where it looks: cross-entropy", "train", ["target", "anchor0", "anchor1"]),
    ("where it looks: share right", "train", ["target_right", "anchor0_right", "anchor1_right"]),
    ("what the cells say: share right", "train", ["rgb_name_right", "rgb_color_right", "depth_name_right"]),
    ("held-out pictures: hits", "validate", ["location", "placement", "unseen"]),
    ("reinforcement: rewards", "grpo", ["outcome_format", "point", "process_format", "accuracy", "kept"]),
]


def draw(metrics, out):
    with open(metrics, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    fig, axes = plt.subplots(2, 3, figsize=(13, 7), constrained_layout=True)
    for ax, (title, kind, keys) in zip(axes.flat, PANELS):
        mine = [r for r in records if r["kind"] == kind]
        for k in keys:
            for style, of in (("-", "rgbd"), ("--", "rgb")) if kind == "validate" else (("-", None),):
                values = [(r["step"], r.get(of, {}).get(k, [None])[0] if of else r.get(k)) for r in mine]
                values = [v for v in values if v[1] is not None]
                if values:
                    ax.plot(*zip(*values), style, label=k + (" (RGB only)" if of == "rgb" else ""), marker="." if kind == "validate" else None)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("step", fontsize=8)
        ax.grid(alpha=0.3)
        if ax.lines:
            ax.legend(fontsize=7)
    fig.savefig(out + ".part", dpi=110, format="png")
    plt.close(fig)
    os.replace(out + ".part", out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(*sys.argv[1:])
