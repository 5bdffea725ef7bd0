"""Packed pictures where the training is: one tensor for each field, filled while the training runs.

Shards that `refarena gen` is still writing are taken up as they appear. Reading and packing happen in other processes.
"""

import concurrent.futures
import json
import multiprocessing
import os
import queue
import threading
import time
import types

import numpy as np
import torch

from shards import Packer, ShardError, read_shard

_packer = None


def _start(args):
    global _packer
    from tokenizers import Tokenizer

    cfg, tokenizer, end, stop, labels, options = args
    prefix = types.SimpleNamespace(end=end, stop=stop)
    _packer = Packer(cfg, Tokenizer.from_str(tokenizer), prefix, labels, **options)
    os.nice(3)


def _ready():
    return _packer is not None


def _pack(path, seed):
    return _packer.pack(read_shard(path), seed)


class Store:
    """capacity pictures on device. batch() draws those that were drawn least."""

    def __init__(self, packer, capacity, device):
        self.packer, self.capacity, self.device = packer, capacity, device
        self.count = 0
        self.fields = {}
        for k, (shape, dtype) in packer.fields().items():
            self.fields[k] = torch.empty((capacity, *shape), dtype=getattr(torch, np.dtype(dtype).name), device=device)
        self.drawn = torch.zeros(capacity, device=device)

    def add(self, arrays):
        n = min(len(next(iter(arrays.values()))), self.capacity - self.count)
        for k, a in arrays.items():
            self.fields[k][self.count : self.count + n] = torch.from_numpy(a[:n]).to(self.device, non_blocking=True)
        self.count += n
        return n

    def batch(self, size, generator):
        """A batch of rows: one row each of size different pictures (or as many as there are)."""
        n = self.count
        size = min(size, n)
        key = self.drawn[:n] + torch.rand(n, device=self.device, generator=generator) * 1.5
        i = torch.topk(key, size, largest=False, sorted=False).indices
        self.drawn[i] += 1
        r = torch.randint(self.packer.rows, (size,), device=self.device, generator=generator)
        rows = ("ids", "segment", "offset", "kind", "led", "targets", "spots", "mirror")
        return {k: a[i, r] if k in rows else a[i] for k, a in self.fields.items()}


class Loader:
    """Takes up the shards of folders, those there are and those that come. workers 0: in this process, when poll is called."""

    def __init__(self, folders, store, packer_args, seed, workers=0):
        self.folders, self.store, self.seed, self.workers = folders, store, seed, workers
        self.seen, self.bad, self.ready = set(), [], queue.Queue(300)
        self.stop = threading.Event()
        self.waiting = {}
        if workers:
            # Forked, so that nothing has to be imported anew, and all of them now: before other threads run. They do not touch the GPU.
            self.pool = concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), _start, (packer_args,))
            self.pool.submit(_ready).result()
            self.thread = threading.Thread(target=self._feed, daemon=True)
            self.thread.start()

    def _new(self):
        out = []
        for folder in self.folders:
            try:
                names = sorted(os.listdir(folder))
            except FileNotFoundError:
                continue
            for f in names:
                path = os.path.join(folder, f)
                if f.startswith("shard-") and f.endswith(".parquet") and path not in self.seen:
                    self.seen.add(path)
                    out.append(path)
        return out

    def _feed(self):
        while not self.stop.is_set():
            try:
                for path in self._new() if len(self.waiting) < 60 else ():
                    self.waiting[self.pool.submit(_pack, path, self.seed + len(self.seen))] = path
            except RuntimeError:  # the pool is closed
                return
            if not self.waiting:
                time.sleep(0.2)
                continue
            done, _ = concurrent.futures.wait(list(self.waiting), timeout=0.3, return_when="FIRST_COMPLETED")
            for f in done:
                path = self.waiting.pop(f)
                try:
                    self.ready.put(f.result())
                except ShardError as e:
                    self.bad.append(str(e))
                except Exception as e:  # a worker that died, say
                    self.bad.append(f"{path}: {e!r}")

    def poll(self):
        """Moves what is ready into the store; returns how many pictures came."""
        n = 0
        if not self.workers:
            for path in self._new():
                n += self.store.add(self.store.packer.pack(read_shard(path), self.seed + len(self.seen)))
            return n
        while n < 2000:
            try:
                n += self.store.add(self.ready.get_nowait())
            except queue.Empty:
                break
        return n

    def wait(self, pictures, seconds):
        """Polls until there are so many pictures, or time is up."""
        until = time.monotonic() + seconds
        while self.store.count < pictures and time.monotonic() < until:
            if self.poll() == 0:
                if not self.workers:
                    break
                time.sleep(0.1)
        if self.store.count == 0:
            raise ShardError(f"no pictures in {', '.join(self.folders)} after {seconds:.0f} s" + (f": {self.bad[0]}" if self.bad else ""))

    def close(self):
        self.stop.set()
        if self.workers:
            self.pool.shutdown(wait=False, cancel_futures=True)


def complete(folder):
    """Whether the generator has finished a folder."""
    try:
        with open(os.path.join(folder, "stats.json"), encoding="utf-8") as f:
            return bool(json.load(f).get("complete"))
    except (OSError, ValueError):
        return False
