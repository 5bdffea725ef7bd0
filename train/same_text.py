"""Do PyTorch, the graphs in Python and the graphs in the Go runtime give the same answers? Greedy texts of a model to the questions of a benchmark folder.

    refarena gen --out data --scenes 900 --views 1 --count 30 --size 640x480 --refspatial bench --each 300
    python train/same_text.py --checkpoint runs/tiny/model --graphs graphs --bench bench --refarena bin/refarena

All questions are asked with depth, and --rgb N of each task once more without. PyTorch is RoboRefer from stock Hugging Face modules (train/model.py); the
loop around the graphs in Python is twenty lines of its own, a token at a time, without drafts, caches of frames or Pillow's double in Go. Where
two texts differ, the two tokens and the distance of their scores in PyTorch are printed: a tie is a distance that rounding explains (--tie). Weights in
half precision are other weights: compare graphs of --precision fp32, or the checkpoint that train/adopt.py makes of a run's file of half precision.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
import torch
from PIL import Image
from tokenizers import Tokenizer

import model as roborefer
from preprocess import Processor

TASKS = ("Location", "Placement", "Unseen")


class Graphs:
    """The exported graphs of a tiles model, as ONNX Runtime's Python package runs them."""

    def __init__(self, folder, threads):
        o = onnxruntime.SessionOptions()
        o.intra_op_num_threads = threads
        self.run = {n: onnxruntime.InferenceSession(os.path.join(folder, n + ".onnx"), o) for n in ("vision_encoder", "depth_encoder", "embed_tokens", "decoder_model_merged")}
        self.kept = {}  # features of a picture, for its next question

    def features(self, graph, pixels):
        key = (graph, pixels.tobytes())
        if key not in self.kept:
            self.kept = {k: v for k, v in self.kept.items() if k[0] != graph}
            self.kept[key] = self.run[graph].run(None, {"pixel_values": pixels})[0]
        return self.kept[key]

    def embed(self, ids):
        return self.run["embed_tokens"].run(None, {"input_ids": np.array([ids], np.int64)})[0]

    def answer(self, cfg, query):
        d, t = cfg.decoder, cfg.tokens
        blocks = {t.image: list(self.features("vision_encoder", query["pixels"]))}
        blocks[t.depth] = [] if query["depth_pixels"] is None else list(self.features("depth_encoder", query["depth_pixels"]))
        rows = []
        for i, e in zip(query["ids"], self.embed(query["ids"])[0]):
            rows += [blocks[i].pop(0), self.embed([t.newline])[0]] if i in blocks else [e[None]]
        x, at, out = np.concatenate(rows)[None], 0, []
        past = {f"past_key_values.{i}.{k}": np.zeros((1, d.kv_heads, 0, d.head_dim), np.float32) for i in range(d.layers) for k in ("key", "value")}
        for _ in range(cfg.max_new_tokens):
            n = x.shape[1]
            feed = {"inputs_embeds": x, "attention_mask": np.ones((1, at + n), np.int64), "position_ids": np.arange(at, at + n)[None],
                    "num_logits_to_keep": np.array([1], np.int64)}  # fmt: skip
            logits, *present = self.run["decoder_model_merged"].run(None, feed | past)
            past, at = dict(zip(past, present)), at + n
            token = int(logits[0, -1].argmax())
            if token in t.stop:
                break
            out.append(token)
            x = self.embed([token])
        return out


