#!/bin/sh
# Prepares a checkout on Debian 12 or Ubuntu 24.04 (x86_64, aarch64): system packages, the native libraries of native.txt into .deps/, Go
# modules. It looks first and does only what is missing: run again, it is quick, silent and makes no network request.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
die() {
	say "$@"
	exit 1
}

# check_platform accepts the systems that native.txt has libraries for and sets wheel_tag, their name among Python wheels.
check_platform() {
	system=$(uname -s)-$(uname -m)
	case $system in
	Linux-x86_64 | Linux-aarch64) wheel_tag=manylinux_2_28_$(uname -m) ;;
	*) die "no native libraries for $system (have Linux-x86_64, Linux-aarch64)" ;;
	esac
}

# check_go looks at the Go that would build this module, which is a newer one than the command's own if GOTOOLCHAIN allows that.
check_go() {
	want=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
	if ! command -v go >/dev/null; then
		hint="install it from https://go.dev/dl"
		[ ! -x /usr/local/go/bin/go ] || hint="there is one in /usr/local/go/bin: add that to PATH"
		die "Go $want or newer is needed and there is no go command ($hint)"
	fi
	have=$(go env GOVERSION 2>/dev/null) || have=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
	have=${have#go}
	[ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ] ||
		die "Go $want or newer is needed and $(command -v go) is $have (install it from https://go.dev/dl)"
}

# installed knows that a package may also be there for another processor (i386 beside amd64), which does not count.
installed() {
	dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$1" 2>/dev/null | grep -Eqx "(all|$(dpkg --print-architecture)) installed"
}

# python prints a Python 3 that has pip.
python() {
	for p in python3 /usr/bin/python3; do
		if "$p" -m pip --version >/dev/null 2>&1; then
			echo "$p"
			return
		fi
	done
	return 1
}

# install_packages asks apt-get for what is missing: a C compiler (cgo), EGL and GL with Mesa's software renderer (sim/render, the viewer), X11 (the
# viewer's window), and pip when the native libraries are still to be fetched.
install_packages() {
	if ! command -v dpkg-query >/dev/null; then
		say "not a Debian or Ubuntu: a C compiler, pip, EGL, GL, Mesa and the X11 development files are taken to be there"
		return
	fi
	missing=
	command -v gcc >/dev/null || missing="$missing gcc"
	command -v pkg-config >/dev/null || missing="$missing pkg-config"
	native_ready || python >/dev/null || missing="$missing python3-pip"
	for p in ca-certificates libc6-dev libegl-dev libgl-dev libegl-mesa0 libgl1-mesa-dri \
		libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev; do
		installed "$p" || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0

	sudo=
	if [ "$(id -u)" != 0 ]; then
		if sudo -n apt-get --version >/dev/null 2>&1; then
			sudo="sudo -n"
		elif [ -t 0 ] && command -v sudo >/dev/null; then
			sudo=sudo
		else
			say "system packages are missing and this user may not install them; run as root:"
			echo "apt-get update && apt-get install -y --no-install-recommends$missing" >&2
			exit 1
		fi
	fi
	say "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	# A fresh machine often holds the package lock for a while with its own first update: wait for it.
	$sudo apt-get -qq -o DPkg::Lock::Timeout=300 update
	# shellcheck disable=SC2086 # one word a package
	$sudo apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing >/dev/null ||
		die "apt-get could not install$missing"
}

# native_stamp names what .deps/ should hold: these pins, for this processor.
native_stamp() { echo "$(sha256sum <scripts/native.txt | cut -d ' ' -f 1) $(uname -m)"; }

native_ready() {
	for dir in $(sed -n 's/^\([a-z]*\)[a-z-]*==\([0-9.]*\).*/\1-\2/p' scripts/native.txt); do
		[ "$(cat ".deps/$dir/stamp" 2>/dev/null)" = "$(native_stamp)" ] || return 1
	done
}

# fetch_native unpacks the wheels without installing them, so it needs no virtual environment and meets no "externally managed" refusal. The
# wheels are never imported: 311 only says which of the pinned files is meant, whatever Python runs here.
fetch_native() {
	mkdir -p .deps
	exec 9>.deps/lock
	flock 9 # two makes in one checkout
	! native_ready || return 0
	pip_python=$(python) || die "no python3 with pip (Debian, Ubuntu: apt-get install python3-pip)"
	say "fetching $(sed -n 's/^\([a-z-]*\)==\([0-9.]*\).*/\1 \2/p' scripts/native.txt | paste -s -d , | sed 's/,/, /g') into .deps"
	rm -rf .deps/wheels
	"$pip_python" -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary :all: \
		--platform "$wheel_tag" --python-version 311 -r scripts/native.txt -d .deps/wheels ||
		die "pip could not download the libraries that scripts/native.txt pins: the reason is above (network, proxy, or a wrong hash)"
	"$pip_python" scripts/unpack.py scripts/native.txt .deps/wheels .deps "$(native_stamp)"
	rm -rf .deps/wheels
}

check_platform
check_go
install_packages
native_ready || fetch_native
go mod download
go -C examples/suite mod download
