"""One file per promise; the list that names them all.

Each has `NAME`, `PROMISE` (as in README.md) and `run(workshop)`, which returns a `Result`.
"""

from . import evtx, json_api, latency, memory, restart, startup, syslog

ALL = [json_api, evtx, syslog, latency, memory, restart, startup]
