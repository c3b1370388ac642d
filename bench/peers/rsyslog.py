"""The peer of the syslog benchmark: rsyslog with one TCP listener, writing what comes to one file."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CONFIGURATION = """\
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imtcp" MaxSessions="100")
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="bench")
ruleset(name="bench") {{
  action(type="omfile" file="{folder}/out.log" template="RSYSLOG_FileFormat")
}}
"""
START_SECONDS_MAX = 20


def find():
    """The program's path, or None."""
    return shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin")


class Rsyslog:
    """A running rsyslog; leaves neither process nor folder behind."""

    def __init__(self, folder=None):
        self.folder = Path(tempfile.mkdtemp(prefix="phalanx-bench-rsyslog-", dir=folder))
        self.output = self.folder / "out.log"
        self.lines = self.offset = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = probe.getsockname()
        configuration = self.folder / "rsyslog.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=self.folder, port=self.address[1]), encoding="ascii"
        )
        self.process = subprocess.Popen(
            [find(), "-n", "-f", str(configuration), "-i", str(self.folder / "pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(self.address).close()
                return self
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError("rsyslog did not start") from error
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def count_lines(self):
        """Lines written so far; reads only what is new."""
        if not self.output.exists():
            return 0
        with open(self.output, "rb") as file:
            file.seek(self.offset)
            while block := file.read(1 << 20):
                self.lines += block.count(b"\n")
                self.offset += len(block)
        return self.lines
