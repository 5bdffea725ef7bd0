"""The proof that the Go runtime computes what RoboRefer computes.

    python train/parity.py tokenizer FILE       the tokenizer of the test models, learnt from a fixed text
    python train/parity.py build DIR            models for the tests: random checkpoints of both variants and their graphs, without PyTorch
    python train/parity.py golden DIR FILE      PyTorch's side, for testdata/parity.json: token ids, the spliced sequence, logits, greedy tokens
    python train/parity.py strings TOKENIZER    hashes of the ids of 20,000 strings by Hugging Face's tokenizers, for testdata/strings.json
    python train/parity.py resize FILE          hashes of pictures resized by Pillow (11), for testdata/resize.json
    python train/parity.py qwen TIKTOKEN FILE   tokenizer.json with Qwen2's vocabulary, from qwen.tiktoken as the package dashscope has it

build runs in the set-up of the tests. The other files are committed and only written anew when the specification changes: golden and
strings need train/requirements.txt, golden and resize Pillow 11.
"""

import base64
import hashlib
import json
import os
import sys

import numpy as np

VARIANTS = ("tiles", "dynamic_s2")
SIZES = [(64, 64), (150, 150), (64, 48), (120, 90), (640, 480), (96, 54), (160, 90), (37, 91), (131, 17), (56, 56), (57, 113), (1, 1)]
TEXTS = [
    "Please point out the red mug.",
    "Point at the cup between the 2 boxes, 15 cm left of it.\nAnswer with points.\n",
    "Würfel — zeige auf den grünen Würfel! 请指出红色的杯子。 <image> ok<|im_end|> it's",
    "",
]
STEPS = 10


class Random:
    """Knuth's linear congruential generator, modulo 2^32: the same few lines in Go."""

    def __init__(self, seed):
        self.state = seed & 0xFFFFFFFF

    def __call__(self, n):
        """0 … n-1."""
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) % n


def picture(w, h, channels, seed):
    """uint8 [h, w, channels] (or [h, w]): a gradient with noise and a bright block."""
    r = Random(seed)
    a = np.empty((h, w, channels), np.uint8)
    for y in range(h):
        for x in range(w):
            block = 90 if w // 3 <= x < w // 2 and h // 4 <= y < h // 2 else 0
            for c in range(channels):
                a[y, x, c] = (x * 160 // w + y * 60 // h * (c + 1) + block + r(40)) & 255
    return a if channels > 1 else a[:, :, 0]


def depth(w, h, seed):
    """float32 [h, w], metres, with a border without return."""
    r = Random(seed)
    a = np.zeros((h, w), np.float32)
    for y in range(h):
        for x in range(w):
            v = 400 + y * 500 // h + r(60)
            if (x > 0 and y > 0) or w < 3 or h < 3:
                a[y, x] = np.float32(v) / np.float32(1000)
    return a


def cases():
    for i, (w, h) in enumerate(SIZES):
        for d in (False, True):
            yield {"w": w, "h": h, "depth": d, "seed": 100 + i, "text": TEXTS[(i + d) % len(TEXTS)]}


def text_for_tokenizer():
    from config import OFFICIAL_SUFFIX

    words = "the a of to left right front behind mug cup box plate red green blue between two nearest point at please on table".split()
    r = Random(7)
    lines = [" ".join(words[r(len(words))] for _ in range(8)) + "." for _ in range(300)]
    return [*lines, *TEXTS, OFFICIAL_SUFFIX, "system\nYou are a helpful assistant\nuser\nassistant\n", "[(0.341, 0.510)]"] * 3


def build(folder):
    import export
    import random_checkpoint

    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "referee", "roborefer", "testdata", "tokenizer.json")
    for i, v in enumerate(VARIANTS):
        ck = os.path.join(folder, v, "checkpoint")
        random_checkpoint.write(ck, v, here, seed=11 + i)
        for p in ("fp32", "int8", "int4"):
            export.export(ck, os.path.join(folder, v, p), p)


def need_pillow_11():
    import PIL

    if PIL.__version__.split(".")[0] != "11":  # 12 and later make a picture wider and lower in the other order, with other roundings
        sys.exit(f"parity: Pillow {PIL.__version__} (want 11, which RoboRefer is pinned to)")


def golden(folder, path):
    need_pillow_11()
    import torch
    from PIL import Image
    from tokenizers import Tokenizer

    import model
    import preprocess

    lines = []
    for v in VARIANTS:
        ck = os.path.join(folder, v, "checkpoint")
        m = model.load(ck, attention="eager")
        p = preprocess.Processor(m.cfg, Tokenizer.from_file(os.path.join(ck, "llm", "tokenizer.json")))
        for c in cases():
            im = Image.fromarray(picture(c["w"], c["h"], 3, c["seed"]))
            q = p(im, c["text"], depth(c["w"], c["h"], c["seed"]) if c["depth"] else None)
            with torch.no_grad():
                x = m.query_embeds(q)[0]
                out, logits = m.answer(q, STEPS, return_logits=True)
            top = logits.topk(2).values
            tiles, _ = preprocess.tile(im, m.cfg)
            lines.append({
                "variant": v, **c, "ids": q["ids"], "tiles": len(tiles), "tiles_sha256": hashlib.sha256(b"".join(t.tobytes() for t in tiles)).hexdigest(),
                "splice": [round(float(s), 4) for s in x.sum(1)], "answer": out, "reply": p.text(out),
                "margin": round(float((top[:, 0] - top[:, 1]).min()), 4),
                "logits": base64.b64encode(logits[0].numpy().astype("<f4").tobytes()).decode(),
                "best": [round(float(s), 4) for s in top[:, 0]],
            })  # fmt: skip
            print(v, c["w"], c["h"], c["depth"], len(x), lines[-1]["margin"], out, file=sys.stderr)
    write_lines(path, lines)


