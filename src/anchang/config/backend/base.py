"""Asks once per request whether the connection still lives, without a round trip.

A server that ends, or cuts a connection, leaves something to be read at this end; on a quiet connection there is
nothing. Only then is the server asked.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        raw = self.connection
        if raw is None or raw.closed:
            return False
        if not self.errors_occurred and raw.info.transaction_status == 0:
            watched = select.poll()
            watched.register(raw.fileno(), select.POLLIN)
            if not watched.poll(0):
                return True
        return bool(super().is_usable())
