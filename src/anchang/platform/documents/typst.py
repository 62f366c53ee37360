"""PDF from a Typst template and plain data.

Data reaches the template as one JSON string, never as markup: whatever a customer types is printed as typed.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import qrcode
import typst

from anchang.kernel.errors import DomainError

# The root lets a form import the shared style by an absolute path; nothing outside the package can be read.
PACKAGE = Path(__file__).resolve().parents[2]
BUILT_FONTS = PACKAGE / "static" / "build" / "fonts"
FAMILIES = ("Noto Sans SC", "Noto Serif SC")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# A compiler is not re-entrant; one document takes about 0.1 s, so threads of a process take turns.
_turn = threading.Lock()


def render(template: Path, data: Any) -> bytes:
    """Render `data` (a mapping or dataclass) with a template inside the package to PDF bytes.

    In the template `json(bytes(sys.inputs.data))` is the data, where decimals are already "2,696,170.00",
    dates "2026年3月1日" and times "2026-03-01 08:30" (the caller's time zone); None stays none.
    Raises DomainError `document_fonts_missing`, or `document_failed` when template and data don't fit.
    """
    return compiled(Path(template), json.dumps(plain(data), ensure_ascii=False))


def render_long(template: Path, data: Any) -> bytes:
    """As `render`, in a process of its own and without structure for screen readers: for long tables.

    Typst keeps what it laid out for its next documents, 200 kB for a row of a price list. Costs 0.3 s more.
    """
    request = json.dumps({"template": str(template), "data": json.dumps(plain(data), ensure_ascii=False)})
    command = [sys.executable, "-m", "anchang.platform.documents.apart"]
    # The child is the same installation, from wherever this one was imported.
    paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(command, input=request.encode(), capture_output=True, env=environment, check=False)
    if done.returncode == 0:
        return done.stdout
    try:
        error = json.loads(done.stderr)
    except ValueError:
        reason = done.stderr.decode(errors="replace")[-500:]
        raise DomainError(
            "document_failed", status=500, template=Path(template).name, reason=reason
        ) from None
    raise DomainError(error["code"], status=error["status"], **error["params"])


def compiled(template: Path, data: str, *, tagged: bool = True) -> bytes:
    """Compile with data that is already JSON. `tagged` makes a table of 1,000 rows four times larger."""
    try:
        with _turn:
            compiler = _compiler(template, fonts_folder())
            pdf = compiler.compile(format="pdf", sys_inputs={"data": data}, pdf_tags=tagged)
    except typst.TypstError as error:
        raise DomainError(
            "document_failed", status=500, template=template.name, reason=error.message
        ) from error
    assert isinstance(pdf, bytes)
    return pdf


def plain(value: Any) -> Any:
    """Turn dataclasses and Python values into what JSON and a printed page can hold."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    # A float would print a rounded amount without anyone noticing; a lazy translation is text.
    if isinstance(value, float):
        raise TypeError("documents take Decimal, not float")
    return printable(str(value))


def printable(text: str) -> str:
    """Drop control characters, which no font can print; line breaks and tabs stay."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def qr_svg(text: str) -> str:
    """A QR code of `text` as an SVG picture of one path, quiet zone included."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    matrix = code.get_matrix()
    dots = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    size = len(matrix)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dots}"/></svg>'


def fonts_folder() -> Path:
    """The Chinese fonts: `ANCHANG_FONTS_DIR`, else what the front-end build copied into the package."""
    return Path(os.environ.get("ANCHANG_FONTS_DIR") or BUILT_FONTS)


@cache
def _fonts(folder: Path) -> typst.Fonts:
    # System fonts stay out: the same form must look the same on every machine.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    missing = sorted(set(FAMILIES) - set(fonts.families()))
    if missing:
        raise DomainError("document_fonts_missing", status=503, fonts=", ".join(missing))
    return fonts


@cache
def _compiler(template: Path, folder: Path) -> typst.Compiler:
    return typst.Compiler(template, root=PACKAGE, font_paths=_fonts(folder), ignore_system_fonts=True)
