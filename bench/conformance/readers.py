"""Independent readers: how many records a file has, found without Phalanx.

`.evtx` by the pure Python package `python-evtx`, everything else by Python's own `json`, `zipfile`, `zlib`
and `tarfile`.
"""

import io
import json
import re
import tarfile
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Expected:
    """What a file holds."""

    #: Records that must become rows.
    records: int = 0
    #: Members (or the file itself) that hold no log, such as packet captures: kept as dead letters.
    foreign: list = field(default_factory=list)
    #: Windows event ids and how often they occur, where the reader looks so deep.
    event_ids: Counter = field(default_factory=Counter)

    def add(self, other):
        self.records += other.records
        self.foreign += other.foreign
        self.event_ids += other.event_ids


def read(path):
    """What the file at `path` holds."""
    return read_bytes(Path(path).name, Path(path).read_bytes())


def read_bytes(name, data):
    """What a file or an archive's member holds, by its name."""
    for endings, reader in READERS.items():
        if name.lower().endswith(endings) and not is_apple_double(name):
            return reader(name, data)
    return Expected(foreign=[name])


def is_apple_double(name):
    """The attributes that macOS puts beside each file of an archive."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith("._")


def read_evtx(_, data):
    from Evtx.Evtx import FileHeader  # imported here: only this reader needs the package

    found = Expected()
    for chunk in FileHeader(data, 0).chunks():
        for record in chunk.records():
            found.records += 1
            event_id = re.search(r"<EventID[^>]*>(\d+)<", record.xml())
            found.event_ids[int(event_id.group(1))] += 1
    return found


def read_json(_, data):
    """Values one behind the other, whether a line each or spread over many."""
    text, at, count = data.decode("utf-8-sig"), 0, 0
    decoder = json.JSONDecoder()
    space = re.compile(r"\s*")
    while (at := space.match(text, at).end()) < len(text):
        _, at = decoder.raw_decode(text, at)
        count += 1
    return Expected(records=count)


def read_log(name, data):
    """Lines: each record of a Linux audit log is a row, too."""
    return Expected(records=sum(1 for line in data.splitlines() if line.strip()))


def read_zip(_, data):
    found = Expected()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            # What macOS puts beside each file is no file of the archive.
            if not member.is_dir() and not is_apple_double(member.filename):
                found.add(read_bytes(member.filename, archive.read(member)))
    return found


def read_tar_gzip(_, data):
    """A packed archive, also one whose end is cut off."""
    unpacked = zlib.decompressobj(wbits=31).decompress(data)
    found = Expected()
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        for member in archive:
            if member.isfile():
                found.add(read_bytes(member.name, archive.extractfile(member).read()))
    return found


READERS = {
    (".evtx",): read_evtx,
    (".json", ".jsoncls", ".jsonl"): read_json,
    (".log", ".raw"): read_log,
    (".zip",): read_zip,
    (".tar.gz",): read_tar_gzip,
}
