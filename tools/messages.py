"""Translations: `compile` makes the .mo files that are older than their .po; `check` looks for gaps.

`check` fails on fuzzy or empty entries, on placeholders that differ between the languages, on strings in the
code that no .po has, and on strings that two apps translate differently: Django merges all catalogues into
one, so one of the two would show everywhere. Words with two meanings need `pgettext`.
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
QUOTED = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TEMPLATE_TAG = re.compile(r"{%\s*(?:trans|translate)\s+" + QUOTED + r"(?:\s+context\s+" + QUOTED + ")?")
BLOCK_CONTEXT = re.compile(r'context\s+"([^"]+)"')
TEMPLATE_BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktrans(?:late)?\s*%}",
    re.DOTALL,
)
VARIABLE = re.compile(r"{{\s*([\w.]+)[^}]*}}")

#: Context (usually "") and English text.
Text = tuple[str, str]


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
    problems = [*faulty_entries(), *contradictions(), *untranslated()]
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


def contradictions() -> Iterator[str]:
    found: dict[Text, dict[str, set[str]]] = {}
    for path in catalogues():
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_Hans"):
                first = message.id[0] if isinstance(message.id, tuple | list) else message.id
                if first:
                    apps = found.setdefault((message.context or "", first), {}).setdefault(str(message.string), set())
                    apps.add(path.relative_to(PACKAGE).parts[0])
    for (_context, text), translations in found.items():
        if len(translations) > 1:
            said = "; ".join(f"{', '.join(sorted(apps))}: {said}" for said, apps in translations.items())
            yield f"{text!r} has several translations ({said})"


def known_ids() -> set[Text]:
    known: set[Text] = set()
    for path in catalogues():
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_Hans"):
                ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
                known.update((message.context or "", one) for one in ids)
    return known


def untranslated() -> Iterator[str]:
    known = known_ids()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or {"assets", "build", "migrations"} & set(path.parts):
            continue
        found = python_ids(path) if path.suffix == ".py" else template_ids(path)
        for context, text in sorted(set(found) - known):
            meaning = f" in the sense of {context!r}" if context else ""
            yield f"{path.relative_to(PACKAGE)}: {text!r}{meaning} is not translated"


def python_ids(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name not in GETTEXT or not texts:
            continue
        if not name.startswith("pgettext"):
            yield "", texts[0]
        elif len(texts) == 2:
            yield texts[0], texts[1]


def template_ids(path: Path) -> Iterator[Text]:
    text = path.read_text(encoding="utf-8")
    for quoted, context in TEMPLATE_TAG.findall(text):
        # Django looks a tag's text up with its percent signs doubled.
        yield ast.literal_eval(context or '""'), ast.literal_eval(quoted).replace("%", "%%")
    for options, body in TEMPLATE_BLOCK.findall(text):
        if "trimmed" in options:
            body = " ".join(line.strip() for line in body.strip().splitlines())
        named = BLOCK_CONTEXT.search(options)
        yield named[1] if named else "", VARIABLE.sub(lambda match: f"%({match[1]})s", body.replace("%", "%%"))


if __name__ == "__main__":
    sys.exit({"compile": compile_all, "check": check}[sys.argv[1]]())
