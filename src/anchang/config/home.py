"""The data folder (ANCHANG_HOME): where this installation keeps what must outlive a process.

Holds the embedded database, the passwords and keys made on first use, and the log. Imports
nothing of Django: the settings and the command line both read it.
"""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def home() -> Path:
    """The data folder, made when missing. Others may pass through it but not list it."""
    folder = Path(os.environ.get("ANCHANG_HOME") or ".anchang").resolve()
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
    return folder


def new_password() -> str:
    return secrets.token_urlsafe(32)


def new_data_key() -> str:
    """32 random bytes, url-safe base64: the form that ANCHANG_DATA_KEY takes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def kept_secret(name: str, make: Callable[[], str] = new_password) -> str:
    """The secret called `name` of this installation, made once.

    Two processes that ask at the same time get the same value: the file appears complete
    (written aside, then linked) and the first one wins.
    """
    path = home() / "keys" / name
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def secret_key() -> str:
    return os.environ.get("ANCHANG_SECRET_KEY") or kept_secret("secret_key")


def data_key() -> str:
    """The key that personal data is encrypted with. Never put it in a backup."""
    return os.environ.get("ANCHANG_DATA_KEY") or kept_secret("data_key", new_data_key)
