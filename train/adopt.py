"""A checkpoint folder from the one file of half precision that a run leaves (sft.safetensors, grpo.safetensors):

    python train/adopt.py FILE --config train/configs/tiny.json --out DIR
"""

import argparse
import sys

from tokenizers import Tokenizer

import model as roborefer
from train import Run, model_config


def adopt(path, run, out):
    cfg = model_config(run.model, Tokenizer.from_file(run.tokenizer))
    m = roborefer.RoboRefer(cfg, place_codes=True)
    roborefer.begin(m, path)
    roborefer.save(m.eval(), out, run.tokenizer)
    return m


def main():
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("file")
    a.add_argument("--config", required=True)
    a.add_argument("--out", required=True, metavar="DIR")
    o = a.parse_args()
    adopt(o.file, Run.load(o.config), o.out)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as e:
        sys.exit(f"adopt: {e}")
