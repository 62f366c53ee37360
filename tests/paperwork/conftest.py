"""The sales desk that these tests share."""

from tests.deals.desk import committed_desk, desk  # noqa: F401 (fixtures)
