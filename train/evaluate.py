"""Greedy answers of a model to questions, scored strictly, in batches: what training watches itself by.

    python train/evaluate.py --checkpoint DIR --data DIR [--limit N] [--rgb] [--reasoning] [--temperature T]

Scores are those of the benchmark (docs/data.md): the share of the answer's points that lie in the mask, an answer that is not exactly a list of
points (or, with reasoning, <think>…</think><answer>list</answer>) scores 0. Intervals are bootstraps over pictures.
"""

import argparse
import collections
import json
import os
import re
import sys

import numpy as np
import torch

from packed import Packed, Prefix
from shards import REASONING_SUFFIX, mask_of, read_shard

POINT = r"\(0\.\d{3}, 0\.\d{3}\)"
LIST = re.compile(rf"\[{POINT}(?:, {POINT})*\]")
THOUGHT = re.compile(r"<think>(.*)</think><answer>(.*)</answer>", re.DOTALL)
PAIR = re.compile(r"\((0\.\d{3}), (0\.\d{3})\)")


def points_of(text, reasoning=False):
    """The points of an answer, or None if its form is wrong."""
    if reasoning:
        m = THOUGHT.fullmatch(text)
        if not m:
            return None
        text = m[2]
    return [(float(x), float(y)) for x, y in PAIR.findall(text)] if LIST.fullmatch(text) else None


def score(text, mask, reasoning=False):
    points = points_of(text, reasoning)
    if not points:
        return 0.0
    h, w = mask.shape
    return float(np.mean([mask[min(h - 1, int(y * h)), min(w - 1, int(x * w))] for x, y in points]))


class Examiner:
    """Answers questions about pictures (dicts of shards.read_shard)."""

    def __init__(self, run, tokenizer, device, batch=256):
        self.run, self.tokenizer, self.device, self.batch = run, tokenizer, device, batch

    @torch.no_grad()
    def features(self, pictures):
        was = self.run.model.training
        self.run.model.eval()
        out = []
        for i in range(0, len(pictures), 64):
            part = pictures[i : i + 64]
            rgb = torch.from_numpy(np.stack([p["rgb"].transpose(2, 0, 1) for p in part])).to(self.device)
            disparity = torch.from_numpy(np.stack([p["disparity"] for p in part])).to(self.device)
            _, image, _, depth = self.run._see(rgb, disparity)
            out.append(self.run.begin(image, depth))
        self.run.model.train(was)
        return torch.cat(out)

    def answers(self, features, asked, depth=True, new=16, temperature=0.0, generator=None):
        """asked: (index into features, text). Returns texts and ids."""
        enc = self.tokenizer.encode_batch([t for _, t in asked], add_special_tokens=False)
        ids = [e.ids + self.run.prefix.end for e in enc]
        order = np.argsort([len(i) for i in ids], kind="stable")
        out = [None] * len(ids)
        for a in range(0, len(order), self.batch):
            part = order[a : a + self.batch]
            length = torch.tensor([len(ids[j]) for j in part], device=self.device)
            padded = torch.full((len(part), int(length.max())), self.run.prefix.stop, dtype=torch.long)
            for r, j in enumerate(part):
                padded[r, : len(ids[j])] = torch.tensor(ids[j])
            pre = features[torch.tensor([asked[j][0] for j in part], device=self.device)]
            with_depth = torch.full((len(part),), depth, dtype=torch.bool, device=self.device)
            got = self.run.generate(pre, with_depth, padded.to(self.device), length, new, temperature, generator).tolist()
            for r, j in enumerate(part):
                row = got[r]
                out[j] = row[: row.index(self.run.prefix.stop)] if self.run.prefix.stop in row else row
        return self.tokenizer.decode_batch(out, skip_special_tokens=True), out

    def examine(self, pictures, depth=True, reasoning=False, limit=None, temperature=0.0, generator=None):
        """One record for each question: kind, split, steps, relations, picture, text, answer, hit."""
        features = self.features(pictures)
        asked, records = [], []
        for i, p in enumerate(pictures):
            for q in p["questions"]:
                if limit and len(asked) >= limit:
                    break
                asked.append((i, q["text"] + (REASONING_SUFFIX if reasoning else "")))
                records.append((p, q))
        texts, _ = self.answers(features, asked, depth, 192 if reasoning else 16, temperature, generator)
        out = []
        for (p, q), text in zip(records, texts):
            mask = mask_of(q, *reversed(p["ids"].shape))
            out.append({
                "picture": p["id"], "kind": q["kind"], "split": q.get("split", "seen"), "steps": q["steps"], "relations": q["relations"], "text": q["text"],
                "answer": text, "hit": score(text, mask, reasoning), "form": points_of(text, reasoning) is not None,
                "share": float(mask.mean()),
            })  # fmt: skip
        return out