@torch.no_grad()
def torch_answers(m, queries):
    """Ids and scores [n, vocab] for each query; queries of one length go together, so that nothing is padded."""
    by, out = collections.defaultdict(list), [None] * len(queries)
    rows = []
    for q in queries:
        rows.append(m.query_embeds(q)[0])
        by[len(rows[-1])].append(len(rows) - 1)
    for part in (g[i : i + 16] for g in by.values() for i in range(0, len(g), 16)):
        x, cache, ids, scores = torch.stack([rows[i] for i in part]), None, [[] for _ in part], []
        open_ = set(range(len(part)))
        for _ in range(m.cfg.max_new_tokens):
            r = m.llm(inputs_embeds=x, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = r.past_key_values
            scores.append(r.logits[:, -1].float())
            best = scores[-1].argmax(-1)
            for k in list(open_):
                if int(best[k]) in m.cfg.tokens.stop:
                    open_.discard(k)
                else:
                    ids[k].append(int(best[k]))
            if not open_:
                break
            x = m.embedding(best[:, None])
        for k, i in enumerate(part):
            out[i] = ids[k], torch.stack([s[k] for s in scores[: len(ids[k]) + 1]])
    return out


def read_answers(folder, task):
    with open(os.path.join(folder, task + ".jsonl"), encoding="utf-8") as f:
        return {str(a["question_id"]): a["text"] for a in map(json.loads, f)}


def go_answers(refarena, graphs, bench, task, depth, limit):
    with tempfile.TemporaryDirectory() as d:
        cmd = [refarena, "refspatial", bench, "--split", task.lower(), "--referee", "roborefer:" + os.path.abspath(graphs), "--prompt", "referee",
               "--depth", "query" if depth else "none", "--out", d, "--json"]  # fmt: skip
        subprocess.run(cmd + (["--limit", str(limit)] if limit else []), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return read_answers(d, task)


def questions(bench, task, offset, limit):
    with open(os.path.join(bench, task, "question.json"), encoding="utf-8") as f:
        for q in json.load(f)[offset:][: limit or None]:
            image = Image.open(os.path.join(bench, task, q["rgb_path"])).convert("RGB")
            depth = np.asarray(Image.open(os.path.join(bench, task, q["depth_path"]))).astype(np.float32) / np.float32(1000)  # mm
            yield str(q["id"]), q["prompt"], image, depth


def main(argv=None):
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("--checkpoint", required=True, metavar="DIR")
    a.add_argument("--graphs", required=True, metavar="DIR", help="what train/export.py made of it")
    a.add_argument("--bench", required=True, metavar="DIR", help="folder of `refarena gen --refspatial`")
    a.add_argument("--refarena", default="bin/refarena")
    a.add_argument("--limit", type=int, default=0, help="questions of each task (default all)")
    a.add_argument("--offset", type=int, default=0, help="leave out so many of each task, to go on where another run ended")
    a.add_argument("--answers", metavar="DIR", help="what `refarena refspatial --prompt referee --out DIR` wrote with depth, in place of asking now")
    a.add_argument("--rgb", type=int, default=100, help="questions of each task that are asked without depth, too")
    a.add_argument("--tie", type=float, default=1e-3, help="scores closer than this are a tie (float32 rounds at about 1e-5 here)")
    a.add_argument("--threads", type=int, default=2)
    o = a.parse_args(argv)
    torch.set_num_threads(o.threads)
    m = roborefer.load(o.checkpoint)
    tokenizer = Tokenizer.from_file(os.path.join(o.checkpoint, "llm", "tokenizer.json"))
    processor, graphs = Processor(m.cfg, tokenizer), Graphs(o.graphs, o.threads)
    counts, ties, bad, closest = collections.Counter(), [], [], []
    for depth, limit in ((True, o.limit), (False, o.rgb)):
        if not depth and not limit:
            continue
        for task in TASKS:
            if not os.path.isdir(os.path.join(o.bench, task)):
                continue
            asked = list(questions(o.bench, task, o.offset, limit))
            queries = [processor(image, text, z if depth else None) for _, text, image, z in asked]
            if o.answers and depth:
                there = read_answers(o.answers, task)
            else:
                there = go_answers(o.refarena, o.graphs, o.bench, task, depth, limit and o.offset + limit)
            for (name, text, *_), q, (ids, scores) in zip(asked, queries, torch_answers(m, queries)):
                python = graphs.answer(m.cfg, q)
                texts = processor.text(ids), processor.text(python), there[name]
                counts["queries"] += 1
                counts["PyTorch = ONNX in Python"] += texts[0] == texts[1]
                counts["PyTorch = ONNX in Go"] += texts[0] == texts[2]
                counts["ONNX in Python = ONNX in Go"] += texts[1] == texts[2]
                top = scores.topk(2).values
                closest.append(float((top[:, 0] - top[:, 1]).min()))
                for where, other in (("ONNX in Python", texts[1]), ("ONNX in Go", texts[2])):
                    if other == texts[0]:
                        continue
                    theirs = tokenizer.encode(other or "", add_special_tokens=False).ids
                    k = next((k for k, (x, y) in enumerate(zip(ids, theirs)) if x != y), min(len(ids), len(theirs)))
                    gap = float(scores[k].max() - scores[k][theirs[k]]) if k < min(len(theirs), len(scores)) else float("inf")
                    line = f"{task} {name}{'' if depth else ' RGB'}: PyTorch {texts[0]!r}, {where} {other!r}: token {k}, scores {gap:.2g} apart"
                    (ties if gap < o.tie else bad).append(line)
            print(f"{task}, {'RGB-D' if depth else 'RGB'}: {counts['queries']} so far", file=sys.stderr)
    for k, v in counts.items():
        print(f"{v:6} {k}")
    print(f"{len(ties):6} differences that are ties, {len(bad)} that are not; {sum(c < o.tie for c in closest)} queries have scores closer than {o.tie:g} somewhere")
    print("\n".join(ties + bad), end="\n" if ties or bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
