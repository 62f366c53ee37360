"""Electronic signing from sending to the archive, and what must not work on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import subprocess
import sys
from urllib.parse import parse_qs

import pytest
from asn1crypto import pem
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from anchang.kernel.errors import DomainError
from anchang.paperwork.commands.signing import expire_requests, link_of
from anchang.paperwork.models import ArchiveDownload, SignatureRequest, SignedPaper, Signer, SigningCertificate
from anchang.paperwork.queries import paper_of
from anchang.platform import jobs, reading, resources
from anchang.platform.access import bump_stamp
from anchang.platform.context import Context
from anchang.platform.models import Notice, OutgoingMessage, Parameter, StoredFile
from anchang.platform.outbox.queueing import SEND
from tests.deals.desk import BUYER
from tests.factories import PASSWORD, run
from tests.platform.outbox.gateway import Gateway

pytestmark = pytest.mark.django_db
TWO = [
    BUYER | {"share": "50"},
    {"name": "李四", "id_number": "330102199205062322", "phone": "13812292303", "share": "50"},
]
WHO = {"name": "张三", "tail": "2316"}


@pytest.fixture(autouse=True)
def no_attempts_yet():
    cache.clear()


@pytest.fixture
def sent(desk):
    """A contract of two buyers that was sent to them."""
    contract = desk.sign(buyers=TWO)
    return run("send_contract_to_sign", desk.office.access("clerk"), contract)


def signer(request, seq=1):
    return Signer.objects.select_related("request").get(request=request, seq=seq)


def link(request, seq=1):
    return link_of(signer(request, seq), request.expires_at)


def code_of(desk):
    """What the desk's notice says."""
    notices = Notice.objects.filter(code="signing_code", user=desk.office.users["clerk"]).order_by("-id")
    return notices.first().params["given"]


def give(client, url, what, **data):
    """One step on the signer's page. The request has a scope of its own; the test goes on in the office's."""
    return client.post(f"{url}{what}", data, HTTP_USER_AGENT="phone")


def back(desk):
    from anchang.platform.scope import set_scope

    access = desk.office.access("system")
    set_scope(access.project_ids, access.actor)


def sign(desk, client, url, name="张三", tail="2316"):
    assert client.get(f"{url}paper.pdf").content.startswith(b"%PDF")
    assert give(client, url, "code", name=name, tail=tail).status_code == 302
    back(desk)
    done = give(client, url, "confirm", code=code_of(desk), consent="on")
    back(desk)
    return done


def finish(desk, client, sent):
    assert sign(desk, client, link(sent)).status_code == 302
    assert sign(desk, client, link(sent, 2), "李四", "2322").status_code == 302
    sent.refresh_from_db()
    return paper_of(sent)


def test_two_buyers_sign_in_order_and_foreign_tools_confirm_it(desk, client, sent, tmp_path):
    url, second = link(sent), link(sent, 2)
    page = client.get(second).content.decode()
    back(desk)
    assert sent.number in page and 'name="tail"' not in page  # not his turn yet
    assert give(client, url, "code", **WHO).status_code == 409  # not read yet
    back(desk)
    paper = finish(desk, client, sent)
    first = signer(sent)
    assert (sent.state, sent.steps, sent.signed_sha256) == ("completed", 3, hashlib.sha256(paper.data).hexdigest())
    assert first.state == "signed" and first.consented_at and first.device == "phone" and first.channel == "desk"
    certificate = SigningCertificate.objects.get()
    file, cert = tmp_path / "signed.pdf", tmp_path / "cert.pem"
    file.write_bytes(paper.data)
    cert.write_text(certificate.certificate)
    command = [
        sys.executable, "-c",
        "import sys; from pyhanko.pdf_utils.reader import PdfFileReader;"
        "from pyhanko.keys import load_cert_from_pemder; from pyhanko.sign.validation import validate_pdf_signature;"
        "from pyhanko_certvalidator import ValidationContext as V;"
        "s = PdfFileReader(open(sys.argv[1], 'rb')).embedded_signatures;"
        "c = V(trust_roots=[load_cert_from_pemder(sys.argv[2])]);"
        "print([validate_pdf_signature(x, c).bottom_line for x in s])",
    ]  # fmt: skip
    said = subprocess.run([*command, str(file), str(cert)], capture_output=True, text=True, check=True, env={})
    assert said.stdout.strip() == "[True, True, True]"
    if shutil.which("pdfsig"):
        told = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False).stdout
        assert told.count("Signature is Valid") == 3 and "ETSI.CAdES.detached" in told
    openssl_confirms(paper.data, cert, tmp_path)


def openssl_confirms(pdf: bytes, cert, folder) -> None:
    """`openssl cms -verify` over the last signature's bytes, with nothing of ours."""
    a, b, c, d = (int(n) for n in re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", pdf)[-1])
    signature, content = folder / "cms.der", folder / "content.bin"
    signature.write_bytes(der(pdf[a + b + 1 : c - 1]))
    content.write_bytes(pdf[a : a + b] + pdf[c : c + d])
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content, "-CAfile", cert,
         "-purpose", "any", "-partial_chain", "-out", "/dev/null"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content.write_bytes(pdf[a : a + b] + pdf[c : c + d - 1] + b"x")
    assert subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content",
                           content, "-CAfile", cert, "-purpose", "any", "-out", "/dev/null"], capture_output=True,
                          check=False).returncode  # fmt: skip


