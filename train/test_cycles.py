"""Tests of what surrounds Blender: `make train-test`, or pytest train/test_cycles.py. No Blender needed; the metrics' tests need scikit-image."""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import cycles

PLAIN = {"exposure": 0, "whiteBalance": [1, 1, 1]}


@pytest.mark.parametrize("light, want", [
    (0, 0), (0.001, 0.01292), (0.18, 0.461356), (0.8, 0.906332),  # IEC 61966-2-1
    (2, 0.987334),  # 1 - 0.2/7 = 0.971429, encoded
    (1e6, 1), (-1, 0),
])
def test_tone_curve(light, want):
    assert cycles.develop(np.full((1, 1, 3), light), PLAIN) == pytest.approx(want, abs=1e-5)


def test_gain():
    got = cycles.develop(np.full((1, 1, 3), 0.1), {"exposure": 1, "whiteBalance": [1, 0.5, 2]})
    assert got == pytest.approx(cycles.develop(np.array([[[0.2, 0.1, 0.4]]]), PLAIN))


def test_read_json(tmp_path):
    text = json.dumps({"asset": {"version": "2.0"}}).encode()
    text += b" " * (-len(text) % 4)
    file = tmp_path / "a.glb"
    file.write_bytes(struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text)
    assert cycles.read_json(file)["asset"]["version"] == "2.0"
    for bad in (b"", b"glTF", b"PNG" * 20, struct.pack("<4sIII4s", b"glTF", 2, 20, 0, b"BIN\0")):
        file.write_bytes(bad)
        with pytest.raises(ValueError, match="a.glb"):
            cycles.read_json(file)


def test_metrics():
    pytest.importorskip("skimage")
    import compare_cycles

    rng = np.random.default_rng(1)
    a = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    assert compare_cycles.similarity(a, a) == pytest.approx(1)
    assert compare_cycles.colour_difference(a, a).max() == 0
    assert compare_cycles.similarity(a, 255 - a) < 0
    # Between two greys CIEDE2000 is the difference of L* over S_L = 1 + 0.015 (L - 50)² / sqrt(20 + (L - 50)²), L their mean.
    dark, light = np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 3), 120, np.uint8)
    l1, l2 = 42.3746, 50.4313  # L* of sRGB 100 and 120
    m = ((l1 + l2) / 2 - 50) ** 2
    assert compare_cycles.colour_difference(dark, light).mean() == pytest.approx((l2 - l1) / (1 + 0.015 * m / (20 + m) ** 0.5), abs=2e-3)
