#!/usr/bin/env python3
"""Render scenes that `refarena export --gltf` wrote with Blender Cycles, on the CPU.

The camera, the lights, the materials and the tone curve are those of refarena's own pictures, so what differs is the light transport:
many bounces here, one key light and a hemisphere there. It serves to judge refarena's shading and, where time does not matter, to make
photorealistic pictures of the same scenes.

    python3.11 -m venv .cache/bpy && .cache/bpy/bin/pip install -r train/requirements-cycles.txt
    bin/refarena export --level medium --seed 11 --gltf out/a.glb
    .cache/bpy/bin/python train/cycles.py --out out a.glb b.glb …

Each FILE.glb becomes OUT/FILE.png. A picture that is there already is left alone, so that a batch that was cut short goes on where it
was. One line of JSON a picture goes to stdout.
"""

import argparse
import json
import logging
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# What is larger casts no shadow of the key light: walls and floors (maxCaster in sim/render/shadow.go). Light comes in as through a window.
MAX_CASTER = 1.6  # bounding radius [m]


def read_json(path):
    """The JSON chunk of a .glb file (glTF 2.0 specification, section 4)."""
    data = Path(path).read_bytes()
    if len(data) < 20 or data[:4] != b"glTF":
        raise ValueError(f"{path} is not a .glb file")
    length, kind = struct.unpack_from("<I4s", data, 12)
    if kind != b"JSON":
        raise ValueError(f"{path} does not begin with its JSON chunk")
    return json.loads(data[20 : 20 + length])


def develop(linear, environment):
    """Linear light to sRGB 0…1 as in sim/lighting.go: EncodeSRGB(Tone(2^Exposure · WhiteBalance · light))."""
    gain = 2 ** environment["exposure"] * np.array(environment["whiteBalance"])
    c = np.maximum(linear * gain, 0)
    c = np.minimum(c, 1 - 0.2 / (5 * np.maximum(c, 0.8) - 3))
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.power(np.maximum(c, 1e-9), 1 / 2.4) - 0.055)


def set_up(bpy, args):
    """An empty file with the settings that all pictures share."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", args.threads
    scene.render.film_transparent = True  # the background is put behind afterwards
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.color_mode = "RGBA"
    c = scene.cycles
    c.device = "CPU"
    c.samples = args.samples
    c.use_adaptive_sampling = args.noise > 0
    c.adaptive_threshold = args.noise
    c.use_denoising = args.denoise
    if args.denoise:
        c.denoiser = "OPENIMAGEDENOISE"
        c.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        c.denoising_prefilter = "ACCURATE"
    c.seed = args.seed
    c.pixel_filter_type, c.filter_width = "BOX", 1.0  # each pixel is the mean over its square
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = args.bounces, args.bounces, args.bounces
    c.sample_clamp_indirect = 10  # against fireflies
    return scene


def set_world(bpy, scene, environment):
    """A sky of one colour above the horizon and a ground of another below: over a matt surface that sees all of it, refarena's
    hemisphere light exactly."""
    world = bpy.data.worlds.new("hemisphere")
    scene.world = world
    world.use_nodes = True
    # Light from the world is found by rays that bounce, not by shadow rays: walls stop the former and let the latter through.
    world.cycles.sampling_method = "NONE"
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    where = nodes.new("ShaderNodeTexCoord")
    xyz = nodes.new("ShaderNodeSeparateXYZ")
    above = nodes.new("ShaderNodeMath")
    above.operation = "GREATER_THAN"
    above.inputs[1].default_value = 0
    mix = nodes.new("ShaderNodeMixRGB")
    mix.inputs["Color1"].default_value = (*environment["ground"], 1)
    mix.inputs["Color2"].default_value = (*environment["sky"], 1)
    light = nodes.new("ShaderNodeBackground")
    out = nodes.new("ShaderNodeOutputWorld")
    links.new(where.outputs["Generated"], xyz.inputs[0])
    links.new(xyz.outputs["Z"], above.inputs[0])
    links.new(above.outputs[0], mix.inputs["Fac"])
    links.new(mix.outputs[0], light.inputs["Color"])
    links.new(light.outputs[0], out.inputs["Surface"])


def set_camera(bpy, scene, name, size):
    """Make the camera of that name the scene's, with its exact intrinsics. Returns width and height."""
    cameras = {o.name: o for o in bpy.data.objects if o.type == "CAMERA"}
    if name not in cameras:
        raise ValueError(f"no camera {name!r} (have {', '.join(sorted(cameras))})")
    scene.camera = cameras[name]
    data = scene.camera.data
    k = {f: float(data[f]) for f in ("width", "height", "fx", "fy", "cx", "cy")}
    w, h = size or (int(k["width"]), int(k["height"]))
    sx, sy = w / k["width"], h / k["height"]
    fx, fy, cx, cy = k["fx"] * sx, k["fy"] * sy, k["cx"] * sx, k["cy"] * sy
    data.sensor_fit, data.sensor_width = "HORIZONTAL", 36
    data.lens = fx * 36 / w
    data.shift_x, data.shift_y = (w / 2 - cx) / w, (cy - h / 2) / w
    r = scene.render
    r.resolution_x, r.resolution_y, r.resolution_percentage = w, h, 100
    r.pixel_aspect_x, r.pixel_aspect_y = max(1, fy / fx), max(1, fx / fy)
    return w, h


