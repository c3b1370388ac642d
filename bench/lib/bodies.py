"""Prebuilt request bodies: JSON lines packed into JSON arrays of about a megabyte.

They are built before the clock starts and mapped into the sender's memory, so that sending costs little
more than the encryption.
"""

import json
import mmap
from pathlib import Path

BODY_BYTES = 1_000_000


def build(rows, folder):
    """Packs a file of JSON lines; returns the file of bodies, with an index beside it."""
    rows = Path(rows)
    path = Path(folder) / (rows.stem + ".bodies")
    index = path.with_suffix(".index.json")
    if path.exists() and index.exists() and path.stat().st_mtime >= rows.stat().st_mtime:
        return path
    entries, offset = [], 0
    with open(rows, "rb") as source, open(path, "wb", buffering=1 << 20) as out:
        while lines := source.readlines(BODY_BYTES):
            body = b"[" + b",".join(line.rstrip(b"\n") for line in lines) + b"]"
            out.write(body)
            entries.append([offset, len(body), len(lines)])
            offset += len(body)
    index.write_text(json.dumps(entries), encoding="ascii")
    return path


def load(path):
    """The bodies of a file: a list of memory views and the rows in each."""
    path = Path(path)
    entries = json.loads(path.with_suffix(".index.json").read_text(encoding="ascii"))
    with open(path, "rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    # Touched once, so that no page fault falls into the measurement.
    for at in range(0, len(whole), 4096):
        whole[at]
    return [(whole[offset : offset + size], rows) for offset, size, rows in entries]
