"""Vouchers as the general ledgers import them. Pure functions over rows: no model, no database.

Kingdee (金蝶): the K/3 standard layout (标准格式引入), one row per entry, as .xlsx. Yonyou (用友 U8): the text of
总账工具, first line 填制凭证,V800, comma separated, GB18030. Neither can hold personal numbers: customers go by code
and name, units by code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from anchang.platform.documents.sheets import Column, Sheet, xlsx_bytes

KINGDEE_COLUMNS = (
    "凭证日期", "会计年度", "会计期间", "凭证字", "凭证号", "科目代码", "科目名称", "币别代码",
    "币别名称", "原币金额", "借方", "贷方", "制单", "审核", "核准", "出纳",
    "经办", "结算方式", "结算号", "凭证摘要", "数量", "数量单位", "单价", "参考信息",
    "业务日期", "往来业务编号", "附件数", "序号", "系统模块", "业务描述", "汇率类型", "汇率",
    "分录序号", "核算项目", "过账", "机制凭证", "现金流量",
)  # fmt: skip
_MONEY = {"原币金额", "借方", "贷方"}
YONYOU_HEAD = "填制凭证,V800"
#: Fields of a U8 line up to the last that is ever filled: 日期 … 项目编码.
_YONYOU_FIELDS = 21
#: U8 takes so many characters of a summary.
_YONYOU_SUMMARY = 60


@dataclass(frozen=True)
class Row:
    """One entry of one voucher. `seq`: the entry's place in its voucher."""

    date: dt.date
    word: str
    number: int
    seq: int
    account_code: str
    account_name: str
    summary: str
    debit: Decimal
    credit: Decimal
    document: str
    maker: str = ""
    customer_code: str = ""
    customer_name: str = ""
    unit_code: str = ""
    unit_name: str = ""
    project_code: str = ""
    project_name: str = ""
    bank_account: str = ""

    @property
    def amount(self) -> Decimal:
        return self.debit or self.credit


def totals(rows: Sequence[Row]) -> tuple[Decimal, Decimal]:
    """Σ debit, Σ credit."""
    zero = Decimal("0.00")
    return sum((r.debit for r in rows), zero), sum((r.credit for r in rows), zero)


def kingdee(rows: Sequence[Row]) -> bytes:
    """The workbook; its second sheet tells the batch's totals."""
    columns = [Column(name, "money" if name in _MONEY else "text") for name in KINGDEE_COLUMNS]
    debit, credit = totals(rows)
    summed = [["凭证张数", len({(r.date, r.word, r.number) for r in rows})], ["分录数", len(rows)],
              ["借方合计", debit], ["贷方合计", credit]]  # fmt: skip
    return xlsx_bytes(
        Sheet("凭证", columns, [_kingdee(row) for row in rows]),
        Sheet("批次合计", [Column("项目"), Column("合计", "money")], summed),
    )


def _kingdee(row: Row) -> list[object]:
    values: dict[str, object] = {
        "凭证日期": row.date.isoformat(), "会计年度": str(row.date.year), "会计期间": str(row.date.month),
        "凭证字": row.word, "凭证号": str(row.number), "科目代码": row.account_code, "科目名称": row.account_name,
        "币别代码": "RMB", "币别名称": "人民币", "原币金额": row.amount, "借方": row.debit, "贷方": row.credit,
        "制单": row.maker, "审核": "NONE", "核准": "NONE", "出纳": "NONE", "结算方式": "*", "凭证摘要": row.summary,
        "数量": "0", "数量单位": "*", "单价": "0", "参考信息": row.document, "业务日期": row.date.isoformat(),
        "附件数": "1", "序号": "1", "汇率类型": "公司汇率", "汇率": "1", "分录序号": str(row.seq - 1),
        "核算项目": "  ".join(_kingdee_items(row)), "过账": "0",
    }  # fmt: skip
    return [values.get(name, "") for name in KINGDEE_COLUMNS]


def _kingdee_items(row: Row) -> list[str]:
    """Each as 类别---代码---名称."""
    kinds = (
        ("客户", row.customer_code, row.customer_name), ("房源", row.unit_code, row.unit_name),
        ("项目", row.project_code, row.project_name), ("银行账号", row.bank_account, row.bank_account),
    )  # fmt: skip
    return [f"{kind}---{code}---{name}" for kind, code, name in kinds if code]


def yonyou(rows: Sequence[Row]) -> bytes:
    """The text file, lines ended by CR LF."""
    return "\r\n".join([YONYOU_HEAD, *(_yonyou(row) for row in rows), ""]).encode("gb18030")


def _yonyou(row: Row) -> str:
    fields = [""] * _YONYOU_FIELDS
    fields[0:8] = [
        row.date.isoformat(), row.word, str(row.number), "1", row.summary[:_YONYOU_SUMMARY], row.account_code,
        f"{row.debit:.2f}", f"{row.credit:.2f}",
    ]  # fmt: skip
    fields[8:12] = ["0", "0", "0", row.maker]
    fields[13], fields[14] = row.document, row.date.isoformat()
    fields[17], fields[20] = row.customer_code, row.unit_code or row.project_code
    return ",".join(_yonyou_field(field) for field in fields)


def _yonyou_field(text: str) -> str:
    """The format has no quoting: a comma or a line break would shift the fields."""
    return text.replace(",", "，").replace("\r", " ").replace("\n", " ").replace('"', "”")
