"""From acknowledged to queryable, at half the greatest rate.

First the server takes rows as fast as it can, for the greatest rate; then a fresh one takes half of that
while a probe row with a mark of its own is sent again and again. From its acknowledgement the mark is asked
for, over and over, until a query finds it: that query's whole time is part of the figure.
"""

import json
import time

from lib import load, measure, rows
from lib.server import stream_path

NAME = "latency"
PROMISE = "(d) acknowledged to queryable, 99th percentile"
SECONDS_BELOW = 1.0
LOAD_SECONDS = 45
FOUND_SECONDS_MAX = 30
PROBE_EVERY_SECONDS = 0.1


def run(workshop):
    _, packed = workshop.json_lines()
    with workshop.server() as server:
        server.start()
        with load.api(server, packed) as sender:
            sent = sender.go().result()
    greatest = sent["rows"] / sent["seconds"]
    rate = greatest / 2
    seconds = max(10, LOAD_SECONDS * min(1.0, workshop.scale * 4))
    with workshop.server() as server:
        server.start()
        with load.api(server, packed, rows=int(rate * seconds), rows_per_second=rate) as sender:
            sender.go()
            delays, acknowledgements = _probe(server, sender)
            sent = sender.result()
        memory = server.memory_peak_bytes()
    result = measure.below(
        NAME, PROMISE, SECONDS_BELOW, "s", [measure.percentile(delays, 0.99)],
        probes=len(delays),
        p50_seconds=measure.percentile(delays, 0.5),
        p90_seconds=measure.percentile(delays, 0.9),
        max_seconds=max(delays),
        acknowledge_p50_seconds=measure.percentile(acknowledgements, 0.5),
        acknowledge_p99_seconds=measure.percentile(acknowledgements, 0.99),
        greatest_rows_per_second=greatest,
        rows_per_second=sent["rows"] / sent["seconds"],
        memory_peak_bytes=memory,
    )
    result.figure.update(min=min(delays), max=max(delays))
    return result


def _probe(server, sender):
    """Sends probes while the load runs; their delays, and how long their acknowledgements took."""
    sending, asking = server.connect(), server.connect()
    path = stream_path(rows.RULE, rows.STREAM)
    delays, acknowledgements = [], []
    while sender.is_running():
        mark = f"probe-{len(delays)}-{time.monotonic_ns()}"
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = json.dumps([{"TimeGenerated": now, "DeviceName": mark, "ActionType": "ProcessCreated"}])
        begun = time.monotonic()
        status, answer = server.request("POST", path, body, connection=sending)
        acknowledged = time.monotonic()
        if status != 204:
            raise RuntimeError(f"a probe was answered with {status} {answer[:300]!r}")
        while True:
            found = server.query(f"select count(*) as n from {rows.TABLE} where DeviceName = '{mark}'", asking)
            delay = time.monotonic() - acknowledged
            if found[0]["n"] == 1:
                break
            if delay > FOUND_SECONDS_MAX:
                raise RuntimeError(f"the probe `{mark}` was not found after {FOUND_SECONDS_MAX} s")
        delays.append(delay)
        acknowledgements.append(acknowledged - begun)
        time.sleep(max(0.0, PROBE_EVERY_SECONDS - (time.monotonic() - begun)))
    return delays, acknowledgements
