"""The lottery can be recomputed and can't be steered; the queue calls everybody once, in order."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchang.deals.rules import lottery, queue

DOCS = Path(__file__).resolve().parents[2] / "docs" / "launch-day.md"
NUMBERS = st.lists(st.integers(1, 10**6), min_size=1, max_size=60, unique=True)


@given(seed=st.text(min_size=16, max_size=30), public=st.text(max_size=10), numbers=NUMBERS, data=st.data())
def test_the_draw_is_a_permutation_that_the_given_order_does_not_change(seed, public, numbers, data):
    seed = seed.encode("utf-8", "replace").decode()
    public = public.encode("utf-8", "replace").decode()
    drawn = lottery.draw(seed, public, numbers)
    assert sorted(drawn) == sorted(numbers)
    assert lottery.draw(seed, public, data.draw(st.permutations(numbers))) == drawn


@given(numbers=NUMBERS, extra=st.integers(1, 10**6))
def test_another_entrant_changes_the_digest_but_not_the_order_of_the_others(numbers, extra):
    drawn = lottery.draw("seed-of-the-notary", "08 11 23", numbers)
    if extra in numbers:
        return
    more = [*numbers, extra]
    assert lottery.entrants_digest(more) != lottery.entrants_digest(numbers)
    assert [n for n in lottery.draw("seed-of-the-notary", "08 11 23", more) if n != extra] == drawn


@pytest.mark.parametrize(
    ("seed", "public", "numbers", "code"),
    [
        ("the seed of today", "42", [1, 2, 3], None),
        ("another seed", "42", [1, 2, 3], "seed_not_committed"),
        ("the seed of today", "42", [1, 2, 3, 4], "entrants_changed"),
        ("the seed of today", "", [1, 2, 3], "public_value_missing"),
    ],
)
def test_only_what_was_announced_is_drawn(seed, public, numbers, code):
    why = lottery.why_not_draw(
        hashlib.sha256(b"the seed of today").hexdigest(), lottery.entrants_digest([1, 2, 3]), seed, public,
        "welfare lottery 2026130", numbers,
    )  # fmt: skip
    assert (why and why.code) == code


def test_an_imported_result_names_every_entrant_once():
    assert lottery.why_not_import([3, 1, 2], [1, 2, 3]) is None
    codes = [lottery.why_not_import(r, [1, 2, 3]).code for r in ([1, 1, 2, 3], [1, 2], [1, 2, 3, 4])]  # type: ignore[union-attr]
    assert codes == ["lottery_number_twice", "lottery_number_missing", "lottery_number_unknown"]


def test_the_script_of_the_docs_draws_the_same_list(tmp_path):
    """At most twenty lines, the standard library only; run as anybody would run it."""
    script = re.search(r"```python lottery\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert script is not None and len(script[1].splitlines()) <= 20
    program = tmp_path / "draw.py"
    program.write_text(script[1], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", program, "春江花月夜-2026-11-20", "08 11 23", "1-500"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    numbers = range(1, 501)
    assert [int(n) for n in done.stdout.split("order: ")[1].split()] == lottery.draw(
        "春江花月夜-2026-11-20", "08 11 23", numbers
    )
    assert lottery.commitment("春江花月夜-2026-11-20") in done.stdout
    assert lottery.entrants_digest(numbers) in done.stdout


WAITING = st.builds(
    queue.Waiting, id=st.integers(1, 10**6), state=st.sampled_from(["valid", "called", "missed", "withdrawn"]),
    place=st.integers(1, 500), missed=st.integers(0, 3), rejoined_at=st.none() | st.integers(1, 50),
    qualified=st.booleans(),
)  # fmt: skip


@given(st.lists(WAITING, max_size=30, unique_by=lambda t: t.id))
def test_the_sequence_is_by_place_and_those_who_rejoined_come_last(tickets):
    found = queue.sequence(tickets)
    assert all(t.qualified and t.state in ("valid", "missed") for t in found)
    again = [t.rejoined_at is not None and t.state == "missed" for t in found]
    assert again == sorted(again)
    places = [t.place for t, late in zip(found, again, strict=True) if not late]
    assert places == sorted(places)


def test_a_ticket_rejoins_a_limited_number_of_times():
    assert queue.why_not_rejoin("missed", 1, 1) is None
    assert queue.why_not_rejoin("missed", 2, 1).code == "rejoined_enough"  # type: ignore[union-attr]
    assert queue.why_not_rejoin("valid", 0, 1).code == "state_refused"  # type: ignore[union-attr]
