"""Writes a checkpoint of random weights in RoboRefer's official layout, for tests and measurements. Needs numpy and ml_dtypes.

    python train/random_checkpoint.py OUT --variant tiles|dynamic_s2 [--tokenizer FILE] [--size small|full] [--seed N]

small is a model of a fraction of a megabyte with the structure of RoboRefer-2B (tiles) or -8B (dynamic_s2); full has the sizes of RoboRefer-2B.
The same seed gives the same weights with the same version of numpy.
"""

import argparse
import json
import os
import zlib

import ml_dtypes
import numpy as np

from config import CONFIG_2B

TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class Writer:
    """A safetensors file of random tensors, written one after the other. dtype is that of all of them."""

    def __init__(self, path, seed, dtype):
        self.path, self.seed, self.dtype, self.todo = path, seed, np.dtype(dtype), []

    def add(self, name, shape, std=None, mean=0.0):
        """std None: 1/√(inputs), so that what comes out is as large as what went in."""
        self.todo.append((name, tuple(shape), std if std is not None else float(np.prod(shape[1:])) ** -0.5, mean))

    def linear(self, name, out, inputs, bias=True):
        self.add(name + ".weight", (out, inputs))
        if bias:
            self.add(name + ".bias", (out,), 0.05)

    def norm(self, name, n, bias=True):
        self.add(name + ".weight", (n,), 0.1, 1.0)
        if bias:
            self.add(name + ".bias", (n,), 0.05)

    def close(self):
        kind = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[self.dtype.name]
        header, at = {}, 0
        for name, shape, _, _ in self.todo:
            n = int(np.prod(shape)) * self.dtype.itemsize
            header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + n]}
            at += n
        h = json.dumps(header).encode()
        with open(self.path, "wb") as f:
            f.write(len(h).to_bytes(8, "little") + h)
            for name, shape, std, mean in self.todo:
                rng = np.random.Generator(np.random.PCG64([self.seed, zlib.crc32(name.encode())]))
                a = rng.standard_normal(shape, dtype=np.float32)
                a *= np.float32(std)
                a += np.float32(mean)
                a.astype(self.dtype).tofile(f)


def dump(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, indent=1, ensure_ascii=False)
        f.write("\n")


