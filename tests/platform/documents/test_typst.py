"""Rendering: what people type is printed as typed, and what is missing is said."""

import io
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from anchang.kernel.errors import DomainError
from anchang.platform.documents import typst
from anchang.platform.documents.typst import plain, qr_svg, render, render_long

NASTY = [
    '#import "/config/settings.py": *',
    "*粗* _斜_ $x^2$ `code` <script>alert(1)</script>",
    '"; #sys.inputs #panic("x") \\u{41} @ref //注释 /* x */ = 标题',
    '#eval("1+1") #read("/../secret") ${7*7} {{7*7}} {% x %}',
]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A form that prints the lines it is given, beside the package's own style."""
    source = typst.PACKAGE / "platform/documents/templates/style.typ"
    (tmp_path / "style.typ").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    path = tmp_path / "lines.typ"
    path.write_text(
        '#import "/style.typ": *\n#let d = json(bytes(sys.inputs.data))\n'
        '#show: form.with(d, title: "测试")\n#for line in d.lines [#line #parbreak()]\n#d.required',
        encoding="utf-8",
    )
    monkeypatch.setattr(typst, "PACKAGE", tmp_path)
    return path


def text_of(pdf: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_markup_in_data_is_printed_as_typed(template: Path) -> None:
    text = text_of(render(template, {"lines": NASTY, "required": "完"}))
    for line in NASTY:
        assert "".join(line.split()) in text


def test_control_characters_are_left_out(template: Path) -> None:
    assert "张三" in text_of(render(template, {"lines": ["张\x00\x1b三"], "required": "完"}))


def test_data_that_does_not_fit_is_a_coded_error(template: Path) -> None:
    with pytest.raises(DomainError) as caught:
        render(template, {"lines": []})
    assert (caught.value.code, caught.value.params["template"]) == ("document_failed", "lines.typ")


def test_missing_fonts_are_a_coded_error(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANCHANG_FONTS_DIR", str(tmp_path))
    with pytest.raises(DomainError) as caught:
        render(template, {"lines": [], "required": ""})
    assert caught.value.code == "document_fonts_missing"
    assert "Noto Serif SC" in caught.value.params["fonts"]


def test_a_process_apart_gives_the_same_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHANG_FONTS_DIR", str(tmp_path))
    with pytest.raises(DomainError) as caught:
        render_long(typst.PACKAGE / "inventory/forms/price_list.typ", {})
    assert (caught.value.code, caught.value.status) == ("document_fonts_missing", 503)


def test_threads_take_turns(template: Path) -> None:
    texts: dict[int, str] = {}

    def work(number: int) -> None:
        texts[number] = text_of(render(template, {"lines": [f"第{number}份"], "required": "完"}))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"第{number}份" in texts[number] for number in range(4))


def test_no_form_evaluates_text() -> None:
    forms = list(typst.PACKAGE.rglob("*.typ"))
    assert len(forms) >= 6
    for form in forms:
        assert "eval(" not in form.read_text(encoding="utf-8"), form.name


@dataclass
class Facts:
    total: Decimal
    signed_on: date


def test_plain_words_values_for_print() -> None:
    facts = Facts(Decimal("2696170"), date(2026, 3, 1))
    assert plain({"facts": facts, "at": datetime(2026, 3, 1, 8, 5, tzinfo=UTC), "none": None, "n": 2}) == {
        "facts": {"total": "2,696,170.00", "signed_on": "2026年3月1日"},
        "at": "2026-03-01 08:05",
        "none": None,
        "n": 2,
    }
    with pytest.raises(TypeError):
        plain(1.5)


def test_qr_code_has_its_quiet_zone_and_no_text() -> None:
    svg = qr_svg('YQ-1"><script>')
    assert svg.startswith("<svg ") and "script" not in svg and "M2 2h1v1h-1z" in svg and "M0 0h" not in svg
