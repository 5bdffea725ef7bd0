"""Tests of the exporter: what it refuses, and that it says where. Run by scripts/parity.sh; needs train/requirements-export.txt."""

import json
import os
import shutil
import tempfile
import unittest

import export
import random_checkpoint
from checkpoint import Checkpoint, CheckpointError

TOKENIZER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "referee", "roborefer", "testdata", "tokenizer.json")


def edit(path, **changes):
    with open(path) as f:
        d = json.load(f)
    for k, v in changes.items():
        d.pop(k, None) if v is None else d.__setitem__(k, v)
    with open(path, "w") as f:
        json.dump(d, f)


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp()
        random_checkpoint.write(os.path.join(cls.base, "good"), "tiles", TOKENIZER)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.base)

    def check(self, spoil, *words):
        d = os.path.join(self.base, "bad")
        shutil.rmtree(d, ignore_errors=True)
        shutil.copytree(os.path.join(self.base, "good"), d)
        spoil(d)
        with self.assertRaises(CheckpointError) as e:
            export.export(d, os.path.join(self.base, "out"), "fp32")
        for w in words:
            self.assertIn(w, str(e.exception))
        self.assertFalse(os.path.exists(os.path.join(self.base, "out", "roborefer.json")), "a folder that looks like a model was left")

    def test_settings(self):
        at = lambda *p: lambda d: os.path.join(d, *p)
        for path, changes, words in (
            (at("config.json"), {"image_aspect_ratio": "resize"}, ["config.json", "'resize'", "dynamic_s2"]),
            (at("config.json"), {"image_aspect_ratio": "dynamic_s2"}, ["mm_projector", "mlp_downsample"]),
            (at("config.json"), {"enable_depth": None}, ["enable_depth", "want true"]),
            (at("config.json"), {"use_depth_tower": False}, ["use_depth_tower"]),
            (at("config.json"), {"mm_vision_select_layer": -1}, ["mm_vision_select_layer", "-2"]),
            (at("config.json"), {"image_encoder": {"_target_": "llava.TSPEncoder"}}, ["TSPEncoder", "BasicImageEncoder"]),
            (at("vision_tower", "preprocessor_config.json"), {"image_mean": [0.48, 0.45, 0.4]}, ["preprocessor_config.json", "mean"]),
            (at("vision_tower", "preprocessor_config.json"), {"resample": 2}, ["resample", "bicubic"]),
            (at("depth_tower", "config.json"), {"hidden_act": "gelu"}, ["depth_tower", "gelu_pytorch_tanh"]),
            (at("llm", "config.json"), {"model_type": "llama"}, ["llama", "qwen2"]),
            (at("llm", "config.json"), {"rope_scaling": {"type": "yarn", "factor": 4}}, ["rope"]),
            (at("llm", "config.json"), {"vocab_size": 500}, ["tokenizer.json", "vocab_size, 500"]),
            (at("llm", "config.json"), {"hidden_size": 32, "head_dim": 16}, ["shape", "want"]),
            (at("llm", "tokenizer_config.json"), {"chat_template": "{{ messages[0].content }}"}, ["chat template", "want"]),
            (at("llm", "tokenizer_config.json"), {"chat_template": None}, ["no chat_template"]),
        ):
            with self.subTest(changes):
                self.check(lambda d, p=path, c=changes: edit(p(d), **c), *words)

    def test_files(self):
        w = lambda d: os.path.join(d, "llm", "model.safetensors")
        self.check(lambda d: shutil.rmtree(os.path.join(d, "depth_projector")), "depth_projector")
        self.check(lambda d: os.remove(os.path.join(d, "llm", "tokenizer.json")), "tokenizer.json")
        self.check(lambda d: os.remove(w(d)), "no *.safetensors")
        self.check(lambda d: os.truncate(w(d), os.path.getsize(w(d)) // 2), "model.safetensors", "cut short")
        self.check(lambda d: os.truncate(w(d), 5), "cut short")

    def test_inner_folder(self):
        d = os.path.join(self.base, "outer")
        shutil.copytree(os.path.join(self.base, "good"), os.path.join(d, "model"))
        self.assertEqual(Checkpoint(d).config.decoder.layers, 3)


if __name__ == "__main__":
    unittest.main()
