"""From a picture, its depth and an instruction to tiles and token ids, exactly as RoboRefer does it. Needs numpy and Pillow.

The Go runtime does the same (referee/roborefer); tests hold the two to the same bits.
"""

import numpy as np
from PIL import Image

MEDIA = ("<image>", "<vila/video>", "<depth>")


def grids(min_tiles, max_tiles):
    """All (columns, rows) with that many tiles, fewest tiles first."""
    every = [(c, r) for c in range(1, max_tiles + 1) for r in range(1, max_tiles + 1) if min_tiles <= c * r <= max_tiles]
    return sorted(every, key=lambda g: g[0] * g[1])


def choose_grid(width, height, min_tiles, max_tiles, size):
    """(columns, rows) of the aspect ratio nearest to the picture's. Of equally near ones the larger, if the picture fills half of it."""
    best, best_diff = (1, 1), float("inf")
    for cols, rows in grids(min_tiles, max_tiles):
        diff = abs(width / height - cols / rows)
        if diff < best_diff:
            best, best_diff = (cols, rows), diff
        elif diff == best_diff and width * height > 0.5 * size * size * cols * rows:
            best = (cols, rows)
    return best


def cut(image, cols, rows, size):
    """image resized to cols × rows tiles and cut row by row."""
    image = image.resize((cols * size, rows * size), Image.Resampling.BICUBIC)
    return [image.crop((c * size, r * size, (c + 1) * size, (r + 1) * size)) for r in range(rows) for c in range(cols)]


def tile(image, cfg):
    """The tiles of one picture, and for dynamic_s2 the (rows, columns) of the last scale, else None."""
    size = cfg.tile_size
    if cfg.variant == "dynamic_s2":
        tiles = []
        for scale in cfg.s2_scales[:-1]:
            tiles += cut(image, scale // size, scale // size, size)
        least = (cfg.s2_scales[-1] // size) ** 2
        cols, rows = choose_grid(image.width, image.height, least, cfg.max_tiles, size)
        return tiles + cut(image, cols, rows, size), (rows, cols)
    cols, rows = choose_grid(image.width, image.height, cfg.min_tiles, cfg.max_tiles, size)
    tiles = cut(image, cols, rows, size)
    if cfg.thumbnail and len(tiles) > 1:
        tiles.append(image.resize((size, size), Image.Resampling.BICUBIC))
    return tiles, None


def normalise(tiles, cfg):
    """float32 [tiles, 3, size, size]."""
    x = np.stack([np.asarray(t.convert("RGB"), dtype=np.float32) for t in tiles]) / np.float32(255)
    x = (x - np.asarray(cfg.mean, np.float32)) / np.asarray(cfg.std, np.float32)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2), dtype=np.float32)


def disparity(depth):
    """uint8 [h, w] of metric depth [m], float32 [h, w]: 1/z, stretched over the picture to 0…255, near is bright; no return is 0."""
    z = np.asarray(depth, np.float32)
    ok = np.isfinite(z) & (z >= np.float32(1e-6))
    d = np.where(ok, np.float32(1) / np.where(ok, z, np.float32(1)), np.float32(0)).astype(np.float32)
    span = d.max() - d.min()
    if not span > 0:
        return np.zeros(z.shape, np.uint8)
    return ((d - d.min()) / span * np.float32(255)).astype(np.uint8)


def depth_image(depth):
    """The picture that a model sees of metric depth: three equal channels of disparity()."""
    return Image.fromarray(disparity(depth), "L").convert("RGB")


def content(text, tiles, depth_tiles, cfg):
    """What stands in the user's turn: placeholders and text. depth_tiles is 0 for RGB only. Tiles of dynamic_s2 count as one."""
    for token in MEDIA:
        if token in text:
            text = text.replace(token, "").strip()
    if cfg.variant == "dynamic_s2":
        image, depth = "<image>", "<depth>"
    else:
        image, depth = "<image>\n" * tiles, "<depth>\n" * depth_tiles
    if depth_tiles:
        return (image + " " + depth + "\n" + text.strip("\n")).strip()
    return (image + ("\n" if cfg.rgb_newline else "") + text).strip()


def prompt(text, tiles, depth_tiles, cfg):
    """The whole chat, up to where the answer begins."""
    return (
        f"<|im_start|>system\n{cfg.system}<|im_end|>\n<|im_start|>user\n"
        f"{content(text, tiles, depth_tiles, cfg)}<|im_end|>\n<|im_start|>assistant\n"
    )


class Processor:
    """Turns queries into what the model takes. tokenizer is a tokenizers.Tokenizer."""

    def __init__(self, cfg, tokenizer):
        self.cfg, self.tokenizer = cfg, tokenizer

    def ids(self, text, tiles=1, depth_tiles=0):
        return self.tokenizer.encode(prompt(text, tiles, depth_tiles, self.cfg), add_special_tokens=False).ids

    def __call__(self, image, text, depth=None):
        """image: a PIL picture. depth: None, metric [m] as float32 [h, w], or a PIL picture that is already encoded. text: instruction with
        suffix. Returns a dict: ids (list), pixels f32 [tiles, 3, s, s], depth_pixels (or None), block and depth_block (dynamic_s2)."""
        tiles, block = tile(image.convert("RGB"), self.cfg)
        out = {"pixels": normalise(tiles, self.cfg), "block": block, "depth_pixels": None, "depth_block": None}
        n = 0
        if depth is not None:
            picture = depth.convert("RGB") if isinstance(depth, Image.Image) else depth_image(depth)
            dtiles, out["depth_block"] = tile(picture, self.cfg)
            out["depth_pixels"], n = normalise(dtiles, self.cfg), len(dtiles)
        out["ids"] = self.ids(text, len(tiles), n)
        return out

    def text(self, ids):
        """The answer in ids, without special tokens, stripped."""
        return self.tokenizer.decode(ids, skip_special_tokens=True).strip()
