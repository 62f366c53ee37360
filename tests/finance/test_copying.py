"""The books of another project as a start: its chart with the office's own accounts, and its templates in use."""

from __future__ import annotations

import pytest

from anchang.finance.models import Account, VoucherTemplate, VoucherTemplateLine
from anchang.kernel.errors import DomainError
from tests.factories import make_office, run

pytestmark = pytest.mark.django_db


def test_books_are_copied_once_and_what_is_there_stays():
    old, new = make_office(), make_office("XC", "xc-")
    with old.as_("admin") as access:
        run("set_up_books", access, project="YQ", bank_account="111")
        Account.objects.filter(code="1002").update(name="银行存款—监管户")
        Account.objects.create(project=old.project, code="100201", name="按揭保证金", kind="asset", by_project=True)
        Account.objects.create(project=old.project, code="9999", name="停用", kind="asset", active=False)
        suspended = VoucherTemplate.objects.get(event="invoice_issued")
        run("suspend_template", access, suspended)
    with new.as_("admin") as access:
        Account.objects.create(project=new.project, code="1122", name="自己的", kind="asset")
        told = run("copy_books", access, project="XC", source="YQ", bank_account="222")
        mine = Account.objects.filter(project=new.project)
        assert told["accounts"] == mine.count() - 1 and not mine.filter(code="9999").exists()
        names = dict(mine.values_list("code", "name"))
        assert (names["1002"], names["100201"], names["1122"]) == ("银行存款—监管户", "按揭保证金", "自己的")
        templates = VoucherTemplate.objects.filter(project=new.project)
        assert told["templates"] == templates.count() > 5
        assert set(templates.exclude(state="in_use").values_list("event", flat=True)) == {"invoice_issued"}
        lines = VoucherTemplateLine.objects.filter(project=new.project)
        assert lines.exclude(account__project=new.project).count() == 0
        assert set(lines.values_list("bank_account", flat=True)) == {"", "222"}
        again = run("copy_books", access, project="XC", source="YQ", bank_account="222")
        assert again == {"accounts": 0, "templates": 0}


def test_only_who_reads_the_other_books_copies_them():
    make_office()
    new = make_office("XC", "xc-")
    with new.as_("finance") as access, pytest.raises(DomainError) as caught:
        run("copy_books", access, project="XC", source="YQ", bank_account="1")
    assert caught.value.code in ("not_found", "bad_input", "forbidden")
