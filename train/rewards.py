"""RoboRefer's rewards for reinforcement fine-tuning (arXiv 2506.04308, section 3.2 and appendix D.4.2):

    r = R_OF + R_P + α · R_PF + α · R_Acc,  α = 0.25

    R_OF   1 if the output is exactly <think>…</think><answer>…</answer> and the answer a list of points
    R_P    1 if the final point is within 50 px of the true one, |Δx| + |Δy|, in pictures of 960 px; the threshold scales with the width
    R_PF   the share of the thinking's lines that have the form "[Type] [object]: value"
    R_Acc  the share of the annotated steps that a line matches (any order): a position within the same 50 px, a direction with a cosine above 0.8, a
           size within 15 %

The paper leaves open whether the process rewards are summed over steps; with α they are meant to stay small, so here they are shares, at most 1.
All differences are in normalised coordinates: 50 px of 960 are 0.0521 of the width.
"""

import math
import re

from evaluate import PAIR, THOUGHT, points_of

ALPHA = 0.25
NEAR = 50 / 960
STEP = re.compile(r"(?:Step\d+: )?\[(Position|Orientation|Size)\] \[([^\]]+)\]: (.+)")
VECTOR = re.compile(r"\((-?\d\.\d{3}), (-?\d\.\d{3}), (-?\d\.\d{3})\)")


def value_of(kind, text):
    """A step's value, or None if its form is wrong."""
    if kind == "Position":
        p = points_of(text)
        return p[0] if p else None
    if kind == "Orientation":
        m = VECTOR.fullmatch(text)
        return tuple(map(float, m.groups())) if m else None
    return float(text) if re.fullmatch(r"\d\.\d{3}", text) else None


def agrees(kind, got, want):
    if kind == "Position":
        x, y = want[-1] if isinstance(want[0], (list, tuple)) else want
        return abs(got[0] - x) + abs(got[1] - y) < NEAR
    if kind == "Orientation":
        dot = sum(a * b for a, b in zip(got, want))
        norm = math.dist(got, (0, 0, 0)) * math.dist(want, (0, 0, 0))
        return norm > 0 and dot / norm > 0.8
    want = want[0] if isinstance(want, (list, tuple)) else want
    return abs(got - want) <= 0.15 * want


def rewards(text, point, trace):
    """The four terms of one output: (R_OF, R_P, R_PF, R_Acc)."""
    m = THOUGHT.fullmatch(text)
    points = points_of(text, reasoning=True)
    of = float(points is not None)
    final = points or [tuple(map(float, p)) for p in PAIR.findall(text)[-1:]]
    p = float(bool(final) and abs(final[0][0] - point[0]) + abs(final[0][1] - point[1]) <= NEAR)
    lines = (m[1] if m else "").strip().split("\n")
    steps = []
    for line in lines:
        s = STEP.fullmatch(line.strip())
        v = value_of(s[1], s[3]) if s else None
        steps.append((s[1], s[2], v) if v is not None else None)
    pf = sum(s is not None for s in steps) / len(steps)
    right = 0
    for want in trace:
        right += any(s and s[0] == want["kind"] and s[1] == want["target"] and agrees(s[0], s[2], want["value"]) for s in steps)
    return of, p, pf, right / len(trace) if trace else 0.0


def total(terms):
    of, p, pf, acc = terms
    return of + p + ALPHA * (pf + acc)
