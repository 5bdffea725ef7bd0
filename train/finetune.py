"""Fine-tunes a RoboRefer checkpoint, official or ours, on data of `refarena gen`: low-rank adapters in the decoder, or all weights.

    python train/finetune.py --checkpoint DIR --data DIR --out DIR [--method lora|full] [--steps N] [--estimate]

Memory and time are estimated and printed first. OUT gets model/ (the checkpoint with the adapters merged in, for train/export.py and
train/evaluate.py), state.pt (a killed run goes on from it) and metrics.jsonl. As in RoboRefer's second step RGB and RGB-D are mixed half and half, the loss is
the cross-entropy of the answer's tokens, and a share of the questions is answered with its reasoning.
"""

import argparse
import json
import math
import os
import sys
import time

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

import model as roborefer
from checkpoint import CheckpointError
from evaluate import shards_in
from preprocess import Processor
from shards import REASONING_SUFFIX, ShardError, coordinates, read_shard, reasoning_text

ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Adapter(nn.Module):
    """A linear layer plus a low-rank change of it: y = W x + b + (alpha / rank) B A x (LoRA, arXiv 2106.09685)."""

    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear, self.scale = linear, alpha / rank
        w = linear.weight
        self.a = nn.Parameter(torch.randn(rank, w.shape[1], device=w.device, dtype=torch.float32) / math.sqrt(w.shape[1]))
        self.b = nn.Parameter(torch.zeros(w.shape[0], rank, device=w.device, dtype=torch.float32))

    def forward(self, x):
        return self.linear(x) + (F.linear(F.linear(x.float(), self.a), self.b) * self.scale).to(x.dtype)

    @torch.no_grad()
    def merged(self):
        w = self.linear.weight
        w.copy_((w.float() + self.scale * self.b @ self.a).to(w.dtype))
        return self.linear


def adapt(llm, rank, alpha):
    """Puts adapters into the decoder's layers; everything else stands still. Returns them."""
    llm.requires_grad_(False)
    out = []
    for layer in llm.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name in ADAPTED:
                if hasattr(part, name):
                    setattr(part, name, Adapter(getattr(part, name), rank, alpha))
                    out.append(getattr(part, name))
    return out


def merge(llm):
    for layer in llm.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name in ADAPTED:
                if isinstance(getattr(part, name, None), Adapter):
                    setattr(part, name, getattr(part, name).merged())


class Samples:
    """Questions with answers, in a random order that the seed fixes, shard by shard."""

    def __init__(self, folders, processor, seed, reasoning, depth):
        self.paths = [p for f in folders for p in shards_in(f)]
        self.processor, self.seed, self.reasoning, self.depth = processor, seed, reasoning, depth

    def __iter__(self):
        """From the first on: (ids, answer length, pixels, depth pixels or None, blocks)."""
        epoch = 0
        while True:
            rng = np.random.default_rng([self.seed, epoch])
            for k in rng.permutation(len(self.paths)):
                pictures = read_shard(self.paths[k])
                asked = [(p, q) for p in pictures for q in p["questions"]]
                for j in rng.permutation(len(asked)):
                    yield self.sample(*asked[j], rng.random() < self.depth, rng.random() < self.reasoning)
            epoch += 1

    def sample(self, picture, question, depth, reasons):
        cfg = self.processor.cfg
        reasons = reasons and bool(question.get("trace"))
        text = question["text"] + (REASONING_SUFFIX if reasons else "") + (" " + cfg.suffix if cfg.suffix else "")
        q = self.processor(Image.fromarray(picture["rgb"]), text, Image.fromarray(picture["disparity"]) if depth else None)
        said = coordinates(question["points"][:1])
        said = reasoning_text(question["trace"], said, False) if reasons else said
        answer = self.processor.tokenizer.encode(said, add_special_tokens=False).ids + [cfg.tokens.stop[0]]
        return {**q, "ids": q["ids"] + answer, "answer": len(answer)}


