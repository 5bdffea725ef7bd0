"""RoboRefer-2B's sizes in PyTorch on this machine's CPU: the other side of the comparison in docs/roborefer.md.

    python train/bench_torch.py --precision int8 --engine x86

Random weights, all layers of both towers and of the decoder, one 448 × 448 picture with depth: encoding, a prompt of --positions, and --tokens tokens,
the first of which comes out of the prompt. One layer at a time is made and quantised, so that int8 takes 8 GB at most. Precisions:

    int8   PyTorch's dynamic quantisation of all linear layers (towers, projectors, decoder, head): int8 weights, activations quantised on the way;
           --engine x86 is its default on such processors, onednn the other
    int4   the decoder's linear layers in 4 bits, 32 weights a scale, computed by aten's _weight_int4pack_mm_for_cpu in bfloat16 (what torchao calls);
           towers, projectors and head in int8
    fp32   as they are
"""

import argparse
import resource
import sys
import time
import warnings

import torch
from torch import nn
from torch.ao.quantization import quantize_dynamic
from transformers import Qwen2Config, Qwen2ForCausalLM
from transformers.models.qwen2.modeling_qwen2 import Qwen2DecoderLayer

from config import CONFIG_2B as CFG
from model import Projector, VisionTower


class Int4(nn.Module):
    """A linear layer of random 4-bit weights in blocks of 32."""

    def __init__(self, linear):
        super().__init__()
        n, k = linear.weight.shape
        self.packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(torch.randint(0, 16, (n, k), dtype=torch.int32), 1)
        self.scales = torch.stack([torch.full((k // 32, n), 1e-3), torch.zeros(k // 32, n)], -1).bfloat16().contiguous()
        self.n, self.bias = n, linear.bias

    def forward(self, x):
        y = torch.ops.aten._weight_int4pack_mm_for_cpu(x.reshape(-1, x.shape[-1]).bfloat16(), self.packed, 32, self.scales)
        y = y.to(x.dtype).reshape(*x.shape[:-1], self.n)
        return y if self.bias is None else y + self.bias


def fill(module):
    for name, p in module.named_parameters():
        p.data.uniform_(-0.01, 0.01) if p.dim() > 1 else p.data.fill_(0.0 if name.endswith("bias") else 1.0)
    return module.eval()


def int8(module):
    return quantize_dynamic(nn.ModuleList([module]), {nn.Linear}, dtype=torch.qint8)[0]


def int4(module):
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int4(child))
    return module


def build(precision):
    d, same = CFG.decoder, lambda m: m
    body, rest = {"fp32": (same, same), "int8": (int8, int8), "int4": (int4, int8)}[precision]
    nothing = lambda t, *a, **k: t  # fill sets all weights
    for name in ("normal_", "trunc_normal_", "xavier_uniform_", "kaiming_uniform_", "uniform_"):
        setattr(nn.init, name, nothing)
    q = Qwen2Config(
        hidden_size=d.hidden, num_hidden_layers=d.layers, num_attention_heads=d.heads, num_key_value_heads=d.kv_heads, head_dim=d.head_dim,
        intermediate_size=d.mlp, vocab_size=d.vocab, rms_norm_eps=d.eps, rope_parameters={"rope_type": "default", "rope_theta": d.rope_theta},
        tie_word_embeddings=False, attn_implementation="sdpa",
    )  # fmt: skip
    with torch.device("meta"):
        llm = Qwen2ForCausalLM(q)
    for i in range(d.layers):
        llm.model.layers[i] = body(fill(Qwen2DecoderLayer(q, i)))
    llm.model.norm = fill(type(llm.model.norm)(d.hidden))
    llm.model.rotary_emb = type(llm.model.rotary_emb)(q)
    llm.model.embed_tokens = nn.Embedding(2, d.hidden)  # prompts come as embeddings
    llm.lm_head = rest(fill(nn.Linear(d.hidden, d.vocab, bias=False)))
    towers = [
        (rest(fill(VisionTower(t, CFG.tile_size))), rest(fill(Projector(CFG.projector, t.hidden, d.hidden)))) for t in (CFG.vision, CFG.depth)
    ]
    return towers, llm.eval()


@torch.no_grad()
def query(towers, llm, positions, tokens):
    """Seconds on the wall and of processor time of encoding, the prompt and the further tokens."""
    marks = [(time.perf_counter(), time.process_time())]
    mark = lambda: marks.append((time.perf_counter(), time.process_time()))
    for tower, projector in towers:
        projector(tower(torch.rand(1, 3, CFG.tile_size, CFG.tile_size) * 2 - 1))
    mark()
    r = llm(inputs_embeds=torch.randn(1, positions, CFG.decoder.hidden) * 0.02, use_cache=True, logits_to_keep=1)
    mark()
    for _ in range(tokens - 1):
        r = llm(inputs_embeds=torch.randn(1, 1, CFG.decoder.hidden) * 0.02, past_key_values=r.past_key_values, use_cache=True, logits_to_keep=1)
    mark()
    return [(b[0] - a[0], b[1] - a[1]) for a, b in zip(marks, marks[1:])]


def main():
    a = argparse.ArgumentParser(description="RoboRefer-2B's sizes in PyTorch on this CPU, random weights.")
    a.add_argument("--precision", choices=["fp32", "int8", "int4"], default="int8")
    a.add_argument("--engine", choices=torch.backends.quantized.supported_engines, default="x86", help="of int8")
    a.add_argument("--positions", type=int, default=337, help="of the prompt (default 337)")
    a.add_argument("--tokens", type=int, default=14)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--threads", type=int, default=torch.get_num_threads())
    o = a.parse_args()
    warnings.filterwarnings("ignore")  # quantize_dynamic is deprecated for a package of its own
    torch.set_num_threads(o.threads)
    torch.backends.quantized.engine = o.engine
    parts = build(o.precision)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"PyTorch {torch.__version__}, {o.precision} ({o.engine}), {o.threads} threads, {peak:.1f} GB", file=sys.stderr)
    for i in range(o.runs + 1):
        t = query(*parts, o.positions if i else 8, o.tokens if i else 2)  # the first only makes everything ready
        if i:
            names = ("encode", "prompt", f"{o.tokens - 1} tokens", "all")
            t.append([sum(x) for x in zip(*t)])
            print(", ".join(f"{n} {w:.2f} s (CPU {c:.2f})" for n, (w, c) in zip(names, t)), flush=True)


if __name__ == "__main__":
    main()
