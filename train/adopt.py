"""A checkpoint folder from the one file of half precision that a run leaves (sft.safetensors, grpo.safetensors):

    python train/adopt.py FILE --config train/configs/tiny.json --out DIR
"""

import argparse
import sys

from safetensors.torch import load_file
from tokenizers import Tokenizer

import model as roborefer
from train import Run, model_config


def adopt(path, run, out):
    cfg = model_config(run.model, Tokenizer.from_file(run.tokenizer))
    m = roborefer.RoboRefer(cfg, place_codes=True)
    state = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
    state["llm.lm_head.weight"] = state["llm.model.embed_tokens.weight"]
    try:
        m.load_state_dict(state)
    except RuntimeError as e:
        raise ValueError(f"{path} is of another model than {run.name}: {e}") from None
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
