from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from anchang.crm.lead_file import ReadLead, open_leads, read_leads
from anchang.kernel.errors import DomainError
from anchang.platform.importing.reader import read_table

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "线索ID,线索创建时间,姓名,手机号,广告计划名称,落地页名称,城市,意向户型,预算,备注"


def read(*rows: str, head: str = HEAD, encoding: str = "gb18030") -> list[ReadLead]:
    content = "\r\n".join((head, *rows)).encode(encoding)
    return list(read_leads(open_leads(read_table(content, "leads.csv")), date(2026, 11, 21), ZONE))


def one(row: str) -> ReadLead:
    (found,) = read(row)
    return found


def codes(found: ReadLead) -> list[tuple[str, str, str, bool]]:
    return [(problem.column, problem.value, problem.code, problem.refuses) for problem in found.problems]


def test_a_full_row() -> None:
    found = one(
        '\t73828628766625860,2026-11-28 09:16:38,黄勇女士,\t13800000001,搜索,周末样板间,杭州,120平左右,25０万,"想看, 周末\n有空"'
    )
    lead = found.lead
    assert lead is not None
    assert found.row == 2
    assert (lead.external_id, lead.name, lead.sex) == ("73828628766625860", "黄勇", "female")
    assert lead.captured_at == datetime(2026, 11, 28, 9, 16, 38, tzinfo=ZONE)
    assert (lead.phones, lead.campaign, lead.city) == (["13800000001"], "搜索", "杭州")
    assert (lead.layout_wish, lead.area_low, lead.area_high) == ("120平左右", Decimal(120), Decimal(120))
    assert (lead.budget_low, lead.budget_high) == (Decimal(2500000), Decimal(2500000))
    assert lead.note == "想看, 周末\n有空"
    assert lead.extra == {"落地页名称": "周末样板间"}


@pytest.mark.parametrize("phone", ["+86 13800000001", "86-13800000001", "138 0000 0001", "\t13800000001"])
def test_spellings_of_one_phone(phone: str) -> None:
    lead = one(f"1,2026-11-28 09:16:38,黄勇,{phone},,,,,,").lead
    assert lead is not None
    assert lead.phones == ["13800000001"]


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("", "required"),
        ("无", "phone_missing"),
        ("1380000", "phone_invalid"),
        ("12345678901", "phone_invalid"),
    ],
)
def test_a_row_without_a_valid_phone_is_refused(phone: str, code: str) -> None:
    good, bad = read(
        "1,2026-11-28 09:16:38,黄勇,13800000001,,,,,,", f"2,2026-11-28 09:16:38,李四,{phone},,,,,300万,"
    )
    assert good.lead is not None
    assert bad.lead is None
    assert bad.row == 3
    assert codes(bad) == [("手机号", phone, code, True)]
    assert bad.problems[0].as_dict().keys() == {"row", "column", "value", "code", "message"}
    assert bad.cells[2] == "李四"


def test_bad_optional_cells_are_kept_in_the_note() -> None:
    found = one("7.38286E+16,2026-02-31 10:00:00,黄勇,13800000001,,,,,看情况,急")
    assert found.lead is not None
    assert found.lead.captured_at is None
    assert found.lead.budget_low is None
    assert found.lead.note.splitlines()[0] == "急"
    assert "预算：看情况" in found.lead.note
    assert "线索创建时间：2026-02-31 10:00:00" in found.lead.note
    assert {problem.code for problem in found.problems} == {"digits_lost", "date_invalid", "not_a_number"}
    assert not any(problem.refuses for problem in found.problems)


def test_hostile_texts() -> None:
    script, formula, nul = read(
        "1,2026-11-28 09:16:38,<script>alert(1)</script>,13800000001,,,,,,=HYPERLINK(1)",
        "2,2026-11-28 09:16:38,李四,13800000002,,,,,-5万,",
        "3,2026-11-28 09:16:38,王\0五,13800000003,,,,,,",
    )
    assert script.lead is not None
    assert script.lead.name == "<script>alert(1)</script>"
    assert script.lead.note == "=HYPERLINK(1)"
    assert codes(formula) == [("预算", "-5万", "negative", False)]
    assert nul.lead is None
    assert codes(nul) == [("姓名", "王␀五", "control_character", True)]


def test_another_office_s_columns() -> None:
    head = "序,来源,客户,联系方式,面积需求,总价预算(万元),顾问"
    found = read(
        "1,抖音,张三先生,13800000001/13900000002,100-120,300以内,陈强", head=head, encoding="utf-8-sig"
    )[0].lead
    assert found is not None
    assert (found.channel, found.name, found.sex) == ("抖音", "张三", "male")
    assert found.phones == ["13800000001", "13900000002"]
    assert (found.area_low, found.area_high) == (Decimal(100), Decimal(120))
    assert (found.budget_low, found.budget_high) == (None, Decimal(3000000))
    assert (found.consultant, found.extra) == ("陈强", {"序": "1"})


def test_header_only_and_no_phone_column() -> None:
    assert read() == []
    with pytest.raises(DomainError) as caught:
        read("1,张三", head="编号,姓名")
    assert caught.value.code == "mapping_wrong"
    assert caught.value.fields == {"phone": "column_missing"}


def test_a_chosen_mapping_wins_over_the_guess() -> None:
    content = "甲,乙,手机号\n张三,13800000001,13900000002\n".encode()
    sheets = open_leads(read_table(content), {"name": 0, "phone": 1})
    (found,) = read_leads(sheets, date(2026, 11, 21), ZONE)
    assert found.lead is not None
    assert found.lead.phones == ["13800000001"]
    assert found.lead.extra == {"手机号": "13900000002"}


def test_a_remembered_mapping_is_used_for_the_same_header() -> None:
    content = "甲,乙,手机号\n张三,13800000001,13900000002\n".encode()
    seen: list[str] = []

    def remembered(signature: str) -> dict[str, int]:
        seen.append(signature)
        return {"phone": 1}

    sheets = open_leads(read_table(content), remembered=remembered)
    assert sheets[0].columns == {"phone": 1}
    assert seen == [sheets[0].guess.signature]
