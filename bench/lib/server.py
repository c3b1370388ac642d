"""A Phalanx server as one process in a temporary data folder.

Everything here goes through what users have: the command line, the token endpoint and the APIs on the
TLS port. Waiting is for conditions with a deadline, never for a while.
"""

import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

API_VERSION = "2023-01-01"
#: Deadlines in seconds. They end a run that hangs; they are no part of a measurement.
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 300
#: Free ports, and nothing of this host among the rows.
QUIET = {
    "PHALANX_SYSLOG__UDP": "[]",
    "PHALANX_SYSLOG__TCP": '["127.0.0.1:0"]',
    "PHALANX_SYSLOG__TLS": "[]",
    "PHALANX_SERVICES__HOST_LOGS__ENABLED": "false",
}
INGEST_SCOPE = "https://monitor.azure.com//.default"


class ServerError(Exception):
    """The server did not do what was asked."""


def exit_when_terminated():
    """Makes SIGTERM end this program as Ctrl-C does: with everything that was started cleaned up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class Server:
    """A data folder and, between `start` and `stop` or `kill`, the process that serves it.

    Used as a context manager it leaves neither process nor folder behind; a folder that is to be kept is named
    by `kept`, and used again if it is there.
    """

    def __init__(self, binary, environment=None, folder=None, arguments=(), kept=None):
        self.binary = str(binary)
        self.environment = {**os.environ, **(environment or {})}
        self.is_kept = kept is not None or bool(os.environ.get("PHALANX_BENCH_KEEP"))
        self.parent = Path(kept or tempfile.mkdtemp(prefix="phalanx-bench-", dir=folder))
        self.parent.mkdir(parents=True, exist_ok=True)
        self.data = self.parent / "data"
        self.arguments = list(arguments)
        self.process = None
        self.output = open(self.parent / "output", "ab")  # noqa: SIM115 closed in __exit__
        self.tls = None
        self._token = None
        try:
            self.credentials = self._credentials()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.output.close()
        if not self.is_kept:
            shutil.rmtree(self.parent, ignore_errors=True)

    def _credentials(self):
        """Those of the administrator's client, which `init` prints once."""
        file = self.parent / "credentials.json"
        if not file.exists():
            file.write_text(self.command("init", "--json"), encoding="utf-8")
        return json.loads(file.read_text(encoding="utf-8"))

    def command(self, *arguments, accept=(0,), environment=None):
        """Runs `phalanx --data DIR …` to its end and returns what it printed."""
        ran = subprocess.run(
            [self.binary, "--data", str(self.data), *arguments],
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode not in accept:
            raise ServerError(f"`phalanx {' '.join(arguments)}` ended with {ran.returncode}: {ran.stderr.strip()}")
        return ran.stdout

    def spawn(self, environment=None):
        """Starts the process without waiting for it to be ready."""
        (self.data / "address").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                self.binary, "--data", str(self.data), "serve",
                "--listen", "127.0.0.1:0", *self.arguments,
            ],
            env={**self.environment, **QUIET, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
        )

    def start(self, environment=None):
        """Starts the process and waits until it is ready; returns the seconds that took."""
        begun = time.monotonic()
        # Another port is another issuer: tokens of before are of no use.
        self._token = None
        self.spawn(environment)
        self.wait_ready()
        return time.monotonic() - begun

    def wait_ready(self):
        """Waits until `/readyz` answers 200."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.is_ready():
            if self.process.poll() is not None:
                raise ServerError(f"the server ended with {self.process.returncode}: {self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"the server was not ready after {START_SECONDS_MAX} s: {self.log_tail()}")
            time.sleep(0.002)

    def is_ready(self):
        try:
            with open(self.data / "address", encoding="ascii") as file:
                if not file.read().endswith("\n"):
                    return False
            return self.request("GET", "/readyz", token=False)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        """Stops cleanly, everything written to files; returns the seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS_MAX)
        self.process = None
        if code != 0:
            raise ServerError(f"the server stopped with {code}: {self.log_tail()}")
        return time.monotonic() - begun

    def kill(self):
        """Kills the process at once, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def address(self):
        """Host and port of the TLS port."""
        host, port = (self.data / "address").read_text(encoding="ascii").strip().rsplit(":", 1)
        return host.strip("[]"), int(port)

    @property
    def syslog_tcp(self):
        """Host and port of the syslog listener over TCP."""
        addresses = json.loads((self.data / "addresses.json").read_text(encoding="utf-8"))
        host, port = addresses["syslog_tcp"][0].rsplit(":", 1)
        return host.strip("[]"), int(port)

    @property
    def ca_file(self):
        return self.credentials["ca_file"]

    def connect(self):
        """A new TLS connection to the APIs."""
        if self.tls is None:
            self.tls = ssl.create_default_context(cafile=self.ca_file)
        return http.client.HTTPSConnection(*self.address, context=self.tls, timeout=120)

    def request(self, method, path, body=None, token=True, content_type="application/json", connection=None):
        """One request; returns status and body."""
        headers = {"Content-Type": content_type} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {self.token()}"
        own = connection or self.connect()
        try:
            own.request(method, path, body=body, headers=headers)
            response = own.getresponse()
            return response.status, response.read()
        finally:
            if connection is None:
                own.close()

    def token(self):
        """A bearer token of the administrator's client, asked for once each start."""
        if self._token is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.credentials["client_id"],
                "client_secret": self.credentials["client_secret"],
                "scope": INGEST_SCOPE,
            }
            status, body = self.request(
                "POST",
                f"/{self.credentials['tenant_id']}/oauth2/v2.0/token",
                urllib.parse.urlencode(form),
                token=False,
                content_type="application/x-www-form-urlencoded",
            )
            if status != 200:
                raise ServerError(f"no token: {status} {body[:500]!r}")
            self._token = json.loads(body)["access_token"]
        return self._token

    def query(self, text, connection=None):
        """Runs SQL on the running server; returns the rows as dicts."""
        request = json.dumps({"query": text, "format": "jsonl"})
        status, body = self.request("POST", "/api/v1/query", request, connection=connection)
        if status != 200:
            raise ServerError(f"`{text}` was answered with {status} {body[:500]!r}")
        return [json.loads(line) for line in body.splitlines()]

    def ask(self, text, connection=None):
        """Asks in KQL as Kusto's clients do; returns the body of the answer, unread."""
        request = json.dumps({"db": "bench", "csl": text})
        status, body = self.request("POST", "/v1/rest/query", request, connection=connection)
        if status != 200:
            raise ServerError(f"`{text}` was answered with {status} {body[:500]!r}")
        return body

    def count(self, table, connection=None):
        """Rows of a table; 0 where it has none yet."""
        rows = self.query(f"select count(*) as n from {table}", connection)
        return rows[0]["n"] if rows else 0

    def wait_count(self, table, expected, seconds_max, interval_seconds=0.05):
        """Waits until a table has at least so many rows; returns the count that was seen."""
        connection = self.connect()
        deadline = time.monotonic() + seconds_max
        try:
            while True:
                seen = self.count(table, connection)
                if seen >= expected or time.monotonic() > deadline:
                    return seen
                time.sleep(interval_seconds)
        finally:
            connection.close()

    def metric(self, name):
        """Sum of a metric over its labels."""
        status, body = self.request("GET", "/metrics")
        if status != 200:
            raise ServerError(f"/metrics was answered with {status}")
        lines = body.decode().splitlines()
        own = [line for line in lines if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in own)

    def memory_peak_bytes(self):
        """Largest resident memory since the start of the process."""
        return self._status("VmHWM") * 1024

    def memory_bytes(self):
        """Resident memory now."""
        return self._status("VmRSS") * 1024

    def _status(self, key):
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise ServerError(f"no {key} in the process's status")

    def cpu_seconds(self):
        """Processor time of the server's process so far, user and system."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def log_tail(self):
        """The end of what the server said: its output, then its log."""
        self.output.flush()
        texts = [(self.parent / "output").read_text(encoding="utf-8", errors="replace")[-1500:]]
        for file in sorted((self.data / "logs").glob("*"))[-1:]:
            texts.append(file.read_text(encoding="utf-8", errors="replace")[-1500:])
        return "\n".join(text.strip() for text in texts if text.strip())

    def delta_tables(self):
        """Folders of the lake's Delta tables, by table name."""
        logs = (self.data / "lake").rglob("_delta_log")
        return {log.parent.name: log.parent for log in logs}


def stream_path(rule, stream):
    """Path of a stream of the Logs Ingestion API."""
    return f"/dataCollectionRules/{rule}/streams/{stream}?api-version={API_VERSION}"
