#!/bin/bash
# Trains the tiny model on a machine with an NVIDIA GPU, in one go and within a time limit: generates scenes on the CPU cores and trains on them as they
# come. Needs: Python with torch and transformers; a built refarena in BIN, libmujoco in LIB. No network.
#
#   train/gpu_run.sh probe SECONDS OUT     does everything run, and how fast?
#   train/gpu_run.sh main SECONDS OUT      the run of $CONFIG (train/configs/tiny.json)
#
# Also: BEGIN, weights to begin with; SEED, the first scene's (100000); GL, what draws (the GPU, or software); GENERATE, for how many seconds.
# OUT gets sft.safetensors and grpo.safetensors (train/adopt.py makes checkpoints of them), metrics.jsonl, curves.png, log.
set -u
mode=$1 limit=$2 out=$3
begun=$SECONDS
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here" || exit 1
carry=${CARRY:-$here/.carry}
bin=${BIN:-$carry/bin/refarena}
cores=$(nproc --all)
export REFARENA_LIBDIR=${LIB:-$carry/lib} LD_LIBRARY_PATH=${LIB:-$carry/lib} PYTHONUNBUFFERED=1 OMP_NUM_THREADS=4 TOKENIZERS_PARALLELISM=false
export work=${WORK:-$(mktemp -d)}
mkdir -p "$work" "$out"
if [ -e "$bin.gz" ]; then gzip -dc "$bin.gz" >"$work/refarena" && chmod +x "$work/refarena" && bin=$work/refarena; fi
left() { echo $((limit - (SECONDS - begun))); }
say() { echo "[$((SECONDS - begun)) s] $*"; }

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; say "$cores cores, $(python3 -V)"
for f in "$carry"/gl/*.deb; do [ -e "$f" ] && dpkg -x "$f" / ; done; ldconfig
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
[ -e $vendor ] && export __EGL_VENDOR_LIBRARY_FILENAMES=$vendor

gl=${GL:-gpu}
if ! timeout 20 "$bin" gen -n 2 --views 1 --size 192 --count 4 --seed 700000 --gl $gl --out "$work/try" >"$work/try.log" 2>&1; then
  say "no pictures by $gl: $(tail -2 "$work/try.log")"
  gl=software
  timeout 20 "$bin" gen -n 2 --views 1 --size 192 --count 4 --seed 700000 --gl software --out "$work/try2" >"$work/try.log" 2>&1 ||
    { say "no pictures by software either: $(tail -2 "$work/try.log")"; gl=none; }
fi
say "pictures by: $gl"
data="--size 192 --aspect 4:3 --views 4 --count 16 --rgb raw --gl $gl"
datas=
for d in "$carry"/data; do [ -e "$d" ] && datas="$datas --data $d"; done
if [ $gl != none ]; then
  "$bin" gen $data -n 75 --seed 700000 --shard-scenes 5 --workers $((cores - 1)) --out "$work/validation" >"$work/validation.log" 2>&1
  say "validation: $(tail -1 "$work/validation.log")"
  setsid nice -n 10 "$bin" gen $data -n 200000 --seed ${SEED:-100000} --shard-scenes 8 --workers $((cores - 4)) --out "$work/data" >"$work/gen.log" 2>&1 &
  gen=$!
  # Drawing takes turns with training on the GPU: after a while the pictures there are have to do.
  (sleep ${GENERATE:-190}; kill -- -$gen) 2>/dev/null &
  datas="$datas --data $work/data"
fi
config=${CONFIG:-train/configs/tiny.json}
if [ "$mode" = probe ]; then
  python3 - <<'PY'
import json, os
c = json.load(open("train/configs/tiny.json"))
c["stages"] = [{"name": "towers", "seconds": 6}, {"name": "sft", "seconds": 26}, {"name": "grpo", "seconds": 7, "batch": 128}]
c["validate_pictures"], c["wait"], c["wait_seconds"], c["validate_every"] = 40, 300, 10, 1000
json.dump(c, open(os.path.join(os.environ["work"], "probe.json"), "w"))
PY
  config=$work/probe.json
fi
validation=$work/validation
[ -e "$validation" ] || validation=$carry/data
nice -n -5 python3 train/train.py $config ${BEGIN:+--begin "$BEGIN"} $datas --validation "$validation" --out "$work/run" --until $(($(left) - 14)) 2>&1 | tee "$out/log"
say "$(tail -2 "$work/gen.log" 2>/dev/null)"
[ -n "${gen:-}" ] && kill -- -"$gen" 2>/dev/null; jobs -p | xargs -r kill 2>/dev/null
for f in sft.safetensors grpo.safetensors during.safetensors metrics.jsonl curves.png; do
  [ -e "$work/run/$f" ] && cp "$work/run/$f" "$out/"
done
[ -e "$out/sft.safetensors" ] && rm -f "$out/during.safetensors"
say "shards: $(ls "$work/data" 2>/dev/null | grep -c parquet), $(du -sh "$work/data" 2>/dev/null | cut -f1)"
nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv,noheader
ls -la "$out"
