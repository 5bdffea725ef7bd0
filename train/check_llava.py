"""Reads a folder of `refarena gen --llava` as RoboRefer's official loader does, and says what would trip it.

    python train/check_llava.py DIR

Nothing here comes from the generator: the loader's steps are written from its description (llava/data/dataset.py and llava/mm_utils.py of
github.com/Zhoues/RoboRefer at d97a995): pictures by name or list of names, placeholders counted, removed and put in front again, one newline behind
the last of them dropped, expanded to one a tile. What the loader makes of each RGB-D dialogue has to be the prompt that is asked at inference.
"""

import argparse
import collections
import json
import os
import re
import sys

from PIL import Image

import preprocess
from config import CONFIG_2B

ANSWER = re.compile(r"\[\(0\.\d{3}, 0\.\d{3}\)(?:, \(0\.\d{3}, 0\.\d{3}\))*\]")
STEP = re.compile(r"Step(\d): \[(Position|Orientation|Size)\] \[[^\]]+\]: (?:\[\(0\.\d{3}, 0\.\d{3}\)\]|\(-?[01]\.\d{3}, -?[01]\.\d{3}, -?[01]\.\d{3}\)|\d+\.\d+)")


class Trip(ValueError):
    pass


def need(ok, what):
    if not ok:
        raise Trip(what)


def media(entry, key):
    """Names of the pictures of a kind: none, one or a list."""
    v = entry.get(key, [])
    return v if isinstance(v, list) else [v]


def loaded(text, images, depths):
    """The user's text as training sees it, before tiles."""
    need(text.count("<image>") in (0, images), f"{text.count('<image>')} placeholders <image> for {images} pictures")
    need(text.count("<depth>") in (0, depths), f"{text.count('<depth>')} placeholders <depth> for {depths} depth pictures")
    if depths:
        need(images == depths, f"{images} pictures and {depths} depth pictures")
        end = text.rindex("<depth>") + len("<depth>")
        rest = text[:end].replace("<image>", "").replace("<depth>", "").strip() + text[end:].removeprefix("\n")
        return "<image> <depth>\n" * images + rest.strip("\n")
    return "<image>\n" * images + text.replace("<image>", "").strip()


def check(folder):
    counts, seen = collections.Counter(), {}
    for name in ("rgb.json", "rgbd.json", "reasoning.json"):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            entries = json.load(f)
        need(isinstance(entries, list) and entries, f"{name} is not a list of dialogues")
        ids = set()
        for e in entries:
            try:
                need(e["id"] not in ids, "its id occurs twice")
                ids.add(e["id"])
                turns = e["conversations"]
                need([t["from"] for t in turns] == ["human", "gpt"] * (len(turns) // 2) and turns, f"turns by {[t['from'] for t in turns]}")
                images, depths = media(e, "image"), media(e, "depth")
                need(len(images) == 1 and len(depths) == (name != "rgb.json"), f"{len(images)} pictures and {len(depths)} depth pictures in {name}")
                for path in (*images, *depths):
                    if path not in seen:
                        with Image.open(os.path.join(folder, path)) as im:
                            im.load()
                            seen[path] = im.mode, im.size
                    # The image processor takes pictures of three channels of 8 bits and nothing else; colours are converted, depth is not.
                    need(seen[path][0] == "RGB", f"{path} is of mode {seen[path][0]}")
                need(len({seen[p][1] for p in (*images, *depths)}) == 1, "colours and depth are of different sizes")
                ask, answer = turns[0]["value"], turns[1]["value"]
                text = loaded(ask, len(images), len(depths))
                plain = ask.replace("<image>", "").replace("<depth>", "").lstrip(" \n")
                if depths:  # training and inference agree, where there is depth
                    want = preprocess.content(plain, 1, 1, CONFIG_2B)
                    expanded = text.replace("<image>", "<image>\n").replace("<depth>", "<depth>\n")
                    need(expanded == want, f"training reads {expanded!r}, inference asks {want!r}")
                else:  # … and differ by the newline that training has, without
                    need(text == "<image>\n" + plain, f"training reads {text!r}")
                if name == "reasoning.json":
                    m = re.fullmatch(r"<think>(.*)</think><answer>(.*)</answer>", answer, re.DOTALL)
                    need(m, f"answer {answer!r}")
                    for i, line in enumerate(m[1].strip().split("\n")):
                        s = STEP.fullmatch(line)
                        need(s and int(s[1]) == i + 1, f"step {line!r}")
                    answer = m[2]
                need(ANSWER.fullmatch(answer), f"answer {answer!r}")
            except (Trip, KeyError, OSError) as err:
                raise Trip(f"{name}, {e.get('id', '?')}: {err if isinstance(err, Trip) else repr(err)}") from None
            counts[name] += 1
    need(len(set(counts.values())) == 1, f"{dict(counts)}: a question is missing somewhere")
    return counts, len(seen)


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("folder")
    o = a.parse_args()
    try:
        counts, pictures = check(o.folder)
    except (Trip, OSError, ValueError) as e:
        sys.exit(f"check_llava: {e}")
    print(f"{sum(counts.values())} dialogues ({', '.join(f'{k} {v}' for k, v in counts.items())}) and {pictures} pictures: the official loader takes them all")


if __name__ == "__main__":
    main()
