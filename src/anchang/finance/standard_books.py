"""The accounts and voucher templates that a developer's project usually starts with (《企业会计准则》 account
codes). Data: the office changes its copies as its chart needs. Their words are Chinese, like the books."""

from __future__ import annotations

Line = tuple[str, str, str, str]
AccountRow = tuple[str, str, str, tuple[str, ...]]
TemplateRow = tuple[str, str, str, tuple[Line, ...]]

#: Code, name, kind, auxiliary items.
ACCOUNTS: list[AccountRow] = [
    ("1001", "库存现金", "asset", ("project",)),
    ("1002", "银行存款", "asset", ("project", "bank_account")),
    ("1012", "其他货币资金", "asset", ("project",)),
    ("1122", "应收账款", "asset", ("customer", "unit", "project")),
    ("2202", "应付账款", "liability", ("project",)),
    ("2204", "合同负债", "liability", ("customer", "unit", "project")),
    ("222101", "应交税费—应交增值税（销项税额）", "liability", ("project",)),
    ("222108", "应交税费—待转销项税额", "liability", ("project",)),
    ("2241", "其他应付款—代收款项", "liability", ("customer", "unit", "project")),
    ("6301", "营业外收入", "income", ("project",)),
    ("660101", "销售费用—合同费用", "expense", ("project",)),
    ("660102", "销售费用—无合同费用", "expense", ("project",)),
    ("6711", "营业外支出", "expense", ("project",)),
]


def _money_in(against: str, amount: str, text: str) -> tuple[Line, ...]:
    return (
        ("debit", "1001", "cash_amount", text), ("debit", "1002", "bank_amount", text),
        ("debit", "1012", "other_amount", text), ("credit", against, amount, text),
    )  # fmt: skip


#: Event, name, voucher word, lines of (side, account, named amount, summary).
TEMPLATES: list[TemplateRow] = [
    ("receipt_posted", "收房款", "收", _money_in("1122", "amount", "收房款 {unit} 收据{number}")),
    ("agency_received", "代收费用", "收", _money_in("2241", "amount", "代收费用 {unit} 收据{number}")),
    (
        "late_fee_received", "收违约金", "收",
        (*_money_in("6301", "net_amount", "收违约金 {unit} 收据{number}"),
         ("credit", "222101", "tax_amount", "违约金销项税 {unit} 收据{number}")),
    ),
    (
        "receipt_reversed", "冲销收款", "收",
        (
            *_money_in("1122", "house_amount", "冲销收款 {unit} 收据{number}"),
            ("credit", "2241", "agency_amount", "冲销代收费用 {unit} 收据{number}"),
            ("credit", "6301", "late_fee_net", "冲销违约金 {unit} 收据{number}"),
            ("credit", "222101", "late_fee_tax", "冲销违约金销项税 {unit} 收据{number}"),
        ),
    ),
    (
        "refund_paid", "退款", "付",
        (
            ("debit", "1122", "return_amount", "退房款 {unit}"),
            ("debit", "6711", "compensation_amount", "支付赔偿 {unit}"),
            ("credit", "1001", "cash_amount", "退款 {unit}"), ("credit", "1002", "bank_amount", "退款 {unit}"),
        ),
    ),
    (
        "contract_signed", "签约", "转",
        (
            ("debit", "1122", "amount", "签约 {unit} 合同{number}"),
            ("credit", "2204", "net_amount", "签约 {unit} 合同{number}"),
            ("credit", "222108", "tax_amount", "待转销项税 {unit} 合同{number}"),
        ),
    ),
    (
        "contract_replaced", "合同换版", "转",
        (
            ("debit", "1122", "amount", "合同换版冲回 {unit} 合同{number}"),
            ("credit", "2204", "net_amount", "合同换版冲回 {unit} 合同{number}"),
            ("credit", "222108", "tax_amount", "冲待转销项税 {unit} 合同{number}"),
        ),
    ),
    (
        "contract_terminated", "退房", "转",
        (
            ("debit", "1122", "amount", "解除合同 {unit} 合同{number}"),
            ("credit", "2204", "net_amount", "解除合同 {unit} 合同{number}"),
            ("credit", "222108", "tax_amount", "冲待转销项税 {unit} 合同{number}"),
        ),
    ),
    (
        "forfeiture_kept", "没收定金", "转",
        (("debit", "1122", "amount", "没收定金 {unit}"), ("credit", "6301", "amount", "没收定金 {unit}")),
    ),
    (
        "area_settled", "面积补差", "转",
        (
            ("debit", "1122", "amount", "面积补差 {unit}"), ("credit", "2204", "net_amount", "面积补差 {unit}"),
            ("credit", "222108", "tax_amount", "面积补差待转销项税 {unit}"),
        ),
    ),
    (
        "agency_remitted", "代收费用缴付", "付",
        (("debit", "2241", "amount", "缴付代收费用 {unit}"), ("credit", "1002", "amount", "缴付代收费用 {unit}")),
    ),
    (
        "invoice_issued", "开具发票", "转",
        (
            ("debit", "222108", "tax_amount", "开票 {unit} 发票{number}"),
            ("credit", "222101", "tax_amount", "开票 {unit} 发票{number}"),
        ),
    ),
    (
        "expense_incurred", "营销费用", "转",
        (
            ("debit", "660101", "contract_amount", "营销费用 {number}"),
            ("debit", "660102", "direct_amount", "营销费用 {number}"),
            ("credit", "2202", "amount", "营销费用 {number}"),
        ),
    ),
    (
        "expense_paid", "付营销费用", "付",
        (("debit", "2202", "amount", "付营销费用 {number}"), ("credit", "1002", "amount", "付营销费用 {number}")),
    ),
]  # fmt: skip
