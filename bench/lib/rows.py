"""Process-creation events as JSON lines, with the cardinalities of a fleet.

Eleven columns of the built-in table DeviceProcessEvents, 426 bytes a row on average: 2,000 devices, 5,000
accounts, 400 programs; times that move on by a millisecond; command lines that never repeat; one nested
object. Seeded: apart from the times, two runs make the same bytes.
"""

import random
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

TABLE = "DeviceProcessEvents"
STREAM = "Microsoft-DeviceProcessEvents"
RULE = "dcr-bench"
#: Column and its DuckDB type, in the order of the rows.
COLUMNS = {
    "TimeGenerated": "TIMESTAMP",
    "DeviceId": "VARCHAR",
    "DeviceName": "VARCHAR",
    "ActionType": "VARCHAR",
    "FileName": "VARCHAR",
    "ProcessId": "BIGINT",
    "ProcessCommandLine": "VARCHAR",
    "AccountName": "VARCHAR",
    "LogonId": "BIGINT",
    "InitiatingProcessFileName": "VARCHAR",
    "AdditionalFields": "JSON",
}
ROW = (
    '{"TimeGenerated":"%s","DeviceId":"%s","DeviceName":"%s","ActionType":"ProcessCreated","FileName":"%s",'
    '"ProcessId":%d,"ProcessCommandLine":"%s","AccountName":"%s","LogonId":%d,'
    '"InitiatingProcessFileName":"%s","AdditionalFields":{"IP":"%s","Id":%d}}\n'
)
#: Part of the file's name: a change of the generator makes a new file.
VERSION = 1


def file(folder, count):
    """The file with `count` rows, made if it is not there, or so old that its rows might be expired."""
    path = Path(folder) / f"process-events-v{VERSION}-{count}.jsonl"
    if not path.exists() or path.stat().st_mtime < time.time() - 7 * 86_400:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with open(draft, "w", encoding="ascii", buffering=1 << 20) as out:
            out.writelines(lines(count))
        draft.rename(path)
    return path


def lines(count, seed=7):
    """Yields `count` rows."""
    rng = random.Random(seed)
    devices = [(rng.randbytes(20).hex(), f"ws-{n:05}.example") for n in range(2000)]
    accounts = [f"user{n:04}" for n in range(5000)]
    programs = _programs(rng)
    start = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=2)
    choice, bits = rng.choice, rng.getrandbits
    for n in range(count):
        device, name = devices[bits(20) % 2000]
        program, folder = programs[bits(16) % 400]
        parent = programs[bits(16) % 40][0]
        command = f"{folder}\\\\{program} -i {bits(96):024x}"
        when = (start + timedelta(microseconds=n * 1000 + bits(9))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        address = f"10.{bits(8)}.{bits(8)}.{bits(8)}"
        yield ROW % (
            when, device, name, program, bits(15), command, choice(accounts), bits(20), parent, address, bits(3),
        )


def _programs(rng):
    folders = ["C:\\\\Windows\\\\System32", "C:\\\\Program Files\\\\Suite", "C:\\\\Tools", "C:\\\\ProgramData\\\\Agent"]
    stems = ["svc", "update", "host", "shell", "sync", "report", "print", "build"]
    return [(f"{rng.choice(stems)}{n:03}.exe", rng.choice(folders)) for n in range(400)]
