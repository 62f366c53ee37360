"""Translations: `compile` makes the .mo files that are older than their .po; `check` looks for gaps.

`check` fails on fuzzy or empty entries, on placeholders that differ between the languages, and on strings
in the code that no .po of the same app, nor the common one, has.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "anchang"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
GETTEXT = {
    "_",
    "gettext",
    "gettext_lazy",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
    "gettext_noop",
}
TEMPLATE_TAG = re.compile(r"""{%\s*(?:trans|translate)\s+("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
TEMPLATE_BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktrans(?:late)?\s*%}",
    re.DOTALL,
)
VARIABLE = re.compile(r"{{\s*([\w.]+)[^}]*}}")


def catalogues() -> list[Path]:
    return sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/*.po"))


def compile_all() -> int:
    for path in catalogues():
        target = path.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns > path.stat().st_mtime_ns:
            continue
        with path.open("rb") as source:
            catalogue = read_po(source, locale="zh_Hans", abort_invalid=True)
        draft = target.with_suffix(".mo.new")
        with draft.open("wb") as compiled:
            write_mo(compiled, catalogue)
        draft.replace(target)
    return 0


def check() -> int:
    problems = [*faulty_entries(), *untranslated()]
    for line in problems:
        print(line)
    return 1 if problems else 0


def faulty_entries() -> Iterator[str]:
    for path in catalogues():
        with path.open("rb") as source:
            catalogue = read_po(source, locale="zh_Hans", abort_invalid=True)
        for message in catalogue:
            if not message.id:
                continue
            place = f"{path.relative_to(PACKAGE)}: {message.id!r}"
            texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
            if message.fuzzy or not all(texts):
                yield f"{place} is {'fuzzy' if message.fuzzy else 'not translated'}"
                continue
            source_text = message.id[-1] if isinstance(message.id, tuple | list) else message.id
            if any(set(PLACEHOLDER.findall(source_text)) != set(PLACEHOLDER.findall(text)) for text in texts):
                yield f"{place} has other placeholders in its translation"


def known_ids() -> set[str]:
    known: set[str] = set()
    for path in catalogues():
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_Hans"):
                known.update(message.id if isinstance(message.id, tuple | list) else (message.id,))
    return known


def untranslated() -> Iterator[str]:
    known = known_ids()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or {"assets", "build", "migrations"} & set(path.parts):
            continue
        found = python_ids(path) if path.suffix == ".py" else template_ids(path)
        for text in sorted(set(found) - known):
            yield f"{path.relative_to(PACKAGE)}: {text!r} is not translated"


def python_ids(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        argument = node.args[1 if name.startswith("pgettext") and len(node.args) > 1 else 0]
        if name in GETTEXT and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def template_ids(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for quoted in TEMPLATE_TAG.findall(text):
        yield ast.literal_eval(quoted)
    for options, body in TEMPLATE_BLOCK.findall(text):
        if "trimmed" in options:
            body = " ".join(line.strip() for line in body.strip().splitlines())
        yield VARIABLE.sub(lambda match: f"%({match[1]})s", body.replace("%", "%%"))


if __name__ == "__main__":
    sys.exit({"compile": compile_all, "check": check}[sys.argv[1]]())
