"""Turns a checkpoint folder into the ONNX graphs that `--referee roborefer:DIR` runs, and roborefer.json beside them.

    python train/export.py CHECKPOINT OUT --precision fp32|fp16|int8|int4 [--device cpu|cuda]

The graphs are written node by node from the checkpoint's safetensors files, one tensor at a time, not traced from a PyTorch model: neither
PyTorch nor the official code is needed, and a model of 2.4 G parameters is exported in the memory of its largest tensor. Names of graphs,
inputs and outputs follow Optimum's for decoders with a past.

    tiles        vision_encoder    pixel_values f32 [tiles, 3, s, s]      -> image_features f32 [tiles, tokens, hidden]
                 depth_encoder     the same                               -> depth_features
    dynamic_s2   vision_tower      pixel_values                           -> last_hidden_state f32 [tiles, (s/patch)², channels]
                 depth_tower       the same
                 vision_projector  features f32 [blocks, (s/patch)², channels · scales] -> image_features f32 [blocks, tokens, hidden]
                 depth_projector   the same                               -> depth_features
    both         embed_tokens      input_ids i64 [batch, sequence]        -> inputs_embeds f32 [batch, sequence, hidden]
                 decoder_model_merged
                     inputs_embeds f32 [batch, sequence, hidden], attention_mask i64 [batch, total], position_ids i64 [batch, sequence],
                     num_logits_to_keep i64 [1], past_key_values.N.key, .value [batch, kv heads, capacity, head dim]
                                          -> logits f32 [batch, kept, vocab] of the last positions, present.N.key, .value

A row of attention_mask says with its ones how long that row is, new positions included. past and present may be the same memory: capacity
is then fixed and only the new positions are written (GroupQueryAttention). With a past of exactly the old length, present has the new one.

Precision is that of the weights; norms, softmax and sums are always float32.
    fp32   as it is
    fp16   half the size. --device cpu computes in float32 all the same; --device cuda computes in float16
    int8   --device cpu: weights of -64 to 64 with one scale a column, activations quantised to 8 bits with one scale a position, products summed
           in int32 (towers and decoder).
           --device cuda: blocks of 32 weights with a scale each in the decoder, towers in fp16
    int4   decoder in blocks of 32 weights with a scale each; towers as int8 (cpu) or fp16 (cuda)
--device also sets the type of the key-value cache: float32 for cpu, float16 for cuda, as GroupQueryAttention has it there.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import Checkpoint, CheckpointError
from config import FOLD

OPSET, IR = 21, 10
MS = "com.microsoft"
EXTERNAL = 512 << 20  # graphs whose weights are larger keep them in a file of their own [bytes]
BLOCK = 32  # weights that share a scale in int4, and in int8 on CUDA
SMALL = 1024  # widest decoder whose attention is worth computing in blocks
LONG, BLOCKS = 96, 4  # positions from which on it is, and into how many


class Graph:
    """One ONNX graph under construction. half: activations in float16. data: path of the external weights, or None."""

    def __init__(self, name, precision, half, data=None):
        self.name, self.precision, self.half = name, precision, half
        self.nodes, self.inits, self.inputs, self.outputs = [], [], [], []
        self.count, self.known, self.quantised = 0, {}, {}
        self.data_path, self.data = data, open(data + ".part", "wb") if data else None

    def fresh(self, hint):
        self.count += 1
        return f"{hint}_{self.count}"

    def op(self, kind, *inputs, domain="", outs=1, out=None, **attrs):
        names = [out] if out else [self.fresh(kind) for _ in range(outs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attrs))
        return names[0] if len(names) == 1 else names

    def const(self, array, hint="const"):
        """A small constant, kept once."""
        a = np.asarray(array)
        key = (a.dtype.str, a.shape, a.tobytes())
        if key not in self.known:
            self.known[key] = self.fresh(hint)
            self.inits.append(numpy_helper.from_array(a, self.known[key]))
        return self.known[key]

    def weight(self, name, array):
        """An initialiser. With external data it goes to the file at once and leaves memory."""
        a = np.ascontiguousarray(array)
        if self.data is None or a.nbytes < 1024:
            self.inits.append(numpy_helper.from_array(a, name))
            return name
        pad = -self.data.tell() % 64
        self.data.write(b"\0" * pad)
        at = self.data.tell()
        a.tofile(self.data)
        t = TensorProto(name=name, dims=a.shape, data_type=helper.np_dtype_to_tensor_dtype(a.dtype), data_location=TensorProto.EXTERNAL)
        for k, v in (("location", os.path.basename(self.data_path)), ("offset", at), ("length", a.nbytes)):
            t.external_data.add(key=k, value=str(v))
        self.inits.append(t)
        return name

    @property
    def act(self):
        return np.float16 if self.half else np.float32

    def param(self, name, array):
        """A weight that is used as an activation is: a bias, a norm's scale, a table."""
        return self.weight(name, np.asarray(array, self.act))

    def enter(self, x):
        return self.op("Cast", x, to=TensorProto.FLOAT16) if self.half else x

    def leave(self, x, out):
        return self.op("Cast", x, to=TensorProto.FLOAT, out=out) if self.half else self.op("Identity", x, out=out)

    # Layers.

    def linear(self, x, name, w, bias=None, kind=None):
        """x · wᵀ + bias, w [out, in] float32."""
        kind = kind or self.precision
        n, k = w.shape
        if kind == "int4" or kind == "int8" and self.half:
            y = self.blocks(x, name, w, 4 if kind == "int4" else 8)
        elif kind == "int8":
            return self.rows(x, name, w, bias)
        elif kind == "fp16" and not self.half:
            y = self.op("MatMul", x, self.op("Cast", self.weight(name, w.T.astype(np.float16)), to=TensorProto.FLOAT))
        else:
            y = self.op("MatMul", x, self.weight(name, w.T.astype(self.act)))
        return y if bias is None else self.op("Add", y, self.param(name + ".bias", bias))

    def blocks(self, x, name, w, bits):
        """MatMulNBits: symmetric, rounded to nearest, one scale for BLOCK weights of a row."""
        n, k = w.shape
        nb = -(-k // BLOCK)
        b = np.zeros((n, nb * BLOCK), np.float32)
        b[:, :k] = w
        b = b.reshape(n, nb, BLOCK)
        zero = 1 << (bits - 1)
        far = np.take_along_axis(b, np.abs(b).argmax(-1)[..., None], -1)  # the value farthest from 0 becomes -zero: the range's longer side
        scale = (far / -zero).astype(self.act)
        s = scale.astype(np.float32)
        q = np.where(s == 0, 0, np.rint(b / np.where(s == 0, 1, s))).clip(-zero, zero - 1) + zero
        q = q.astype(np.uint8)
        if bits == 4:
            q = q[..., 0::2] | q[..., 1::2] << 4
        return self.op(
            "MatMulNBits", x, self.weight(name + ".q", q), self.weight(name + ".scale", scale.reshape(-1)),
            domain=MS, K=k, N=n, bits=bits, block_size=BLOCK, accuracy_level=0 if self.half else 4,
        )  # fmt: skip

    def rows(self, x, name, w, bias):
        """int8 · int8 summed in int32: one scale a column of the weights and one a row of x, so that no position's result depends on
        another's. Processors without VNNI add two products in 16 bits, which overflow with 8 bits on both sides; with weights of -64 to 64 they
        cannot, so the fast kernel is exact. u8 · u8 would be exact with 8 bits, too, and takes a third longer."""
        if x not in self.quantised:
            last = self.const(np.array([-1], np.int64))
            low, high = (self.op(kind, x, last, keepdims=1) for kind in ("ReduceMin", "ReduceMax"))
            scale = self.op("Mul", self.op("Max", high, self.op("Neg", low), self.const(np.float32(1e-10))), self.const(np.float32(1 / 127)))
            each = self.reshape(scale, -1)
            zero = self.op("ConstantOfShape", self.op("Shape", each), value=numpy_helper.from_array(np.array([128], np.uint8)))
            q = self.op("QuantizeLinear", self.reshape(x, -1, w.shape[1]), each, zero, axis=0)
            self.quantised[x] = (self.op("Reshape", q, self.op("Shape", x)), scale)
        q, scale = self.quantised[x]
        s = (np.abs(w).max(1) / 64).astype(np.float32)
        s[s == 0] = 1
        b = np.rint(w / s[:, None]).astype(np.int8).T
        y = self.op(
            "MatMulIntegerToFloat", q, self.weight(name + ".q", b), self.const(np.float32(1)), self.weight(name + ".scale", s),
            self.const(np.uint8(128)), self.const(np.int8(0)), domain=MS,
        )  # fmt: skip
        y = self.op("Mul", y, scale)
        return y if bias is None else self.op("Add", y, self.param(name + ".bias", bias))

    def layer_norm(self, x, name, w, b, eps):
        return self.op("LayerNormalization", x, self.param(name + ".weight", w), self.param(name + ".bias", b), axis=-1, epsilon=eps)

    def reshape(self, x, *shape):
        return self.op("Reshape", x, self.const(np.array(shape, np.int64)))

    def save(self, path):
        if self.data:
            self.data.close()
            os.replace(self.data_path + ".part", self.data_path)
        g = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.inits)
        m = helper.make_model(g, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MS, 1)], producer_name="refarena", ir_version=IR)
        with open(path + ".part", "wb") as f:
            f.write(m.SerializeToString())
        os.replace(path + ".part", path)