# Where the test strings take their characters from: first and last code point.
RANGES = [(0x20, 0x7E), (0x61, 0x7A), (0x30, 0x39), (0x9, 0xD), (0x20, 0x20), (0xA, 0xA), (0x80, 0xFF), (0x100, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF),
          (0x5D0, 0x5EA), (0x620, 0x669), (0x900, 0x97F), (0xE00, 0xE3A), (0x1100, 0x11FF), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2150, 0x218B), (0x3000, 0x30FF), (0x4E00, 0x9FA5),
          (0xAC00, 0xD7A3), (0xFB00, 0xFB06), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x1F1E6, 0x1F1FF), (0x212B, 0x212B), (0x1C, 0x1F), (0xFE0F, 0xFE0F)]  # fmt: skip
PIECES = ["'s", "'S", "'ſ", "'re", "'LL", "n't", "  ", "   \n", "\r\n", "\n\n", " \n \n", "0.341", "[(0.", ", 0.", ")]", "<|im_end|>", "<image>", "<image", "<depth>\n", "<think>", "</answer>",
          "\u00a0", "\u3000", "Please point", " the", "é", "e\u0301", "\u1e9b\u0323", "한", "ﬁ", "👩‍🚀", "..."]  # fmt: skip


def string(i):
    r = Random(i * 2654435761 + 12345)
    out = []
    for _ in range(1 + r(12)):
        k = r(4)
        if k == 0:
            out.append(PIECES[r(len(PIECES))])
        else:
            lo, hi = RANGES[r(len(RANGES))]
            out += [chr(lo + r(hi - lo + 1)) for _ in range(1 + r(5))]
    return "".join(out)


def strings(tokenizer):
    """One hash of the ids, and of the decoded text, for each 100 of 20,000 strings."""
    from tokenizers import Tokenizer

    t = Tokenizer.from_file(tokenizer)
    sums = []
    for block in range(200):
        h = hashlib.sha256()
        for i in range(block * 100, block * 100 + 100):
            ids = t.encode(string(i), add_special_tokens=False).ids
            h.update((" ".join(map(str, ids)) + "\n").encode())
            h.update((t.decode(ids, skip_special_tokens=True) + "\n").encode())
            cut = ids[len(ids) // 3 : len(ids) * 2 // 3]  # not at the borders of characters
            h.update((t.decode(cut, skip_special_tokens=True) + "\n").encode())
        sums.append(h.hexdigest()[:16])
    return sums


RESIZES = [(8, 8, 8, 8), (1, 1, 448, 448), (3, 2, 7, 11), (64, 48, 448, 448), (100, 100, 99, 101), (448, 448, 448, 448), (448, 100, 448, 448), (100, 448, 448, 448),
           (640, 480, 448, 448), (640, 480, 1792, 1344), (131, 17, 56, 672), (1000, 3, 5, 200), (224, 224, 223, 56), (513, 257, 130, 64), (90, 120, 168, 112)]  # fmt: skip


def resize(path):
    need_pillow_11()
    import PIL
    from PIL import Image

    lines = []
    for i, (w, h, ow, oh) in enumerate(RESIZES):
        for channels in (1, 3):
            a = picture(w, h, channels, 1000 + i)
            if i % 2:
                a = np.where(a > 128, 255, 0).astype(np.uint8)  # overshoot, which is cut
            out = Image.fromarray(a).resize((ow, oh), Image.Resampling.BICUBIC)
            lines.append({"w": w, "h": h, "channels": channels, "seed": 1000 + i, "binary": bool(i % 2), "out_w": ow, "out_h": oh,
                          "sha256": hashlib.sha256(out.tobytes()).hexdigest(), "pillow": PIL.__version__})  # fmt: skip
    write_lines(path, lines)


def qwen(tiktoken, path):
    """Qwen2's tokenizer from the public base vocabulary and the special tokens of RoboRefer."""
    from tokenizers import AddedToken, Tokenizer, models

    from tokenizer import SPECIAL, dress

    ranks = {}
    with open(tiktoken, "rb") as f:
        for line in f:
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    letters = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    table = {b: chr(b) for b in letters} | {b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in letters)}
    show = lambda t: "".join(table[b] for b in t)

    def halves(token, rank):  # the two parts that byte-pair encoding below this rank leaves
        parts = [bytes([b]) for b in token]
        while len(parts) > 2:
            best = min((ranks.get(parts[i] + parts[i + 1], rank), i) for i in range(len(parts) - 1))
            if best[0] >= rank:
                raise ValueError(token)
            parts[best[1] : best[1] + 2] = [parts[best[1]] + parts[best[1] + 1]]
        return parts

    merges = [tuple(map(show, halves(t, r))) for t, r in sorted(ranks.items(), key=lambda x: x[1]) if len(t) > 1]
    t = dress(Tokenizer(models.BPE(vocab={show(t): r for t, r in ranks.items()}, merges=merges)))
    t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
    t.save(path)


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(x, ensure_ascii=False) for x in lines) + "\n]\n")


def main():
    what, *args = sys.argv[1:] or ["help"]
    if what == "tokenizer":
        from tokenizer import train_tokenizer

        train_tokenizer(text_for_tokenizer(), 600).save(args[0])
    elif what == "build":
        build(args[0])
    elif what == "golden":
        golden(*args)
    elif what == "strings":
        print(json.dumps(strings(args[0])))
    elif what == "resize":
        resize(args[0])
    elif what == "qwen":
        qwen(*args)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
