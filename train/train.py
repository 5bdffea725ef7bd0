"""Trains a RoboRefer of our own size on data of `refarena gen`, from scratch: towers, depth alignment, supervised fine-tuning, GRPO.

    python train/train.py train/configs/tiny.json --data DIR --validation DIR --out runs/tiny
    python train/train.py train/configs/tiny7.json --begin runs/tiny/sft.safetensors --data DIR --validation DIR --out runs/tiny7

The second goes on from what the first has learnt, with one decoder layer fewer.

A run is its configuration file. It is resumable: the same command goes on where state.pt is, on this or another machine. Stages end after so many
steps, or seconds, whichever the configuration gives. OUT then holds

    model/          the checkpoint (train/model.py), for train/export.py, train/evaluate.py and train/finetune.py
    state.pt        what a resumed run needs
    metrics.jsonl   one object a line: losses, rates, scores
    curves.png      the same as curves

Interrupting is safe at any time; files appear under their names only when they are whole.
"""

import argparse
import dataclasses
import json
import os
import signal
import sys
import time

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

import losses
import model as roborefer
import optim
from config import Config, Decoder, Tokens, Tower
from evaluate import Examiner, groups, interval, shards_in
from grpo import Grpo, averaged
from packed import Packed, Prefix
from shards import Labels, Packer, ShardError, read_shard
from store import Loader, Store
from tokenizer import token_ids

DEFAULT_WEIGHTS = {"answer": 1.0, "target": 0.5, "anchors": 0.5, "patch": 0.3, "cells": 0.2}


@dataclasses.dataclass
class Stage:
    """One part of a run."""

    name: str  # towers, align, sft, grpo
    steps: int = 0  # ends after so many steps …
    seconds: float = 0.0  # … or so many seconds
    batch: int = 0  # pictures (questions for grpo) in a step; 0: the run's
    lr: float = 1.0  # factor on the run's learning rates
    warmup: float = 0.03  # share of the stage in which the rate rises …
    ramp: int = 1  # … and at least so many steps
    floor: float = 0.05  # of the learning rate at the end; between, half a cosine from "hold" on
    hold: float = 0.3  # share of the stage before the rate falls
    weights: dict = dataclasses.field(default_factory=dict)  # of the losses; see DEFAULT_WEIGHTS
    depth: float = 0.5  # share of the rows that see depth

    def validate(self):
        if self.name not in ("towers", "align", "sft", "grpo"):
            raise ValueError(f"stage {self.name!r} (have towers, align, sft, grpo)")
        if (self.steps > 0) == (self.seconds > 0):
            raise ValueError(f"stage {self.name}: {self.steps} steps and {self.seconds} s (want one of them)")
        if unknown := set(self.weights) - set(DEFAULT_WEIGHTS):
            raise ValueError(f"stage {self.name}: weight {sorted(unknown)[0]!r} (have {', '.join(DEFAULT_WEIGHTS)})")
        return self

    def rate(self, part):
        """The factor on the learning rates after that share of the stage: a ramp, a plateau, half a cosine."""
        ramp = min(1.0, 0.02 + part / self.warmup) if self.warmup else 1.0
        fall = max(0.0, (part - self.hold) / (1 - self.hold))
        return self.lr * ramp * (self.floor + (1 - self.floor) * 0.5 * (1 + np.cos(np.pi * fall)))


@dataclasses.dataclass
class Run:
    """A training run, as its file has it."""

    name: str
    stages: list
    model: dict  # as roborefer.json, without tokens and vocabulary
    tokenizer: str  # file
    labels: str  # file: {"names": […], "colors": […]}
    begin_layers: list = dataclasses.field(default_factory=list)  # with --begin: which decoder layers of that model this one has, in order; empty: all
    led: list = dataclasses.field(default_factory=list)  # layers whose attention is led (losses.Aids); empty: by their number
    seed: int = 1
    batch: int = 128
    text: int = 512  # text positions of a row
    rows: int = 4  # of each picture
    capacity: int = 100_000  # pictures in memory, at most
    reasoning: float = 0.2  # share of the questions that are answered with their reasoning
    suffixed: float = 0.03  # share that carries the official client's suffix
    muon: float = 0.02
    adam: float = 2e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    workers: int = 0  # processes that read shards
    wait: int = 1  # pictures that the first step waits for …
    wait_seconds: float = 60.0  # … this long
    validate_every: float = 60.0  # seconds
    validate_pictures: int = 200
    bf16: bool = True  # on a GPU
    compile: bool = False
    grpo: dict = dataclasses.field(default_factory=dict)  # group, questions, new, beta, lr, pictures

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            d = json.load(f)
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := sorted(set(d) - known):
            raise ValueError(f"{path}: unknown key {unknown[0]!r} (have {', '.join(sorted(known))})")
        stages = {f.name for f in dataclasses.fields(Stage)}
        for s in d["stages"]:
            if unknown := sorted(set(s) - stages):
                raise ValueError(f"{path}: stage {s.get('name')}: unknown key {unknown[0]!r} (have {', '.join(sorted(stages))})")
        d["stages"] = [Stage(**s).validate() for s in d["stages"]]
        return cls(**d)