def loss_of(m, samples, device):
    """Mean cross-entropy of the answers' tokens."""
    put = lambda a: torch.from_numpy(a).to(device, m.embedding.weight.dtype)
    images = [m.image_features(put(s["pixels"]), s["block"]) for s in samples]
    depths = [[] if s["depth_pixels"] is None else m.depth_features(put(s["depth_pixels"]), s["depth_block"]) for s in samples]
    rows = [m.splice(s["ids"], i, d) for s, i, d in zip(samples, images, depths)]
    x = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(r) for r in rows], device=device)
    mask = (torch.arange(x.shape[1], device=device)[None] < lengths[:, None]).long()
    h = m.llm.model(inputs_embeds=x, attention_mask=mask, use_cache=False).last_hidden_state
    losses = []
    for r, s in enumerate(samples):
        n, end = s["answer"], len(rows[r])
        z = m.llm.lm_head(h[r, end - n - 1 : end - 1]).float()
        losses.append(F.cross_entropy(z, torch.tensor(s["ids"][-n:], device=device), reduction="sum"))
    return torch.stack(losses).sum() / sum(s["answer"] for s in samples)


def rate_of(device, dtype):
    """Floating-point operations a second of a matrix product here."""
    n = 4096 if device == "cuda" else 512
    a = torch.randn(n, n, device=device, dtype=dtype)
    for _ in range(2):
        a @ a
    sync = torch.cuda.synchronize if device == "cuda" else lambda: None
    sync()
    t, k = time.perf_counter(), 10
    for _ in range(k):
        a @ a
    sync()
    return 2 * n**3 * k / (time.perf_counter() - t)


def estimate(m, trained, batch, positions, device, dtype):
    """(GB of memory, seconds a step). Activations are recomputed: one layer's, and a vector for each layer and position. Half of the peak rate."""
    size = torch.finfo(dtype).bits // 8
    weights = sum(p.numel() for p in m.parameters())
    d = m.cfg.decoder
    activations = batch * positions * d.hidden * size * (d.layers + 34 + 3 * d.mlp / d.hidden)
    memory = weights * size + trained * (4 + 8 + 4 * (size < 4)) + activations + batch * 64 * d.vocab * 8
    towers = sum(p.numel() for p in m.vision_tower.parameters()) * m.cfg.grid**2 * batch * 1.5 * 2 * 2
    decoder = sum(p.numel() for p in m.llm.model.layers.parameters()) * batch * positions * 2 * 4
    return memory / 1e9, (towers + decoder) / (0.5 * rate_of(device, dtype))


def save(out, m, state, tokenizer_path, adapters, full):
    weights = m.state_dict() if full else {f"{i}.{k}": getattr(a, k).detach() for i, a in enumerate(adapters) for k in "ab"}
    path = os.path.join(out, "state.pt")
    try:
        torch.save({**state, "weights": weights, "config": m.cfg.to_dict()}, path + ".part")
        os.replace(path + ".part", path)
    except (OSError, RuntimeError) as e:
        if os.path.exists(path + ".part"):
            os.remove(path + ".part")
        raise OSError(f"{out}: could not save: {e} (what was saved before is whole)") from None


