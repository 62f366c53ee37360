"""Word documents from templates that a clerk has made: what is let in, what a template may say, rendering.

A template is hostile until it is proven harmless. Only a plain .docx gets in: no macros, no embedded or linked
objects, no fields that fetch, no packed bombs. Inside, only these are understood: `{{ field }}`, `{% if %}`,
`{% for x in list %}` with docxtpl's row and paragraph forms, and the filter `capitals` (大写). There is nothing to
call and no attribute but a field of the data, so that no template reaches Python.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from docx import Document
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from anchang.kernel.errors import DomainError
from anchang.kernel.money import chinese_capitals
from anchang.platform.documents.typst import PACKAGE

# Limits of what is opened at all; a contract of 60 pages has a tenth of this.
MAX_BYTES = 10 * 1024 * 1024
MAX_PARTS = 500
MAX_UNZIPPED = 40 * 1024 * 1024
MAX_XML = 4 * 1024 * 1024
MAX_DEPTH = 2
CHECK_SECONDS = 30

#: Fields by name: text of a kind, a record, a list of records; `OPEN` under a record: any name, blank when absent.
Tree: TypeAlias = "str | dict[str, Tree] | list[Tree]"
OPEN = "*"

_TEXT_PART = re.compile(r"^word/(document|header\d*|footer\d*|footnotes)\.xml$")
_FORBIDDEN_PART = re.compile(
    r"vbaproject|vbadata|/embeddings/|/activex/|oleobject|\.bin$|/afchunk|attachedtoolbars", re.IGNORECASE
)
_FORBIDDEN_TYPE = re.compile(rb"macroEnabled|vbaProject|oleObject|activeX", re.IGNORECASE)
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
#: Fields that fetch or run something when the document is opened.
_FETCHING = re.compile(
    rb"\b(DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|MACROBUTTON|AUTOTEXT|RD)\b", re.IGNORECASE
)
_INSTRUCTION = re.compile(rb"<w:instrText[^>]*>(.*?)</w:instrText>|w:instr=\"([^\"]*)\"", re.DOTALL)
_ACTIVE = re.compile(rb"<(?:\w+:)?(altChunk|object|OLEObject|control)\b")
_LOOP = {"index", "index0", "first", "last", "length", "revindex"}
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.For, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.Const, nodes.Test, nodes.Filter,
)  # fmt: skip


# --- what is let in ------------------------------------------------------------------------------


def guard(content: bytes) -> None:
    """Raises DomainError 422: word_not_docx, word_too_large, word_active."""
    if len(content) > MAX_BYTES:
        raise _refused("word_too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _guard_package(package)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
        raise _refused("word_not_docx") from error


def _refused(code: str) -> DomainError:
    return DomainError(code, status=422, fields={"file": code})


def _guard_package(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    names = {part.filename for part in parts}
    if not {"word/document.xml", "[Content_Types].xml"} <= names or len(names) < len(parts):
        raise _refused("word_not_docx")
    # `ZipFile` never unpacks more of a part than its header states, so that the stated sizes are a bound.
    sizes = [part.file_size for part in parts]
    if len(parts) > MAX_PARTS or sum(sizes) > MAX_UNZIPPED:
        raise _refused("word_too_large")
    for part in parts:
        if part.filename.startswith(("/", "\\")) or ".." in part.filename or part.flag_bits & 1:
            raise _refused("word_not_docx")
        if _FORBIDDEN_PART.search("/" + part.filename):
            raise _refused("word_active")
        if part.filename.lower().endswith((".xml", ".rels")):
            if part.file_size > MAX_XML:
                raise _refused("word_too_large")
            _guard_xml(part.filename, package.read(part))


def _guard_xml(name: str, xml: bytes) -> None:
    if xml.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in xml:
        raise _refused("word_not_docx")  # not UTF-8: what follows would look past it
    if _DOCTYPE.search(xml) or _ACTIVE.search(xml):
        raise _refused("word_active")
    if name == "[Content_Types].xml" and _FORBIDDEN_TYPE.search(xml):
        raise _refused("word_active")
    if name.endswith(".rels"):
        for relation in _RELATION.findall(xml):
            external = re.search(rb"TargetMode\s*=\s*[\"']External", relation, re.IGNORECASE)
            if external and b"/hyperlink" not in relation:
                raise _refused("word_active")
    # A field's words may be split over runs.
    said = b"".join(a or b for a, b in _INSTRUCTION.findall(xml))
    if _FETCHING.search(said):
        raise _refused("word_active")


# --- what a template may say ---------------------------------------------------------------------


class ForbiddenSyntax(TemplateSyntaxError):
    """Something that templates of this office don't have: calls, assignments, macros, arithmetic, imports."""