def write(out, variant, tokenizer, size="small", seed=1, dtype="bfloat16"):
    s2 = variant == "dynamic_s2"
    os.makedirs(out, exist_ok=True)
    if size == "small":
        tower = dict(hidden=48, layers=3, heads=4, mlp=80)
        tile, d = 56, dict(hidden=64, layers=3, heads=4, kv_heads=2, mlp=96, head_dim=16)
    else:
        t, q = CONFIG_2B.vision, CONFIG_2B.decoder
        tower = dict(hidden=t.hidden, layers=t.layers + 1, heads=t.heads, mlp=t.mlp)
        tile, d = 448, dict(hidden=q.hidden, layers=q.layers, heads=q.heads, kv_heads=q.kv_heads, mlp=q.mlp, head_dim=q.head_dim)
    with open(tokenizer, encoding="utf-8") as f:
        tok = json.load(f)
    ids = {a["content"]: a["id"] for a in tok["added_tokens"]}
    vocab = max(ids.values()) + 1
    scales = [tile, 2 * tile, 3 * tile]
    dump(
        os.path.join(out, "config.json"),
        {
            "architectures": ["LlavaLlamaModel"], "image_aspect_ratio": variant if s2 else "dynamic", "enable_depth": True, "use_depth_tower": True,
            "mm_vision_select_layer": -2, "mm_vision_select_feature": "cls_patch", "max_tiles": 12, "min_tiles": 1,
            **({"s2_scales": ",".join(map(str, scales)), "s2_max_split_size": tile, "s2_resize_output_to_scale_idx": -1} if s2 else {}),
            "image_encoder": {"_target_": "llava.model.encoders.BasicImageEncoder"}, "depth_encoder": {"_target_": "llava.model.encoders.BasicImageEncoder"},
        },
    )  # fmt: skip
    for i, part in enumerate(("vision_tower", "depth_tower")):
        dump(
            os.path.join(out, part, "config.json"),
            {"model_type": "siglip_vision_model", "hidden_size": tower["hidden"], "num_hidden_layers": tower["layers"], "num_attention_heads": tower["heads"],
             "intermediate_size": tower["mlp"], "patch_size": 14, "image_size": tile, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6},
        )  # fmt: skip
        dump(os.path.join(out, part, "preprocessor_config.json"),
             {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3, "rescale_factor": 1 / 255, "size": {"height": tile, "width": tile}})  # fmt: skip
        w, c, n = Writer(os.path.join(out, part, "model.safetensors"), seed * 10 + i, dtype), tower["hidden"], (tile // 14) ** 2
        w.add("vision_model.embeddings.patch_embedding.weight", (c, 3, 14, 14), 3 * (3 * 14 * 14) ** -0.5)
        w.add("vision_model.embeddings.patch_embedding.bias", (c,), 0.05)
        w.add("vision_model.embeddings.position_embedding.weight", (n, c), 0.5)
        for j in range(tower["layers"]):
            p = f"vision_model.encoder.layers.{j}."
            w.norm(p + "layer_norm1", c)
            w.norm(p + "layer_norm2", c)
            for s in ("q_proj", "k_proj", "v_proj", "out_proj"):
                w.linear(p + "self_attn." + s, c, c)
            w.linear(p + "mlp.fc1", tower["mlp"], c)
            w.linear(p + "mlp.fc2", c, tower["mlp"])
        w.norm("vision_model.post_layernorm", c)
        w.close()
    kind = "mlp_downsample" if s2 else "mlp_downsample_3x3_fix"
    for i, part in enumerate(("mm_projector", "depth_projector")):
        dump(os.path.join(out, part, "config.json"), {"model_type": "v2l_projector", "mm_projector_type": kind})
        w = Writer(os.path.join(out, part, "model.safetensors"), seed * 10 + 2 + i, dtype)
        c, h = tower["hidden"] * (3 if s2 else 1), d["hidden"]
        if s2:
            w.norm("layers.1", 4 * c)
            w.linear("layers.2", h, 4 * c)
            w.linear("layers.4", h, h)
        else:
            w.norm("layers.1", 9 * c)
            w.linear("layers.2", 3 * c, 9 * c)
            w.norm("layers.4", 3 * c)
            w.linear("layers.5", h, 3 * c)
            w.linear("layers.7", h, h)
        w.close()
    dump(
        os.path.join(out, "llm", "config.json"),
        {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": d["hidden"], "num_hidden_layers": d["layers"],
         "num_attention_heads": d["heads"], "num_key_value_heads": d["kv_heads"], "intermediate_size": d["mlp"], "vocab_size": vocab, "rms_norm_eps": 1e-6,
         "rope_theta": 1000000.0, "tie_word_embeddings": not s2, "hidden_act": "silu", "use_sliding_window": False, "head_dim": d["head_dim"]},
    )  # fmt: skip
    dump(os.path.join(out, "llm", "tokenizer_config.json"), {"chat_template": TEMPLATE, "model_max_length": 16384, "eos_token": "<|im_end|>"})
    with open(os.path.join(out, "llm", "tokenizer.json"), "w", encoding="utf-8") as f:
        json.dump(tok, f, ensure_ascii=False)
    w, h = Writer(os.path.join(out, "llm", "model.safetensors"), seed * 10 + 4, dtype), d["hidden"]
    w.add("model.embed_tokens.weight", (vocab, h), 0.15 if size == "small" else 0.02)
    for j in range(d["layers"]):
        p = f"model.layers.{j}."
        w.norm(p + "input_layernorm", h, bias=False)
        w.norm(p + "post_attention_layernorm", h, bias=False)
        for s, n in (("q_proj", d["heads"]), ("k_proj", d["kv_heads"]), ("v_proj", d["kv_heads"])):
            w.linear(p + "self_attn." + s, n * d["head_dim"], h)
        w.linear(p + "self_attn.o_proj", h, d["heads"] * d["head_dim"], bias=False)
        w.linear(p + "mlp.gate_proj", d["mlp"], h, bias=False)
        w.linear(p + "mlp.up_proj", d["mlp"], h, bias=False)
        w.linear(p + "mlp.down_proj", h, d["mlp"], bias=False)
    w.norm("model.norm", h, bias=False)
    if s2:
        w.add("lm_head.weight", (vocab, h), 3 * h**-0.5)
    w.close()


def main():
    a = argparse.ArgumentParser(description="Write a checkpoint of random weights in RoboRefer's layout.")
    a.add_argument("out")
    a.add_argument("--variant", choices=["tiles", "dynamic_s2"], default="tiles")
    a.add_argument("--tokenizer", required=True, help="tokenizer.json")
    a.add_argument("--size", choices=["small", "full"], default="small")
    a.add_argument("--dtype", choices=["float32", "float16", "bfloat16"], default="bfloat16")
    a.add_argument("--seed", type=int, default=1)
    o = a.parse_args()
    write(o.out, o.variant, o.tokenizer, o.size, o.seed, getattr(ml_dtypes, o.dtype, o.dtype))


if __name__ == "__main__":
    main()