def main(argv=None):
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    a.add_argument("--checkpoint", required=True, metavar="DIR")
    a.add_argument("--data", required=True, action="append", metavar="DIR")
    a.add_argument("--out", required=True, metavar="DIR")
    a.add_argument("--method", choices=("lora", "full"), default="lora")
    a.add_argument("--rank", type=int, default=16, help="of the adapters")
    a.add_argument("--steps", type=int, default=1000)
    a.add_argument("--batch", type=int, default=4, help="questions in a step")
    a.add_argument("--lr", type=float, default=0.0, help="peak learning rate; 0: 2e-4 for lora, 2e-5 for full")
    a.add_argument("--reasoning", type=float, default=0.2, help="share of questions that are answered with their reasoning")
    a.add_argument("--depth", type=float, default=0.5, help="share of questions that come with depth")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--save-every", type=int, default=200, help="steps")
    a.add_argument("--estimate", action="store_true", help="print memory and time, and stop")
    a.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = a.parse_args(argv)
    dtype = torch.bfloat16 if o.device == "cuda" else torch.float32
    m = roborefer.load(o.checkpoint, dtype=dtype, strict=False).to(o.device)
    root = o.checkpoint if os.path.isdir(os.path.join(o.checkpoint, "llm")) else os.path.join(o.checkpoint, "model")
    tokenizer_path = os.path.join(root, "llm", "tokenizer.json")
    processor = Processor(m.cfg, Tokenizer.from_file(tokenizer_path))
    torch.manual_seed(o.seed)
    full = o.method == "full"
    adapters = [] if full else adapt(m.llm, o.rank, 2 * o.rank)
    if full:
        m.requires_grad_(True)
    else:
        for part in (m.vision_tower, m.depth_tower, m.mm_projector, m.depth_projector):
            part.requires_grad_(False)
    trained = [p for p in m.parameters() if p.requires_grad]
    samples = iter(Samples(o.data, processor, o.seed, o.reasoning, o.depth))
    first = [next(samples) for _ in range(8)]
    blocks = lambda s: 1 + (s["depth_pixels"] is not None)
    positions = int(np.mean([len(s["ids"]) + blocks(s) * len(s["pixels"]) * m.cfg.tokens_per_tile for s in first]))
    n = sum(p.numel() for p in trained)
    memory, seconds = estimate(m, n, o.batch, positions, o.device, dtype)
    print(f"{m.cfg.name}: {sum(p.numel() for p in m.parameters()) / 1e6:.1f} M parameters, {n / 1e6:.2f} M of them trained ({o.method})")
    print(f"about {positions} positions a question, {o.batch} questions a step: about {memory:.2f} GB, {seconds:.2f} s a step, {o.steps * seconds / 3600:.2f} h for {o.steps} steps on {o.device}", flush=True)
    if o.estimate:
        return
    os.makedirs(o.out, exist_ok=True)
    m.llm.model.gradient_checkpointing_enable()
    m.train()
    if not full:
        for part in (m.vision_tower, m.depth_tower):
            part.eval()
    peak = o.lr or (2e-5 if full else 2e-4)
    optimizer = torch.optim.AdamW(trained, lr=peak, betas=(0.9, 0.99), weight_decay=0.0)
    begin = 0
    if os.path.exists(path := os.path.join(o.out, "state.pt")):
        s = torch.load(path, map_location=o.device, weights_only=False)
        if s["config"] != m.cfg.to_dict() or s["method"] != (o.method, o.rank):
            raise ValueError(f"{path} is of another checkpoint or method (remove it, or use another --out)")
        if full:
            m.load_state_dict(s["weights"])
        else:
            for i, ad in enumerate(adapters):
                for k in "ab":
                    getattr(ad, k).data.copy_(s["weights"][f"{i}.{k}"])
        optimizer.load_state_dict(s["optimizer"])
        begin = s["step"]
        print(f"going on from step {begin}")
    samples = iter(Samples(o.data, processor, o.seed, o.reasoning, o.depth))
    for _ in range(begin * o.batch):  # the same order as without the interruption
        next(samples)
    state = lambda step: {"step": step, "method": (o.method, o.rank), "optimizer": optimizer.state_dict()}
    with open(os.path.join(o.out, "metrics.jsonl"), "a", encoding="utf-8") as metrics:
        for step in range(begin, o.steps):
            t = time.monotonic()
            for g in optimizer.param_groups:
                g["lr"] = peak * min(1.0, (step + 1) / (0.03 * o.steps)) * 0.5 * (1 + math.cos(math.pi * step / o.steps))
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(m, [next(samples) for _ in range(o.batch)], o.device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            metrics.write(json.dumps({"step": step + 1, "loss": round(float(loss.detach()), 4), "seconds": round(time.monotonic() - t, 3)}) + "\n")
            metrics.flush()
            if step < 3 or (step + 1) % 20 == 0:
                print(f"step {step + 1}: loss {float(loss.detach()):.3f}, {time.monotonic() - t:.2f} s", flush=True)
            if (step + 1) % o.save_every == 0 or step + 1 == o.steps:
                save(o.out, m, state(step + 1), tokenizer_path, adapters, full)
    merge(m.llm)
    roborefer.save(m, os.path.join(o.out, "model"), tokenizer_path)
    print(f"{os.path.join(o.out, 'model')}: the fine-tuned checkpoint")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, ShardError, CheckpointError) as e:
        sys.exit(f"finetune: {e}")
