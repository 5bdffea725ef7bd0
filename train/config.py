"""roborefer.json: the numbers that make one RoboRefer-shaped model differ from another. Needs the standard library only.

The same file goes with a model in PyTorch (train/model.py), with its exported graphs (train/export.py) and into the Go runtime
(referee/roborefer), which reads it strictly: an unknown key is an error. Sizes of the released checkpoints: CONFIG_2B, CONFIG_8B.
"""

import dataclasses
import json
import math
from dataclasses import dataclass, field

# RoboRefer's official client puts this behind every instruction, directly (API/use_api.py; two spaces after the comma are the original's).
OFFICIAL_SUFFIX = (
    "Your answer should be formatted as a list of tuples, i.e. [(x1, y1)],  where each tuple contains the x and y "
    "coordinates of a point satisfying the conditions above. The coordinates should be between 0 and 1, indicating the "
    "normalized pixel locations of the points in the image."
)

# The folding of neighbouring patches into one decoder position, by the checkpoint's own names.
FOLD = {"mlp_downsample": 2, "mlp_downsample_3x3_fix": 3}


@dataclass
class Tower:
    """A SigLIP vision tower as far as it is used: its last layer, post_layernorm and head are not (features are hidden_states[-2])."""

    hidden: int = 1152
    layers: int = 26  # that are used
    heads: int = 16
    mlp: int = 4304
    patch: int = 14
    eps: float = 1e-6
    # "patch" is SigLIP's own embedding, one convolution. "conv" is a stack of 3 × 3 convolutions of stride 2 with batch normalisation in
    # its place, for models that are trained from scratch; patch is then a power of two.
    stem: str = "patch"
    # [width, stride] of each of the stem's convolutions; the strides multiply to patch. Empty: one of stride 2 for each halving, widths doubling.
    stem_layers: list = field(default_factory=list)


    def convolutions(self):
        """[width, stride] of the conv stem's 3 × 3 convolutions."""
        n = self.patch.bit_length() - 1
        return self.stem_layers or [[max(self.hidden >> (n - 1 - i), 16), 2] for i in range(n)]


@dataclass
class Decoder:
    """A Qwen2 decoder."""

    hidden: int = 1536
    layers: int = 28
    heads: int = 12
    kv_heads: int = 2
    head_dim: int = 128
    mlp: int = 8960
    vocab: int = 151652  # rows of the embedding
    eps: float = 1e-6
    rope_theta: float = 1e6
    tied: bool = True  # the head is the embedding, transposed


@dataclass
class Tokens:
    """Ids that the splice and the decoding loop need."""

    image: int = 151649  # "<image>"
    depth: int = 151651  # "<depth>"
    newline: int = 198  # "\n", whose embedding follows each block of features
    stop: list = field(default_factory=lambda: [151645, 151643])  # "<|im_end|>", "<|endoftext|>"


