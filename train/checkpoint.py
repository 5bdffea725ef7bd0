"""Checkpoint folders in RoboRefer's layout, without PyTorch and without the official code. Needs numpy, ml_dtypes and tokenizers.

    config.json                the vision-language model: picture mode, encoders, layer of the features
    llm/                       a Qwen2 decoder and its tokenizer
    vision_tower/  depth_tower/            SigLIP
    mm_projector/  depth_projector/        layers.N.weight, layers.N.bias
    roborefer.json             models of this project only: it then says everything, and the assertions on official files are left out

Weights are read by name, one tensor at a time, from memory-mapped safetensors files (one, or shards with an index).
"""

import json
import os

import ml_dtypes
import numpy as np

from config import CONFIG_2B, FOLD, Config, Decoder, Tokens, Tower

PARTS = ("llm", "vision_tower", "mm_projector", "depth_tower", "depth_projector")

DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
    "I64": np.int64, "I32": np.int32, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip


class CheckpointError(Exception):
    """What is wrong with a checkpoint folder, with the file's name."""


def read_json(path):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as e:
        raise CheckpointError(f"{path}: not JSON: {e}") from None


def find_root(folder):
    """The folder that holds the parts: folder itself, or model/ in it, into which the official loader descends too."""
    inner = os.path.join(folder, "model")
    root = inner if os.path.isdir(inner) else folder
    missing = [p for p in PARTS if not os.path.isdir(os.path.join(root, p))]
    if missing:
        raise CheckpointError(f"{root}: no folder {', '.join(missing)} (a RoboRefer checkpoint has {', '.join(PARTS)})")
    return root


class Safetensors:
    """The tensors of one .safetensors file, memory-mapped."""

    def __init__(self, path):
        size = os.path.getsize(path)
        with open(path, "rb") as f:
            head = f.read(8)
            n = int.from_bytes(head, "little")
            if len(head) < 8 or n > size - 8:
                raise CheckpointError(f"{path}: {size} bytes with a header of {n} (the file is cut short, or not safetensors)")
            try:
                header = json.loads(f.read(n))
            except (json.JSONDecodeError, UnicodeDecodeError) as e:
                raise CheckpointError(f"{path}: header: {e}") from None
        self.path, self.base = path, 8 + n
        self.info = {k: v for k, v in header.items() if k != "__metadata__"}
        end = max((v["data_offsets"][1] for v in self.info.values()), default=0)
        if self.base + end > size:
            raise CheckpointError(f"{path}: {size} bytes, but its tensors end at {self.base + end} (the file is cut short)")

    def __call__(self, name):
        info = self.info[name]
        if info["dtype"] not in DTYPES:
            raise CheckpointError(f"{self.path}: {name}: type {info['dtype']} (have {', '.join(DTYPES)})")
        return np.memmap(self.path, DTYPES[info["dtype"]], "r", self.base + info["data_offsets"][0], tuple(info["shape"])) if np.prod(
            info["shape"], dtype=np.int64
        ) else np.zeros(info["shape"], DTYPES[info["dtype"]])


class Weights:
    """The tensors of one part of a checkpoint. strip is a prefix that names may have or not ("vision_model.")."""

    def __init__(self, folder, strip=""):
        self.folder, self.where = folder, {}
        for f in sorted(os.listdir(folder)):
            if f.endswith(".safetensors"):
                file = Safetensors(os.path.join(folder, f))
                for name in file.info:
                    self.where[name.removeprefix(strip)] = (file, name)
        if not self.where:
            raise CheckpointError(f"{folder}: no *.safetensors in it")

    def __contains__(self, name):
        return name in self.where

    def names(self):
        return sorted(self.where)

    def raw(self, name, shape=None):
        """The tensor as it lies in the file. shape is what it must have."""
        if name not in self.where:
            raise CheckpointError(f"{self.folder}: no tensor {name!r}")
        file, inner = self.where[name]
        a = file(inner)
        if shape is not None and a.shape != tuple(shape):
            raise CheckpointError(f"{self.folder}: {name}: shape {list(a.shape)} (want {list(shape)})")
        return a

    def __call__(self, name, shape=None):
        """The tensor as float32."""
        return np.asarray(self.raw(name, shape), np.float32)


