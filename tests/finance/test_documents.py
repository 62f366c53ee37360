"""The receipt, read back from the PDF."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from pypdf import PdfReader

from anchang.finance.documents import (
    LINES_PER_COPY,
    ReceiptForm,
    ReceiptLine,
    Reversal,
    receipt_pdf,
    shown_lines,
)

RECEIPT = ReceiptForm(
    number="YQ-SJ-2026-0000123",
    company="云栖置业有限公司",
    project="云栖花园",
    payer="欧阳娜娜 #panic(1)",
    amount=Decimal("816170.05"),
    way="POS 刷卡",
    received_on=date(2026, 3, 12),
    printed_at=datetime(2026, 3, 12, 15, 4, tzinfo=UTC),
    print_count=3,
    purpose="购房款",
    unit="1幢 1单元 1801",
    lines=(
        ReceiptLine(item="定金", amount=Decimal("50000.00")),
        ReceiptLine(item="首期款", amount=Decimal("766170.05")),
    ),
    cashier="钱会计",
)


def page_texts(form: ReceiptForm) -> list[str]:
    reader = PdfReader(io.BytesIO(receipt_pdf(form)))
    return ["".join(page.extract_text().split()) for page in reader.pages]


def test_both_copies_stand_on_one_page() -> None:
    (text,) = page_texts(RECEIPT)
    assert "存根" in text and "客户" in text
    for fact in (
        "YQ-SJ-2026-0000123",
        "欧阳娜娜#panic(1)",
        "捌拾壹万陆仟壹佰柒拾元零伍分",
        "¥816,170.05",
        "766,170.05",
        "POS刷卡",
        "钱会计",
        "2026年3月12日",
        "第3次打印",
    ):
        assert text.count(fact) == 2, fact
    assert "已冲销" not in text


def test_a_reversed_receipt_says_so_on_both_copies() -> None:
    reversal = Reversal(
        reversed_on=date(2026, 3, 13), reason="刷卡重复", reversed_by="王经理", number="YQ-SJ-125"
    )
    (text,) = page_texts(replace(RECEIPT, reversal=reversal))
    assert text.count("已冲销") == 2 and text.count("原因：刷卡重复") == 2 and text.count("YQ-SJ-125") == 2


def test_a_full_receipt_stays_on_its_page() -> None:
    lines = tuple(ReceiptLine(item=f"第 {number} 期", amount=Decimal("1000.00")) for number in range(30))
    reversal = Reversal(reversed_on=date(2026, 3, 13), reason="付款人填写错误，重新开具")
    (text,) = page_texts(
        replace(RECEIPT, lines=lines, reversal=reversal, note="由其配偶代付，关系证明已留存。" * 3)
    )
    assert text.count("其余25项合计") == 2 and text.count("本收据只证明") == 2


def test_printed_lines_always_sum_to_the_amount() -> None:
    for count in range(12):
        lines = [ReceiptLine(item=str(number), amount=Decimal("10.01")) for number in range(count)]
        shown = shown_lines(Decimal("150.00"), lines)
        assert sum(line.amount for line in shown) == Decimal("150.00")
        assert len(shown) <= LINES_PER_COPY
    assert shown_lines(Decimal("816170.05"), RECEIPT.lines) == list(RECEIPT.lines)
