"""Training data: the Parquet shards that `refarena gen` writes (docs/data.md) as arrays to train on.

    pictures = read_shard("data/shard-00000.parquet")        # lists of dicts, checked
    packed = Packer(cfg, tokenizer, prefix, labels).pack(pictures, seed)

A packed picture has the image and the disparity as bytes, what stands in every cell (for losses that only training has), and rows: several
questions with their answers, one after the other, as train/packed.py wants them. Everything has a fixed size.
"""

import io
import json
import re

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

from config import OFFICIAL_SUFFIX

REASONING_SUFFIX = " Think step by step."

# Kinds of tokens, for weights of the loss: none, form, first to third decimal, words of the reasoning.
NONE, FORM, D1, D2, D3, WORD = range(6)

OBJECTS = 24  # objects of a picture that are looked at, at most
TARGETS = 72  # places in a row that attention is led to, at most
FAR = 255  # floor, wall and all that is behind the tables
TABLE = 254
RANKS = 3  # anchors that are named at the same word: innermost, the one around it, …

POINTS = re.compile(r"0\.(\d)(\d)(\d), 0\.(\d)(\d)(\d)(?=\)[\],])")
SIDES = {"left": "right", "right": "left", "leftmost": "rightmost", "rightmost": "leftmost"}
# "right angle", "right outside" and "right by" are not about sides.
SIDE = re.compile(r"\b(leftmost|rightmost|left|right(?! angle| outside| by\b))\b")


class ShardError(Exception):
    """What is wrong with a shard, with its name."""


COLUMNS = ("id", "width", "height", "rgb_format", "rgb", "disparity", "ids", "camera", "objects", "questions")


def read_shard(path, columns=COLUMNS):
    """The pictures of a shard as dicts: rgb u8 [h, w, 3], disparity u8 [h, w], depth u16 [h, w] (or None), ids u8 [h, w], camera, objects, questions."""
    try:
        file = pyarrow.parquet.ParquetFile(path)
        have = set(file.schema_arrow.names)
        if missing := [c for c in columns if c not in have]:
            raise ShardError(f"{path}: no column {missing[0]!r} (have {', '.join(sorted(have))})")
        table = file.read([c for c in (*columns, "depth", "split", "level") if c in have])
    except (pyarrow.ArrowException, OSError) as e:
        raise ShardError(f"{path}: not a whole Parquet file: {e}") from None
    return [read_picture(row, path) for row in table.to_pylist()]


def read_picture(row, path="row"):
    where = f"{path}: picture {row['id']}"
    w, h = row["width"], row["height"]

    def plane(name, dtype, depth=1):
        a = np.frombuffer(row[name], dtype)
        if a.size != w * h * depth:
            raise ShardError(f"{where}: {name} has {a.size} values (want {w} × {h} × {depth})")
        return a.reshape((h, w, depth) if depth > 1 else (h, w))

    try:
        if row["rgb_format"] == "raw":
            rgb = plane("rgb", np.uint8, 3)
        else:
            rgb = np.asarray(Image.open(io.BytesIO(row["rgb"])).convert("RGB"))
        if rgb.shape != (h, w, 3):
            raise ShardError(f"{where}: rgb is {rgb.shape[1]} × {rgb.shape[0]} (want {w} × {h})")
        return {
            "id": row["id"], "rgb": rgb, "disparity": plane("disparity", np.uint8), "ids": plane("ids", np.uint8),
            "depth": plane("depth", "<u2") if row.get("depth") else None, "camera": json.loads(row["camera"]),
            "objects": json.loads(row["objects"]), "questions": json.loads(row["questions"]),
        }  # fmt: skip
    except (ValueError, OSError, KeyError, TypeError) as e:
        raise ShardError(f"{where}: {e}") from None


def mask_of(question, w, h):
    """The right answers of a question as bool [h, w]."""
    runs = np.asarray(question["mask"], np.int64)
    if runs.size == 0 or runs.sum() != w * h or (runs < 0).any():
        raise ShardError(f"mask of {runs.sum()} pixels (want {w} × {h})")
    return np.repeat(np.arange(runs.size) % 2 == 1, runs).reshape(h, w)


class Labels:
    """Numbers of categories and colours, from the lists of a run's configuration. 0 is far, 1 a table."""

    def __init__(self, names, colors):
        self.names, self.colors = list(names), list(colors)
        self.name = {n: i + 2 for i, n in enumerate(self.names)}
        self.color = {c: i + 2 for i, c in enumerate(self.colors)}

    @classmethod
    def of(cls, pictures):
        """All names and colours that occur."""
        objects = [o for p in pictures for o in p["objects"]]
        return cls(sorted({o["name"] for o in objects}), sorted({o["color"] for o in objects}))

    @property
    def sizes(self):
        return len(self.names) + 2, len(self.colors) + 2