class Branch(Graph):
    """A branch of an If node of a graph, whose values it sees; its constants are kept there."""

    def __init__(self, outer):
        super().__init__(outer.fresh("branch"), outer.precision, outer.half)
        self.fresh, self.const = outer.fresh, outer.const

    def close(self, *outputs):
        infos = [onnx.ValueInfoProto(name=o, type=helper.make_tensor_type_proto(F32, None)) for o in outputs]
        return helper.make_graph(self.nodes, self.name, [], infos)


def value(name, kind, *dims):
    return helper.make_tensor_value_info(name, kind, list(dims))


F32, I64, F16 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT16


def tower(g, x, t, w, size):
    """SigLIP up to the last layer that is used. x [tiles, 3, s, s] -> [tiles, (s/patch)², hidden]."""
    n, c = (size // t.patch) ** 2, t.hidden
    if t.stem == "conv":
        x = conv_stem(g, x, t, w)
    else:
        e = "embeddings.patch_embedding."
        x = g.op("Conv", x, g.param(e + "weight", w(e + "weight", (c, 3, t.patch, t.patch))), g.param(e + "bias", w(e + "bias", (c,))),
                 kernel_shape=[t.patch] * 2, strides=[t.patch] * 2)  # fmt: skip
    x = g.op("Transpose", g.reshape(x, 0, c, -1), perm=[0, 2, 1])
    x = g.op("Add", x, g.param("position", w("embeddings.position_embedding.weight", (n, c))))
    delta = None  # what a block adds to x, and its bias
    vec = lambda name: g.param(name, w(name, (c,)))

    def norm(name):
        """Adds delta to x; its layer norm."""
        nonlocal x
        if delta is None:
            return g.layer_norm(x, name, w(name + ".weight", (c,)), w(name + ".bias", (c,)), t.eps)
        if g.half:
            y, _, _, x = g.op("SkipLayerNormalization", x, delta[0], vec(name + ".weight"), vec(name + ".bias"), delta[1], domain=MS, outs=4, epsilon=t.eps)
            return y
        x = g.op("Add", x, g.op("Add", *delta))  # on a CPU three nodes take a third of the time of the one
        return g.layer_norm(x, name, w(name + ".weight", (c,)), w(name + ".bias", (c,)), t.eps)

    for i in range(t.layers):
        p = f"encoder.layers.{i}."
        lin = lambda y, s, o, k: g.linear(y, p + s + ".weight", w(p + s + ".weight", (o, k)))
        y = norm(p + "layer_norm1")
        q, k, v = (lin(y, f"self_attn.{s}_proj", c, c) for s in "qkv")
        bias = g.param(p + "self_attn.bias", np.concatenate([w(p + f"self_attn.{s}_proj.bias", (c,)) for s in "qkv"]))
        y = g.op("MultiHeadAttention", q, k, v, bias, domain=MS, num_heads=t.heads, scale=(c // t.heads) ** -0.5)
        delta = lin(y, "self_attn.out_proj", c, c), vec(p + "self_attn.out_proj.bias")
        y = lin(norm(p + "layer_norm2"), "mlp.fc1", t.mlp, c)
        y = g.op("FastGelu", y, g.param(p + "mlp.fc1.bias", w(p + "mlp.fc1.bias", (t.mlp,))), domain=MS)  # the tanh form
        delta = lin(y, "mlp.fc2", c, t.mlp), vec(p + "mlp.fc2.bias")
    return g.op("Add", x, g.op("Add", *delta))


def conv_stem(g, x, t, w):
    e = "embeddings.patch_embedding."
    for i, (_, stride) in enumerate(t.convolutions()):
        p = f"{e}layers.{i}."
        k = w(p + "conv.weight")
        s = w(p + "norm.weight") / np.sqrt(w(p + "norm.running_var") + np.float32(1e-5))  # batch normalisation, folded into the convolution
        b = w(p + "norm.bias") - w(p + "norm.running_mean") * s
        x = g.op("Conv", x, g.param(p + "weight", k * s[:, None, None, None]), g.param(p + "bias", b), kernel_shape=[3, 3], strides=[stride] * 2, pads=[1] * 4)
        x = g.op("Relu", x)
    return g.op("Conv", x, g.param(e + "weight", w(e + "last.weight")), g.param(e + "bias", w(e + "last.bias")), kernel_shape=[1, 1])


def projector(g, x, cfg, w, channels):
    """Folding and the layers of a projector. x [n, grid², channels] -> [n, tokens, hidden]."""
    k, grid, h = FOLD[cfg.projector], cfg.grid, cfg.decoder.hidden
    x = g.reshape(x, 0, grid, grid, channels)
    if pad := -grid % k:
        x = g.op("Pad", x, g.const(np.array([0, 0, 0, 0, 0, pad, pad, 0], np.int64)), g.const(np.array(0, g.act)))
    m, c = (grid + pad) // k, channels * k * k
    x = g.op("Transpose", g.reshape(x, 0, m, k, m, k, channels), perm=[0, 1, 3, 2, 4, 5])
    x = g.reshape(x, 0, m * m, c)
    lin = lambda y, i, o, n: g.linear(y, f"projector.{i}.weight", w(f"layers.{i}.weight", (o, n)), w(f"layers.{i}.bias", (o,)))
    norm = lambda y, i, n: g.layer_norm(y, f"projector.{i}", w(f"layers.{i}.weight", (n,)), w(f"layers.{i}.bias", (n,)), 1e-5)
    gelu = lambda y: g.op("Gelu", y, domain=MS)
    x = norm(x, 1, c)
    if k == 3:
        x = norm(gelu(lin(x, 2, channels * 3, c)), 4, channels * 3)
        x = lin(gelu(lin(x, 5, h, channels * 3)), 7, h, h)
    else:
        x = lin(gelu(lin(x, 2, h, c)), 4, h, h)
    if "positions" in w:
        x = g.op("Add", x, g.param("positions", w("positions", (m * m, h))))
    return x


def decoder(g, cfg, w):
    """Qwen2 with a past. Keys, values and attention are those of GroupQueryAttention."""
    d = cfg.decoder
    kv = F16 if g.half else F32
    g.inputs += [value("inputs_embeds", F32, "batch", "sequence", d.hidden), value("attention_mask", I64, "batch", "total"),
                 value("position_ids", I64, "batch", "sequence"), value("num_logits_to_keep", I64, 1)]  # fmt: skip
    g.outputs.append(value("logits", F32, "batch", "kept", d.vocab))
    lengths = g.op("ReduceSum", "attention_mask", g.const(np.array([1], np.int64)), keepdims=0)
    lengths = g.op("Cast", g.op("Sub", lengths, g.const(np.int64(1))), to=TensorProto.INT32)
    total = g.op("Gather", g.op("Shape", "attention_mask"), g.const(np.int64(1)))
    total = g.op("Cast", total, to=TensorProto.INT32)
    # Rotary position embedding (arXiv 2104.09864), the halves of a head turned against each other as in Qwen2.
    freq = 1 / d.rope_theta ** (np.arange(0, d.head_dim, 2, dtype=np.float32) / np.float32(d.head_dim))
    angle = np.arange(cfg.max_context, dtype=np.float32)[:, None] * freq.astype(np.float32)[None]
    cos, sin = g.param("rope.cos", np.cos(angle)), g.param("rope.sin", np.sin(angle))
    gamma = lambda name: g.param(name, w(name, (d.hidden,)))
    x, delta = g.enter("inputs_embeds"), None  # the residual stream, and what a block adds to it

    def norm(name):
        """Adds delta to x; its RMS norm."""
        nonlocal x
        if delta is None:
            return g.op("SimplifiedLayerNormalization", x, gamma(name), axis=-1, epsilon=d.eps, stash_type=1)
        y, _, _, x = g.op("SkipSimplifiedLayerNormalization", x, delta, gamma(name), domain=MS, outs=4, epsilon=d.eps)
        return y

    one = lambda v: g.const(np.array([v], np.int64))
    end = np.iinfo(np.int64).max
    # Of the positions before those whose logits are asked for, only keys and values are needed: the last layer ends without them, and the
    # logits of a whole prompt would take gigabytes.
    first = g.op("Neg", "num_logits_to_keep")
    kept = lambda y, g=g: g.op("Slice", y, first, one(end), one(1))

    def gqa(g, query, key, value, past, lengths, total, positions, *present):
        y = g.fresh("GroupQueryAttention")
        g.nodes.append(helper.make_node("GroupQueryAttention", [query, key, value, *past, lengths, total, cos, sin, positions], [y, *present], domain=MS,
                                        num_heads=d.heads, kv_num_heads=d.kv_heads, scale=d.head_dim**-0.5, do_rotary=1))  # fmt: skip
        return y

    # GroupQueryAttention computes all scores, also those that the causal mask hides, and does so for the last layer's positions that nobody asks
    # for. In a small decoder that is a third of a long prompt's time, so there the keys and values are put into the cache first, and then blocks
    # of positions look at what is before them. No bit of the result changes. Larger decoders spend their time elsewhere, and their caches are
    # large: here all of it is copied.
    split = d.hidden <= SMALL and not g.half
    if split:
        n = g.op("Gather", g.op("Shape", "position_ids"), one(1))
        all_in = g.op("Equal", g.op("ReduceSum", "attention_mask", keepdims=0), g.op("Size", "attention_mask"))
        long = g.op("And", g.op("Reshape", g.op("GreaterOrEqual", n, one(LONG)), g.const(np.zeros(0, np.int64))), all_in)
        ends = [g.op("Div", g.op("Mul", n, one(b)), one(BLOCKS)) for b in range(1, BLOCKS)] + [n]
        block_sizes = g.op("Concat", ends[0], *(g.op("Sub", b, a) for a, b in zip(ends, ends[1:])), axis=0)
        block_positions = g.op("Split", "position_ids", block_sizes, outs=BLOCKS, axis=1)
        behind = [g.op("Cast", g.op("Squeeze", g.op("Sub", n, e)), to=TensorProto.INT32) for e in ends]
        block_ends = [(g.op("Sub", lengths, r), g.op("Sub", total, r)) for r in behind]
        old_and_new = g.reshape(g.op("Cast", total, to=TensorProto.INT64), 1)
        old = g.op("Sub", old_and_new, n)
        nothing = g.const(np.zeros((1, 0, d.kv_heads * d.head_dim), np.float32))

    def in_blocks(g, qkv, past, last, *present):
        widths = g.const(np.array([d.heads, d.kv_heads, d.kv_heads], np.int64) * d.head_dim)
        q, k, v = g.op("Split", qkv, widths, outs=3, axis=-1)
        k = g.op("RotaryEmbedding", k, "position_ids", cos, sin, domain=MS, num_heads=d.kv_heads)
        cache = []
        for new, before, after in zip((k, v), past, present):
            new = g.op("Transpose", g.reshape(new, 0, 0, d.kv_heads, d.head_dim), perm=[0, 2, 1, 3])
            cache.append(g.op("Concat", g.op("Slice", before, one(0), old, one(2)), new, axis=2))
            g.op("Concat", cache[-1], g.op("Slice", before, old_and_new, one(end), one(2)), axis=2, out=after)
        look = lambda q, lengths, total, positions: gqa(g, q, nothing, nothing, cache, lengths, total, positions)
        if last:
            return look(kept(q, g), lengths, total, kept("position_ids", g))
        parts = zip(g.op("Split", q, block_sizes, outs=BLOCKS, axis=1), block_ends, block_positions)
        return g.op("Concat", *(look(q, *ends, positions) for q, ends, positions in parts), axis=1)

    def attention(qkv, past, last, *present):
        """Of the positions that are kept, if it is the last layer."""
        if not split:
            y = gqa(g, qkv, "", "", past, lengths, total, "position_ids", *present)
            return kept(y) if last else y
        branches = {}
        for name in ("then_branch", "else_branch"):
            b = Branch(g)
            out = [b.fresh("present") for _ in present]
            if name == "then_branch":
                y = in_blocks(b, qkv, past, last, *out)
            else:
                y = gqa(b, qkv, "", "", past, lengths, total, "position_ids", *out)
                y = kept(y, b) if last else y
            branches[name] = b.close(y, *out)
        y = g.fresh("attention")
        g.nodes.append(helper.make_node("If", [long], [y, *present], **branches))
        return y

    for i in range(d.layers):
        p = f"model.layers.{i}."
        lin = lambda y, s, *shape: g.linear(y, p + s + ".weight", w(p + s + ".weight", shape))
        y = norm(p + "input_layernorm.weight")
        heads = [(p + f"self_attn.{s}_proj.", n * d.head_dim) for s, n in (("q", d.heads), ("k", d.kv_heads), ("v", d.kv_heads))]
        qkv = g.linear(y, p + "self_attn.qkv_proj.weight", np.concatenate([w(s + "weight", (n, d.hidden)) for s, n in heads]),
                       np.concatenate([w(s + "bias", (n,)) for s, n in heads]))  # fmt: skip
        past = [f"past_key_values.{i}.key", f"past_key_values.{i}.value"]
        present = [f"present.{i}.key", f"present.{i}.value"]
        g.inputs += [value(n, kv, "batch", d.kv_heads, "capacity", d.head_dim) for n in past]
        g.outputs += [value(n, kv, "batch", d.kv_heads, "new_capacity", d.head_dim) for n in present]
        last = i == d.layers - 1
        y = attention(qkv, past, last, *present)
        if last:
            x = kept(x)
        delta = lin(y, "self_attn.o_proj", d.hidden, d.heads * d.head_dim)
        y = norm(p + "post_attention_layernorm.weight")
        a, b = (lin(y, f"mlp.{s}_proj", d.mlp, d.hidden) for s in ("gate", "up"))
        a = g.op("Mul", a, g.op("Sigmoid", a))
        delta = lin(g.op("Mul", a, b), "mlp.down_proj", d.hidden, d.mlp)
    x = norm("model.norm.weight")
    head = "model.embed_tokens.weight" if d.tied else "lm_head.weight"
    # A head in four bits costs more answers than all other layers together, so it has eight.
    g.leave(g.linear(x, "head", w(head, (d.vocab, d.hidden)), kind="int8" if g.precision == "int4" else None), "logits")


def embed(g, cfg, w):
    d = cfg.decoder
    g.inputs.append(value("input_ids", I64, "batch", "sequence"))
    g.outputs.append(value("inputs_embeds", F32, "batch", "sequence", d.hidden))
    name = "model.embed_tokens.weight"
    half = g.precision != "fp32"
    table = g.weight(name, np.asarray(w.raw(name, (d.vocab, d.hidden)), np.float16 if half else np.float32))
    x = g.op("Gather", table, "input_ids")
    g.op("Cast" if half else "Identity", x, out="inputs_embeds", **({"to": F32} if half else {}))


def sizes(cfg, precision):
    """Roughly the bytes of each part's weights, to tell which graphs need external data."""
    d, per = cfg.decoder, {"fp32": 4, "fp16": 2, "int8": 1.2, "int4": 0.7}[precision]
    body = d.layers * (d.hidden * d.head_dim * (2 * d.heads + 2 * d.kv_heads) + 3 * d.hidden * d.mlp) + d.vocab * d.hidden
    t = cfg.vision
    return {"decoder": body * per, "tower": t.layers * (4 * t.hidden**2 + 2 * t.hidden * t.mlp) * max(per, 1.2), "embed": d.vocab * d.hidden * min(per * 2, 4)}


def export(checkpoint, out, precision="fp32", device="cpu", strict=True, log=lambda s: None):
    """Writes the graphs, tokenizer.json and roborefer.json into the folder out. roborefer.json comes last: without it a folder is no model."""
    ck = Checkpoint(checkpoint, strict)
    cfg, half = ck.config, device == "cuda"
    os.makedirs(out, exist_ok=True)
    marker = os.path.join(out, "roborefer.json")
    if os.path.exists(marker):
        os.remove(marker)
    size = sizes(cfg, precision)
    # On CUDA the towers stay in fp16: their time is that of large products, which fp16 does best there.
    tower_precision = ("fp16" if precision != "fp32" else "fp32") if half else {"int4": "int8"}.get(precision, precision)
    files = []

    def build(name, kind, p, body):
        path = os.path.join(out, name + ".onnx")
        g = Graph(name, p, half, path + ".data" if size[kind] > EXTERNAL else None)
        body(g)
        g.save(path)
        files.append(name + ".onnx")
        if g.data:
            files.append(name + ".onnx.data")
        log(f"{name}.onnx: {sum(os.path.getsize(os.path.join(out, f)) for f in files if f.startswith(name)) / 1e6:.1f} MB")

    s, d = cfg.tile_size, cfg.decoder
    for part, short, t, pname in (("vision", "image", cfg.vision, "mm_projector"), ("depth", "depth", cfg.depth, "depth_projector")):
        wt, wp = ck.weights(part + "_tower"), ck.weights(pname)
        pixels = value("pixel_values", F32, "num_tiles", 3, s, s)

        def encode(g):
            g.inputs.append(pixels)
            g.outputs.append(value(short + "_features", F32, "num_tiles", cfg.tokens_per_tile, d.hidden))
            g.leave(projector(g, tower(g, g.enter("pixel_values"), t, wt, s), cfg, wp, t.hidden), short + "_features")

        def only_tower(g):
            g.inputs.append(pixels)
            g.outputs.append(value("last_hidden_state", F32, "num_tiles", cfg.grid**2, t.hidden))
            g.leave(tower(g, g.enter("pixel_values"), t, wt, s), "last_hidden_state")

        def only_projector(g):
            c = t.hidden * cfg.scales
            g.inputs.append(value("features", F32, "blocks", cfg.grid**2, c))
            g.outputs.append(value(short + "_features", F32, "blocks", cfg.tokens_per_tile, d.hidden))
            g.leave(projector(g, g.enter("features"), cfg, wp, c), short + "_features")

        if cfg.variant == "tiles":
            build(part + "_encoder", "tower", tower_precision, encode)
        else:
            build(part + "_tower", "tower", tower_precision, only_tower)
            build(part + "_projector", "tower", tower_precision, only_projector)
    w = ck.weights("llm")
    build("embed_tokens", "embed", precision, lambda g: embed(g, cfg, w))
    build("decoder_model_merged", "decoder", precision, lambda g: decoder(g, cfg, w))

    shutil.copyfile(ck.tokenizer_path, os.path.join(out, "tokenizer.json"))
    files.append("tokenizer.json")
    info = cfg.to_dict()
    info["export"] = {
        "precision": precision,
        "activations": "float16" if half else "float32",
        "files": {f: {"bytes": os.path.getsize(os.path.join(out, f)), "sha256": sha256(os.path.join(out, f))} for f in files},
    }
    with open(marker + ".part", "w", encoding="utf-8") as f:
        json.dump(info, f, indent=1, ensure_ascii=False)
        f.write("\n")
    os.replace(marker + ".part", marker)
    return cfg


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def main():
    a = argparse.ArgumentParser(description="Export a RoboRefer checkpoint to ONNX graphs.")
    a.add_argument("checkpoint", help="folder with config.json, llm/, vision_tower/, mm_projector/, depth_tower/, depth_projector/")
    a.add_argument("out", help="folder for the graphs")
    a.add_argument("--precision", choices=["fp32", "fp16", "int8", "int4"], default="fp32", help="of the weights (default fp32)")
    a.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="what the graphs are for: cuda computes in float16 (default cpu)")
    a.add_argument("--no-checks", action="store_true", help="export a checkpoint whose settings differ from what the runtime assumes")
    o = a.parse_args()
    try:
        export(o.checkpoint, o.out, o.precision, o.device, not o.no_checks, lambda s: print(s, file=sys.stderr))
    except (CheckpointError, ValueError, OSError) as e:
        sys.exit(f"export: {e}")


if __name__ == "__main__":
    main()
