from tests.processes.conftest import *  # noqa: F403