def mirrored(text):
    """The text as it would be in a mirror."""
    return SIDE.sub(lambda m: SIDES[m[0]], text)


def decimal(v):
    return f"{min(0.999, max(0.0, v)):.3f}"


def coordinates(points):
    return "[" + ", ".join(f"({decimal(x)}, {decimal(y)})" for x, y in points) + "]"


def reasoning_text(trace, answer, flip):
    """<think>…</think><answer>…</answer> from a trace, mirrored if asked for."""
    lines = []
    for i, s in enumerate(trace):
        v, target = s["value"], s["target"]
        v = v if isinstance(v, (list, tuple)) else [v]
        if s["kind"] == "Position":
            x, y = v[-1] if isinstance(v[0], (list, tuple)) else v
            value = coordinates([(1 - x if flip else x, y)])
        elif s["kind"] == "Orientation":
            value = "({:.3f}, {:.3f}, {:.3f})".format(*((-v[0] or 0.0) if flip else v[0], v[1], v[2]))
        else:
            value = f"{v[0]:.3f}"
        lines.append(f"Step{i + 1}: [{s['kind']}] [{mirrored(target) if flip else target}]: {value}")
    return "<think>" + "\n".join(lines) + "</think><answer>" + answer + "</answer>"


def ground(camera, depth, grid):
    """Where the middle of each cell of a grid is, [grid, grid, 3]: right of and away from the camera along the ground, and height [m]."""
    h, w = depth.shape
    ys = ((np.arange(grid) + 0.5) * h / grid).astype(int)
    xs = ((np.arange(grid) + 0.5) * w / grid).astype(int)
    z = depth[np.ix_(ys, xs)].astype(np.float64) / 1000
    u, v = np.meshgrid(xs + 0.5, ys + 0.5)
    cam = np.stack([(u - camera["cx"]) / camera["fx"] * z, (v - camera["cy"]) / camera["fy"] * z, z], -1)
    return cam @ frame(camera)[0].T + np.array([0, 0, camera["eye"][2]])


def frame(camera):
    """Rotations that take the camera's frame (x right, y down, z forward) and the world's to the viewer's: right, away, up."""
    w, x, y, z = camera["quat"]
    r = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    away = r[:, 2] * [1, 1, 0]
    away = away / max(np.linalg.norm(away), 1e-9)
    right = np.array([away[1], -away[0], 0.0])
    view = np.stack([right, away, [0, 0, 1.0]])
    return view @ r, view


