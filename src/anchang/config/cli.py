"""The `anchang` command.

Exit codes: 0 done; 1 a part failed while running; 2 nothing was done (wrong arguments, unreadable file);
3 an import refused some rows and took the others.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anchang

NOTHING_DONE = 2
SOME_REFUSED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["manage"]:
        return manage(words[1:])
    options = build_parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = options.run
    from anchang.config.backup import BackupError
    from anchang.config.postgres import ServerError
    from anchang.config.supervisor import UpError

    try:
        return run(options)
    except (UpError, ServerError, BackupError) as problem:
        print(f"anchang: {problem}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="anchang", description="案场 Anchang: one system for a developer's sales offices."
    )
    parser.add_argument("--version", action="version", version=f"anchang {anchang.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = add(
        commands, "up", run_up, "start web and worker, and the embedded database when no DATABASE_URL is set"
    )
    up.add_argument("--demo", action="store_true", help="with the demo office (on this machine only)")
    up.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    up.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    up.add_argument("--no-worker", action="store_true", help="web only; jobs wait")

    add(commands, "worker", run_worker, "run jobs only (for more machines)")

    importing = add(commands, "import", run_import, "take a file in; exit 3 when some rows were refused")
    importing.add_argument("kind", metavar="KIND", help="price-list, leads, visits, bank-statement, …")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--project", required=True, metavar="CODE")
    importing.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
    importing.add_argument("--report", type=Path, metavar="OUT.json")

    exporting = add(commands, "export", run_export, "write a list to an Excel file")
    exporting.add_argument("resource", metavar="RESOURCE")
    exporting.add_argument("--project", required=True, metavar="CODE")
    exporting.add_argument("--to", type=Path, required=True, metavar="OUT.xlsx")
    exporting.add_argument("--request", default="", metavar="NUMBER", help="an approved export, where one is needed")

    backup = add(commands, "backup", run_backup, "write the whole database to a file (never the data key)")
    backup.add_argument("file", type=Path, metavar="FILE")
    restore = add(commands, "restore", run_restore, "replace the database by a backup")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--yes", action="store_true", help="do not ask")

    add(commands, "doctor", run_doctor, "check this installation")

    user = commands.add_parser("user", help="people who may sign in").add_subparsers(
        required=True, metavar="COMMAND"
    )
    user_add = add(
        user, "add", run_user_add, "add a user; the password is asked for, or read from standard input"
    )
    user_add.add_argument("username")
    user_add.add_argument("--name", default="")
    user_add.add_argument("--role", default="", help="code of a role")
    user_add.add_argument(
        "--project", default="", metavar="CODE", help="where the role holds; none: everywhere"
    )

    bench = add(commands, "bench", run_bench, "measure, as JSON lines (from a checkout)")
    bench.add_argument("names", nargs="*")
    commands.add_parser(
        "manage", help="Django's own commands, on this installation's database", add_help=False
    )
    return parser


def add(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


# -- commands. Imports are inside: most of them need Django, and `anchang --help` should not.


def run_up(options: argparse.Namespace) -> int:
    from anchang.config.supervisor import up

    return up(host=options.host, port=options.port, demo=options.demo, with_worker=not options.no_worker)


def run_worker(options: argparse.Namespace) -> int:
    from anchang.config import connecting, jobs

    with connecting.database():
        jobs.main()
    return 0


def run_import(options: argparse.Namespace) -> int:
    from anchang.config.connecting import ready_database

    if not options.file.is_file():
        print(f"anchang: no such file: {options.file}", file=sys.stderr)
        return NOTHING_DONE
    with ready_database():
        from anchang.kernel.errors import DomainError
        from anchang.platform.importing.jobs import import_file

        try:
            report = import_file(options.kind, options.file, options.project, dry_run=options.dry_run)
        except DomainError as problem:
            print(f"anchang: {worded(problem)}", file=sys.stderr)
            return NOTHING_DONE
    if options.report:
        options.report.write_text(
            json.dumps(report, ensure_ascii=False, indent=1, default=str), encoding="utf-8"
        )
    counts = ", ".join(
        f"{report.get(name, 0)} {name}" for name in ("rows", "created", "updated", "unchanged")
    )
    refused = report.get("refused", [])
    print(f"{counts}, {len({row['row'] for row in refused})} refused")
    for row in refused[:20]:
        print(f"  {row['row']}  {row['column']}  {row['message']}", file=sys.stderr)
    if not refused:
        return 0
    taken = sum(int(report.get(name, 0)) for name in ("created", "updated", "unchanged"))
    return SOME_REFUSED if taken else NOTHING_DONE


def run_export(options: argparse.Namespace) -> int:
    from anchang.config.connecting import ready_database

    with ready_database():
        from anchang.kernel.errors import DomainError
        from anchang.platform.exporting.jobs import export_file

        try:
            rows = export_file(options.resource, options.project, options.to, request=options.request)
        except DomainError as problem:
            print(f"anchang: {worded(problem)}", file=sys.stderr)
            return NOTHING_DONE
    print(f"{rows} rows in {options.to}")
    return 0


def worded(problem: Any) -> str:
    """A DomainError in words, with the fields that it names."""
    from anchang.platform.wording import worded as sentence

    fields = [f"{name}: {sentence(str(code))}" for name, code in problem.fields.items()]
    return " ".join([sentence(problem.code, problem.params), *fields])


def run_backup(options: argparse.Namespace) -> int:
    from anchang.config import backup, connecting

    with connecting.database():
        size = backup.write(options.file)
    print(f"{options.file}: {size:,} bytes. The data key is not in it; keep that elsewhere too.")
    return 0


def run_restore(options: argparse.Namespace) -> int:
    from anchang.config import backup, connecting

    backup.check(options.file)
    if not options.yes and not confirmed("This replaces everything in the database. Type yes: "):
        return NOTHING_DONE
    with connecting.database(exclusive=True):
        backup.restore(options.file)
    print(f"Restored from {options.file}.")
    return 0


def confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        print("anchang: not a terminal; say --yes.", file=sys.stderr)
        return False
    return input(question).strip().lower() == "yes"


def run_doctor(options: argparse.Namespace) -> int:
    from anchang.config import doctor

    return doctor.run()


def run_user_add(options: argparse.Namespace) -> int:
    import getpass

    from anchang.config.connecting import ready_database

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with ready_database():
        from anchang.config.people import add_user
        from anchang.kernel.errors import DomainError

        try:
            add_user(
                options.username, password, name=options.name, role=options.role, project=options.project
            )
        except DomainError as problem:
            print(f"anchang: {worded(problem)}", file=sys.stderr)
            return NOTHING_DONE
    print(f"{options.username} may sign in.")
    return 0


def run_bench(options: argparse.Namespace) -> int:
    import subprocess

    root = Path(anchang.__file__).resolve().parent.parent.parent
    if not (root / "bench" / "__main__.py").exists():
        print("anchang: the benchmarks are in a checkout, not in the installed package.", file=sys.stderr)
        return NOTHING_DONE
    return subprocess.run([sys.executable, "-m", "bench", *options.names], cwd=root, check=False).returncode


def manage(words: list[str]) -> int:
    from django.core.management import execute_from_command_line

    from anchang.config import connecting
    from anchang.config.home import home

    home()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", connecting.SETTINGS)
    if words[:1] in (["migrate"], ["createcachetable"], ["sqlmigrate"]) and not any(
        w.startswith("--database") for w in words
    ):
        words = [*words, "--database", "owner"]
    if words[:1] in (["makemigrations"], ["check"], ["compilemessages"], ["makemessages"], []):
        execute_from_command_line(["anchang manage", *words])
        return 0
    with connecting.database():
        execute_from_command_line(["anchang manage", *words])
    return 0


if __name__ == "__main__":
    sys.exit(main())
