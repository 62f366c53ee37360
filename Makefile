# Everything works from a bare checkout with Python >= 3.11, Node >= 20 and make.
SHELL := /bin/sh
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
PYTEST_ARGS ?=
BIN := .venv/bin
UV = $(shell command -v uv || echo $(BIN)/uv)

# Without compiled modules every start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run dev setup test check bench messages lock

help:
	@echo "make run    start the demo office on http://127.0.0.1:$${PORT:-8000}"
	@echo "make test   the whole test suite      make check  lint, types, architecture, translations"
	@echo "make dev    run with debug pages      make bench  every performance figure"
	@echo "make setup  environment and assets    make messages  compile translations    make lock  pin packages"

setup:
	@test -n "$(PYTHON)" || { echo "Anchang needs Python 3.11 or newer; name one with PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) tools/setup.py

run: setup
	@exec $(BIN)/anchang up --demo

dev: setup
	@ANCHANG_DEBUG=1 ANCHANG_WEB_PROCESSES=1 exec $(BIN)/anchang up --demo

test: setup
	@case "$(PYTEST_ARGS)" in *"not browser"*) ;; *) sh tools/chromium.sh ;; esac
	@$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@PYTHONWARNINGS=ignore $(BIN)/anchang manage makemigrations --check --dry-run
	$(BIN)/python tools/messages.py check
	$(BIN)/python tools/rules.py

bench: setup
	@exec $(BIN)/anchang bench

messages: setup
	@$(BIN)/python tools/messages.py compile

lock:
	@$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" \
		pyproject.toml -o requirements.txt
	@$(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" \
		--extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
