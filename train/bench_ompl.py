"""OMPL's RRT-Connect on the queries of `refarena bench plan.time --plans FILE`, with the same collision model.

    python -m venv venv && venv/bin/pip install ompl numpy numba scipy
    venv/bin/python train/bench_ompl.py FILE [--seconds 5] [--queries 300] [--json]

The collision model is what the file says: capsules on the links of the arm, rods for the load, a square column under every point that the camera
saw. A position counts as valid if everything keeps the file's margin. Motions are checked at steps of 0.01 rad, which move no part by more
than the planner of refarena lets it move between two looks (0.012 m). Path lengths are Euclidean in joint space, raw and after
OMPL's own PathSimplifier.simplifyMax.
"""

import argparse
import base64
import json
import statistics
import time

import numpy as np
from numba import njit
from ompl import base as ob
from ompl import geometric as og
from ompl import util as ou

STEP = 0.01  # between positions that are looked at along a motion [rad]


@njit(cache=True)
def segments2(a, b, c, d):
    """Squared distance of two segments (Ericson, Real-Time Collision Detection, 5.1.9)."""
    u, v, w = b - a, d - c, a - c
    uu, vv, uv, uw, vw = u.dot(u), v.dot(v), u.dot(v), u.dot(w), v.dot(w)
    s, t = 0.0, 0.0
    if uu > 0 and vv > 0:
        den = uu * vv - uv * uv
        if den > 1e-12 * uu * vv:
            s = min(max((uv * vw - uw * vv) / den, 0.0), 1.0)
        t = (uv * s + vw) / vv
        if t < 0:
            t, s = 0.0, min(max(-uw / uu, 0.0), 1.0)
        elif t > 1:
            t, s = 1.0, min(max((uv - uw) / uu, 0.0), 1.0)
    elif uu > 0:
        s = min(max(-uw / uu, 0.0), 1.0)
    elif vv > 0:
        t = min(max(vw / vv, 0.0), 1.0)
    g = w + s * u - t * v
    return g.dot(g)


@njit(cache=True)
def near(a, b, c, d, reach):
    """Whether two segments are less than reach apart; balls around them are compared first."""
    gap = u = v = 0.0
    for k in range(3):
        gap += (a[k] + b[k] - c[k] - d[k]) ** 2
        u += (b[k] - a[k]) ** 2
        v += (d[k] - c[k]) ** 2
    bound = 2 * reach + np.sqrt(2 * (u + v))
    return gap < bound * bound and segments2(a, b, c, d) < reach * reach


@njit(cache=True)
def ball_hits(px, py, pz, r, heights, cell, corner):
    """Whether a ball reaches into the plane z = 0 or a column."""
    if pz < r:
        return True
    x0 = max(int((px - r - corner[0]) / cell), 0)
    x1 = min(int((px + r - corner[0]) / cell), heights.shape[0] - 1)
    y0 = max(int((py - r - corner[1]) / cell), 0)
    y1 = min(int((py + r - corner[1]) / cell), heights.shape[1] - 1)
    for x in range(x0, x1 + 1):
        left = corner[0] + x * cell
        dx = max(left - px, px - left - cell, 0.0)
        for y in range(y0, y1 + 1):
            h = heights[x, y]
            if h == 0:
                continue
            front = corner[1] + y * cell
            dy = max(front - py, py - front - cell, 0.0)
            dz = max(pz - h, 0.0)
            if dx * dx + dy * dy + dz * dz < r * r:
                return True
    return False


@njit(cache=True)
def capsule_hits(a, b, radius, margin, heights, cell, corner, tallest):
    if min(a[2], b[2]) - radius - margin >= tallest:
        return False
    length = np.sqrt((b - a).dot(b - a))
    n = int(length / (1.2 * radius)) + 2
    if length == 0:
        n = 1
    half = length / (2 * max(n - 1, 1))
    r = np.sqrt(radius * radius + half * half) + margin
    for i in range(n):
        s = i / max(n - 1, 1)
        if ball_hits(a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, a[2] + (b[2] - a[2]) * s, r, heights, cell, corner):
            return True
    return False


