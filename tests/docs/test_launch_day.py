"""The notary's script of the docs, run as anybody would run it, on a log that the office exported."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.conftest import ROOT
from tests.deals.desk import make_desk
from tests.opening.launch import make_launch


@pytest.fixture
def exported(transactional_db: None, tmp_path: Path) -> Path:
    desk = make_desk()
    with desk.office.as_("system"):
        launch = make_launch(desk)
        for n in range(4):
            launch.decide([(n, launch.units[n % 2], f"tap{n}")])
        launch.go("close_opening")
    client = Client()
    client.force_login(desk.office.users["director"], "django.contrib.auth.backends.ModelBackend")
    answer = client.get(f"/openings/{launch.opening.pk}/log.csv")
    assert answer.status_code == 200
    consultant = Client()
    consultant.force_login(desk.office.users["consultant1"], "django.contrib.auth.backends.ModelBackend")
    assert consultant.get(f"/openings/{launch.opening.pk}/log.csv").status_code == 403
    assert consultant.get(f"/openings/{launch.opening.pk}/links/").status_code == 403
    file = tmp_path / "log.csv"
    file.write_bytes(answer.content)
    return file


def verify(folder: Path, file: Path) -> subprocess.CompletedProcess[str]:
    script = re.search(r"```python log\n(.*?)```", (ROOT / "docs/launch-day.md").read_text(encoding="utf-8"), re.S)
    assert script is not None and len(script[1].splitlines()) <= 20
    program = folder / "verify.py"
    program.write_text(script[1], encoding="utf-8")
    return subprocess.run([sys.executable, "-I", program, file], capture_output=True, text=True, check=False)


def test_the_notarys_script_verifies_the_log_and_finds_every_change(exported: Path, tmp_path: Path) -> None:
    whole = verify(tmp_path, exported)
    assert whole.returncode == 0 and "4 entries, whole" in whole.stdout, whole.stderr
    text = exported.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for changed in (
        text.replace(",taken,", ",won,", 1), "".join(lines[:-1]), "".join([*lines[:3], *lines[4:]]),
        text.replace('"round": 1', '"round": 2'),
    ):  # fmt: skip
        assert changed != text
        exported.write_text(changed, encoding="utf-8")
        assert verify(tmp_path, exported).returncode != 0
