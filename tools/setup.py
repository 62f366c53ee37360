"""Everything that a bare checkout needs before it can run: environment, packages, front-end assets,
translations.

Standard library only, Python 3.11 or newer. Each step is skipped while its inputs are unchanged, so that
calling this again costs a moment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
PACKAGE = ROOT / "src" / "anchang"
BUILT = PACKAGE / "static" / "build"
MINIMUM_PYTHON = (3, 11)
MINIMUM_NODE = 20


def main() -> None:
    if sys.version_info < MINIMUM_PYTHON:
        sys.exit("Anchang needs Python 3.11 or newer; name one with PYTHON=/path/to/python3.11 make …")
    os.chdir(ROOT)
    step("environment", [], environment, done=PYTHON.exists())
    step("packages", [ROOT / "requirements-dev.txt"], packages)
    step("itself", [ROOT / "pyproject.toml"], itself)
    if (ROOT / "package.json").exists():
        check_node()
        node_modules = (ROOT / "node_modules").is_dir()
        step("node", [ROOT / "package.json", ROOT / "package-lock.json"], node_packages, done=node_modules)
        step("assets", asset_sources(), assets, done=BUILT.is_dir())
    run([PYTHON, "tools/messages.py", "compile"])


def step(name: str, inputs: Iterable[Path], action: Callable[[], None], *, done: bool = True) -> None:
    """Run `action` unless it has succeeded with the same inputs before and its result (`done`) is there."""
    digest = hashlib.sha256()
    for path in inputs:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    stamp = STAMPS / name
    if done and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    print(f"setup: {name}", flush=True)
    action()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())


def run(command: list[str | Path]) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        sys.exit(f"setup: failed: {' '.join(map(str, command))}")


def environment() -> None:
    if not PYTHON.exists():
        run([sys.executable, "-m", "venv", VENV])
    if shutil.which("uv") is None:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "uv"], check=False)


def packages() -> None:
    """With uv where there is one, which takes seconds; else, or where it cannot reach an index, with pip."""
    own = VENV / "bin" / "uv"
    uv = own if own.exists() else shutil.which("uv")
    if uv:
        command = [uv, "pip", "sync", "--quiet", "--python", PYTHON, "requirements-dev.txt"]
        if subprocess.run(command, check=False).returncode == 0:
            return
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements-dev.txt"])


def itself() -> None:
    own = VENV / "bin" / "uv"
    uv = own if own.exists() else shutil.which("uv")
    installer: list[str | Path] = (
        [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
    )
    run([*installer, "--quiet", "--no-deps", "--no-build-isolation", "-e", "."])


def check_node() -> None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        sys.exit("Anchang needs Node 20 or newer, with npm, to build its front end.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < MINIMUM_NODE:
        sys.exit(f"Anchang needs Node 20 or newer; this is {version}.")


def node_packages() -> None:
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"])


def asset_sources() -> list[Path]:
    """What the build reads: its own folder, and templates and Python for the names of classes and icons."""
    found = [ROOT / "package.json", ROOT / "package-lock.json"]
    found += [path for path in (ROOT / "frontend").rglob("*") if path.is_file()]
    found += [path for ending in ("*.html", "*.py") for path in PACKAGE.rglob(ending)]
    return sorted(path for path in found if BUILT not in path.parents)


def assets() -> None:
    run(["npm", "run", "build", "--silent"])


if __name__ == "__main__":
    main()
