"""Stage 3: reinforcement fine-tuning with GRPO, as RoboRefer does it (arXiv 2506.04308, appendix D.4, on R1-V's trainer).

For each question N = 8 answers are drawn at temperature 1 and rewarded (train/rewards.py). The advantage of an answer is its reward minus its
group's mean over its group's deviation + 1e-4; groups in which all rewards are equal (always right or always wrong) are dropped. The loss is the token mean of
-(ratio · advantage - β · KL), averaged over answers, with the estimator KL = exp(Δ) - Δ - 1, Δ = log π_ref - log π, against the model as it was at
the start. Towers and projectors stay as they are.
"""

import collections
import copy

import numpy as np
import torch
from torch.nn import functional as F

from packed import Packed
from rewards import rewards, total
from shards import REASONING_SUFFIX

TERMS = ("outcome_format", "point", "process_format", "accuracy")


class Grpo:
    """run: a Packed whose model is trained; pictures: dicts of shards.read_shard."""

    def __init__(self, run, tokenizer, examiner, pictures, seed, group=8, questions=64, new=192, beta=0.04, lr=2e-5, depth=0.5, chunk=16):
        self.run = Packed(run.model, run.prefix, run.dtype)  # its rows have many widths: not compiled
        self.tokenizer, self.examiner = tokenizer, examiner
        self.group, self.questions, self.new, self.beta, self.chunk, self.depth = group, questions, new, beta, chunk, depth
        self.device = examiner.device
        reference = copy.deepcopy(run.model).eval().requires_grad_(False)
        self.reference = Packed(reference, run.prefix, run.dtype)
        self.pictures = [{**p, "questions": [q for q in p["questions"] if q.get("trace")]} for p in pictures]
        self.pictures = [p for p in self.pictures if p["questions"]]
        if not self.pictures:
            raise ValueError("no questions with a trace in the data of the reinforcement stage")
        self.rng = np.random.default_rng(seed)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        run.model.requires_grad_(False)
        run.model.eval()
        run.model.llm.requires_grad_(True)
        self.optimizer = torch.optim.AdamW([p for p in run.model.llm.parameters() if p.requires_grad], lr=lr, betas=(0.9, 0.99), weight_decay=0.0)
        with torch.no_grad():
            self.features = examiner.features(self.pictures)

    def ask(self):
        """Questions of this step: (picture index, question)."""
        out = []
        for i in self.rng.choice(len(self.pictures), self.questions, replace=len(self.pictures) < self.questions):
            qs = self.pictures[i]["questions"]
            out.append((int(i), qs[int(self.rng.integers(len(qs)))]))
        return out

    def step(self):
        """One update. Returns figures for the log."""
        asked = self.ask()
        depth = bool(self.rng.random() < self.depth)
        N = self.group
        prompts = [(i, q["text"] + REASONING_SUFFIX) for i, q in asked for _ in range(N)]
        texts, ids = self.examiner.answers(self.features, prompts, depth, self.new, 1.0, self.generator)
        terms = np.array([rewards(t, asked[k // N][1]["points"][0], asked[k // N][1]["trace"]) for k, t in enumerate(texts)])
        r = np.array([total(t) for t in terms]).reshape(-1, N)
        spread = r.std(1, ddof=1)
        keep = np.flatnonzero(spread > 1e-6)
        log = dict(zip(TERMS, terms.mean(0).tolist()))
        log |= {"reward": float(r.mean()), "kept": len(keep) / len(asked), "length": float(np.mean([len(i) for i in ids]))}
        if len(keep) == 0:
            return log | {"kl": 0.0}
        advantage = (r - r.mean(1, keepdims=True)) / (spread[:, None] + 1e-4)
        self.optimizer.zero_grad(set_to_none=True)
        kl_sum = 0.0
        for a in range(0, len(keep), self.chunk):
            part = keep[a : a + self.chunk]
            rows = [self.row(prompts[g * N][1], ids[g * N : (g + 1) * N]) for g in part]
            width = -(-max(len(x[0]) for x in rows) // 64) * 64
            put = lambda k, fill, dtype: torch.tensor(np.stack([np.pad(x[k], (0, width - len(x[k])), constant_values=fill) for x in rows]), dtype=dtype, device=self.device)
            tokens, segment, offset, answer = put(0, 0, torch.long), put(1, 255, torch.long), put(2, 0, torch.long), put(3, -1, torch.long)
            pre = self.features[torch.tensor([asked[g][0] for g in part], device=self.device)]
            see = torch.full((len(part),), depth, dtype=torch.bool, device=self.device)
            adv = torch.tensor(advantage[part], dtype=torch.float32, device=self.device)
            # answer holds, for each position, the number of the completion whose next token it predicts, or -1.
            at = (answer >= 0).flatten().nonzero()[:, 0]
            after = torch.cat([tokens[:, 1:], tokens[:, :1]], 1).flatten()[at]
            owner = (torch.arange(len(part), device=self.device)[:, None] * N + answer).flatten()[at]
            logp = self.logp(self.run, pre, tokens, segment, offset, see, at, after)
            with torch.no_grad():
                ref = self.logp(self.reference, pre, tokens, segment, offset, see, at, after)
            delta = ref - logp
            kl = delta.exp() - delta - 1
            loss = -(torch.exp(logp - logp.detach()) * adv.flatten()[owner] - self.beta * kl)
            count = torch.zeros(len(part) * N, device=self.device).index_add_(0, owner, torch.ones_like(loss)).clamp_min(1)
            mean = torch.zeros(len(part) * N, device=self.device).index_add(0, owner, loss) / count
            (mean.sum() / (len(keep) * N)).backward()
            kl_sum += float((torch.zeros_like(count).index_add_(0, owner, kl.detach()) / count).sum())
        torch.nn.utils.clip_grad_norm_(self.run.model.llm.parameters(), 1.0)
        self.optimizer.step()
        return log | {"kl": kl_sum / (len(keep) * N)}

    def row(self, prompt, answers):
        """One row with all answers to a question: ids, segments, offsets, and the answer that each position predicts a token of."""
        head = self.tokenizer.encode(prompt, add_special_tokens=False).ids + self.run.prefix.end
        ids, segment, offset, answer = [], [], [], []
        for k, a in enumerate(answers):
            s = head + a + ([self.run.prefix.stop] if len(a) < self.new else [])
            ids += s
            segment += [k] * len(s)
            offset += range(len(s))
            answer += [-1] * (len(head) - 1) + [k] * (len(s) - len(head)) + [-1]
        return ids, segment, offset, answer

    def logp(self, run, pre, tokens, segment, offset, see, at, after):
        h, _, _ = run.run(pre, tokens, segment, offset, see)
        return F.log_softmax(run.logits(h.flatten(0, 1)[at]).float(), -1).gather(1, after[:, None])[:, 0]


def averaged(logs):
    """Means of a list of logs."""
    out = collections.defaultdict(list)
    for log in logs:
        for k, v in log.items():
            out[k].append(v)
    return {k: float(np.mean(v)) for k, v in out.items()}
