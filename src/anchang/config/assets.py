"""Gathering the static files into one folder, with hashed names and compressed copies."""

import hashlib
from pathlib import Path

FINGERPRINT = ".sources"
#: Not for browsers: source maps, and the fonts of printed documents.
IGNORED = ["*.map", "*.ttf", "LICENSE-*"]


def sources_fingerprint() -> str:
    """Changes when any static file does (path, size, time)."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(IGNORED):
            info = Path(storage.path(path)).stat()
            digest.update(f"{path} {info.st_size} {info.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def gather_if_changed() -> bool:
    """Fill STATIC_ROOT when a source changed since. A read-only folder is taken as it was shipped."""
    from django.conf import settings
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    mark = root / FINGERPRINT
    fingerprint = sources_fingerprint()
    if mark.exists() and mark.read_text() == fingerprint:
        return False
    try:
        root.mkdir(exist_ok=True)
        mark.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=IGNORED)
        mark.write_text(fingerprint)
    except PermissionError:
        if not (root / "staticfiles.json").exists():
            raise
    return True
