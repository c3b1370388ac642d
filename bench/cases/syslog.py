"""Syslog over TCP until all rows can be queried, against rsyslog until all lines are in its file.

Both are fed by the same sender with the same prebuilt lines over one connection. Ours is then decoded,
durable and queryable by column; rsyslog's is text in the page cache.
"""

import time

from lib import load, measure, syslog_lines
from lib.workshop import Skipped
from peers import rsyslog

NAME = "syslog"
PROMISE = "(c) syslog over TCP, against rsyslog to a file"
AT_LEAST = 0.5
SECONDS_MAX = 300
#: How often both are looked at.
LOOK_SECONDS = 0.02


def run(workshop):
    if rsyslog.find() is None:
        raise Skipped("there is no rsyslogd")
    count = workshop.rows
    lines = syslog_lines.file(workshop.cache, count)

    def ours(_):
        measure.drop_dirty_pages()
        with workshop.server() as server:
            server.start()
            server.token()
            with load.syslog(server.syslog_tcp, lines) as sender:
                begun = time.monotonic()
                sender.go()
                _wait(lambda: server.metric("phalanx_rows_accepted_total"), count, begun)
                seen = server.wait_count(syslog_lines.TABLE, count, SECONDS_MAX, LOOK_SECONDS)
                seconds = time.monotonic() - begun
                sent = sender.result()
            if seen != count:
                raise RuntimeError(f"{count} lines sent, {seen} rows found")
            return count / seconds, {
                "seconds": seconds,
                "sender_seconds": sent["seconds"],
                "sender_cpu_seconds": sent["cpu_seconds"],
                "server_cpu_seconds": server.cpu_seconds(),
                "memory_peak_bytes": server.memory_peak_bytes(),
            }

    def peer(_):
        measure.drop_dirty_pages()
        with rsyslog.Rsyslog(workshop.scratch) as other, load.syslog(other.address, lines) as sender:
            begun = time.monotonic()
            sender.go()
            _wait(other.count_lines, count, begun)
            seconds = time.monotonic() - begun
            sent = sender.result()
        return count / seconds, {"seconds": seconds, "sender_cpu_seconds": sent["cpu_seconds"]}

    return measure.compare(NAME, PROMISE, AT_LEAST, workshop.rounds, ours, peer, unit="lines/s")


def _wait(look, count, begun):
    while (seen := look()) < count:
        if time.monotonic() - begun > SECONDS_MAX:
            raise RuntimeError(f"{seen:.0f} of {count} lines after {SECONDS_MAX} s")
        time.sleep(LOOK_SECONDS)
