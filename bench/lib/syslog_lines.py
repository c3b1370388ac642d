"""Syslog lines as a fleet of Linux hosts writes them: RFC 3164 with its sender's habits, newline-framed.

About 140 bytes a line; 500 hosts, the usual programs, messages with numbers and addresses in them.
"""

import random
import time
from pathlib import Path

TABLE = "Syslog"
VERSION = 1
MESSAGES = [
    ("sshd", 38, "Accepted publickey for user{u} from 10.{a}.{b}.{c} port {p} ssh2: ED25519 SHA256:{h}"),
    ("sshd", 38, "Failed password for invalid user admin{u} from 203.0.{b}.{c} port {p} ssh2"),
    ("sudo", 85, "user{u} : TTY=pts/{c} ; PWD=/home/user{u} ; USER=root ; COMMAND=/usr/bin/systemctl restart app{a}"),
    ("CRON", 78, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly/{a})"),
    ("systemd", 30, "Started session-{p}.scope - Session {p} of User user{u}."),
    ("kernel", 4, "[{p}.{u}] IN=eth0 OUT= SRC=10.{a}.{b}.{c} DST=10.{c}.{b}.{a} LEN=60 PROTO=TCP SPT={p} DPT=443"),
    ("postfix/smtpd", 22, "connect from mail{a}.example[198.51.{b}.{c}]"),
]


def file(folder, count):
    """The file with `count` lines, made if it is not there or a week old."""
    path = Path(folder) / f"syslog-v{VERSION}-{count}.log"
    if not path.exists() or path.stat().st_mtime < time.time() - 7 * 86_400:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with open(draft, "w", encoding="ascii", buffering=1 << 20) as out:
            out.writelines(lines(count))
        draft.rename(path)
    return path


def lines(count, seed=11):
    """Yields `count` lines."""
    rng = random.Random(seed)
    bits = rng.getrandbits
    start = int(time.time()) - 3600
    stamp, second = "", -1
    for n in range(count):
        if n // 1000 != second:
            second = n // 1000
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(start + second))
        program, priority, text = MESSAGES[bits(16) % len(MESSAGES)]
        text = text.format(u=bits(9), a=bits(8), b=bits(8), c=bits(8), p=bits(16), h=f"{bits(128):032x}")
        yield f"<{priority}>{stamp} host{bits(16) % 500:03} {program}[{bits(15)}]: {text}\n"
