"""A data folder with thirty days of a fleet (`fleet.py`), made once and kept."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLES = ("DeviceProcessEvents", "DeviceNetworkEvents", "SanctionedHashes_CL")
CUSTOM = {"SanctionedHashes_CL": ["TimeGenerated:datetime", "SHA256:string", "Owner:string"]}
#: Part of the folder's name: a change of the generator, or of the files of the lake, makes a new one.
VERSION = 1
#: Rows are kept for 90 days from when they were taken in.
AGE_SECONDS_MAX = 60 * 86_400
COMPACT_SECONDS_MAX = 1_800


def server(workshop, total):
    """A server over the folder with so many rows, not started."""
    folder = workshop.cache / f"fleet-v{VERSION}-{total}"
    made = folder / "made"
    if not made.exists() or made.stat().st_mtime < time.time() - AGE_SECONDS_MAX:
        shutil.rmtree(folder, ignore_errors=True)
        _make(workshop, folder, total)
        made.touch()
    return workshop.server(kept=folder)


def _make(workshop, folder, total):
    # As the tables are on the next day: the files of a day made one, and none that waits for its rows.
    environment = {"PHALANX_LAKE__COMPACT_FILES": "2"}
    with workshop.server(environment, kept=folder) as fleet:
        fleet.start()
        for name, columns in CUSTOM.items():
            declared = [dict(zip(("name", "type"), column.split(":"))) for column in columns]
            status, body = fleet.request("PUT", f"/api/v1/tables/{name}", json.dumps({"properties": {"schema": {"name": name, "columns": declared}}}))
            if status not in (200, 201):
                raise RuntimeError(f"{name} can't be declared: {status} {body[:500]!r}")
        for name in TABLES:
            _ingest(workshop, fleet, name, total)
        fleet.stop()
        fleet.start()
        _wait_compacted(fleet)
        fleet.stop()


def _ingest(workshop, fleet, table, total):
    made = subprocess.Popen(
        [str(workshop.venv_python), str(HERE / "fleet.py"), table, str(total)], stdout=subprocess.PIPE
    )
    command = [fleet.binary, "--data", str(fleet.data), "ingest", "-", "--format", "json-lines", "--table", table]
    taken = subprocess.run(command, stdin=made.stdout, stdout=subprocess.DEVNULL, env=fleet.environment, check=False)
    made.stdout.close()
    if made.wait() != 0 or taken.returncode != 0:
        raise RuntimeError(f"the rows of {table} were not taken in")


def _wait_compacted(fleet):
    """Until no table has two small files any more."""
    deadline = time.monotonic() + COMPACT_SECONDS_MAX
    while any(_small_files(fleet.delta_tables()[name]) > 1 for name in TABLES):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the files were not compacted within {COMPACT_SECONDS_MAX} s")
        time.sleep(2)


def _small_files(folder):
    """Live files below 32 MiB, by the Delta log."""
    live = {}
    for commit in sorted(os.listdir(folder / "_delta_log")):
        if not commit.endswith(".json"):
            continue
        for line in (folder / "_delta_log" / commit).read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "add" in action:
                live[action["add"]["path"]] = action["add"]["size"]
            if "remove" in action:
                live.pop(action["remove"]["path"], None)
    return sum(size < 32 << 20 for size in live.values())
