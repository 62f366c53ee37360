"""Signing PDFs (PAdES, ETSI.CAdES.detached) with visible stamps, and checking what was signed.

Pure functions over bytes. Every signature is added behind what is there, so that earlier ones stay valid. Places are
points from the top left corner of the last page.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import DictionaryObject, IndirectObject, NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

logging.getLogger("pyhanko").setLevel(logging.ERROR)

PAGE_HEIGHT = 841.89
KEY_BITS = 3072
#: Room for one signature in the file, in bytes: certificate, attributes, 3072 bits.
ROOM = 16384


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, both DER."""

    certificate: bytes
    key: bytes

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.certificate).hexdigest()


@dataclass(frozen=True)
class Place:
    """Where a stamp goes: the field's name, left upper corner and size."""

    field: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Checked:
    """One signature of a file: `intact`, its bytes and certificate agree; `whole`, nothing was put behind it but
    further signatures; `ours`, the certificate is the expected one."""

    field: str
    intact: bool
    whole: bool
    ours: bool
    signed_at: dt.datetime | None

    @property
    def good(self) -> bool:
        return self.intact and self.whole and self.ours


def new_identity(organisation: str, name: str, start: dt.datetime, days: int) -> Identity:
    """A self-signed certificate for signing documents, valid `days` from `start`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    subject = certificates.Name(
        [
            certificates.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            certificates.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            certificates.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )
    usage = certificates.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        certificates.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(certificates.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(certificates.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        made.public_bytes(serialization.Encoding.DER),
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )  # fmt: skip


def with_page(pdf: bytes, sheet: bytes, places: Sequence[Place]) -> bytes:
    """The paper with the sheet's only page behind it, and on that page an empty signature field per place. Fields
    stand there before the first signature, so that filling one never looks like a change."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = PdfFileReader(io.BytesIO(sheet)).root["/Pages"]["/Kids"][0]
    if isinstance(page, IndirectObject):
        page = page.get_object()
    left_out = ("/Parent", "/StructParents", "/Annots", "/Tabs")
    taken = DictionaryObject(
        {NameObject(key): writer.import_object(page.raw_get(key)) for key in page if key not in left_out}
    )
    writer.insert_page(taken)
    for place in places:
        bottom = PAGE_HEIGHT - place.y - place.height
        box = (round(place.x), round(bottom), round(place.x + place.width), round(bottom + place.height))
        append_signature_field(writer, SigFieldSpec(place.field, on_page=-1, box=box))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def signed(pdf: bytes, identity: Identity, field: str, stamp: bytes, *, name: str, reason: str, place: str) -> bytes:
    """One signature more. `stamp`: a PDF of one page that is shown in the field; `name`: in whose name."""
    store = SimpleCertificateStore()
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(identity.certificate),
        signing_key=keys.PrivateKeyInfo.load(identity.key),
        cert_registry=store,
    )
    meta = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", name=name, reason=reason, location=place,
        subfilter=SigSeedSubFilter.PADES,
    )  # fmt: skip
    with tempfile.NamedTemporaryFile(prefix="anchang-", suffix=".pdf") as picture:
        picture.write(stamp)
        picture.flush()
        style = StaticStampStyle.from_pdf_file(picture.name, border_width=0, background_opacity=1)
        out = io.BytesIO()
        signers.PdfSigner(meta, signer=signer, stamp_style=style).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out, existing_fields_only=True, bytes_reserved=ROOM
        )
    return out.getvalue()


def check(pdf: bytes, certificate: bytes) -> list[Checked]:
    """Every signature of the file, in order. Empty: none, or no PDF at all. Nothing is fetched from outside."""
    expected = x509.Certificate.load(certificate)
    context = ValidationContext(trust_roots=[expected], allow_fetching=False, revocation_mode="soft-fail")
    found = []
    try:
        for one in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
            found.append(_checked(one, expected, context))
    except (PdfError, ValueError, KeyError, TypeError, IndexError, RecursionError, OSError):
        return [Checked(c.field, False, False, c.ours, c.signed_at) for c in found]
    return found


def _checked(one: object, expected: x509.Certificate, context: ValidationContext) -> Checked:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    assert isinstance(one, EmbeddedPdfSignature)
    ours = one.signer_cert.dump() == expected.dump()
    try:
        status = validate_pdf_signature(one, context)
    except (SignatureValidationError, PdfError, ValueError):
        return Checked(one.field_name, False, False, ours, None)
    whole = status.intact and status.bottom_line
    return Checked(one.field_name, status.intact and status.valid, whole, ours, one.self_reported_timestamp)


__all__ = ["Checked", "Identity", "Place", "check", "new_identity", "signed", "with_page"]
