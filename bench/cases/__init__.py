"""One file per promise; the list that names them all.

Each has `NAME`, `PROMISE` (as in README.md) and `run(workshop)`, which returns a `Result`.
"""

from . import evtx, first_rows, hunts, json_api, latency, memory, planning, restart, startup, syslog

ALL = [json_api, evtx, syslog, latency, memory, restart, startup, hunts, first_rows, planning]
