"""Restart after kill -9 with a million rows that are in the journal and not yet in the lake.

The lake is told not to flush; then the server is killed. From its start to `/readyz` answering and the
count of rows being right.
"""

import time

from lib import load, measure, rows

NAME = "restart"
PROMISE = "(f) restart with 1 million rows not in the lake"
SECONDS_BELOW = 5.0
ROWS = 1_000_000
#: Keeps rows out of files: neither age nor size flushes them.
NO_FLUSH = {
    "PHALANX_LAKE__FLUSH_SECONDS": "86400",
    "PHALANX_LAKE__FLUSH_BYTES": str(8 << 30),
    "PHALANX_LAKE__HOT_BYTES_MAX": str(16 << 30),
}


def run(workshop):
    _, packed = workshop.json_lines()
    wanted = workshop.scaled(ROWS)
    ready, right, default = [], [], []
    for number in range(workshop.rounds):
        with workshop.server() as server:
            server.start(NO_FLUSH)
            with load.api(server, packed, rows=wanted) as sender:
                sent = sender.go().result()
            server.kill()
            lake = workshop.rows_in_lake(server, rows.TABLE)
            if lake["rows"]:
                raise RuntimeError(f"{lake['rows']} rows were in the lake already")
            # The last round restarts with the default settings, under which replaying also flushes.
            environment = NO_FLUSH if number < workshop.rounds - 1 or workshop.rounds == 1 else {}
            begun = time.monotonic()
            server.start(environment)
            ready.append(time.monotonic() - begun)
            seen = server.wait_count(rows.TABLE, sent["rows"], 120, 0.02)
            elapsed = time.monotonic() - begun
            (right if environment else default).append(elapsed)
            if seen != sent["rows"]:
                raise RuntimeError(f"{sent['rows']} rows acknowledged, {seen} found after the restart")
    return measure.below(
        NAME, PROMISE, SECONDS_BELOW, "s", right,
        rows=sent["rows"], ready_seconds=ready, default_settings_seconds=default,
    )
