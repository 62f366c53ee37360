import pytest

from anchang.kernel.errors import DomainError
from anchang.platform.importing.header import find_layout, footer_kind, read_facts
from anchang.platform.importing.reader import read_table
from tests.platform.importing.workbooks import workbook


def is_known(cell: str) -> bool:
    return cell in {"序号", "幢号", "室号", "房屋总价(元)", "建筑面积单价", "姓名", "电话"}


def layout_of(content: bytes, known: object = is_known):  # type: ignore[no-untyped-def]
    return find_layout(read_table(content).sheets[0], known)  # type: ignore[arg-type]


FORM = [
    ["商品房销售价目表"],
    ["开发企业：某某置业有限公司", None, None, "楼盘名称：某某花园"],
    ["容积率：2.2  绿化率：35%  车位配比：1:1.1"],
    ["序号", "幢号", "室号", "销售单价(元/㎡)", None, "房屋总价(元)"],
    [None, None, None, "建筑面积单价", "套内面积单价", None],
    [1, "1幢", "101", 23200, 29002.41, 2792352],
    ["序号", "幢号", "室号", "销售单价(元/㎡)", None, "房屋总价(元)"],
    [2, "1幢", "102", 23200, 29002.41, 2792352],
    ["小 计", None, None, None, None, 5584704],
    ["合 计", None, None, None, None, 5584704],
    ["注：本表一次性公开全部房源。"],
]
MERGES = ["A1:F1", "A4:A5", "B4:B5", "C4:C5", "D4:E4", "F4:F5"]


def as_csv(rows: list[list[object]]) -> bytes:
    lines = (",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    return "\r\n".join(lines).encode("gb18030")


@pytest.mark.parametrize("content", [workbook({"价目表": FORM}, MERGES), as_csv(FORM)], ids=["xlsx", "csv"])
def test_a_form_with_head_two_header_rows_and_foot(content: bytes) -> None:
    layout = layout_of(content)
    assert layout.title == "商品房销售价目表"
    assert layout.facts == {
        "开发企业": "某某置业有限公司",
        "楼盘名称": "某某花园",
        "容积率": "2.2",
        "绿化率": "35%",
        "车位配比": "1:1.1",
    }
    assert layout.header_rows == (4, 5)
    assert layout.labels == [
        "序号",
        "幢号",
        "室号",
        "销售单价(元/㎡) › 建筑面积单价",
        "销售单价(元/㎡) › 套内面积单价",
        "房屋总价(元)",
    ]
    assert [number for number, _ in layout.rows()] == [6, 8]
    assert [(footer.row, footer.kind) for footer in layout.footers] == [
        (9, "subtotal"),
        (10, "total"),
        (11, "note"),
    ]


def test_one_header_row_is_not_joined_with_data() -> None:
    layout = layout_of("姓名,电话,备注\n张三,13800000001,\n李四,13800000002,急\n".encode())
    assert layout.labels == ["姓名", "电话", "备注"]
    assert [number for number, _ in layout.rows()] == [2, 3]


def test_unknown_words_in_the_header() -> None:
    layout = layout_of(b"who,how to reach,since\nann,13800000001,2026-01-01\nbob,13800000002,2026-01-02\n")
    assert layout.labels == ["who", "how to reach", "since"]


def test_no_header() -> None:
    with pytest.raises(DomainError) as caught:
        layout_of("张三,13800000001\n李四,13800000002\n".encode())
    assert caught.value.code == "file_no_header"


def test_header_only_has_no_rows() -> None:
    assert list(layout_of("姓名,电话\n".encode()).rows()) == []


def test_facts_with_the_value_in_the_next_cell() -> None:
    assert read_facts([["开发企业：", "", "某某置业"], ["电话:12315 地址：滨江大道88号"]]) == {
        "开发企业": "某某置业",
        "电话": "12315",
        "地址": "滨江大道88号",
    }


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["合计", "", "3"], "total"),
        (["", "总计：", "3"], "total"),
        (["1幢小计", "3"], "subtotal"),
        (["注：价格以合同为准"], "note"),
        (["1", "合计花园", "x"], None),
        (["张三", "13800000001", "合计"], None),
        (["13800000001", "备注：急"], None),
    ],
)
def test_footer_kinds(cells: list[str], kind: str | None) -> None:
    assert footer_kind(cells) == kind