class Checkpoint:
    """A checkpoint folder: config, tokenizer and the weights of each part. strict holds an official folder to what the export relies on."""

    def __init__(self, folder, strict=True):
        self.root = find_root(folder)
        own = os.path.join(self.root, "roborefer.json")
        self.own = os.path.exists(own)
        self.config = Config.load(own) if self.own else official_config(self.root, strict)
        self.tokenizer_path = os.path.join(self.root, "llm", "tokenizer.json")

    def weights(self, part):
        return Weights(os.path.join(self.root, part), "vision_model." if part.endswith("tower") else "")


def tower_config(path, select):
    c = read_json(path)
    c = c.get("vision_config", c)
    if c.get("hidden_act", "gelu_pytorch_tanh") != "gelu_pytorch_tanh":
        raise CheckpointError(f"{path}: hidden_act {c['hidden_act']!r} (want gelu_pytorch_tanh)")
    return Tower(
        hidden=c["hidden_size"], layers=c["num_hidden_layers"] + 1 + select, heads=c["num_attention_heads"], mlp=c["intermediate_size"],
        patch=c["patch_size"], eps=c.get("layer_norm_eps", 1e-6),
    ), c["image_size"]  # fmt: skip


def official_config(root, strict=True):
    """The Config of an official checkpoint, after holding it to every assumption that the runtime makes (an error names file, key, value)."""

    def need(ok, path, what):
        if not ok and strict:
            raise CheckpointError(f"{path}: {what}")

    path = os.path.join(root, "config.json")
    c = read_json(path)
    mode = c.get("image_aspect_ratio")
    if mode not in ("dynamic", "dynamic_s2"):
        raise CheckpointError(f"{path}: image_aspect_ratio {mode!r} (want dynamic or dynamic_s2)")
    need(c.get("enable_depth") is True, path, f"enable_depth is {c.get('enable_depth')!r} (want true)")
    need(c.get("use_depth_tower") is True, path, f"use_depth_tower is {c.get('use_depth_tower')!r} (want true)")
    select = c.get("mm_vision_select_layer", -2)
    need(select == -2, path, f"mm_vision_select_layer is {select!r} (want -2)")
    need(c.get("mm_vision_select_feature", "cls_patch") == "cls_patch", path, f"mm_vision_select_feature is {c.get('mm_vision_select_feature')!r} (want cls_patch)")
    for key in ("image_encoder", "depth_encoder"):
        e = c.get(key)
        e = json.loads(e) if isinstance(e, str) else e
        if e is None:
            continue  # the configuration class's default is the one we want
        need(str(e.get("_target_", "")).endswith("BasicImageEncoder"), path, f"{key} is {e.get('_target_')!r} (want BasicImageEncoder)")
        need(e.get("start_tokens") is None and e.get("end_tokens", "\n") == "\n", path, f"{key} has tokens of its own: {e}")
    s2 = mode == "dynamic_s2"
    want = "mlp_downsample" if s2 else "mlp_downsample_3x3_fix"
    for part in ("mm_projector", "depth_projector"):
        p = os.path.join(root, part, "config.json")
        pc = read_json(p)
        kind = pc.get("mm_projector_type", pc.get("depth_projector_type"))
        need(kind == want, p, f"projector {kind!r} (want {want} with image_aspect_ratio {mode})")
    vision, size = tower_config(os.path.join(root, "vision_tower", "config.json"), select)
    depth, depth_size = tower_config(os.path.join(root, "depth_tower", "config.json"), select)
    need(size == depth_size, root, f"towers for {size} and {depth_size} pixels")
    for part in ("vision_tower", "depth_tower"):
        p = os.path.join(root, part, "preprocessor_config.json")
        if not os.path.exists(p):
            continue
        pre = read_json(p)
        need(pre.get("image_mean", [0.5] * 3) == [0.5] * 3 and pre.get("image_std", [0.5] * 3) == [0.5] * 3, p, "mean or std is not 0.5")
        need(pre.get("resample", 3) == 3, p, f"resample is {pre.get('resample')} (want 3, bicubic)")
        need(abs(pre.get("rescale_factor", 1 / 255) - 1 / 255) < 1e-9, p, f"rescale_factor is {pre.get('rescale_factor')} (want 1/255)")
        s = pre.get("size", size)
        s = s if isinstance(s, int) else s.get("height", size)
        need(s == size, p, f"size {s} for a tower of {size}")

    path = os.path.join(root, "llm", "config.json")
    q = read_json(path)
    need(q.get("model_type") == "qwen2", path, f"model_type is {q.get('model_type')!r} (want qwen2)")
    need(q.get("hidden_act", "silu") == "silu", path, f"hidden_act is {q.get('hidden_act')!r} (want silu)")
    need(not q.get("use_sliding_window"), path, "use_sliding_window is set")
    rope = q.get("rope_parameters") or q.get("rope_scaling") or {}
    need(rope.get("rope_type", rope.get("type", "default")) == "default", path, f"rope scaling {rope}")
    decoder = Decoder(
        hidden=q["hidden_size"], layers=q["num_hidden_layers"], heads=q["num_attention_heads"], kv_heads=q["num_key_value_heads"],
        head_dim=q.get("head_dim") or q["hidden_size"] // q["num_attention_heads"], mlp=q["intermediate_size"], vocab=q["vocab_size"],
        eps=q.get("rms_norm_eps", 1e-6), rope_theta=float(q.get("rope_theta") or rope.get("rope_theta", 1e6)), tied=bool(q.get("tie_word_embeddings")),
    )  # fmt: skip
    tokens, limit = official_tokens(root, decoder.vocab, strict)
    scales = c.get("s2_scales", "448,896,1344")
    scales = [int(s) for s in (scales.split(",") if isinstance(scales, str) else scales)] if s2 else []
    if s2:
        need(c.get("s2_max_split_size", size) == size, path, f"s2_max_split_size is {c.get('s2_max_split_size')} (want {size})")
        need(c.get("s2_resize_output_to_scale_idx", -1) in (-1, len(scales) - 1), path, "s2_resize_output_to_scale_idx is not the last scale")
    return Config(
        name=os.path.basename(os.path.abspath(root.removesuffix("/model"))),
        variant="dynamic_s2" if s2 else "tiles", tile_size=size, min_tiles=(scales[-1] // size) ** 2 if s2 else c.get("min_tiles") or 1,
        max_tiles=c.get("max_tiles") or 12, thumbnail=not s2, s2_scales=scales, projector=want if strict else want, vision=vision, depth=depth,
        decoder=decoder, tokens=tokens, max_context=limit,
    ).validate()  # fmt: skip


def official_tokens(root, vocab, strict=True):
    """The ids of the special tokens, and the longest sequence, from the tokenizer's own files."""
    from tokenizers import Tokenizer

    path = os.path.join(root, "llm", "tokenizer.json")
    if not os.path.exists(path):
        raise CheckpointError(f"{path}: there is no such file")
    t = Tokenizer.from_file(path)
    ids = {}
    for name in ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<vila/sentinel>", "<image>", "<vila/video>", "<depth>"):
        ids[name] = t.token_to_id(name)
        if ids[name] is None or ids[name] >= vocab:
            raise CheckpointError(f"{path}: id {ids[name]} for {name} (want one below vocab_size, {vocab})")
    newline = t.encode("\n", add_special_tokens=False).ids
    if len(newline) != 1:
        raise CheckpointError(f"{path}: a newline is {newline} (want one token)")
    tpath = os.path.join(root, "llm", "tokenizer_config.json")
    tc = read_json(tpath)
    if strict:
        check_template(tpath, tc.get("chat_template"))
    limit = tc.get("model_max_length") or 16384
    return Tokens(
        image=ids["<image>"], depth=ids["<depth>"], newline=newline[0], stop=[ids["<|im_end|>"], ids["<|endoftext|>"]]
    ), int(min(limit, 1 << 20))  # fmt: skip


def check_template(path, template):
    """Renders the chat template, as the official loader does, and compares it with the text that the runtime writes."""
    if template is None:
        raise CheckpointError(f"{path}: no chat_template")
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    got = env.from_string(template).render(messages=[{"role": "user", "content": "X"}], add_generation_prompt=True)
    want = f"<|im_start|>system\n{CONFIG_2B.system}<|im_end|>\n<|im_start|>user\nX<|im_end|>\n<|im_start|>assistant\n"
    if got != want:
        raise CheckpointError(f"{path}: the chat template writes {got!r} (want {want!r})")
