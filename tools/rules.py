"""The team's own rules, which no ready-made linter knows; `make check` runs them over the package.

A line that must break a rule says so at its end: `# rule: <name> - <why>`. Without a reason it stays an error.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "anchang"
SHOWING = {"views", "api", "resources", "queries"}
WRITES = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete"}
BROAD = {"Exception", "BaseException"}
EXEMPT = re.compile(r"#.*\brule: ([a-z-]+) - \S.{5,}")

#: Reads that still stand in views; they belong into queries. The numbers may only fall.
READS_IN_VIEWS = {
    "crm/views/customer.py": 4,
    "crm/views/duplicates.py": 4,
    "crm/views/floor.py": 4,
    "crm/views/follow_up.py": 2,
    "crm/views/hand_over.py": 6,
    "crm/views/parts.py": 2,
    "crm/views/pool.py": 1,
    "crm/views/reception.py": 5,
    "crm/views/visit.py": 1,
    "insight/views.py": 1,
    "platform/exporting/views.py": 2,
    "platform/importing/views.py": 1,
    "processes/views/board.py": 2,
    "processes/views/cashier.py": 10,
    "processes/views/papers.py": 2,
}

Found = Iterator[tuple[int, str, str]]


def parts_of(path: Path) -> set[str]:
    return {*path.relative_to(PACKAGE).with_suffix("").parts}


def reads_in_views(path: Path, tree: ast.Module) -> Found:
    if "views" not in parts_of(path):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("objects", "everything", "_default_manager"):
            yield node.lineno, "views-read", "a view asks a query for its rows, it has no manager"


def strong_locks(path: Path, tree: ast.Module) -> Found:
    for node in calls(tree, {"select_for_update"}):
        weak = [k for k in node.keywords if k.arg == "no_key" and getattr(k.value, "value", None) is True]
        if not weak:
            yield node.lineno, "strong-lock", "select_for_update() without no_key=True blocks rows that refer to it"


def own_clocks(path: Path, tree: ast.Module) -> Found:
    """config also runs without Django; everywhere else time comes from the context or django.utils.timezone."""
    if path.relative_to(PACKAGE).parts[0] == "config":
        return
    for node in calls(tree, {"now", "utcnow", "today"}):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        name = getattr(owner, "attr", getattr(owner, "id", ""))
        if name in ("datetime", "date"):
            yield node.lineno, "own-clock", "ask ctx.now, ctx.business_date or django.utils.timezone"


def swallowed(path: Path, tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(one is None or getattr(one, "id", "") in BROAD for one in caught)
        silent = all(
            isinstance(line, ast.Pass | ast.Continue)
            or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            for line in node.body
        )
        if broad and silent:
            yield node.lineno, "swallowed", "every error is caught and nothing is done about it"


def writes_while_showing(path: Path, tree: ast.Module) -> Found:
    """`.update(a=1)` is a queryset's; a dict's or set's takes its argument without a name."""
    if not SHOWING & parts_of(path):
        return
    for node in calls(tree, WRITES | {"update"}):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in WRITES or (name == "update" and node.keywords and not node.args):
            yield node.lineno, "write", f".{name}() belongs into a command"


def calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


RULES = (reads_in_views, strong_locks, own_clocks, swallowed, writes_while_showing)


def problems(path: Path) -> list[tuple[int, str, str]]:
    text = path.read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    found = []
    for rule in RULES:
        for line, name, why in rule(path, tree):
            exempt = EXEMPT.search(lines[line - 1])
            if exempt is None or exempt[1] != name:
                found.append((line, name, why))
    return sorted(found)


def check() -> int:
    failed = False
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        found, name = problems(path), str(path.relative_to(PACKAGE))
        count = Counter(rule for _line, rule, _why in found)["views-read"]
        known = count <= READS_IN_VIEWS.get(name, 0)
        for line, rule, why in found:
            if rule == "views-read" and known:
                continue
            print(f"src/anchang/{name}:{line}: {rule}: {why}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(check())
