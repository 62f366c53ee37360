#!/bin/sh
# Makes sure that the benchmarks of launch day have wrk, from the system's packages.
set -eu

if command -v wrk >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The benchmarks of launch day need wrk, which only root may install here." >&2
    echo "Install it (Debian: sudo apt-get install wrk) and run them again." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends wrk >/dev/null