class Open(dict[str, Any]):
    """A record whose names aren't known beforehand; what it doesn't hold is blank."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with nothing in it but fields, conditions and loops over lists."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, finalize=_shown, cache_size=0)
        self.globals.clear()
        self.filters = {"capitals": capitals, "大写": capitals}
        self.tests = {name: self.tests[name] for name in ("defined", "none")}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _allow(tree, 0)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return "" if isinstance(obj, Open) else self.undefined(obj=obj, name=str(argument))

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def _allow(node: nodes.Node, depth: int) -> None:
    if not isinstance(node, _ALLOWED):
        raise ForbiddenSyntax(type(node).__name__, getattr(node, "lineno", 1) or 1)
    if isinstance(node, nodes.For):
        depth += 1
        if depth > MAX_DEPTH or node.recursive or not isinstance(node.target, nodes.Name):
            raise ForbiddenSyntax("For", node.lineno)
    for child in node.iter_child_nodes():
        _allow(child, depth)


def _shown(value: Any) -> Any:
    return "" if value is None else value


def capitals(amount: Any) -> str:
    """1,234.50 → 壹仟贰佰叁拾肆元伍角整; what is no amount stays as it is."""
    try:
        return chinese_capitals(Decimal(str(amount).replace(",", "")))
    except (InvalidOperation, ValueError, DomainError):
        return str(_shown(amount))


# --- checking ------------------------------------------------------------------------------------


def problems_of(content: bytes, tree: Mapping[str, Tree], sample: Mapping[str, Any]) -> list[dict[str, str]]:
    """What stands in the way of using the template: [{"code", "what"}], empty when the sample renders.

    Raises as `guard`. The template is read in a process of its own that ends after `CHECK_SECONDS`.
    """
    guard(content)
    request = {"file": content.hex(), "tree": tree, "sample": sample}
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "anchang.platform.documents.word_apart"]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, env=environment, check=False,
            timeout=CHECK_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [{"code": "word_too_slow", "what": ""}]
    if done.returncode:
        return [{"code": "word_damaged", "what": ""}]
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def found_problems(content: bytes, tree: Mapping[str, Tree], sample: Mapping[str, Any]) -> list[dict[str, str]]:
    """As `problems_of`, here and now: for the process of its own."""
    found = [problem for source in _sources(content) for problem in _problems_in(source, dict(tree))]
    if not found:
        try:
            Document(io.BytesIO(rendered(content, sample)))
        except DomainError as error:
            found = [{"code": error.code, "what": str(error.params.get("what", ""))}]
    return [dict(pair) for pair in dict.fromkeys(tuple(problem.items()) for problem in found)]


def _sources(content: bytes) -> list[str]:
    template = DocxTemplate(io.BytesIO(content))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = [name for name in package.namelist() if _TEXT_PART.match(name)]
        return [template.patch_xml(package.read(name).decode("utf-8", "replace")) for name in names]


def _problems_in(source: str, tree: dict[str, Tree]) -> list[dict[str, str]]:
    try:
        parsed = Sandbox().parse(source)
    except ForbiddenSyntax as error:
        return [{"code": "word_forbidden", "what": _around(source, error)}]
    except TemplateSyntaxError as error:
        return [{"code": "word_syntax", "what": _around(source, error)}]
    found: list[dict[str, str]] = []
    _visit(parsed, tree, found)
    return found


def _around(source: str, error: TemplateSyntaxError) -> str:
    """The error with the words of its line, markup left out."""
    lines = source.splitlines()
    line = lines[min(error.lineno, len(lines)) - 1] if lines else ""
    tags = re.findall(r"{[{%].{0,80}?[%}]}", line)
    said = " ".join(re.sub(r"<[^>]*>", "", tag) for tag in tags[:3])
    return f"{error.message or ''} {said}".strip()[:200]


def _visit(node: nodes.Node, scope: dict[str, Tree], found: list[dict[str, str]]) -> None:
    if isinstance(node, nodes.For):
        kind = _kind(node.iter, scope, found)
        inner = scope | {"loop": dict.fromkeys(_LOOP, "text")}
        assert isinstance(node.target, nodes.Name)
        if isinstance(kind, list):
            inner[node.target.name] = kind[0]
        elif kind is not None:
            found.append({"code": "word_no_list", "what": _path(node.iter)})
        for child in [*node.body, *([node.test] if node.test else [])]:
            _visit(child, inner, found)
        for child in node.else_:
            _visit(child, scope, found)
    elif isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        _kind(node, scope, found)
    else:
        for child in node.iter_child_nodes():
            _visit(child, scope, found)


def _kind(node: nodes.Node, scope: dict[str, Tree], found: list[dict[str, str]]) -> Tree | None:
    """What the expression is by the declaration; an unknown field is put on the list."""
    if isinstance(node, nodes.Name):
        kind = scope.get(node.name)
    elif isinstance(node, nodes.Getattr | nodes.Getitem):
        kind = _member(_kind(node.node, scope, found), _step(node))
        if kind is None and any(p["what"] == _path(node.node) for p in found):
            return None
    else:
        _visit(node, scope, found)
        return None
    if kind is None:
        found.append({"code": "word_unknown_field", "what": _path(node)})
    return kind


def _member(kind: Tree | None, step: Any) -> Tree | None:
    if isinstance(kind, dict):
        return kind.get(str(step), kind.get(OPEN))
    return kind[0] if isinstance(kind, list) and isinstance(step, int) else None


def _step(node: nodes.Getattr | nodes.Getitem) -> Any:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) else None


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        return f"{_path(node.node)}.{_step(node)}"
    return "…"


# --- rendering -----------------------------------------------------------------------------------


def rendered(content: bytes, data: Mapping[str, Any]) -> bytes:
    """The template filled in. `data`: text, lists and records as `typst.plain` makes them. Names of records that
    are open (`Open`) may be absent. Raises DomainError 422 `word_failed` with what went wrong."""
    template = DocxTemplate(io.BytesIO(content))
    target = io.BytesIO()
    try:
        template.render(dict(data), jinja_env=Sandbox(), autoescape=True)
        template.save(target)
    except (TemplateError, UndefinedError) as error:
        raise DomainError("word_failed", status=422, what=str(error.message or "")[:200]) from error
    except (ValueError, KeyError, TypeError, SyntaxError) as error:  # lxml's own errors are SyntaxErrors
        raise DomainError("word_failed", status=422, what=type(error).__name__) from error
    return target.getvalue()


__all__ = ["OPEN", "Open", "Sandbox", "Tree", "capitals", "found_problems", "guard", "problems_of", "rendered"]