@njit(cache=True)
def valid(q, margin, pos, rot, axes, ee_pos, ee_rot, link, pa, pb, pr, pairs, against, la, lb, lr, heights, cell, corner, tallest):
    """Whether everything keeps margin at joint positions q."""
    n = len(q)
    r = np.eye(3)
    p = np.zeros(3)
    links_r = np.zeros((n + 1, 3, 3))
    links_p = np.zeros((n + 1, 3))
    links_r[0] = r
    for i in range(n):
        p = p + r @ pos[i]
        k = axes[i]
        c, s = np.cos(q[i]), np.sin(q[i])
        turn = np.array(
            [
                [c + k[0] * k[0] * (1 - c), k[0] * k[1] * (1 - c) - k[2] * s, k[0] * k[2] * (1 - c) + k[1] * s],
                [k[1] * k[0] * (1 - c) + k[2] * s, c + k[1] * k[1] * (1 - c), k[1] * k[2] * (1 - c) - k[0] * s],
                [k[2] * k[0] * (1 - c) - k[1] * s, k[2] * k[1] * (1 - c) + k[0] * s, c + k[2] * k[2] * (1 - c)],
            ]
        )
        r = r @ rot[i] @ turn
        links_r[i + 1], links_p[i + 1] = r, p
    m = len(link)
    a, b = np.zeros((m, 3)), np.zeros((m, 3))
    for i in range(m):
        a[i] = links_p[link[i]] + links_r[link[i]] @ pa[i]
        b[i] = links_p[link[i]] + links_r[link[i]] @ pb[i]
        if link[i] > 1 and capsule_hits(a[i], b[i], pr[i], margin, heights, cell, corner, tallest):
            return False
    for i in range(len(pairs)):
        x, y = pairs[i, 0], pairs[i, 1]
        if near(a[x], b[x], a[y], b[y], pr[x] + pr[y] + margin):
            return False
    er, ep = r @ ee_rot, p + r @ ee_pos
    for i in range(len(lr)):
        u, v = ep + er @ la[i], ep + er @ lb[i]
        if capsule_hits(u, v, lr[i], margin, heights, cell, corner, tallest):
            return False
        for k in range(len(against)):
            x = against[k]
            if near(a[x], b[x], u, v, pr[x] + lr[i] + margin):
                return False
    return True


class Model:
    """The arm of the file, and the scene and load of one query."""

    def __init__(self, text):
        vec = lambda v: np.array(v, dtype=float)
        mat = lambda t: np.column_stack([vec(t["x"]), vec(t["y"]), vec(t["z"])])
        joints = text["joints"]
        self.pos = np.array([j["t_parent_link"]["pos"] for j in joints])
        self.rot = np.array([np.ascontiguousarray(mat(j["t_parent_link"])) for j in joints])
        self.axes = np.array([j["axis"] for j in joints])
        self.ee_pos, self.ee_rot = vec(text["t_link_ee"]["pos"]), np.ascontiguousarray(mat(text["t_link_ee"]))
        self.link = np.array([p["link"] for p in text["parts"]])
        self.part = self.capsules(text["parts"])
        self.pairs = np.array(text["pairs"])
        last = len(self.link) - 1
        self.against = np.array([a for a, b in text["pairs"] if b == last])
        self.cell, self.corner, self.size, self.margin = text["cell"], vec(text["min"]), text["size"], text["margin"]

    @staticmethod
    def capsules(parts):
        return (
            np.array([p["a"] for p in parts], dtype=float),
            np.array([p["b"] for p in parts], dtype=float),
            np.array([p["radius"] for p in parts], dtype=float),
        )

    def see(self, query):
        self.load = self.capsules(query["load"])
        heights = np.frombuffer(base64.b64decode(query["columns"]), dtype="<f4").reshape(self.size)
        self.heights = np.ascontiguousarray(heights, dtype=float)
        self.tallest = float(self.heights.max())

    def valid(self, q):
        return valid(
            q, self.margin, self.pos, self.rot, self.axes, self.ee_pos, self.ee_rot, self.link, *self.part, self.pairs, self.against,
            *self.load, self.heights, self.cell, self.corner, self.tallest,
        )  # fmt: skip


