#!/usr/bin/env bash
# Fuzzes every parser of the module for the time given, one after the other. Usage: scripts/fuzz.sh 5m
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for pkg in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "fuzz $pkg $target"
		# Without a limit the fuzzer spends a minute on making each new input smaller, which is most of the time.
		if ! go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 1s "$pkg" 2>&1 | tee "$log"; then
			# At the end of its time go's fuzzer now and then reports the deadline itself as a failure; a finding names its input.
			grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log" || exit 1
		fi
	done
done
