"""The signing page behind a paper, and the stamps that signatures show."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from anchang.paperwork.models import SignatureRequest, Signer
from anchang.platform.documents.signing import Place, with_page
from anchang.platform.documents.typst import compiled, printable

FORMS = Path(__file__).parent / "forms"
SELLER = "seller"
MOST_SIGNERS = 20
_ROLES = {"buyer": "买受人", "guardian": "法定代理人", "agent": "委托代理人"}
# Points: stamps of buyers in three columns under the table, the seal under them on the right.
_TOP, _LEFT, _STEP_X, _STEP_Y = 250.0, 51.0, 168.0, 68.0
_STAMP, _SEAL = (150.0, 48.0), 116.0


def field_of(seq: int) -> str:
    return f"buyer{seq}"


def places_for(count: int) -> list[Place]:
    """A place per buyer and the seller's, last."""
    width, height = _STAMP
    found = [
        Place(field_of(i + 1), _LEFT + (i % 3) * _STEP_X, _TOP + (i // 3) * _STEP_Y, width, height)
        for i in range(count)
    ]
    return [*found, Place(SELLER, 377.0, 702.0, _SEAL, _SEAL)]


def sheeted(pdf: bytes, request: SignatureRequest, signers: Sequence[Signer], company: str, verify: str) -> bytes:
    """The paper with its signing page and empty signature fields."""
    places = places_for(len(signers))
    labels = [f"{_ROLES[s.role]}：{s.name}" for s in signers] + [f"出卖人：{company}"]
    data = {
        "title": request.title, "number": request.number, "company": company, "verify": verify,
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "places": [
            {"x": p.x, "y": p.y, "width": p.width, "height": p.height, "label": printable(label)}
            for p, label in zip(places, labels, strict=True)
        ],
    }  # fmt: skip
    sheet = compiled(FORMS / "signing_page.typ", json.dumps(data, ensure_ascii=False), tagged=False)
    return with_page(pdf, sheet, places)


def name_stamp(name: str, role: str, at: dt.datetime) -> bytes:
    return _drawn("name_stamp.typ", name=printable(name), role=_ROLES[role], at=f"{at:%Y-%m-%d %H:%M}")


def seal(company: str, at: dt.datetime) -> bytes:
    """公司章, drawn from the company's name."""
    return _drawn("seal.typ", company=printable(company), at=f"{at:%Y-%m-%d %H:%M}")


def _drawn(form: str, **data: str) -> bytes:
    return compiled(FORMS / form, json.dumps(data, ensure_ascii=False), tagged=False)
