"""Secrets are made once, and for their owner only."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from anchang.config.home import kept_secret, new_data_key


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANCHANG_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_secret_stays_the_same(folder: Path) -> None:
    first = kept_secret("some_key")
    assert len(first) >= 32
    assert kept_secret("some_key") == first
    assert kept_secret("other_key") != first
    assert (folder / "keys" / "some_key").stat().st_mode & 0o777 == 0o600
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700


def test_many_at_once_get_one_secret(folder: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: kept_secret("raced", new_data_key), range(64)))
    assert len(found) == 1
    assert [path.name for path in (folder / "keys").iterdir()] == ["raced"]