def length(states):
    return float(sum(np.linalg.norm(np.subtract(a, b)) for a, b in zip(states, states[1:])))


def plan(model, query, lower, upper, seconds):
    """One query: (solved, raw length, simplified length, seconds to solve, seconds to simplify)."""
    dof = len(lower)
    space = ob.RealVectorStateSpace(dof)
    bounds = ob.RealVectorBounds(dof)
    for i in range(dof):
        bounds.setLow(i, lower[i])
        bounds.setHigh(i, upper[i])
    space.setBounds(bounds)
    setup = og.SimpleSetup(space)
    q = np.zeros(dof)

    def ok(state):
        for i in range(dof):
            q[i] = state[i]
        return bool(model.valid(q))

    setup.setStateValidityChecker(ok)
    info = setup.getSpaceInformation()
    info.setStateValidityCheckingResolution(STEP / space.getMaximumExtent())
    def state(row):
        s = space.allocState()
        for i in range(dof):
            s[i] = row[i]
        return s

    setup.setStartState(state(query["from"]))
    goals = ob.GoalStates(info)
    for row in query["goals"]:
        goals.addState(state(row))
    setup.setGoal(goals)
    setup.setPlanner(og.RRTConnect(info))
    begin = time.perf_counter()
    solved = setup.solve(seconds)
    solving = time.perf_counter() - begin
    if not solved or not setup.haveExactSolutionPath():
        return False, 0.0, 0.0, solving, 0.0
    rows = lambda path: [[s[i] for i in range(dof)] for s in path.getStates()]
    path = setup.getSolutionPath()
    raw = length(rows(path))
    begin = time.perf_counter()
    og.PathSimplifier(info).simplifyMax(path)
    return True, raw, length(rows(path)), solving, time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", help="what `refarena bench plan.time --plans FILE` wrote")
    parser.add_argument("--seconds", type=float, default=5, help="time limit of one query")
    parser.add_argument("--queries", type=int, default=0, help="only the first so many")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each query, then one for all")
    args = parser.parse_args()
    ou.RNG.setSeed(1)
    ou.setLogLevel(ou.LogLevel.LOG_ERROR)
    with open(args.file) as f:
        text = json.load(f)
    model = Model(text)
    queries = text["queries"][: args.queries or None]
    both, out = [], []
    disagree = 0
    for i, query in enumerate(queries):
        model.see(query)
        for end in [query["from"], *query["goals"]]:
            if not model.valid(np.array(end)):
                disagree += 1  # the ends of every query keep the margin in refarena's model
        solved, raw, short, solving, simplifying = plan(model, query, text["lower"], text["upper"], args.seconds)
        out.append((solved, solving, simplifying))
        if solved and query["solved"]:
            both.append((query["length"], raw, short))
        if args.json:
            print(json.dumps({"query": i, "solved": solved, "raw_rad": raw, "simplified_rad": short, "solve_s": solving,
                              "simplify_s": simplifying, "ours_solved": query["solved"], "ours_rad": query["length"]}), flush=True)  # fmt: skip
    if not both:
        raise SystemExit("bench_ompl: no query was solved by both: nothing to compare")
    ours, raws, shorts = (list(x) for x in zip(*both))
    result = {
        "queries": len(queries), "ends_that_differ": disagree,
        "ompl_solved": sum(o[0] for o in out), "ours_solved": sum(q["solved"] for q in queries),
        "compared": len(both), "ours_mean_rad": statistics.mean(ours), "ompl_raw_mean_rad": statistics.mean(raws),
        "ompl_simplified_mean_rad": statistics.mean(shorts), "ours_median_rad": statistics.median(ours),
        "ompl_simplified_median_rad": statistics.median(shorts),
        "ours_shorter_or_equal": sum(a <= c * 1.001 for a, _, c in both),
        "ompl_solve_ms": 1000 * statistics.median(o[1] for o in out), "ompl_simplify_ms": 1000 * statistics.median(o[2] for o in out),
    }  # fmt: skip
    if args.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:28} {value:.4g}" if isinstance(value, float) else f"{name:28} {value}")


if __name__ == "__main__":
    main()
