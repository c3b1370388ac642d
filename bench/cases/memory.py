"""The server's peak resident memory while ten million events are taken in as fast as it can.

As the kernel counts it (VmHWM), from the start of the process to the last row in Delta files: it is read
until the process ends its clean stop.
"""

import signal
import subprocess

from lib import load, measure, rows
from lib.server import ServerError

NAME = "memory"
PROMISE = "(e) peak memory, 10 million events"
GIB_BELOW = 1.0
EVENTS = 10_000_000


def run(workshop):
    _, packed = workshop.json_lines()
    events = workshop.scaled(EVENTS)
    with workshop.server() as server:
        server.start()
        with load.api(server, packed, rows=events) as sender:
            sent = sender.go().result()
        acknowledged = server.memory_peak_bytes()
        peak = _stop(server, acknowledged)
        lake = workshop.rows_in_lake(server, rows.TABLE)
    if lake["rows"] != sent["rows"]:
        raise RuntimeError(f"{sent['rows']} rows acknowledged, {lake['rows']} in the lake")
    return measure.below(
        NAME, PROMISE, GIB_BELOW, "GiB", [peak / 2**30],
        events=sent["rows"],
        rows_per_second=sent["rows"] / sent["seconds"],
        peak_until_acknowledged_bytes=acknowledged,
        delta_files=lake["files"],
    )


def _stop(server, peak):
    """Stops the server; the greatest peak seen until it was gone."""
    server.process.send_signal(signal.SIGTERM)
    while server.process.poll() is None:
        try:
            peak = max(peak, server.memory_peak_bytes())
            server.process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        except ServerError:
            # A process that has ended and was not waited for yet has no memory any more.
            server.process.wait()
    return peak