def model_config(d, tokenizer):
    """The Config of a run's "model", completed from the tokenizer."""
    d = dict(d)
    parts = {"vision": Tower, "depth": Tower, "decoder": Decoder}
    decoder = {**d["decoder"], "vocab": tokenizer.get_vocab_size()}
    kw = {k: parts[k](**(decoder if k == "decoder" else v)) if k in parts else v for k, v in d.items()}
    return Config(**kw, tokens=Tokens(**token_ids(tokenizer))).validate()


def initialise(m, cfg):
    """Sine and cosine codes of x and y in the position tables, small embeddings, residual outputs scaled with depth."""

    def codes(grid, width):
        k = width // 4
        w = torch.pi * torch.logspace(-0.3, np.log10(grid / 2), k)
        u = (torch.arange(grid) + 0.5) / grid
        e = torch.cat([torch.sin(u[:, None] * w), torch.cos(u[:, None] * w)], 1)
        return torch.cat([e[None].expand(grid, grid, 2 * k), e[:, None].expand(grid, grid, 2 * k)], -1).reshape(grid * grid, 4 * k)

    with torch.no_grad():
        for tower, t in ((m.vision_tower, cfg.vision), (m.depth_tower, cfg.depth)):
            tower.siglip.embeddings.position_embedding.weight.copy_(0.5 * codes(cfg.grid, t.hidden))
        g = int(cfg.tokens_per_tile**0.5)
        for p in (m.mm_projector, m.depth_projector):
            p.positions.copy_(0.3 * codes(g, cfg.decoder.hidden))
        m.embedding.weight.normal_(std=0.06)
        for i, layer in enumerate(m.llm.model.layers):
            for w in (layer.self_attn.o_proj.weight, layer.mlp.down_proj.weight):
                w.mul_((2 * len(m.llm.model.layers)) ** -0.5)


