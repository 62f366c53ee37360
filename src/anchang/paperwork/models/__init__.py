"""Paperwork: Word templates, papers sent for electronic signature, what was signed, who took copies."""

from anchang.paperwork.models.notices import RiskNotice, SignedNotice
from anchang.paperwork.models.signing import (
    ArchiveDownload,
    SignatureRequest,
    SignedPaper,
    Signer,
    SigningCertificate,
)
from anchang.paperwork.models.templates import DocumentTemplate

__all__ = [
    "ArchiveDownload", "DocumentTemplate", "RiskNotice", "SignatureRequest", "SignedNotice", "SignedPaper", "Signer",
    "SigningCertificate",
]  # fmt: skip