@dataclass
class Config:
    name: str = "RoboRefer-2B"
    variant: str = "tiles"  # "tiles" (2B) or "dynamic_s2" (8B)
    tile_size: int = 448  # side of a tile [px]
    min_tiles: int = 1
    max_tiles: int = 12
    thumbnail: bool = True  # a last tile with the whole picture, when there are several
    s2_scales: list = field(default_factory=list)  # dynamic_s2: [448, 896, 1344]
    mean: list = field(default_factory=lambda: [0.5, 0.5, 0.5])
    std: list = field(default_factory=lambda: [0.5, 0.5, 0.5])
    resample: str = "bicubic"
    depth_convention: str = "disparity_minmax_u8"
    projector: str = "mlp_downsample_3x3_fix"
    vision: Tower = field(default_factory=Tower)
    depth: Tower = field(default_factory=Tower)
    decoder: Decoder = field(default_factory=Decoder)
    tokens: Tokens = field(default_factory=Tokens)
    system: str = "You are a helpful assistant"
    suffix: str = OFFICIAL_SUFFIX  # what a client puts behind the instruction
    rgb_newline: bool = False  # RGB only: one more newline before the text, as in the official training but not its inference
    max_context: int = 16384  # positions, answer included
    max_new_tokens: int = 64  # the cap on an answer, unless the caller sets another

    @property
    def grid(self):
        """Patches along one side of a tile."""
        return self.tile_size // self.vision.patch

    @property
    def tokens_per_tile(self):
        """Positions that the projector makes of one tile, without the newline that follows."""
        return math.ceil(self.grid / FOLD[self.projector]) ** 2

    @property
    def scales(self):
        """How many maps of features lie on top of each other in a projector's input."""
        return len(self.s2_scales) if self.variant == "dynamic_s2" else 1

    def validate(self):
        def need(ok, what):
            if not ok:
                raise ValueError(f"roborefer.json: {what}")

        need(self.variant in ("tiles", "dynamic_s2"), f"variant {self.variant!r} (want tiles or dynamic_s2)")
        need(self.projector in FOLD, f"projector {self.projector!r} (have {', '.join(FOLD)})")
        need(1 <= self.min_tiles <= self.max_tiles, f"{self.min_tiles} to {self.max_tiles} tiles")
        for name, t in (("vision", self.vision), ("depth", self.depth)):
            need(t.hidden % t.heads == 0, f"{name}: hidden {t.hidden} is no multiple of {t.heads} heads")
            need(self.tile_size % t.patch == 0, f"{name}: tile size {self.tile_size} is no multiple of patch {t.patch}")
            need(t.stem in ("patch", "conv"), f"{name}: stem {t.stem!r} (want patch or conv)")
            need(t.stem == "patch" or t.stem_layers or t.patch & (t.patch - 1) == 0,
                 f"{name}: a conv stem wants a patch that is a power of two, not {t.patch}")
            need(not t.stem_layers or math.prod(s for _, s in t.stem_layers) == t.patch,
                 f"{name}: the strides of {t.stem_layers} do not multiply to patch {t.patch}")
        need(self.vision.patch == self.depth.patch, "vision and depth have different patches")
        need(self.decoder.heads % self.decoder.kv_heads == 0, f"{self.decoder.heads} heads over {self.decoder.kv_heads} key-value heads")
        need(self.variant == "tiles" or self.s2_scales and all(s % self.tile_size == 0 for s in self.s2_scales),
             f"scales {self.s2_scales} for tiles of {self.tile_size}")
        ids = [self.tokens.image, self.tokens.depth, self.tokens.newline, *self.tokens.stop]
        need(all(0 <= i < self.decoder.vocab for i in ids), f"token ids {ids} for a vocabulary of {self.decoder.vocab}")
        return self

    def to_dict(self):
        return dataclasses.asdict(self)

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump(self.to_dict(), f, indent=1, ensure_ascii=False)
            f.write("\n")

    @classmethod
    def from_dict(cls, d):
        return _make(cls, d, "roborefer.json").validate()

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls.from_dict({k: v for k, v in json.load(f).items() if k != "export"})


def _make(cls, d, where):
    fields = {f.name: f for f in dataclasses.fields(cls)}
    if unknown := sorted(set(d) - set(fields)):
        raise ValueError(f"{where}: unknown key {unknown[0]!r} (have {', '.join(fields)})")
    kinds = {"vision": Tower, "depth": Tower, "decoder": Decoder, "tokens": Tokens}
    return cls(**{k: _make(kinds[k], v, f"{where}: {k}") if cls is Config and k in kinds else v for k, v in d.items()})


CONFIG_2B = Config()
CONFIG_8B = Config(
    name="RoboRefer-8B",
    variant="dynamic_s2",
    min_tiles=9,
    thumbnail=False,
    s2_scales=[448, 896, 1344],
    projector="mlp_downsample",
    decoder=Decoder(hidden=3584, heads=28, kv_heads=4, mlp=18944, tied=False),
)
