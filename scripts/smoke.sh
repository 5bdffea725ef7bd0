#!/bin/sh
# The whole of training at toy size: pictures and questions, the three stages, graphs, an evaluation. Nothing is learnt; it shows that all parts fit.
# At most 10 minutes on two cores (one, as a rule). PYTHON names another Python than that of `make train-venv`.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.cache/train/bin/python}
out=out/smoke
rm -rf "$out"
mkdir -p "$out"
export OMP_NUM_THREADS=2 TOKENIZERS_PARALLELISM=false
bin/refarena gen --out "$out/data" -n 8 --views 2 --size 96 --aspect 4:3 --count 8 --min-count 1 --shard-scenes 4 >"$out/gen.txt"
bin/refarena gen --out "$out/validation" -n 2 --views 2 --size 96 --aspect 4:3 --count 8 --min-count 1 --seed 700000 >>"$out/gen.txt"
bin/refarena gen --from "$out/data" --llava "$out/llava" >>"$out/gen.txt"
"$python" train/check_llava.py "$out/llava"
"$python" train/train.py train/configs/toy.json --data "$out/data" --validation "$out/validation" --out "$out/run" --device cpu
"$python" train/evaluate.py --checkpoint "$out/run/model" --data "$out/validation"
"$python" train/finetune.py --checkpoint "$out/run/model" --data "$out/data" --out "$out/tuned" --steps 3 --batch 2 --device cpu
"$python" train/export.py "$out/tuned/model" "$out/graphs" --precision fp16
bin/refarena eval --suite starter --referee "roborefer:$out/graphs" --episodes 1 --out "$out/eval"
