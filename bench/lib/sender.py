"""Sends prebuilt bodies to the Logs Ingestion API: the load generator, a process of its own.

Reads one JSON object from standard input: host, port, ca_file, token, path, bodies, and optionally
connections (4), rows (how many to send; the bodies are repeated; default: each once) and rows_per_second
(as fast as possible). Prints `ready` once everything is built and connected, waits for a line on standard
input, sends, and prints one JSON object: rows and requests acknowledged, seconds from the first byte to the
last acknowledgement, its own processor seconds, and how often it was told to wait.

A refusal with 429 or 503 is obeyed and sent again; any other answer ends the run.
"""

import http.client
import itertools
import json
import ssl
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib import bodies  # noqa: E402


class Sender:
    """Connections that share one sequence of bodies."""

    def __init__(self, job):
        self.job = job
        self.bodies = bodies.load(job["bodies"])
        self.left = job.get("rows") or sum(rows for _, rows in self.bodies)
        self.order = itertools.cycle(range(len(self.bodies)))
        self.lock = threading.Lock()
        self.rate = job.get("rows_per_second")
        self.begun = 0.0
        self.given = self.acknowledged = self.requests = self.waits = 0
        self.failure = None
        tls = ssl.create_default_context(cafile=job["ca_file"])
        count = job.get("connections", 4)
        self.connections = [
            http.client.HTTPSConnection(job["host"], job["port"], context=tls, timeout=120) for _ in range(count)
        ]
        for connection in self.connections:
            connection.connect()

    def run(self):
        """Sends everything; returns what is to be reported."""
        self.begun = time.monotonic()
        cpu = time.process_time()
        threads = [threading.Thread(target=self._send_all, args=(c,)) for c in self.connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - self.begun
        if self.failure:
            raise SystemExit(f"the sender was refused: {self.failure}")
        return {
            "rows": self.acknowledged,
            "requests": self.requests,
            "seconds": seconds,
            "cpu_seconds": time.process_time() - cpu,
            "waits": self.waits,
        }

    def _next(self):
        """The next body and when it is due, in seconds since the beginning."""
        with self.lock:
            if self.left <= 0 or self.failure:
                return None
            body, rows = self.bodies[next(self.order)]
            due = self.given / self.rate if self.rate else 0.0
            self.left -= rows
            self.given += rows
            return body, rows, due

    def _send_all(self, connection):
        headers = {"Authorization": "Bearer " + self.job["token"], "Content-Type": "application/json"}
        try:
            while task := self._next():
                body, rows, due = task
                pause = self.begun + due - time.monotonic()
                if pause > 0:
                    time.sleep(pause)
                waits = self._send(connection, headers, body)
                with self.lock:
                    self.acknowledged += rows
                    self.requests += 1
                    self.waits += waits
        except Exception as error:  # noqa: BLE001 reported by `run`, whatever it is
            self.failure = self.failure or repr(error)

    def _send(self, connection, headers, body):
        for waits in itertools.count():
            connection.request("POST", self.job["path"], body=body, headers=headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 204:
                return waits
            if response.status not in (429, 503):
                raise RuntimeError(f"{response.status} {answer[:300]!r}")
            time.sleep(min(float(response.headers.get("Retry-After", "1")), 5.0))


def main():
    sender = Sender(json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(sender.run()), flush=True)


if __name__ == "__main__":
    main()
