"""`python -m bench [name …] [--markdown] [--scale 0.1]`: JSON lines on standard output.

One embedded database server in a temporary folder; every entry gets a database and a process of its own. Exit
code 1 when an entry failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = (
    "create_customer", "customer_list", "unit_board", "report_project", "import_leads", "first_page", "start",
    "opening", "opening_growth", "pricing", "receivables", "statement_match",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ENTRIES))
    parser.add_argument("--markdown", action="store_true", help="a table at the end")
    parser.add_argument("--scale", type=float, default=0.1, help="of report_project's background (1: 10 M follow-ups)")
    parser.add_argument("--seconds", type=float, default=15.0, help="that each side of create_customer sends for")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ENTRIES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="anchang-bench-") as folder:
        Path(folder).chmod(0o711)
        lines, failed = run(Path(folder), options)
    if options.markdown:
        from bench.figures import table

        print("\n" + table(lines))
    return 1 if failed else 0


def run(folder: Path, options: argparse.Namespace) -> tuple[list[str], bool]:
    os.environ["ANCHANG_HOME"] = str(folder / "home")
    for name in ("DATABASE_URL", "DATABASE_APP_URL"):
        os.environ.pop(name, None)
    from bench.place import Place

    lines: list[str] = []
    failed = False
    with Place(folder) as place:
        for name in options.names or ENTRIES:
            environment = place.database(name) | {
                "BENCH_SCALE": str(options.scale), "BENCH_SECONDS": str(options.seconds)
            }  # fmt: skip
            child = subprocess.Popen(
                [sys.executable, "-m", "bench.entry", name], cwd=ROOT, env=environment, text=True,
                stdout=subprocess.PIPE,
            )  # fmt: skip
            assert child.stdout is not None
            for line in child.stdout:
                if line.startswith("{"):
                    lines.append(line)
                print(line, end="", flush=True)
            if child.wait() != 0:
                print(f"bench: {name} failed", file=sys.stderr, flush=True)
                failed = True
            place.drop(name)
    return lines, failed


if __name__ == "__main__":
    sys.exit(main())
