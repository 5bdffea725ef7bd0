"""Answers and what RefSpatial-Bench's official scorer makes of them, for TestOfficialScores.

    pip install numpy==1.26.4 pillow==11.1.0      # Python 3.11: what the official environment pins
    python official.py                            # writes masks/*.png and official.jsonl.gz beside itself

A scorer written anew from the description of the official one, in Python because its corner cases are Python's and numpy's own.
"""
import gzip
import json
import os
import random
import re
import resource

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
TUPLE = re.compile(r"\(([-+]?\d+\.?\d*(?:,\s*[-+]?\d+\.?\d*)*?)\)")
XML = re.compile(r'(x\d+)="(-?\d+\.?\d*)"\s+(y\d+)="(-?\d+\.?\d*)"')
FENCE = re.compile(r"```(?:\w+)?\n(.*?)```", re.DOTALL)


def read_tuples(text, size, absolute):
    out = []
    for found in TUPLE.finditer(text):
        numbers = [(float if "." in part else int)(part) for part in found.group(1).split(",")]
        to_pixels = lambda values: [int(v * size[i % 2]) for i, v in enumerate(values)]
        if len(numbers) == 2:
            relative = not absolute and any(type(v) is float for v in numbers)
            out.append(tuple(to_pixels(numbers) if relative else numbers))
        if len(numbers) == 4:
            left, top, right, bottom = numbers if absolute else to_pixels(numbers)
            rows, columns = np.where(np.ones((bottom - top, right - left)))
            out += list(np.stack([columns + left, rows + top], axis=1))
    return np.array(out)


def read_xml(text, size):
    return np.array([(int(float(m[1]) / 100 * size[0]), int(float(m[3]) / 100 * size[1])) for m in XML.findall(text)])


def read_json(text, size):
    block = FENCE.search(text)
    nothing = np.empty((0, 2), dtype=int)
    if block is None:
        return nothing
    try:
        items = json.loads(block.group(1).strip())
    except json.JSONDecodeError:
        return nothing
    out = []
    for item in items:
        if "point" not in item:
            continue
        pair = item["point"]
        if isinstance(pair, list) and len(pair) == 2:
            out.append((int(pair[1] / 1000 * size[0]), int(pair[0] / 1000 * size[1])))
    return np.array(out)


READERS = {
    "tuples-relative": lambda text, size: read_tuples(text, size, False),
    "tuples-absolute": lambda text, size: read_tuples(text, size, True),
    "molmo-xml": read_xml,
    "gemini-json": read_json,
}


def score(grammar, text, mask):
    """("scored", value), ("dropped", 0) if the parser raises, ("crashed", 0) if what follows does."""
    height, width = mask.shape
    try:
        points = READERS[grammar](text, (width, height))
    except Exception:
        return "dropped", 0.0
    if len(points) == 0:
        return "scored", 0.0
    try:
        x, y = points[:, 0], points[:, 1]
        inside = (0 <= x) & (x < width) & (0 <= y) & (y < height)
        hits = mask[points[inside, 1], points[inside, 0]]
        return "scored", float(np.concatenate([hits, np.zeros(len(points) - inside.sum())]).mean())
    except Exception:
        return "crashed", 0.0


def read_mask(path):
    values = np.array(Image.open(path)) / 255.0
    return ((values[:, :, 0] if values.ndim == 3 else values) > 0).astype(np.uint8)


# Masks of every kind of PNG. ------------------------------------------------------------------------------------------------------------------


