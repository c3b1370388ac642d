"""What a benchmark is given: where the programs and prepared files are, and how much to do."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import bodies, rows
from .server import Server

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Workshop:
    """The settings of a run."""

    binary: Path
    venv_python: Path
    evtx_dump: Path | None
    corpora: Path
    #: Prepared files, kept between runs.
    cache: Path
    #: Where data folders and outputs go, on the disk that is measured.
    scratch: Path
    rounds: int
    #: Rows of one round of the rate benchmarks.
    rows: int
    #: Share of the full size of the large, fixed-size benchmarks.
    scale: float

    def server(self, environment=None, arguments=(), kept=None):
        return Server(self.binary, environment, self.scratch, arguments, kept)

    def json_lines(self):
        """The file of rows, and the file of request bodies made of it."""
        source = rows.file(self.cache, self.rows)
        return source, bodies.build(source, self.cache)

    def scaled(self, count):
        return max(1, int(count * self.scale))

    def peer(self, script, *arguments):
        """Runs a script of `peers` in the virtual environment; returns the JSON it prints."""
        command = [str(self.venv_python), str(ROOT / "bench/peers" / script), *map(str, arguments)]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode != 0:
            raise RuntimeError(f"{script} failed: {ran.stderr.strip()[-800:]}")
        return json.loads(ran.stdout)

    def rows_in_lake(self, server, table):
        """Rows in a table's Delta files, counted without Phalanx. The server must be stopped."""
        folder = server.delta_tables().get(table)
        return self.peer("delta_count.py", folder) if folder else {"rows": 0, "distinct": 0, "files": 0}


class Skipped(Exception):
    """A benchmark that can't run here, and why."""
