"""Starts the load generators as processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

from . import rows
from .server import stream_path

HERE = Path(__file__).resolve().parent


class Load:
    """A load generator that is ready to send: `go` starts it, `result` waits for its report."""

    def __init__(self, program, job):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "ready\n":
            self.process.wait()
            raise RuntimeError(f"{program} did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self

    def is_running(self):
        return self.process.poll() is None

    def result(self):
        line = self.process.stdout.readline()
        if self.process.wait() != 0:
            raise RuntimeError("the load generator failed")
        return json.loads(line)


def api(server, bodies, **job):
    """A generator for the Logs Ingestion API, connected to `server`."""
    host, port = server.address
    return Load(
        "sender.py",
        {
            "host": host,
            "port": port,
            "ca_file": server.ca_file,
            "token": server.token(),
            "path": stream_path(rows.RULE, rows.STREAM),
            "bodies": str(bodies),
            **job,
        },
    )


def syslog(address, file, connections=1):
    """A generator that sends a file over TCP."""
    host, port = address
    return Load("syslog_sender.py", {"host": host, "port": port, "file": str(file), "connections": connections})
