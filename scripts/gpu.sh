#!/bin/sh
# Fetches ONNX Runtime for NVIDIA GPUs with its CUDA libraries into .deps/onnxruntime-gpu-*/lib, by hash. Needed only for `--device cuda:N`; the
# machine needs a driver for CUDA 13 (580 or newer).
set -eu
cd "$(dirname "$0")/.."
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || {
	echo "gpu: no libraries for $(uname -s)-$(uname -m) (have Linux-x86_64)" >&2
	exit 1
}
into=.deps/onnxruntime-gpu-$(sed -n 's/^onnxruntime-gpu==\([0-9.]*\).*/\1/p' scripts/native-gpu.txt)
stamp=$(sha256sum <scripts/native-gpu.txt | cut -d ' ' -f 1)
[ "$(cat "$into/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
python=python3
"$python" -m pip --version >/dev/null 2>&1 || python=/usr/bin/python3
echo "gpu: fetching ONNX Runtime for GPUs and the CUDA libraries, about 1 GB" >&2
rm -rf "$into.part"
mkdir -p "$into.part/wheels" "$into.part/lib"
"$python" -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary :all: \
	--platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
	--python-version 311 -r scripts/native-gpu.txt -d "$into.part/wheels"
"$python" - "$into.part" <<'PYTHON'
import glob, os, re, shutil, sys, zipfile
for wheel in glob.glob(sys.argv[1] + "/wheels/*.whl"):
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if re.search(r"/lib[^/]*\.so[.0-9]*$", name) and "tensorrt" not in name:
                with z.open(name) as src, open(os.path.join(sys.argv[1], "lib", os.path.basename(name)), "wb") as dst:
                    shutil.copyfileobj(src, dst)
PYTHON
rm -rf "$into.part/wheels"
echo "$stamp" >"$into.part/stamp"
rm -rf "$into" # only now: a download that fails takes nothing away
mv "$into.part" "$into"