class Packer:
    """Makes packed pictures. text is how many text positions a row has, rows how many rows a picture gets, half of them mirrored."""

    def __init__(self, cfg, tokenizer, prefix, labels, text=512, rows=4, reasoning=0.2, suffixed=0.04, flip=True, depth_weight=1.0):
        self.size, self.grid = cfg.tile_size, int(cfg.tokens_per_tile**0.5)
        self.patches = cfg.grid
        self.tokenizer, self.prefix, self.labels = tokenizer, prefix, labels
        self.text, self.rows, self.reasoning, self.suffixed, self.flip = text, rows, reasoning, suffixed, flip
        self.words, self.kinds = {}, {}
        digits = {tokenizer.token_to_id(str(d)) for d in range(10)}
        if None in digits:
            raise ShardError("the vocabulary has no tokens for single digits")
        self.stop = prefix.stop

    def fields(self):
        """Names, shapes and types of a packed picture's arrays."""
        s, g, p, t, r = self.size, self.grid**2, self.patches**2, self.text, self.rows
        return {
            "rgb": ((3, s, s), np.uint8), "disparity": ((s, s), np.uint8), "cells": ((g,), np.uint8), "patches": ((p,), np.uint8),
            "name": ((OBJECTS,), np.uint8), "color": ((OBJECTS,), np.uint8), "point": ((OBJECTS, 2), np.float16),
            "shape": ((OBJECTS, 4), np.float16), "place": ((OBJECTS, 3), np.float16), "ground": ((g, 3), np.float16),
            "ids": ((r, t), np.int16), "segment": ((r, t), np.uint8), "offset": ((r, t), np.int16), "kind": ((r, t), np.uint8),
            "led": ((r, RANKS + 1, t), np.uint8), "targets": ((r, TARGETS, g), np.uint8), "spots": ((r, TARGETS, 2), np.float16),
            "mirror": ((r,), np.uint8),
        }  # fmt: skip

    def pack(self, pictures, seed):
        """Arrays [pictures, …] of fields()."""
        out = {k: np.zeros((len(pictures), *shape), dtype) for k, (shape, dtype) in self.fields().items()}
        for i, p in enumerate(pictures):
            rng = np.random.default_rng([seed, i])
            self.picture(p, out, i)
            self.questions(p, out, i, rng)
        return out

    def picture(self, p, out, i):
        h, w = p["ids"].shape
        if (h, w) != (self.size, self.size):
            raise ShardError(f"picture {p['id']} is {w} × {h} (want {self.size} × {self.size}: gen --size {self.size})")
        out["rgb"][i] = p["rgb"].transpose(2, 0, 1)
        out["disparity"][i] = p["disparity"]
        objects = p["objects"][:OBJECTS]
        index = np.full(256, FAR, np.uint8)
        index[255] = TABLE
        to_viewer = frame(p["camera"])[1]
        eye = np.asarray(p["camera"]["eye"])
        for k, o in enumerate(objects):
            index[o["id"]] = k
            out["name"][i, k] = self.labels.name.get(o["name"], 0)
            out["color"][i, k] = self.labels.color.get(o["color"], 0)
            out["point"][i, k] = o["point"] or (0, 0)
            size = np.asarray(o["size"], float)
            out["shape"][i, k] = (size[2] * 10, max(size[:2]) * 10, min(size[:2]) * 10, np.cbrt(size.prod()) * 10)
            out["place"][i, k] = to_viewer @ (np.asarray(o["position"]) - eye * [1, 1, 0])
        ids = index[p["ids"]]
        out["cells"][i] = self.reduce(ids, self.grid, 0.04)
        out["patches"][i] = self.reduce(ids, self.patches, 0.25)
        if p["depth"] is not None:
            out["ground"][i] = ground(p["camera"], p["depth"], self.grid).reshape(-1, 3)
        else:
            out["ground"][i] = np.nan

    def reduce(self, ids, grid, least):
        """The object with most pixels in each cell, if it has that share of it; else TABLE or FAR, whichever has more."""
        k = self.size // grid
        blocks = ids.reshape(grid, k, grid, k).transpose(0, 2, 1, 3).reshape(grid * grid, k * k)
        cells = np.arange(grid * grid)
        count = np.bincount((cells[:, None] * 256 + blocks).ravel(), minlength=grid * grid * 256).reshape(grid * grid, 256)
        best = count[:, :OBJECTS].argmax(1)
        back = np.where(count[:, TABLE] >= count[:, FAR], TABLE, FAR)
        return np.where(count[cells, best] >= least * k * k, best, back).astype(np.uint8)

    def share(self, mask):
        """How much of each cell a mask covers, 0…255, the largest share being 255."""
        k = self.size // self.grid
        a = mask.view(np.uint8).reshape(self.size, self.grid, k).sum(2, dtype=np.int32).reshape(self.grid, k, self.grid).sum(1).ravel()
        top = a.max()
        return (255 * a / top).round().astype(np.uint8) if top > 0 else np.zeros(a.size, np.uint8)

    def cell(self, x, y):
        """The four cells around a point, weighted."""
        a = np.zeros((self.grid, self.grid))
        u, v = x * self.grid - 0.5, y * self.grid - 0.5
        for j in (int(np.floor(v)), int(np.floor(v)) + 1):
            for k in (int(np.floor(u)), int(np.floor(u)) + 1):
                if 0 <= j < self.grid and 0 <= k < self.grid:
                    a[j, k] = max(0.0, 1 - abs(u - k)) * max(0.0, 1 - abs(v - j))
        top = a.max()
        return (255 * a.ravel() / top).round().astype(np.uint8) if top > 0 else np.zeros(a.size, np.uint8)

    def encode(self, text):
        """Ids of a text and where its tokens end in it."""
        if text not in self.words:
            if len(self.words) > 200_000:
                self.words.clear()
            e = self.tokenizer.encode(text, add_special_tokens=False)
            self.words[text] = (np.asarray(e.ids, np.int16), np.asarray([b for _, b in e.offsets], np.int32))
        return self.words[text]

    def mentions(self, p, q):
        """The places that lead to the answer, in the order of the trace: (step, rank, where in the text its words end, share of cells u8 [cells], point)."""
        out, at_end, shares = [], {}, {}
        visible = {o["id"] for o in p["objects"] if o["point"] is not None}
        for k, s in enumerate(q["trace"]):
            if s["kind"] != "Position" or "span" not in s:
                continue
            end = len(q["text"].encode()[: s["span"][2]].decode(errors="ignore"))
            x, y = s["value"][-1] if isinstance(s["value"][0], list) else s["value"]
            thing = s["objects"][-1] if s["objects"] else 0
            if thing in visible and thing not in shares:
                shares[thing] = self.share(p["ids"] == thing)
            # An edge or a corner of a table is no thing; its place may be outside the picture.
            share = shares[thing] if thing in shares else self.cell(min(max(x, 0), 0.999), min(max(y, 0), 0.999))
            rank = at_end.get(end, 0)  # the trace goes from the inside out
            at_end[end] = rank + 1
            if share.any():
                out.append((k, rank, end, share, (x, y)))
        return out

    def prepared(self, p, q):
        """What is the same in all rows: the answer's share of cells, the point, the mentions."""
        share = self.share(mask_of(q, self.size, self.size))
        x, y = q["points"][0]
        if q["kind"] == "placement":
            share = np.maximum(share // 10, self.cell(x, y))
        return share, (x, y), self.mentions(p, q)

    def questions(self, p, out, i, rng):
        ready = [self.prepared(p, q) for q in p["questions"]]
        n = len(ready)
        if n == 0:
            raise ShardError(f"picture {p['id']} has no question")
        for r in range(self.rows):
            flip = self.flip and r % 2 == 1
            out["mirror"][i, r] = flip
            out["segment"][i, r] = 255
            out["led"][i, r] = 255
            at, segment, targets = 0, 0, 0
            for j in rng.permutation(n):
                made = self.question(p["questions"][j], ready[j], flip, rng)
                ids, kind, led, places = made
                if at + len(ids) > self.text or targets + len(places) > TARGETS:
                    continue  # a shorter one may still fit
                stop = at + len(ids)
                out["ids"][i, r, at:stop] = ids
                out["kind"][i, r, at:stop] = kind
                out["segment"][i, r, at:stop] = segment
                out["offset"][i, r, at:stop] = np.arange(len(ids))
                for rank, token, place in led:
                    out["led"][i, r, rank, at + token] = targets + place
                for share, (x, y) in places:
                    g = self.grid
                    out["targets"][i, r, targets] = share.reshape(g, g)[:, ::-1].ravel() if flip else share
                    out["spots"][i, r, targets] = (1 - x if flip else x, y)
                    targets += 1
                at, segment = stop, segment + 1
                if self.text - at < 30:
                    break

    def question(self, q, ready, flip, rng):
        """ids, the kind of the token that each position has to predict, and what attention is led to: (rank or RANKS for the answer, position,
        place), places (share, point)."""
        share, (x, y), mentions = ready
        text = q["text"]
        ax = 1 - x if flip else x
        answer = coordinates([(ax, y)])
        places, led = [(share, (x, y))], []
        prompt = mirrored(text) if flip else text
        style = rng.random()
        reasons = style < self.reasoning and q.get("trace")
        if reasons:
            answer = reasoning_text(q["trace"], answer, flip)
            prompt += REASONING_SUFFIX
        elif style > 1 - self.suffixed:
            prompt += " " + OFFICIAL_SUFFIX
        a, ends = self.encode(prompt)
        b, answer_ends = self.encode(answer)
        ids = np.concatenate([a, self.prefix.end, b, [self.stop]]).astype(np.int16)
        kind = np.zeros(len(ids), np.uint8)
        start = len(a) + len(self.prefix.end)  # of the answer
        kind[start - 1 : -1] = self.answer_kinds(answer, reasons)
        steps = {}
        for k, rank, end, mshare, mpoint in mentions:
            if flip:  # words change their length
                end = len(mirrored(text[:end]))
            token = int(np.searchsorted(ends, end))
            steps[k] = len(places)
            places.append((mshare, mpoint))
            if token < len(a) and rank < RANKS:
                led.append((rank, token, steps[k]))
        if not reasons:  # from the words after the instruction on
            return ids, kind, led + [(RANKS, token, 0) for token in range(len(a), len(ids) - 1)], places
        # While the thoughts say where something is, that is where to look; the answer proper begins after <answer>.
        at = 0
        for k, line in enumerate(answer[: answer.index("</think>")].split("\n")):
            if k in steps and (value := line.rfind("[(")) >= 0:
                lo, hi = np.searchsorted(answer_ends, (at + value + 1, at + len(line)))
                led += [(RANKS, start - 1 + token, steps[k]) for token in range(lo, hi + 1)]
            at += len(line) + 1
        first = int(np.searchsorted(answer_ends, answer.index("<answer>") + 8))
        led += [(RANKS, token, 0) for token in range(start - 1 + first, len(ids) - 1)]
        return ids, kind, led, places

    def answer_kinds(self, answer, reasons):
        """The kind of each token of an answer and of the stop after it."""
        if answer in self.kinds:
            return self.kinds[answer]
        ids, ends = self.encode(answer)
        kind = np.full(len(ids) + 1, FORM, np.uint8)
        of = {}
        for m in POINTS.finditer(answer):  # of points: the numbers of directions and sizes are words
            for d in range(1, 7):
                of[m.end(d)] = (d - 1) % 3 + 1
        body = answer.index("</think>") if reasons else 0
        for t, e in enumerate(ends):
            d = of.get(e)
            if d and (t == 0 or ends[t - 1] == e - 1):
                kind[t] = (D1, D2, D3)[d - 1]
            elif e < body:
                kind[t] = WORD
        if len(self.kinds) > 200_000:
            self.kinds.clear()
        self.kinds[answer] = kind
        return kind
