#!/usr/bin/env python3
"""The same scene, the same pictures, the same machine: refarena's renderer and MuJoCo's own, side by side.

    python3 -m venv .cache/mujoco && .cache/mujoco/bin/pip install -r train/requirements-mujoco.txt
    make build && .cache/mujoco/bin/python train/bench_mujoco_renderer.py [--pictures 30] [--json]

`refarena bench --mjcf` writes the scene that `refarena bench render` draws, and MuJoCo 4.0.0 loads it: the same meshes, materials,
textures, pose, view and key light. Both draw on the CPU unless --gl says otherwise, refarena by its own rasteriser and MuJoCo by Mesa's llvmpipe; both move the arm before each picture,
so that shadows have to be drawn anew. MuJoCo makes colour, depth and segmentation as its users do, with mujoco.Renderer: one
update_scene and one render each. Its quality is its default (a shadow map of 4096², 4 samples a pixel); --shadowsize and --samples set
it to others. Rounds of both alternate, so that other work on the machine meets both alike; the figures are medians over all rounds.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

WHATS = {"rgb": "RGB", "rgbd": "RGB + depth", "rgbds": "RGB + depth + ids"}


def ours(args):
    """Medians [ms] by (what, size, shadows) of one round of `refarena bench`, and the model that its --mjcf wrote."""
    command = [args.refarena, "bench", "render", "--json", "--gl", args.gl]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    out = {}
    for line in map(json.loads, lines):
        m = re.fullmatch(r"render\.(rgb|rgbd|rgbds)\.(\d+x\d+)(\.noshadow)?", line["name"])
        if m and line["unit"] == "ms":
            out[m[1], m[2], not m[3]] = line["median"]
    return out


class Theirs:
    """MuJoCo's renderer on the exported scene."""

    def __init__(self, args, model_file):
        import mujoco

        self.mujoco = mujoco
        self.args = args
        self.model = mujoco.MjModel.from_xml_path(model_file)
        if args.shadowsize:
            self.model.vis.quality.shadowsize = args.shadowsize
        if args.samples is not None:
            self.model.vis.quality.offsamples = args.samples
        self.data = mujoco.MjData(self.model)
        mujoco.mj_resetDataKeyframe(self.model, self.data, 0)
        mujoco.mj_forward(self.model, self.data)
        hinges = [j for j in range(self.model.njnt) if self.model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
        self.joint = self.model.jnt_qposadr[hinges[0]]

    def median(self, what, size, shadows):
        """Milliseconds of the pictures of one moment."""
        mujoco, w_h = self.mujoco, tuple(map(int, size.split("x")))
        with mujoco.Renderer(self.model, w_h[1], w_h[0]) as r:
            r.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
            r.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
            times = []
            start_at = self.data.qpos[self.joint]
            for i in range(self.args.pictures + 2):
                self.data.qpos[self.joint] = start_at + 0.004 * (i % 10)
                mujoco.mj_kinematics(self.model, self.data)
                mujoco.mj_camlight(self.model, self.data)
                start = time.perf_counter()
                r.update_scene(self.data, camera="referee")
                self.rgb = r.render()
                if what != "rgb":
                    r.enable_depth_rendering()
                    r.update_scene(self.data, camera="referee")
                    self.depth = r.render()
                    r.disable_depth_rendering()
                if what == "rgbds":
                    r.enable_segmentation_rendering()
                    r.update_scene(self.data, camera="referee")
                    self.ids = r.render()
                    r.disable_segmentation_rendering()
                if i >= 2:
                    times.append(1000 * (time.perf_counter() - start))
            self.data.qpos[self.joint] = start_at
        return statistics.median(times)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--refarena", default="bin/refarena", help="the command (default: bin/refarena)")
    p.add_argument("--gl", default="software", choices=["software", "gpu"], help="what draws, for both (default: software)")
    p.add_argument("--pictures", type=int, default=30, help="of MuJoCo's, a round and size (default: 30)")
    p.add_argument("--rounds", type=int, default=3, help="of both, in turn (default: 3)")
    p.add_argument("--sizes", default="", help="only these, such as 448x448,640x480 (default: all that refarena measures)")
    p.add_argument("--whats", default="rgb,rgbd,rgbds", help="only these pictures (default: rgb,rgbd,rgbds)")
    p.add_argument("--shadowsize", type=int, default=0, help="of MuJoCo's shadow map (default: its own, 4096)")
    p.add_argument("--samples", type=int, help="of MuJoCo's multisampling (default: its own, 4)")
    p.add_argument("--picture", help="also write MuJoCo's picture to this PNG file")
    p.add_argument("--json", action="store_true", help="one line of JSON for each comparison")
    args = p.parse_args()
    if args.pictures < 1 or args.rounds < 1:
        p.error("want 1 or more pictures and rounds")

    os.environ["MUJOCO_GL"] = os.environ["PYOPENGL_PLATFORM"] = "egl"
    if args.gl == "software":
        os.environ["LIBGL_ALWAYS_SOFTWARE"] = "1"
    if not shutil.which(args.refarena):
        sys.exit(f"bench_mujoco_renderer: no command {args.refarena} (make build makes bin/refarena; --refarena names another)")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([args.refarena, "bench", "episode.reset", "--mjcf", folder], check=True, stdout=subprocess.DEVNULL)
        theirs = Theirs(args, os.path.join(folder, "scene.xml"))
    a, b = {}, {}
    for _ in range(args.rounds):
        for key, ms in ours(args).items():
            if key[0] in args.whats.split(",") and (not args.sizes or key[1] in args.sizes.split(",")):
                a.setdefault(key, []).append(ms)
        for key in a:
            b.setdefault(key, []).append(theirs.median(*key))
    if not a:
        sys.exit("bench_mujoco_renderer: refarena bench render measured none of these")
    if args.picture:
        theirs.median("rgb", "640x480", True)
        from PIL import Image

        Image.fromarray(theirs.rgb).save(args.picture)
    q = theirs.model.vis.quality
    if not args.json:
        print(f"MuJoCo {theirs.mujoco.__version__}: shadow map {q.shadowsize}², {q.offsamples} samples a pixel. Milliseconds, medians of {args.rounds} rounds.\n")
        print(f"{'PICTURES':<18} {'SIZE':<9} {'SHADOWS':<7} {'REFARENA':>9} {'MUJOCO':>9} {'RATIO':>6}")
    for key in sorted(a, key=lambda k: (list(WHATS).index(k[0]), int(k[1].split("x")[0]), not k[2])):
        what, size, shadows = key
        x, y = statistics.median(a[key]), statistics.median(b[key])
        if args.json:
            print(json.dumps({"what": what, "size": size, "shadows": shadows, "refarena_ms": round(x, 3), "mujoco_ms": round(y, 3), "ratio": round(y / x, 2),
                              "shadowsize": int(q.shadowsize), "samples": int(q.offsamples)}))
        else:
            print(f"{WHATS[what]:<18} {size:<9} {'on' if shadows else 'off':<7} {x:>9.2f} {y:>9.2f} {y / x:>6.1f}")


if __name__ == "__main__":
    main()