def render(bpy, path, args):
    """The picture of one file: height × width × 3, sRGB, uint8."""
    import mathutils

    info = read_json(path)
    environment = info["scenes"][info.get("scene", 0)]["extras"]["environment"]
    scene = set_up(bpy, args)
    with quiet():
        bpy.ops.import_scene.gltf(filepath=str(path), export_import_convert_lighting_mode="RAW", loglevel=logging.ERROR)
    set_world(bpy, scene, environment)
    for o in bpy.data.objects:
        if o.type == "LIGHT":
            o.data.angle = environment["keyAngle"]
        if o.type == "MESH":
            middle = sum((mathutils.Vector(c) for c in o.bound_box), mathutils.Vector()) / 8
            o.visible_shadow = max((v.co - middle).length for v in o.data.vertices) <= MAX_CASTER
    w, h = set_camera(bpy, scene, args.camera, args.size)
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = os.path.join(folder, "linear.exr")
        with quiet():
            bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        image.colorspace_settings.name = "Non-Color"
        pixels = np.empty(w * h * 4, np.float32)
        image.pixels.foreach_get(pixels)
    rgba = pixels.reshape(h, w, 4)[::-1]
    alpha = np.clip(rgba[..., 3:], 0, 1)
    seen = develop(rgba[..., :3] / np.maximum(alpha, 1e-6), environment)
    shown = seen * alpha + np.array(environment["background"]) * (1 - alpha)
    return np.round(np.clip(shown, 0, 1) * 255).astype(np.uint8)


class quiet:
    """Blender writes its progress to file descriptor 1: keep it away from our lines."""

    def __enter__(self):
        sys.stdout.flush()
        self.kept = os.dup(1)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)

    def __exit__(self, *_):
        sys.stdout.flush()
        os.dup2(self.kept, 1)
        os.close(self.kept)


def parse_size(text):
    w, _, h = text.partition("x")
    if not (w.isdigit() and h.isdigit() and 1 <= int(w) <= 8192 and 1 <= int(h) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} (want WIDTHxHEIGHT, such as 960x540)")
    return int(w), int(h)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+", type=Path, metavar="FILE.glb")
    p.add_argument("--out", type=Path, default=Path("."), help="folder of the pictures (default: .)")
    p.add_argument("--camera", default="referee", help="the camera, by name (default: referee)")
    p.add_argument("--size", type=parse_size, help="WIDTHxHEIGHT (default: the camera's)")
    p.add_argument("--samples", type=int, default=512, help="paths a pixel, at most (default: 512)")
    p.add_argument("--noise", type=float, default=0, help="stop sampling a pixel at this noise level; 0: never (default: 0)")
    p.add_argument("--bounces", type=int, default=8, help="of light, at most (default: 8)")
    p.add_argument("--no-denoise", dest="denoise", action="store_false", help="without OpenImageDenoise")
    p.add_argument("--threads", type=int, default=max(1, len(os.sched_getaffinity(0)) - 1), help="of the renderer (default: all cores but one)")
    p.add_argument("--seed", type=int, default=0, help="of the sampling noise (default: 0)")
    p.add_argument("--again", action="store_true", help="also render what is there already")
    args = p.parse_args()

    # Blender's renderer is an add-on of the name of this file: it must not find this one.
    sys.path[:] = [f for f in sys.path if Path(f or ".").resolve() != Path(__file__).resolve().parent]
    import bpy
    from PIL import Image

    args.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for path in args.files:
        out = args.out / (path.stem + ".png")
        if out.exists() and not args.again:
            continue
        start = time.monotonic()
        try:
            picture = render(bpy, path, args)
        except (OSError, ValueError, KeyError, RuntimeError) as e:
            print(f"cycles: {path}: {e}", file=sys.stderr)
            failed += 1
            continue
        part = out.with_suffix(".part")
        Image.fromarray(picture).save(part, "PNG")
        part.rename(out)
        print(json.dumps({"file": str(path), "picture": str(out), "seconds": round(time.monotonic() - start, 2)}), flush=True)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # Blender as a module crashes when Python takes it down


if __name__ == "__main__":
    main()
