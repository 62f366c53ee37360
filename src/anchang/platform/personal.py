"""Personal data at rest: AES-GCM with a key that isn't the secret key, and an HMAC to find equal values.

A ciphertext starts with the id of its key, so that keys can be changed row by row. Losing the key loses
the phones: `anchang doctor` asks whether it is kept elsewhere; it is never in a backup.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12


@lru_cache(maxsize=4)
def _keys(secret: str) -> tuple[bytes, bytes, bytes]:
    """(key id, encryption key, HMAC key) derived from the one secret."""
    master = hashlib.sha256(secret.encode()).digest()
    return (
        hashlib.sha256(b"id" + master).digest()[:4],
        hashlib.sha256(b"encrypt" + master).digest(),
        hashlib.sha256(b"hmac" + master).digest(),
    )


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def encrypt(text: str) -> bytes:
    key_id, key, _ = _keys(settings.ANCHANG_DATA_KEY)
    nonce = os.urandom(NONCE)
    return key_id + nonce + _cipher(key).encrypt(nonce, text.encode(), None)


def decrypt(blob: bytes | memoryview) -> str:
    """Raises ValueError when the value was encrypted under another key."""
    data = bytes(blob)
    key_id, key, _ = _keys(settings.ANCHANG_DATA_KEY)
    if data[:4] != key_id:
        raise ValueError("encrypted under another data key")
    return _cipher(key).decrypt(data[4 : 4 + NONCE], data[4 + NONCE :], None).decode()


def digest(text: str) -> str:
    """The same text always gives the same 32 characters; without the key nothing can be guessed from them."""
    _, _, key = _keys(settings.ANCHANG_DATA_KEY)
    mac = hmac.digest(key, text.encode(), "sha256")
    return base64.urlsafe_b64encode(mac[:24]).decode()