def der(digits: bytes) -> bytes:
    """The signature without the room that was left behind it."""
    data = bytes.fromhex(digits.decode())
    length = data[1] & 0x7F
    return data[: 2 + length + int.from_bytes(data[2 : 2 + length], "big")]


def test_the_verification_page_tells_the_paper_from_a_changed_one(desk, client, sent):
    unsigned = f"/verify/{sent.project_id}-{sent.verify_code}/"
    assert client.get(unsigned).status_code == 404  # nothing to verify yet
    back(desk)
    paper = finish(desk, client, sent)
    changed = bytearray(paper.data)
    changed[changed.index(b"stream") + 100] ^= 1
    answers = [client.post(unsigned, {"file": SimpleUploadedFile("x.pdf", bytes(data))}).content.decode()
               for data in (paper.data, changed, b"no pdf")]  # fmt: skip
    assert ['data-result="good"' in text for text in answers] == [True, False, False]
    assert "张*" in answers[0] and "张三" not in answers[0] and BUYER["phone"] not in answers[0]
    assert client.get(unsigned[:-8] + "aaaaaaa/").status_code == 404
    assert client.get("/verify/1-x/").status_code == 404


def test_tampering_is_seen_even_in_what_is_stored(desk, client, sent):
    from anchang.paperwork.identities import der_of
    from anchang.platform.documents.signing import check

    paper, certificate = finish(desk, client, sent), der_of(SigningCertificate.objects.get())
    assert [one.good for one in check(paper.data, certificate)] == [True] * 3
    changed = bytearray(paper.data)
    changed[changed.index(b"stream") + 100] ^= 1
    assert not any(one.good for one in check(bytes(changed), certificate))
    other = SigningCertificate.objects.get()
    from anchang.platform.documents.signing import new_identity

    foreign = new_identity("别的公司", "x", timezone.now(), 10).certificate
    assert other and not any(one.good for one in check(paper.data, foreign))


