"""F14: the ledger of marketing expenses by subject and month, spending without a target too."""

from __future__ import annotations

import pytest

from anchang.finance.models import Expense, ExpensePayment, ExpensePlan, ExpenseSubject, ExpenseTarget
from anchang.insight.catalogue import REPORTS
from anchang.kernel.errors import DomainError
from tests.factories import make_office
from tests.insight.books import on
from tests.insight.test_sales import ask
from tests.insight.test_statements import spend

pytestmark = pytest.mark.django_db


def test_the_ledger_holds_what_was_spent_with_and_without_a_target(django_assert_max_num_queries):
    office = make_office()
    with office.as_("finance") as access:
        here = {"project": office.project}
        media = ExpenseSubject.objects.create(**here, code="A", name="媒体")
        gifts = ExpenseSubject.objects.create(**here, code="B", name="礼品")
        ExpenseTarget.objects.create(**here, subject=media, year=2025, amount="10000", state="approved")
        ExpenseTarget.objects.create(**here, subject=gifts, year=2025, amount="9", state="draft")  # not agreed
        plan = ExpensePlan(**here, subject=media, month=on("2025-03-01"), amount="4000", state="approved")
        plan.save()
        spend(office, media, "2025-03-07", "2500")
        spend(office, gifts, "2025-04-07", "800.05")
        spend(office, media, "2024-12-31", "1")  # another year
        paid = Expense.objects.get(amount="2500.00")
        ExpensePayment.objects.create(
            **here, expense=paid, amount="1000", paid_on=on("2025-05-01"), account="1", at="2025-05-01T00:00Z"
        )
        Expense.objects.create(
            **here, number="V", subject=gifts, supplier="x", amount="7", incurred_on=on("2025-03-01"), state="voided",
            void_reason="x",
        )  # fmt: skip
        with django_assert_max_num_queries(7):
            told = ask(access, "expenses", date="2025-06-30")
        columns = ("code", "target", "planned", "incurred", "paid", "remaining")
        assert [tuple(row[name] for name in columns) for row in told["rows"]] == [
            ("A", "10000.00", "4000.00", "2500.00", "1000.00", "7500.00"),
            ("B", "0.00", "0.00", "800.05", "0.00", "-800.05"),
        ]  # fmt: skip
        assert (told["without_target"], told["total"]["incurred"], told["total"]["used"]) == (
            "800.05", "3300.05", "0.3300",
        )  # fmt: skip
        months = {m["month"]: (m["incurred"], m["paid"]) for m in told["months"]}
        assert months["2025-03"] == ("2500.00", "0.00") and months["2025-05"] == ("0.00", "1000.00")


@pytest.mark.parametrize("key", ["expenses", "month-statement", "budget"])
def test_figures_of_the_whole_project_are_not_for_a_consultant(key):
    office = make_office()
    with office.as_("consultant1") as access:
        assert not REPORTS[key].visible(access)
        with pytest.raises(DomainError) as caught:
            ask(access, key)
        assert caught.value.code == "forbidden"
