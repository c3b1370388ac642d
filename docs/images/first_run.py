"""Runs Phalanx on a new data folder in a terminal, as a newcomer would, and draws what was seen as SVG.

    first_run.py PROGRAM TARGET.svg

Everything shown is the program's own output; only the secret is blackened and the temporary path shortened.
"""

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 118
#: What the newcomer types once the server runs; the second after a log was taken in.
COMMANDS = [
    ["ingest", "LOG"],
    ["query", "select AccountName, ActionType, RemoteIP, count(*) as n from DeviceLogonEvents group by 1, 2, 3 order by n desc limit 5"],
]
LOG = "".join(
    f"Nov 25 09:{minute:02}:{second:02} web-1 sshd[{4000 + minute}]: Failed password for {who} from {where} port {40000 + second} ssh2\n"
    for minute in range(6)
    for second, (who, where) in enumerate([("root", "203.0.113.7"), ("invalid user admin", "203.0.113.7"), ("deploy", "198.51.100.23")])
) + "Nov 25 09:07:12 web-1 sshd[4123]: Accepted publickey for deploy from 192.0.2.10 port 51514 ssh2: ED25519 SHA256:fJx0\n"


class Terminal:
    """A process in a pseudo-terminal, and what it printed."""

    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        import fcntl, struct, termios  # noqa: E401, PLC0415

        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
        os.close(slave)
        self.text = ""

    def read_until(self, mark, seconds=60):
        """Reads until `mark` was printed; until the process has ended where it is None."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                try:
                    piece = os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    return self.text
                self.text += piece
            if mark is not None and mark in self.text:
                return self.text
            if mark is None and not ready and self.process.poll() is not None:
                return self.text
        raise SystemExit(f"`{mark}` was never printed:\n{self.text}")


def main():
    program, target = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TERM": "xterm-256color", "HOME": folder, "XDG_DATA_HOME": f"{folder}/data"}
        environment.pop("NO_COLOR", None)
        log = Path(folder) / "auth.log"
        log.write_text(LOG, encoding="utf-8")
        server = Terminal([program, "serve"], environment)
        try:
            shown = "$ make run\n" + server.read_until("Ctrl-C")
            for command in COMMANDS:
                words = [str(log) if word == "LOG" else word for word in command]
                told = Terminal([program, *words], environment).read_until(None)
                line = " ".join("auth.log" if word == str(log) else f'"{word}"' if " " in word else word for word in words)
                shown += f"\n$ phalanx {line}\n{told}"
        finally:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(30)
        shown = shown.replace(f"{folder}/data/phalanx", "~/.local/share/phalanx").replace(folder, "~").replace(program, "phalanx")
    shown = re.sub(r"(client secret\s+)\S+", r"\1••••••••", shown)
    # Cursor movements of progress bars are no part of a still picture.
    shown = re.sub(r"\x1b\[[0-9;?]*[A-HJKSTfhl]", "", shown).replace("\r\n", "\n")
    shown = "\n".join(line.rsplit("\r", 1)[-1] for line in shown.split("\n"))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown))
    # Whatever monospace font there is will do; a picture fetches nothing.
    picture = re.sub(r"@font-face\s*\{[^}]*\}\s*", "", console.export_svg(title="phalanx"))
    target.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