def masks(rng):
    os.makedirs(os.path.join(HERE, "masks"), exist_ok=True)
    for name, width, height in [("1", 40, 30), ("L", 64, 48), ("P", 37, 91), ("LA", 56, 56), ("RGB", 33, 20), ("RGBA", 48, 27), ("I;16", 31, 17), ("L1", 64, 64)]:
        inside = np.zeros((height, width), bool)
        for _ in range(5):
            left, top = rng.randrange(-width // 2, width), rng.randrange(-height // 2, height)
            inside[max(top, 0) : top + height, max(left, 0) : left + width] ^= True
        if name == "1":
            image = Image.fromarray(inside)
        elif name == "L":
            image = Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
        elif name == "L1":
            image = Image.fromarray(inside.astype(np.uint8))  # 1 counts, however dark
        elif name == "P":
            image = Image.fromarray(np.where(inside, 2, 0).astype(np.uint8), "P")
            image.putpalette([255, 255, 255, 9, 9, 9, 0, 0, 0])  # index 0 is white, index 2 is black
        elif name == "I;16":
            image = Image.fromarray(np.where(inside, 3, 0).astype(np.uint16))
        else:
            channels = {"LA": 2, "RGB": 3, "RGBA": 4}[name]
            pixels = np.array([[[rng.randrange(256) for _ in range(channels)] for _ in range(width)] for _ in range(height)], np.uint8)
            pixels[:, :, 0] = np.where(inside, 200, 0)  # channel 0 counts, alpha does not
            image = Image.fromarray(pixels, name)
        image.save(os.path.join(HERE, "masks", name.replace(";", "") + ".png"))


# Answers, from plain to perverse. -------------------------------------------------------------------------------------------------------------


class Writer:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, *options):
        return self.rng.choice(options)

    def unit(self):
        r = self.rng
        return r.choice([f"{r.random():.3f}", f"{r.random():.3f}", f"{r.random():.6f}", f"{r.uniform(-0.2, 1.3):.2f}", "0.0", "1.0", "0.5", "-0.001", "1.", "0.999999999", repr(r.random())])

    def integer(self):
        r = self.rng
        return str(r.choice([r.randrange(0, 60), r.randrange(0, 60), r.randrange(-5, 100), r.randrange(0, 1200), 0, 1]))

    def odd(self):
        r = self.rng
        return r.choice(["٣", "０.５", "+7", "-0", "1e-1", ".5", "0x1", "nan", "inf", "9" * 19, str(2**63), str(2**63 - 1), str(2**64 - 1), str(2**64), str(-(2**63)), str(-(2**63) - 1), "9" * 400,
                         "9" * 400 + ".0", "1" * 4300, "1" * 4301, "0" * 4301, "00.5", "1.5.2", "𝟎.𝟕", "᠓", "-", "1_000"])

    def number(self, kind):
        if self.rng.random() < 0.04:
            return self.odd()
        return self.unit() if kind == "unit" else self.integer()

    def comma(self):
        return self.pick(", ", ", ", ", ", ",", ",", ",  ", ",\n", ",\t", ",\u00a0", ",\u3000", ",\x1c", ",\x85", " ,", ",\u2028", ",\v") if self.rng.random() < 0.3 else ", "

    def tuple(self, kind, n=2):
        body = "".join((self.comma() if i else "") + self.number(kind) for i in range(n))
        return self.pick("(%s)", "(%s)", "(%s)", "(%s)", "(%s)", "((%s))", "( %s)", "(%s )", "[%s]", "(%s,)", "(%s") % body if self.rng.random() < 0.25 else f"({body})"

    def box(self, kind):
        r = self.rng
        if r.random() < 0.1:
            return r.choice(["(0, 0, 200000, 200000)", "(0.0, 0.0, 30000.0, 30000.0)", "(5, 5, 5, 9)", "(0.5, 0.5, 0.5, 99999999999999999999)", "(7, 3, 7, 1152921504606846979)", "(7, 3, 7, 1152921504606846978)", "(9223372036854775808, 0, 9223372036854775809, 1)", "(18446744073709551616, 0, 18446744073709551617, 1)",
                             "(0.1, 0.9, 0.9, 0.1)", "(0.1,0.2, 0.6,0.7)", "(nan, 0, 1, 1)", "(0, 0, 1, 1)", "(0.2, 0, 1, 1)", "(-0.5, -0.5, 1.5, 1.5)", "(-9223372036854775809, 0, 0, 1)"])
        if kind == "unit":
            a, b = sorted((r.random(), r.random())), sorted((r.random(), r.random()))
            return f"({a[0]:.3f}, {b[0]:.3f}, {a[1]:.3f}, {b[1]:.3f})"
        a, b = [(v, v + r.randrange(-1, 20)) for v in (r.randrange(-3, 60), r.randrange(-3, 60))]
        return f"({a[0]}, {b[0]}, {a[1]}, {b[1]})"

    def tuples(self, absolute):
        r = self.rng
        kind = r.choice(["int", "int", "int", "unit"] if absolute else ["unit", "unit", "unit", "int"])
        parts = []
        for _ in range(r.choice([0, 1, 1, 1, 1, 2, 3, 5])):
            k = kind if r.random() < 0.9 else r.choice(["unit", "int"])
            n = r.choice([2] * 12 + [1, 3, 4, 4, 5])
            parts.append(self.box(k) if n == 4 else self.tuple(k, n))
        text = ", ".join(parts)
        return self.pick("[%s]", "[%s]", "[%s]", "[%s]", "[%s]", "[%s]", "[%s]", "%s", "%s", "The available placement point is %s.", "<think>Step1: [Position] [the cup]: [(0.245, 0.147)]</think><answer>[%s]</answer>", "", "None", "I cannot (see) it", "[%s") .replace("%s", text)

    def xml(self):
        r = self.rng
        number = lambda: self.odd() if r.random() < 0.04 else r.choice([f"{r.uniform(0, 100):.1f}", f"{r.uniform(-5, 110):.2f}", str(r.randrange(0, 101)), "50.", "100.0", ".5", "-3.25", "+4"])
        space = lambda: r.choice([" ", " ", " ", "  ", "\n", "\t", "\u3000", "\x1d", "", ", "])
        parts = []
        for i in range(r.choice([0, 1, 1, 2, 3, 6])):
            n, m = r.choice([("", ""), (i + 1, i + 1), (i + 1, i + 1), (i + 1, i + 1), (i + 1, i + 2), ("٢", "٢")])
            q = r.choice(['"'] * 9 + ["'"])
            parts.append(f"x{n}={q}{number()}{q}{space()}y{m}={q}{number()}{q}")
        return r.choice(['<points %s alt="cups">cups</points>', "<point %s>cup</point>", "%s", "I see <points %s/>"]).replace("%s", " ".join(parts))

    def json(self):
        r = self.rng

        def number():
            if r.random() < 0.08:
                return r.choice(["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e308", "9" * 400, str(2**63 * 1000), str(10**309), "1" * 4301, '"5"', "null", "true", "false", "[1]", "{}", "01", "1.", ".5", "+1", "1e2",
                                 "1E+2", "-0", "0.5e1", "9" * 25])
            return r.choice([str(r.randrange(0, 1001)), str(r.randrange(-50, 1100)), f"{r.uniform(0, 1000):.2f}", "1000", "0", "999"])

        def item():
            c = r.random()
            if c < 0.7:
                return '{"point": [%s, %s], "label": "cup"}' % (number(), number())
            return r.choice(['{"point": [%s]}' % number(), '{"point": [%s, %s, 3]}' % (number(), number()), '{"point": {"y": 1, "x": 2}}', '{"points": [1, 2]}', '{"box_2d": [1, 2, 3, 4]}', "5", "null", "true", "1.5",
                             '"the point"', '"nothing"', '""', "[1, 2]", '["point", 2]', '["points"]', "[]", "{}", '{"point": null}', '{"point": "12"}', '{"point": [1, 2], "point": [%s, %s]}' % (number(), number()),
                             '{"\\u0070oint": [%s, %s]}' % (number(), number()), '{"point": [%s, %s], "label": "\\ud800"}' % (number(), number()), '{"point": [1, 2], "label": "a\tb"}', '{"point": [1, 2], "label": "\\x"}'])

        c = r.random()
        body = "[" + ", ".join(item() for _ in range(r.choice([0, 1, 1, 1, 2, 4]))) + "]"
        if c < 0.12:
            body = r.choice(["5", "null", "true", '"point"', '""', "{}", '{"point": [1, 2]}', '{"a point": 1}', '{"label": 1}', "", "[", "[1,]", "[1 2]", "NaN", "[" * 700 + "]" * 700, "[" * 2000 + "]" * 2000, "\ufeff[]", "[]x", "// no\n[]"])
        if c > 0.9:
            body = r.choice(["\x1f", "\u3000", "\x0b", " \n", "\x00"]) + body + r.choice(["\x1c", "\n", "\u2029", "\r\n"])
        return r.choice(["```json\n%s\n```", "```json\n%s\n```", "```json\n%s\n```", "```json\n%s\n```", "```\n%s```", "%s", "``` json\n%s\n```", "```json\r\n%s\n```", "```c++\n%s\n```", "```py_3\n%s\n```", "```jsön\n%s\n```",
                         "```x\n[]\n```\n```json\n%s\n```", "``` x\n[]\n```\n%s\n```", "Here:\n```json\n%s\n```\ndone", "```json\n%s"]).replace("%s", body)


