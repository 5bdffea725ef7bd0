"""Makes the tokenizer and the list of labels of the tiny model from what the simulator can say.

    refarena objects --json > objects.jsonl; refarena gen -n 400 --count 60 --split seen > texts.tsv
    python train/vocabulary.py --objects objects.jsonl --texts texts.tsv --out train/tiny
"""

import argparse
import json
import os
import random

from config import OFFICIAL_SUFFIX
from shards import REASONING_SUFFIX
from tokenizer import train_tokenizer


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--objects", required=True, help="what `refarena objects --json` prints")
    a.add_argument("--texts", required=True, help="what `refarena gen` prints: the text is the last column")
    a.add_argument("--out", required=True, metavar="DIR")
    a.add_argument("--size", type=int, default=2048, help="entries of the vocabulary, at most")
    o = a.parse_args()
    with open(o.objects, encoding="utf-8") as f:
        objects = [json.loads(line) for line in f]
    with open(o.texts, encoding="utf-8") as f:
        texts = [line.rstrip("\n").split("\t")[-1] for line in f]
    names = sorted(d["name"] for d in objects)
    colors = sorted({c for d in objects for c in d["colors"]})
    nouns = [n for d in objects for n in (d["category"], *d.get("synonyms", []), *d.get("parts", []), d.get("front", "")) if n]
    rng = random.Random(1)
    said = [f" the {c} {n} and the {n}s" for n in nouns for c in rng.sample(colors, 3)]
    number = lambda: f"{rng.uniform(-1, 1):.3f}"
    starts = ["the", "to the left of", "to the right of", "left of", "right of", "in front of", "in the", "behind", "between", "above", "below", "next to", "on top of", "inside", "at the"]
    answers = [f"[({number()}, {number()})]" for _ in range(300)] + [
        f"<think>Step{k}: [{kind}] [{rng.choice(starts)} {rng.choice(said).strip()}]: [({number()}, {number()})]\nStep{k}: [Orientation] [x]: ({number()}, {number()}, {number()})"
        f"</think><answer>[({number()}, {number()})]</answer>"
        for k in range(1, 6) for kind in ("Position", "Orientation", "Size") for _ in range(20)
    ]  # fmt: skip
    fixed = ["system\nYou are a helpful assistant", "user\n", "assistant\n", "Think step by step." + REASONING_SUFFIX, OFFICIAL_SUFFIX] * 200
    tokenizer = train_tokenizer([*texts, *said * 3, *answers, *fixed], o.size)
    os.makedirs(o.out, exist_ok=True)
    tokenizer.save(os.path.join(o.out, "tokenizer.json"))
    with open(os.path.join(o.out, "labels.json"), "w", encoding="utf-8") as f:
        json.dump({"names": names, "colors": colors}, f)
        f.write("\n")
    lengths = [len(tokenizer.encode(t).ids) for t in texts]
    print(f"{tokenizer.get_vocab_size()} entries; {sum(lengths) / len(lengths):.1f} tokens a text, {max(lengths)} at most; {len(names)} categories, {len(colors)} colours")


if __name__ == "__main__":
    main()
