#!/usr/bin/env python3
"""How far refarena's pictures are from Blender Cycles' of the same scenes: SSIM and CIEDE2000, scene by scene.

    make cycles                                        # sets up .cache/bpy and runs this
    .cache/bpy/bin/python train/compare_cycles.py --scenes 3 --samples 64 --size 320x180

Each scene is exported and drawn by bin/refarena and rendered by train/cycles.py with the same camera, lights, materials and tone curve.
Cycles' pictures are kept in --dir and made again only if the scene or the settings have changed. Exit status 1: a bar is missed.

SSIM is that of Wang, Bovik, Sheikh and Simoncelli (2004): a Gaussian window of 1.5 px, mean over R, G and B. The colour difference is
CIEDE2000 (CIE 142-2001), mean over the picture. Both are scikit-image's.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

# Of the suite "starter" and of the three levels, with the robot.
SCENES = (
    [("starter", seed) for seed in (7, 11, 23, 42)]
    + [("easy", seed) for seed in (1, 2, 3, 4)]
    + [("medium", seed) for seed in (1, 2, 3, 4, 5, 6)]
    + [("hard", seed) for seed in (1, 2, 3, 4, 5, 6)]
)
# In this order, so that any beginning of the list has something of each.
SCENES = sorted(SCENES, key=lambda s: [t for t in SCENES if t[0] == s[0]].index(s))

LEAST_SSIM, MOST_DE = 0.85, 6.0


def similarity(a, b):
    """SSIM of two pictures of height × width × 3, uint8."""
    return float(structural_similarity(a, b, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False))


def colour_difference(a, b):
    """CIEDE2000 of each pixel of two sRGB pictures, height × width."""
    return deltaE_ciede2000(rgb2lab(a), rgb2lab(b))


def make(args, where, seed):
    """Draw and export a scene; returns our picture and the .glb file, whose name has a hash of everything that Cycles' picture depends on."""
    flags = ["--seed", str(seed), "--size", args.size]
    flags += ["--suite", where] if where == "starter" else ["--level", where]
    name = f"{where}-{seed}"
    glb = args.dir / f"{name}.glb"
    subprocess.run([args.refarena, "export", *flags, "--gltf", str(glb)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([args.refarena, "render", *flags, "--out", str(args.dir / "ours")], check=True, stdout=subprocess.DEVNULL)
    settings = f"{args.samples} {args.noise} {Path(__file__).with_name('cycles.py').read_text()}"
    key = hashlib.sha256(glb.read_bytes() + settings.encode()).hexdigest()[:12]
    keyed = args.dir / f"{name}-{key}.glb"
    glb.rename(keyed)
    return args.dir / "ours" / f"{name}-rgb.png", keyed


def beside(ours, reference, difference):
    """Ours, Cycles' and the colour difference (black: none, white: 20 or more), one beside the other."""
    d = np.clip(difference * (255 / 20), 0, 255).astype(np.uint8)
    return Image.fromarray(np.concatenate([ours, reference, np.repeat(d[..., None], 3, 2)], 1))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--refarena", default="bin/refarena", help="the command (default: bin/refarena)")
    p.add_argument("--scenes", type=int, default=len(SCENES), help=f"how many (default: {len(SCENES)})")
    p.add_argument("--size", default="480x270", help="of the pictures (default: 480x270)")
    p.add_argument("--samples", type=int, default=512, help="paths a pixel, at most (default: 512)")
    p.add_argument("--noise", type=float, default=0, help="Cycles stops sampling a pixel at this noise level; 0: never (default: 0)")
    p.add_argument("--threads", type=int, default=2, help="of Cycles (default: 2)")
    p.add_argument("--dir", type=Path, default=Path(".cache/cycles"), help="where pictures are kept (default: .cache/cycles)")
    p.add_argument("--markdown", type=Path, help="write the table between the lines <!-- table --> of this file")
    p.add_argument("--worst", type=Path, help="write the worst scene to this picture: ours, Cycles', the difference")
    p.add_argument("--json", action="store_true", help="one line of JSON a scene, then the means")
    args = p.parse_args()
    if not 1 <= args.scenes <= len(SCENES):
        p.error(f"--scenes {args.scenes} (want 1 to {len(SCENES)})")

    (args.dir / "ours").mkdir(parents=True, exist_ok=True)
    made = [(where, seed, *make(args, where, seed)) for where, seed in SCENES[: args.scenes]]
    cycles = [sys.executable, str(Path(__file__).with_name("cycles.py")), "--out", str(args.dir / "cycles"), "--samples", str(args.samples)]
    cycles += ["--noise", str(args.noise), "--threads", str(args.threads)]
    subprocess.run(cycles + [str(m[3]) for m in made], check=True, stdout=sys.stderr)

    rows, worst = [], None
    for where, seed, picture, glb in made:
        ours = np.asarray(Image.open(picture).convert("RGB"))
        reference = np.asarray(Image.open(args.dir / "cycles" / f"{glb.stem}.png").convert("RGB"))
        de = colour_difference(reference, ours)
        row = {"scene": where, "seed": seed, "ssim": round(similarity(ours, reference), 4), "dE2000": round(float(de.mean()), 3)}
        rows.append(row)
        if worst is None or (row["dE2000"], -row["ssim"]) > (worst[0]["dE2000"], -worst[0]["ssim"]):
            worst = row, beside(ours, reference, de)
        glb.unlink()
    ssim, de = (float(np.mean([r[k] for r in rows])) for k in ("ssim", "dE2000"))
    ok = ssim >= LEAST_SSIM and de <= MOST_DE
    rows.sort(key=lambda r: [where for where, *_ in SCENES].index(r["scene"]) * 1000 + r["seed"])
    table = "| scene | seed | SSIM | ΔE2000 |\n|---|---|---|---|\n"
    table += "".join(f"| {r['scene']} | {r['seed']} | {r['ssim']:.3f} | {r['dE2000']:.2f} |\n" for r in rows)
    table += f"| **mean of {len(rows)}** | | **{ssim:.3f}** (≥ {LEAST_SSIM}) | **{de:.2f}** (≤ {MOST_DE:g}) |\n"
    if args.json:
        for row in rows:
            print(json.dumps(row))
        print(json.dumps({"scenes": len(rows), "ssim": round(ssim, 4), "dE2000": round(de, 3), "ok": ok}))
    else:
        print(table, end="")
    if args.markdown:
        before, _, rest = args.markdown.read_text().partition("<!-- table -->\n")
        _, _, after = rest.partition("<!-- table -->\n")
        args.markdown.write_text(f"{before}<!-- table -->\n{table}<!-- table -->\n{after}")
    if args.worst:
        worst[1].save(args.worst)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