def interval(records, draws=500):
    """Mean hit and its 95 % interval, by drawing pictures."""
    if not records:
        return 0.0, 0.0, 0.0
    by = collections.defaultdict(list)
    for r in records:
        by[r["picture"]].append(r["hit"])
    sums = np.array([(sum(v), len(v)) for v in by.values()], float)
    rng = np.random.default_rng(0)
    pick = rng.integers(len(sums), size=(draws, len(sums)))
    means = sums[pick].sum(1)
    lo, hi = np.percentile(means[:, 0] / means[:, 1], [2.5, 97.5])
    return sums[:, 0].sum() / sums[:, 1].sum(), lo, hi


def groups(records):
    """Records by what one reports: all, kind and split, steps, relations."""
    out = collections.defaultdict(list)
    for r in records:
        seen = r["split"] != "unseen"
        out[(r["kind"] if seen else "unseen")].append(r)
        if seen:
            out[f"{r['kind']}, {r['steps']} step{'s' * (r['steps'] > 1)}"].append(r)
            for rel in r["relations"]:
                out[f"relation {rel}"].append(r)
        out["format"].append({**r, "hit": float(r["form"])})
        out["random pixel"].append({**r, "hit": r["share"]})
    return dict(sorted(out.items()))


def table(records):
    lines = [f"{'':36}      n   hit %   95 %"]
    for name, rs in groups(records).items():
        m, lo, hi = interval(rs)
        lines.append(f"{name:36} {len(rs):6}  {100 * m:6.1f}   {100 * lo:.1f}–{100 * hi:.1f}")
    return "\n".join(lines)


def load_run(folder, device, dtype=torch.float32):
    """A checkpoint folder ready to answer: Packed, tokenizer."""
    import model as roborefer
    from tokenizers import Tokenizer

    m = roborefer.load(folder).to(device)
    tokenizer = Tokenizer.from_file(os.path.join(folder, "llm", "tokenizer.json"))
    return Packed(m, Prefix(m.cfg, tokenizer), dtype), tokenizer


def shards_in(folder):
    names = sorted(f for f in os.listdir(folder) if f.startswith("shard-") and f.endswith(".parquet"))
    if not names:
        raise FileNotFoundError(f"{folder}: no shard-*.parquet in it")
    return [os.path.join(folder, f) for f in names]


def main(argv=None):
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--checkpoint", required=True, metavar="DIR")
    a.add_argument("--data", required=True, metavar="DIR", help="shards of pictures that training has not seen")
    a.add_argument("--limit", type=int, help="questions, at most")
    a.add_argument("--rgb", action="store_true", help="without depth")
    a.add_argument("--reasoning", action="store_true", help="ask for <think>…</think><answer>…</answer>")
    a.add_argument("--temperature", type=float, default=0, help="draw answers, as GRPO does, in place of the greedy ones (default 0)")
    a.add_argument("--json", action="store_true", help="one record a line instead of a table")
    o = a.parse_args(argv)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    run, tokenizer = load_run(o.checkpoint, device)
    records, left = [], o.limit
    generator = torch.Generator(device).manual_seed(1)
    for path in shards_in(o.data):
        got = Examiner(run, tokenizer, device, 64).examine(read_shard(path), not o.rgb, o.reasoning, left, o.temperature, generator)
        records += got
        if left is not None:
            left -= len(got)
            if left <= 0:
                break
    print("\n".join(json.dumps(r) for r in records) if o.json else table(records))


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as e:
        sys.exit(f"evaluate: {e}")
