"""The columns in which lists of a deal are typed in generated forms (Label `rows`). What is typed is read by the rules
of buyers, loans and bundles, which name the row and the column of a mistake."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Buyer
from anchang.platform.inputs import Input, Label, Line, Ref


class PersonRow(Input):
    name: Annotated[Line, Label(_("Full name"))]
    id_number: Annotated[Line, Label(_("Document number"))]


class BuyerRow(Input):
    kind: Annotated[
        Literal["person", "company"] | None, Label(_("Kind"), kind="choice", choices=dict(Buyer.Kind.choices))
    ] = None
    name: Annotated[Line, Label(_("Full name"))]
    id_type: Annotated[
        str | None, Label(_("Document"), kind="choice", choices=dict(Buyer.IdType.choices))
    ] = None
    id_number: Annotated[Line, Label(_("Document number"))]
    phone: Annotated[Line, Label(_("Phone"))] = ""
    share: Annotated[Line, Label(_("Ownership share"))] = ""
    guardian: Annotated[PersonRow | None, Label(_("Guardian"))] = None
    agent: Annotated[PersonRow | None, Label(_("Agent"))] = None


class NewBuyerRow(BuyerRow):
    """A newcomer's relation to a buyer who stays, which a document proves."""

    relation: Annotated[
        Literal["spouse", "parent", "child", "grandparent", "grandchild"] | None,
        Label(_("Relation"), kind="choice", choices={
            "spouse": _("Spouse"), "parent": _("Parent"), "child": _("Child"), "grandparent": _("Grandparent"),
            "grandchild": _("Grandchild"),
        }),
    ] = None  # fmt: skip
    proven: Annotated[bool, Label(_("Proven"))] = False


class LoanRow(Input):
    kind: Annotated[
        Literal["bank", "fund"],
        Label(_("Kind"), kind="choice", choices={"bank": _("Bank loan"), "fund": _("Housing fund loan")}),
    ]
    bank: Annotated[Line, Label(_("Bank"))] = ""
    amount: Annotated[Any, Label(_("Amount"), kind="money")]


class AlongRow(Input):
    """A unit of a bundle; without a price at its list price, without a plan by that of the main unit."""

    unit: Annotated[Ref("units"), Label(_("Unit"))]
    price: Annotated[Any, Label(_("Price"), kind="money")] = None
    deposit: Annotated[Any, Label(_("Deposit"), kind="money")] = None
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
