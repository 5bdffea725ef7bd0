#!/bin/sh
# Makes what the tests of referee/roborefer run on: small models of random weights, exported by train/export.py, into .cache/parity (25 MB), and
# Qwen2's tokenizer into .cache/qwen. Neither is committed. The Python packages (120 MB, without PyTorch) go into .cache/python. Run again with
# nothing changed, it is quick, silent and makes no network request.
set -eu
cd "$(dirname "$0")/.."

stamp=$(cat scripts/parity.sh train/requirements-export.txt train/parity.py train/export.py train/checkpoint.py train/config.py train/random_checkpoint.py \
	train/test_export.py train/tokenizer.py referee/roborefer/testdata/tokenizer.json | sha256sum | cut -d ' ' -f 1)
[ "$(cat .cache/parity/stamp 2>/dev/null)" != "$stamp" ] || exit 0

python=python3
"$python" -m pip --version >/dev/null 2>&1 || python=/usr/bin/python3
"$python" -m pip --version >/dev/null 2>&1 || {
	echo "parity: no python3 with pip (Debian, Ubuntu: apt-get install python3-pip)" >&2
	exit 1
}
mkdir -p .cache
packages=.cache/python/$(sha256sum train/requirements-export.txt | cut -c 1-12)
if [ ! -d "$packages" ]; then
	echo "parity: fetching numpy, onnx and tokenizers into .cache/python" >&2
	rm -rf .cache/python
	"$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-cache-dir --no-deps --only-binary :all: \
		--target "$packages.part" -r train/requirements-export.txt
	mv "$packages.part" "$packages"
fi
export PYTHONPATH="$packages" PYTHONDONTWRITEBYTECODE=1
if [ ! -f .cache/qwen/tokenizer.json ]; then
	# Qwen's vocabulary, as the package of its makers carries it; nothing of the package is run.
	rm -rf .cache/qwen
	mkdir -p .cache/qwen.part
	echo "dashscope==2.0.2 --hash=sha256:0602d1800f7433bdb7953560986eaf5146454ed3988636c0a91963ba24e74258" >.cache/qwen.part/pin.txt
	"$python" -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r .cache/qwen.part/pin.txt -d .cache/qwen.part
	"$python" -c "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract('dashscope/resources/qwen.tiktoken', '.cache/qwen.part')" .cache/qwen.part/dashscope-*.whl
	"$python" train/parity.py qwen .cache/qwen.part/dashscope/resources/qwen.tiktoken .cache/qwen.part/tokenizer.json
	rm -rf .cache/qwen.part/dashscope*
	mv .cache/qwen.part .cache/qwen
fi
"$python" train/test_export.py 2>.cache/test_export.log || {
	cat .cache/test_export.log >&2
	exit 1
}
rm -rf .cache/parity
"$python" train/parity.py build .cache/parity
echo "$stamp" >.cache/parity/stamp
