"""Nothing that identifies a customer reaches the log."""

import pytest

from anchang.config.logs import redact


@pytest.mark.parametrize(
    "text",
    [
        "phone 13812342302 is taken",
        "+86 138 1234 2302",
        "330102199003072316",
        "33010219900307231X",
        "DETAIL: Key (project_id, name)=(1, 陈晓) already exists.",
    ],
)
def test_personal_data_is_cut(text: str) -> None:
    shown = redact(text)
    for part in ("1234", "0307", "陈晓", "2302"):
        assert part not in shown


def test_other_numbers_stay() -> None:
    text = "contract 1024 of 2026-03-12 over 2696170.00 in 0.123456789 s"
    assert redact(text) == text
