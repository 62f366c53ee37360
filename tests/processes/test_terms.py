"""What a subscription asks for, checked together."""

from __future__ import annotations

import pytest

from anchang.kernel.errors import DomainError, Problems
from tests.deals.desk import BUYER
from tests.processes.test_main_path import refused

pytestmark = pytest.mark.django_db


def test_one_answer_names_every_wrong_field(desk):
    minor = BUYER | {"id_number": "", "phone": "12"}
    asked = {
        "customer": desk.customer("consultant1").pk, "payment_plan": "mortgage", "deposit": "900000",
        "sign_by": "2020-01-01", "loans": [{"kind": "bank", "amount": "-1"}], "buyers": [minor],
    }  # fmt: skip
    access = desk.office.access("consultant1")
    why = refused("bad_input", "subscribe_unit", access, desk.unit(), status=422, **asked)
    assert set(why.fields) == {"buyers.0.id_number", "buyers.0.phone", "deposit", "sign_by", "loans.0.amount"}
    assert why.params["cap"] == "565692.00", "the sentence at the deposit says how much may be asked"
    good = asked | {"buyers": [BUYER], "sign_by": None, "loans": None}
    refused("deposit_over_cap", "subscribe_unit", access, desk.unit(), status=422, field="deposit", **good)


def test_only_what_is_wrong_with_the_input_is_gathered():
    def taken() -> None:
        raise DomainError("unit_taken")

    wrong = Problems()
    with pytest.raises(DomainError, match="unit_taken"):
        wrong.try_(taken)
    wrong.told()
