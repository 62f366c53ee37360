#!/bin/sh
# Makes sure that the browser tests have a Chromium, and a font for Chinese, from the system's packages.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then found=yes; fi
done
if [ -n "${found:-}" ]; then exit 0; fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium, which only root may install here." >&2
    echo "Install it (Debian: sudo apt-get install chromium fonts-noto-cjk) and run make test again," >&2
    echo "or leave the browser out: make test PYTEST_ARGS=\"-m 'not browser'\"" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
