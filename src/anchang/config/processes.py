"""Small things about operating system processes."""

import ctypes
import sys


def die_with_parent(how: int) -> None:
    """In a child: have the kernel send `how` when the thread that started this process goes, however it goes.

    Linux only; elsewhere children rely on being stopped. Call it after any change of user.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, how, 0, 0, 0)