def test_wrong_codes_lock_the_signer_and_the_count_is_kept(desk, client, sent):
    url = link(sent)
    client.get(f"{url}paper.pdf")
    assert give(client, url, "code", **WHO).status_code == 302
    back(desk)
    right = code_of(desk)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    answers = [give(client, url, "confirm", code=wrong, consent="on").status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert give(client, url, "confirm", code=right, consent="on").status_code == 429
    back(desk)
    assert signer(sent).state != "signed"
    told = run("renew_signing_link", desk.office.access("clerk"), signer(sent))  # lifts the lock, ends the old link
    assert client.get(url).status_code == 403
    back(desk)
    assert sign(desk, client, told["url"]).status_code == 302


def test_wrong_person_missing_consent_and_old_codes_sign_nothing(desk, client, sent):
    url = link(sent)
    client.get(f"{url}paper.pdf")
    assert give(client, url, "code", name="张三", tail="0000").status_code == 422
    assert give(client, url, "code", name="王五", tail="2316").status_code == 422
    back(desk)
    assert not Notice.objects.filter(code="signing_code").exists()
    give(client, url, "code", **WHO)
    back(desk)
    code = code_of(desk)
    assert code not in signer(sent).code_digest and len(signer(sent).code_digest) == 32
    assert give(client, url, "confirm", code=code).status_code == 422  # no consent
    back(desk)
    Signer.objects.filter(pk=signer(sent).pk).update(code_expires_at=timezone.now())
    assert give(client, url, "confirm", code=code, consent="on").status_code == 422
    back(desk)
    assert SignedPaper.objects.filter(request=sent).count() == 1


def test_expired_forged_and_foreign_links_show_nothing(desk, client, sent):
    url = link(sent)
    past = link_of(signer(sent), timezone.now())
    forged = url.replace(f".{signer(sent).pk}.", f".{signer(sent, 2).pk}.")
    for bad in (past, forged, "/sign/x/", "/sign/1.2.3.4.5/", f"/sign/{'9' * 300}/"):
        answer = client.get(bad)
        assert answer.status_code == 403 and sent.number not in answer.content.decode(), bad
        assert client.get(f"{bad}paper.pdf").status_code == 403
    back(desk)
    SignatureRequest.objects.filter(pk=sent.pk).update(expires_at=timezone.now())
    ctx = Context(desk.office.access("system"), desk.office.project)
    assert expire_requests(ctx) == 1
    assert give(client, url, "code", **WHO).status_code == 409


def test_only_the_signer_signs_not_even_an_administrator(desk, sent):
    with pytest.raises(DomainError) as refused:
        run("confirm_signature", desk.office.access("system"), signer(sent), code="000000", consent=True)
    assert refused.value.status == 403
    with pytest.raises(DomainError) as refused:
        run("send_contract_to_sign", desk.office.access("clerk"), sent.contract)
    assert refused.value.code == "signature_open"


def test_the_archive_finds_papers_and_logs_who_takes_copies(desk, client, sent):
    paper = finish(desk, client, sent)
    assert client.login(username="clerk", password=PASSWORD)
    for text in (sent.number, "李四", paper.sha256, ""):
        assert sent.number in client.get("/archive/", {"q": text}).content.decode()
    assert sent.number not in client.get("/archive/", {"q": "nobody"}).content.decode()
    copy = client.post(f"/archive/{sent.pk}.pdf")
    assert hashlib.sha256(copy.content).hexdigest() == paper.sha256
    assert client.get(f"/archive/{sent.pk}/").status_code == 200
    assert client.login(username="consultant1", password=PASSWORD)
    assert client.post(f"/archive/{sent.pk}.pdf").status_code == 403
    back(desk)
    log = ArchiveDownload.objects.get()
    assert (log.user, log.sha256) == (desk.office.users["clerk"], paper.sha256)
    assert not StoredFile.objects.filter(resource="signature-requests").exists()  # no way around the log


@pytest.mark.parametrize("attack", [
    "UPDATE paperwork_signedpaper SET data = 'x'", "DELETE FROM paperwork_signedpaper",
    "DELETE FROM paperwork_archivedownload", "UPDATE paperwork_signaturerequest SET signed_sha256 = 'x'",
    "UPDATE paperwork_signaturerequest SET state = 'open'", "UPDATE paperwork_signer SET name = 'x'",
    "DELETE FROM paperwork_signer", "UPDATE paperwork_signingcertificate SET certificate = 'x'",
])  # fmt: skip
def test_the_database_itself_keeps_what_was_signed(desk, client, sent, attack):
    finish(desk, client, sent)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


def test_the_key_is_never_in_the_open(desk, sent):
    row = SigningCertificate.objects.get()
    assert pem.detect(row.certificate.encode()) and b"PRIVATE" not in bytes(row.key_cipher)
    assert "key" not in "".join(str(v) for v in run_fields(desk, row))


def run_fields(desk, row):
    from anchang.platform import reading, resources

    resource = resources.get("signing-certificates")
    return reading.get_row(resource, desk.office.access("clerk"), row.pk)


def test_a_minor_signs_by_the_guardian_and_a_company_by_its_agent(desk):
    buyers = [
        BUYER | {"share": "40"},
        {"name": "张小宝", "id_number": "330102201503072310", "share": "30",
         "guardian": {"name": "张三丰", "id_number": "330102196503072318"}},
        {"name": "某某公司", "kind": "company", "id_type": "credit_code", "id_number": "91330100MA27XABC1X",
         "share": "30", "agent": {"name": "赵六", "id_number": "330102197003072311"}},
    ]  # fmt: skip
    subscription = desk.subscribe(buyers=buyers)
    sent = run("send_subscription_to_sign", desk.office.access("consultant1"), subscription)
    found = Signer.objects.filter(request=sent).order_by("seq").values_list("role", "name")
    assert list(found) == [("buyer", "张三"), ("guardian", "张三丰"), ("agent", "赵六")]


def test_a_code_by_text_message_is_seen_by_the_buyer_alone(desk, client, sent, settings):
    """With the project's gateway staff get no code to read, neither in a message nor in the outbox."""
    settings.ANCHANG_OUTGOING_HOSTS = ["127.0.0.1"]
    Parameter.objects.create(key="paperwork.code_channel", value="sms", valid_from=dt.date(2020, 1, 1))
    bump_stamp()
    url = link(sent)
    assert client.get(f"{url}paper.pdf").status_code == 200
    refused = give(client, url, "code", **WHO)
    back(desk)
    assert refused.status_code == 409, "no gateway, no code"
    gateway = Gateway()
    try:
        run("add_message_channels", desk.office.access("director"), name="短信", kind="sms_http", url=gateway.url,
            body="to={phone}&text={text}")  # fmt: skip
        assert give(client, url, "code", **WHO).status_code == 302
        back(desk)
        waiting = OutgoingMessage.objects.exclude(kind="contract_congratulation").get()
        seen = reading.get_row(resources.get("outgoing-messages"), desk.office.access("director"), waiting.pk)
        assert not seen["text"] and not Notice.objects.filter(code="signing_code").exists()
        jobs.run_now(SEND, desk.office.access("system"), desk.office.project)
        back(desk)
    finally:
        gateway.stop()
    (said,) = [one for one in map(parse_qs, (seen["body"] for seen in gateway.seen)) if sent.number in one["text"][0]]
    assert said["to"] == ["13812292302"]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.content) == ("sent", None)
    code = re.search(r"\d{6}", said["text"][0].replace(sent.number, ""))
    assert code is not None
    assert give(client, url, "confirm", code=code.group(), consent="on").status_code == 302
    back(desk)
    assert signer(sent).state == "signed" and signer(sent).channel == "sms"
