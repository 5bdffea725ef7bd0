# `make eval` and `make test` are the two commands of the README. After the first `make`, plain go build and go test work too.

PREFIX   ?= /usr/local
FUZZTIME ?= 5m
ARGS     ?=

pinned = $(shell sed -n 's/^$(1)==\([0-9.]*\).*/\1/p' scripts/native.txt)
mujoco = .deps/mujoco-$(call pinned,mujoco-core)
ort    = .deps/onnxruntime-$(call pinned,onnxruntime)

# go stamps the commit into the binary; where git is missing or refuses to look at the folder, that must not stop the build.
BUILDVCS := $(if $(shell git rev-parse --verify --quiet HEAD 2>/dev/null),auto,false)

.DEFAULT_GOAL := help
.PHONY: help eval build setup parity gpu train-venv train-test train-smoke test test-long lint cycles gallery fuzz install clean distclean
MAKEFLAGS += --no-print-directory

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

eval: build ## Evaluate: a UR5 picks what the embedded model points at, suite "starter". ARGS="--episodes 5" adds flags.
	bin/refarena eval --suite starter $(ARGS)

build: setup ## Build bin/refarena.
	go build -buildvcs=$(BUILDVCS) -o bin/refarena ./cmd/refarena

setup: ## Install what is missing: system packages, .deps/, Go modules. The second run needs no network.
	@scripts/setup.sh

test: build lint parity ## Run every check and test, those of examples/suite too. This is what CI runs.
	go test -race -shuffle=on -timeout=20m ./...
	go -C examples/suite build ./...
	go -C examples/suite test ./...

test-long: test fuzz ## Run the long tests too (REFARENA_LONG=1), fuzz every parser for FUZZTIME (5m), compare with Blender Cycles.
	REFARENA_LONG=1 go test -count=1 -timeout=6h ./...
	@if command -v python3.11 >/dev/null; then $(MAKE) train-test train-smoke; else echo "test-long: no python3.11: training not tested (make train-smoke)"; fi
	@if command -v python3.11 >/dev/null; then $(MAKE) cycles; else echo "test-long: no python3.11: not compared with Cycles (make cycles)"; fi

parity: setup ## Make the small models that the tests of RoboRefer's runtime need, in .cache/.
	@scripts/parity.sh

gpu: setup ## Fetch ONNX Runtime with CUDA for --device cuda:N (optional, 2 GB, needs an NVIDIA driver).
	@scripts/gpu.sh

lint: setup ## Check the code with gofmt, go vet and staticcheck.
	@files=$$(gofmt -l .) && if [ -n "$$files" ]; then echo "gofmt: run gofmt -w on:" $$files; exit 1; fi
	go vet ./...
	go -C examples/suite vet ./...
	go tool staticcheck ./...

train-venv: .cache/train/ready ## Install what training needs (PyTorch, 5 GB) into .cache/train.

.cache/train/ready: train/requirements.txt
	python3.11 -m venv .cache/train
	.cache/train/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

train-test: .cache/train/ready ## Test train/ (PyTorch, no simulator, 2 min).
	OMP_NUM_THREADS=1 .cache/train/bin/python -m pytest -q train/test_train.py

train-smoke: build .cache/train/ready ## Run all of training at toy size: gen, the stages, fine-tuning, export, eval (1 min).
	scripts/smoke.sh

cycles: build .cache/bpy/ready ## Compare 20 scenes with Blender Cycles (docs/cycles.md); takes hours. ARGS="--scenes 3 --samples 64" makes it less.
	.cache/bpy/bin/python train/compare_cycles.py $(ARGS)

.cache/bpy/ready: train/requirements-cycles.txt
	python3.11 -m venv .cache/bpy
	.cache/bpy/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

gallery: build ## Make the pictures of docs/gallery.md anew.
	go run ./scripts/gallery

fuzz: setup ## Fuzz every parser for FUZZTIME (5m), one after the other.
	scripts/fuzz.sh $(FUZZTIME)

install: bin/refarena ## Install the command, its two libraries and MuJoCo's headers. PREFIX=/usr/local says where.
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include/mujoco
	install -m 755 bin/refarena $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(mujoco)/include/mujoco/*.h $(DESTDIR)$(PREFIX)/include/mujoco
	install -m 644 $(wildcard $(mujoco)/lib/*.so.* $(ort)/lib/*.so.* $(ort)/lib/*_shared.so) $(DESTDIR)$(PREFIX)/lib
	ln -sf $(notdir $(wildcard $(ort)/lib/libonnxruntime.so.*)) $(DESTDIR)$(PREFIX)/lib/libonnxruntime.so.1
	$(if $(DESTDIR),,-if [ "$$(id -u)" = 0 ]; then ldconfig; fi)

bin/refarena: # not rebuilt by install, so that `sudo make install` needs no go command
	$(MAKE) build

clean: ## Remove what was built. Results in runs/ stay.
	rm -rf bin

distclean: clean ## Remove the native libraries too.
	rm -rf .deps
