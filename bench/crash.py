"""Kills the server with SIGKILL at random moments under load, again and again, and counts what is left.

    bench/crash.py --binary PATH [--kills N] [--seed N] [--json]

Rows are sent through the Logs Ingestion API by several connections and as syslog over TCP, each with an id
of its own that is never sent twice. At the end

- every row that was acknowledged is there exactly once,
- every other row of the API, and every syslog line, is there at most once,
- nothing is there that was never sent.

The lake flushes every second, so that kills hit flushes and commits; some kills hit a server that is still
starting. After each start the counts are looked at already, so that a failure names the kill that caused it.
Exit code 0 only if all of it holds.
"""

import argparse
import http.client
import json
import os
import random
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import rows  # noqa: E402
from lib.server import Server, exit_when_terminated, stream_path  # noqa: E402

ENVIRONMENT = {"PHALANX_LAKE__FLUSH_SECONDS": "1"}
API_CONNECTIONS = 3
ROWS_PER_REQUEST_MAX = 400
#: A life under load lasts at most so long.
LIFE_SECONDS_MAX = 2.0
#: Share of lives that end while the server is still starting, at most so long after its start.
EARLY_SHARE = 0.15
EARLY_SECONDS_MAX = 0.4
SYSLOG_LINES_PER_BURST = 200


class Books:
    """What was sent, and what was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.next = 0
        self.acknowledged = set()
        self.sent = set()
        self.refused = 0
        self.syslog_sent = 0

    def take(self, count):
        """`count` new ids."""
        with self.lock:
            ids = [f"row-{n:09}" for n in range(self.next, self.next + count)]
            self.next += count
            self.sent.update(ids)
            return ids

    def acknowledge(self, ids):
        with self.lock:
            self.acknowledged.update(ids)

    def take_syslog(self, count):
        """Numbers of the first and behind the last of `count` new lines."""
        with self.lock:
            first = self.syslog_sent
            self.syslog_sent += count
            return first, self.syslog_sent


class Violation(Exception):
    """A row was lost, doubled or invented."""


def run(binary, kills, seed, say=lambda text: None):
    """The whole loop; returns the counts. Raises `Violation` with what is wrong."""
    rng = random.Random(seed)
    books = Books()
    early = 0
    with Server(binary, ENVIRONMENT) as server:
        server.start()
        server.token()
        for number in range(1, kills + 1):
            if server.process is None:
                server.spawn()
                if rng.random() < EARLY_SHARE:
                    time.sleep(rng.uniform(0, EARLY_SECONDS_MAX))
                    server.kill()
                    early += 1
                    continue
                server.wait_ready()
                check_counts(server, books, f"after kill {number - 1}")
            live(server, books, rng)
            say(f"kill {number}: {len(books.acknowledged)} of {len(books.sent)} rows acknowledged")
        if server.process is None:
            server.start()
        check_rows(server, books, "after the last kill")
        server.stop()
        server.start()
        found, lines = check_rows(server, books, "after a clean stop")
        server.stop()
    return {
        "kills": kills,
        "kills_while_starting": early,
        "rows_sent": len(books.sent),
        "rows_acknowledged": len(books.acknowledged),
        "rows_refused": books.refused,
        "rows_found": found,
        "syslog_lines_sent": books.syslog_sent,
        "syslog_lines_found": lines,
    }


def live(server, books, rng):
    """Puts load on the server for a random while and kills it."""
    address = server.syslog_tcp
    connections = [server.connect() for _ in range(API_CONNECTIONS)]
    seeds = [rng.random() for _ in connections]
    work = [(send_rows, (c, server.token(), books, random.Random(s))) for c, s in zip(connections, seeds)]
    work.append((send_syslog, (address, books)))
    failures = []
    threads = [threading.Thread(target=guarded, args=(failures, task, args)) for task, args in work]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0, LIFE_SECONDS_MAX))
    alive = server.process.poll() is None
    server.kill()
    for thread in threads:
        thread.join()
    if not alive:
        raise Violation(f"the server ended by itself: {server.log_tail()}")
    if failures:
        raise Violation(failures[0])


def guarded(failures, task, arguments):
    try:
        task(*arguments)
    except (OSError, http.client.HTTPException):
        # The kill. A request without an answer stays unacknowledged.
        return
    except Exception as error:  # noqa: BLE001 told by `live`
        failures.append(repr(error))


def send_rows(connection, token, books, rng):
    """Sends rows until the connection breaks."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = stream_path(rows.RULE, rows.STREAM)
    while True:
        ids = books.take(rng.randint(1, ROWS_PER_REQUEST_MAX))
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = json.dumps(
            [{"TimeGenerated": now, "DeviceName": f"host{n % 50}", "ProcessCommandLine": i} for n, i in enumerate(ids)]
        )
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status == 204:
            books.acknowledge(ids)
        elif response.status in (429, 503):
            books.refused += len(ids)
            time.sleep(min(float(response.headers.get("Retry-After", "1")), 0.2))
        else:
            raise Violation(f"rows were answered with {response.status} {answer[:300]!r}")


def send_syslog(address, books):
    """Sends numbered lines until the connection breaks."""
    with socket.create_connection(address) as connection:
        while True:
            first, end = books.take_syslog(SYSLOG_LINES_PER_BURST)
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
            lines = (f"<38>{stamp} host{n % 50} crash[{n % 1000}]: line-{n:09}\n" for n in range(first, end))
            connection.sendall("".join(lines).encode())
            time.sleep(0.02)


def check_counts(server, books, when):
    """The cheap look after each start."""
    text = f"select count(*) as n, count(distinct ProcessCommandLine) as ids from {rows.TABLE}"
    found = server.query(text)[0]
    if found["n"] != found["ids"]:
        raise Violation(f"{when}: {found['n'] - found['ids']} rows are there twice")
    if found["ids"] < len(books.acknowledged):
        raise Violation(f"{when}: {len(books.acknowledged)} rows acknowledged, {found['ids']} there")


def check_rows(server, books, when):
    """Looks at every row; returns how many rows and syslog lines there are."""
    found = Counter(row["id"] for row in server.query(f"select ProcessCommandLine as id from {rows.TABLE}"))
    complain(when, "acknowledged rows are missing", books.acknowledged - found.keys())
    complain(when, "rows were never sent", found.keys() - books.sent)
    complain(when, "rows are there more than once", [i for i, count in found.items() if count > 1])
    lines = Counter(row["line"] for row in server.query("select SyslogMessage as line from Syslog"))
    complain(when, "syslog lines are there more than once", [line for line, count in lines.items() if count > 1])
    sent = {f"line-{n:09}" for n in range(books.syslog_sent)}
    complain(when, "syslog lines were never sent", lines.keys() - sent)
    return found.total(), lines.total()


def complain(when, what, ids):
    if ids:
        raise Violation(f"{when}: {len(ids)} {what}, such as {sorted(ids)[:3]}")


def main():
    parser = argparse.ArgumentParser(description="Kill the server again and again, and count.")
    parser.add_argument("--binary", default=os.environ.get("PHALANX_BIN"), required="PHALANX_BIN" not in os.environ)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="of the moments (default: a new one, which is said)")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    exit_when_terminated()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    show = sys.stderr.isatty()
    try:
        counts = run(options.binary, options.kills, seed, lambda text: show and print(text, file=sys.stderr))
    except Violation as violation:
        print(f"FAILED (seed {seed}): {violation}", file=sys.stderr)
        return 1
    counts["seed"] = seed
    print(json.dumps(counts) if options.json else "\n".join(f"{key:22} {value:>12,}" for key, value in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