def main():
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # what is too large for any machine is too large at once
    rng = random.Random(20261126)
    masks(rng)
    names = sorted(os.listdir(os.path.join(HERE, "masks")))
    loaded = {name: read_mask(os.path.join(HERE, "masks", name)) for name in names}
    write = Writer(rng)
    with gzip.GzipFile(os.path.join(HERE, "official.jsonl.gz"), "wb", mtime=0) as f:
        for _ in range(5000):
            grammar = rng.choice(["tuples-relative", "tuples-relative", "tuples-absolute", "molmo-xml", "gemini-json"])
            text = write.xml() if grammar == "molmo-xml" else write.json() if grammar == "gemini-json" else write.tuples(grammar == "tuples-absolute")
            mask = rng.choice(names)
            outcome, value = score(grammar, text, loaded[mask])
            f.write((json.dumps({"grammar": grammar, "mask": mask, "text": text, "outcome": outcome, "value": value}) + "\n").encode())
        # The mean of the scored ones, as numpy adds them up, for each number of samples up to 1,000.
        values = [rng.choice([0.0, 1.0, 1 / 3, rng.random()]) for _ in range(1000)]
        f.write((json.dumps({"values": values, "means": [float(np.mean(values[:n])) for n in range(1, 1001)]}) + "\n").encode())


if __name__ == "__main__":
    main()
