"""Cells lead only where the reader may go."""

import pytest

from anchang.kernel.actor import Actor
from anchang.platform import resources
from anchang.platform.access import Access
from anchang.platform.ui.rows import reader_of

HERE, THERE = 1, 2
VISITS = {"visits.view": "project"}
BOTH = VISITS | {"customers.view": "project"}


@pytest.mark.parametrize(
    ("here", "there", "project_id", "linked"),
    [
        (VISITS, BOTH, HERE, False), (BOTH, VISITS, HERE, True), (VISITS, BOTH, THERE, True),
        (VISITS, BOTH, None, False), (BOTH, BOTH, None, True), (BOTH, {}, None, True),
    ],
)  # fmt: skip
def test_a_cell_links_where_the_right_is_held_in_the_rows_own_project(here, there, project_id, linked):
    access = Access(Actor("staff", 1, "x"), {HERE: here, THERE: there})
    visits = resources.get("visits")
    cell = reader_of(visits, visits.by_name["customer"], access, project_id)(7, {"id": 5, "label": "孙静伟"})
    assert cell["label"] == "孙静伟" and ("url" in cell) is linked