class Trainer:
    def __init__(self, run, data, validation, out, device, resume=True, log=print, until=None, begin=None):
        self.run_config, self.out, self.device, self.log = run, out, device, log
        self.until = until  # time.monotonic() at which to stop, whatever the stages say
        os.makedirs(out, exist_ok=True)
        torch.manual_seed(run.seed)
        if device == "cuda":
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.benchmark = True
            if run.compile:  # what does not compile runs as it is
                torch._dynamo.config.suppress_errors = True
        self.tokenizer_path = run.tokenizer
        self.tokenizer = Tokenizer.from_file(run.tokenizer)
        with open(run.labels, encoding="utf-8") as f:
            self.labels = Labels(**json.load(f))
        self.cfg = model_config(run.model, self.tokenizer)
        self.prefix = Prefix(self.cfg, self.tokenizer)
        options = {"text": run.text, "rows": run.rows, "reasoning": run.reasoning, "suffixed": run.suffixed}
        self.packer = Packer(self.cfg, self.tokenizer, self.prefix, self.labels, **options)
        args = (self.cfg, self.tokenizer.to_str(), self.prefix.end, self.prefix.stop, self.labels, options)
        self.loader = Loader(data, None, args, run.seed, run.workers)  # before the GPU is touched
        self.model = roborefer.RoboRefer(self.cfg, place_codes=True)
        if begin:
            roborefer.begin(self.model, begin, run.begin_layers)
        elif run.begin_layers:
            raise ValueError(f"{run.name} takes layers {run.begin_layers} of another model (want --begin FILE)")
        else:
            initialise(self.model, self.cfg)
        self.model.to(device)
        if device == "cuda":
            for tower in (self.model.vision_tower, self.model.depth_tower):
                tower.to(memory_format=torch.channels_last)
        self.aids = losses.Aids(self.cfg, self.labels, run.led).to(device)
        dtype = torch.bfloat16 if device == "cuda" and run.bf16 else torch.float32
        self.packed = Packed(self.model, self.prefix, dtype, compile=run.compile)
        self.examiner = Examiner(self.packed, self.tokenizer, device, 1024 if device == "cuda" else 64)
        self.optimizers = optim.build(self.model, self.aids, run.muon, run.adam, run.weight_decay)
        self.generator = torch.Generator(device).manual_seed(run.seed)
        self.data, self.validation = data, validation
        self.state = {"stage": 0, "done": 0.0, "steps": 0, "total": 0, "pictures": 0}
        self.past = []
        if resume and os.path.exists(os.path.join(out, "state.pt")):
            self.restore(os.path.join(out, "state.pt"))
        self.store = Store(self.packer, run.capacity, device)
        self.loader.store = self.store
        self.metrics = open(os.path.join(out, "metrics.jsonl"), "a", encoding="utf-8")
        self.stopping = False
        self.started = time.monotonic()
        self.judged = None
        n = lambda m: sum(p.numel() for p in m.parameters()) / 1e6
        self.log(
            f"{run.name}: {n(self.model):.2f} M parameters (RGB tower {n(self.model.vision_tower):.2f}, depth tower {n(self.model.depth_tower):.2f}, "
            f"projectors {n(self.model.mm_projector) + n(self.model.depth_projector):.2f}, decoder {n(self.model.llm):.2f}), vocabulary {self.cfg.decoder.vocab}, "
            f"{len(self.prefix)} positions before the text, {device}"
        )

    # Keeping what was done.

    def restore(self, path):
        s = torch.load(path, map_location=self.device, weights_only=False)
        if s["config"] != self.cfg.to_dict():
            different = [k for k in s["config"] if s["config"][k] != self.cfg.to_dict().get(k)]
            raise ValueError(f"{path} is of a model with another {', '.join(different)} (remove it, or use another --out)")
        if s["vocabulary"] != self.tokenizer.to_str():
            raise ValueError(f"{path} was trained with another vocabulary than {self.tokenizer_path}")
        self.model.load_state_dict(s["model"])
        self.aids.load_state_dict(s["aids"])
        for o, state in zip(self.optimizers, s["optimizers"]):
            o.load_state_dict(state)
        self.state = s["state"]
        self.generator.set_state(s["generator"].cpu())
        self.log(f"going on from {path}: stage {self.state['stage'] + 1}, step {self.state['total']}")

    def save(self):
        path = os.path.join(self.out, "state.pt")
        try:
            torch.save(
                {
                    "config": self.cfg.to_dict(), "vocabulary": self.tokenizer.to_str(), "model": self.model.state_dict(), "aids": self.aids.state_dict(),
                    "optimizers": [o.state_dict() for o in self.optimizers], "state": self.state, "generator": self.generator.get_state(),
                },
                path + ".part",
            )  # fmt: skip
            os.replace(path + ".part", path)
            roborefer.save(self.model, os.path.join(self.out, "model"), self.tokenizer_path)
        except (OSError, RuntimeError) as e:  # torch.save of a full disk is a RuntimeError
            for f in (path + ".part",):
                if os.path.exists(f):
                    os.remove(f)
            raise OSError(f"{self.out}: could not save: {e} (what was saved before is whole)") from None

    def keep(self, name):
        """The model alone in one file of half precision, OUT/NAME.safetensors: small enough to carry. train/adopt.py makes a checkpoint of it."""
        half = {k: v.detach().half().cpu().contiguous() if v.is_floating_point() else v.cpu() for k, v in self.model.state_dict().items() if k != "llm.lm_head.weight"}
        path = os.path.join(self.out, name + ".safetensors")
        save_file(half, path + ".part")
        os.replace(path + ".part", path)

    def note(self, kind, **figures):
        record = {"kind": kind, "step": self.state["total"], "seconds": round(time.monotonic() - self.started, 1), **figures}
        self.metrics.write(json.dumps(record) + "\n")
        self.metrics.flush()
        self.past.append(record)

    # Stages.

    def train(self):
        run = self.run_config
        self.loader.wait(min(run.wait, run.capacity), run.wait_seconds)
        self.log(f"{self.store.count} pictures to begin with")
        for i in range(self.state["stage"], len(run.stages)):
            self.state["stage"] = i
            stage = run.stages[i]
            self.log(f"stage {i + 1} of {len(run.stages)}: {stage.name}, {stage.steps or stage.seconds} {'steps' if stage.steps else 's'}")
            (self.grpo if stage.name == "grpo" else self.learn)(stage)
            if stage.name in ("sft", "grpo"):
                self.keep(stage.name)
            if self.stopping:
                break
            self.state["stage"], self.state["done"], self.state["steps"] = i + 1, 0.0, 0
            self.save()
            if stage.name in ("sft", "grpo"):
                self.validate(f"after {stage.name}", reasoning=True)
        self.save()
        self.loader.close()
        return self.past

    def progress(self, stage, begun, done):
        """0…1 of a stage."""
        if self.until is not None and time.monotonic() > self.until:
            self.stopping = True
        return self.state["steps"] / stage.steps if stage.steps else (time.monotonic() - begun + done) / stage.seconds

    def learn(self, stage):
        run, weights = self.run_config, {**DEFAULT_WEIGHTS, **stage.weights}
        for p in (*self.model.parameters(), *self.aids.parameters()):
            p.requires_grad_(stage.name != "align")
        if stage.name == "align":  # as RoboRefer's first step: the depth projector alone
            for p in self.model.depth_projector.parameters():
                p.requires_grad_(True)
        self.model.train(stage.name != "align")
        begun, done, paused = time.monotonic(), self.state["done"], 0.0
        sums, n, shown, judged = {}, 0, time.monotonic(), time.monotonic()
        while True:
            part = self.progress(stage, begun + paused, done)
            if part >= 1 or self.stopping:
                break
            self.loader.poll()
            rate = stage.rate(part) * min(1.0, (self.state["steps"] + 1) / stage.ramp)
            for o, lr in zip(self.optimizers, (run.muon, run.adam)):
                for g in o.param_groups:
                    g["lr"] = lr * rate
            b = self.store.batch(stage.batch or run.batch, self.generator)
            see = torch.rand(b["mirror"].shape[0], device=self.device, generator=self.generator) < stage.depth
            for o in self.optimizers:
                o.zero_grad(set_to_none=True)
            if stage.name == "sft":
                loss, parts = losses.supervised(self.packed, self.aids, b, weights, see)
            else:
                _, _, loss, parts = losses.dense(self.packed, self.aids, b, weights)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_([p for p in (*self.model.parameters(), *self.aids.parameters()) if p.grad is not None], run.clip)
            if not torch.isfinite(norm):
                self.log("a loss was not finite: this step is left out")
            else:
                for o in self.optimizers:
                    o.step()
            self.state["steps"] += 1
            self.state["total"] += 1
            self.state["pictures"] += b["mirror"].shape[0]
            if n < 40 or n % 4 == 0:  # reading figures waits for the device
                for k, v in parts.items():
                    sums.setdefault(k, []).append(v.detach())
            n += 1
            now = time.monotonic()
            if now - shown > 10 or self.progress(stage, begun + paused, done) >= 1:
                means = {k: round(float(torch.stack(v).float().mean()), 4) for k, v in sums.items()}
                speed = n * b["mirror"].shape[0] / max(1e-6, now - shown)
                self.note("train", stage=stage.name, rate=round(float(rate), 4), store=self.store.count, speed=round(speed, 1), **means)
                self.log(self.line(stage, part, speed, means))
                sums, n, shown = {}, 0, now
            if stage.name == "sft" and now - judged > run.validate_every:
                t = time.monotonic()
                self.state["done"] = done + now - begun - paused
                self.validate("during")
                self.save()
                self.keep("during")
                self.curves()
                judged = time.monotonic()
                paused += judged - t
                shown += judged - t
        self.state["done"] = done + time.monotonic() - begun - paused

    def line(self, stage, part, speed, m):
        keys = ["answer", "d1", "d2", "target", "target_right", "anchor0", "anchor0_right", "anchor1_right", "rgb_name_right", "rgb_color_right", "rgb_decimals", "depth_decimals", "rgb_place"]
        said = "  ".join(f"{k} {m[k]:.3f}" for k in keys if k in m)
        return f"{stage.name} {100 * part:5.1f} %  step {self.state['total']}  {speed:.0f} pictures/s of {self.store.count}  {said}"

    def pictures_of(self, folders, most):
        out = []
        for folder in folders:
            for path in shards_in(folder):
                if len(out) < most:
                    out += read_shard(path)
        return out[:most]

    def validate(self, when, reasoning=False):
        """Held-out pictures: hits with and without depth, and with reasoning."""
        if not self.validation:
            return
        if self.judged is None:
            self.judged = self.pictures_of(self.validation, self.run_config.validate_pictures)
        figures = {}
        t = time.monotonic()
        for name, depth, thinks in (("rgbd", True, False), ("rgb", False, False), ("reasoning", True, True)):
            if thinks and not reasoning:
                continue
            pictures = self.judged[: len(self.judged) // 2] if thinks else self.judged
            records = self.examiner.examine(pictures, depth, thinks)
            g = groups(records)
            figures[name] = {k: [round(x, 4) for x in interval(v)] + [len(v)] for k, v in g.items()}
            pick = ["location", "placement", "unseen", "format"] + [k for k in g if "step" in k and (reasoning or thinks)]
            self.log(f"  {when}, {name}: " + ", ".join(f"{k} {100 * figures[name][k][0]:.1f}" for k in pick if k in figures[name]))
        self.note("validate", when=when, took=round(time.monotonic() - t, 1), **figures)

    def grpo(self, stage):
        run = self.run_config
        if self.state["steps"]:
            self.log("a reinforcement stage cut short begins again from the model as it is")
        options = dict(run.grpo)
        pictures = self.pictures_of(self.data, options.pop("pictures", 500))
        g = Grpo(self.packed, self.tokenizer, self.examiner, pictures, run.seed, questions=stage.batch or 64, depth=stage.depth, **options)
        begun, shown, logs = time.monotonic(), time.monotonic(), []
        while self.progress(stage, begun, 0.0) < 1 and not self.stopping:
            logs.append(g.step())
            self.state["steps"] += 1
            self.state["total"] += 1
            if time.monotonic() - shown > 8 or self.progress(stage, begun, 0.0) >= 1:
                m = averaged(logs)
                self.note("grpo", stage="grpo", steps=len(logs), **{k: round(v, 4) for k, v in m.items()})
                self.log(f"grpo step {self.state['steps']}: " + "  ".join(f"{k} {v:.3f}" for k, v in m.items()))
                shown, logs = time.monotonic(), []
        self.model.requires_grad_(True)

    def curves(self):
        try:
            import curves

            curves.draw(os.path.join(self.out, "metrics.jsonl"), os.path.join(self.out, "curves.png"))
        except ImportError:
            pass


def main(argv=None):
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("config", help="the run's file, such as train/configs/tiny.json")
    a.add_argument("--data", required=True, action="append", metavar="DIR", help="shards of `refarena gen`; may be given several times, may still be growing")
    a.add_argument("--validation", action="append", default=[], metavar="DIR", help="shards of other seeds")
    a.add_argument("--out", required=True, metavar="DIR")
    a.add_argument("--begin", metavar="FILE", help="weights to begin with: sft.safetensors or grpo.safetensors of another run (default: random ones)")
    a.add_argument("--until", type=float, metavar="SECONDS", help="stop after so many seconds in all, with everything saved")
    a.add_argument("--fresh", action="store_true", help="begin anew even if OUT has a state")
    a.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = a.parse_args(argv)
    run = Run.load(o.config)
    begun = time.monotonic()
    trainer = Trainer(run, o.data, o.validation, o.out, o.device, not o.fresh,
                      lambda s: print(f"{time.monotonic() - begun:7.1f} s  {s}", flush=True), begun + o.until if o.until else None, o.begin)

    def stop(*_):
        trainer.stopping = True
        print("stopping after this step", flush=True)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    trainer.train()
    trainer.curves()
    for bad in trainer.loader.bad:
        print(f"left out: {bad}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, ShardError) as e:
        sys.exit(f"train: {e}")
