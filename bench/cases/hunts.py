"""Ten hunts over thirty days of a fleet, against DuckDB and chDB with SQL over the same files.

The hunts are in `bench/hunts`: one file in KQL and one in each peer's SQL, which give the same rows. Ours is timed
from the first byte of the request to the last one of the answer, over TLS; a peer's is its statement alone, rows
fetched, in its own process. Every round asks all three, in turn; nobody's first round counts.
"""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime, timezone

from lib import fleet_lake, measure
from lib.server import ServerError
from lib.workshop import ROOT

NAME = "hunts"
PROMISE = "(h) ten hunts over 20 million rows, in sum, against the faster of DuckDB and chDB"
AT_LEAST = 1.0
#: Of no hunt's time may a peer need less than this share.
EACH_AT_LEAST = 0.5
ROWS = 20_000_000
PEERS = ("duckdb", "chdb")


def run(workshop):
    hunts = _hunts()
    with fleet_lake.server(workshop, workshop.scaled(ROWS)) as server, ExitStack() as stack:
        server.start()
        ask = {"phalanx": _Ours(server)}
        for peer in PEERS:
            ask[peer] = stack.enter_context(_Peer(workshop, server, peer))
        measured, refused = {}, {}
        for name, texts in hunts.items():
            try:
                measured[name] = _compare(name, texts, ask, workshop.rounds)
            except ServerError as reason:
                # The others go on; a promise about ten is not held by nine.
                refused[name] = str(reason)[-600:]
        memory = server.memory_peak_bytes()
    sums = {who: sum(times[who]["median"] for times in measured.values()) for who in ask}
    ratios = {name: {peer: times[peer]["median"] / times["phalanx"]["median"] for peer in PEERS}
              for name, times in measured.items()}
    _print(measured, sums)
    for name, reason in refused.items():
        print(f"{name}: refused: {reason}", file=sys.stderr)
    total = min(sums[peer] for peer in PEERS) / sums["phalanx"]
    slowest = min(ratio for each in ratios.values() for ratio in each.values())
    return measure.Result(
        name=NAME,
        promise=PROMISE,
        target=(">=", AT_LEAST),
        unit="x",
        figure=measure.spread([total]),
        holds=total >= AT_LEAST and slowest >= EACH_AT_LEAST and not refused,
        ours={"unit": "s", **measure.spread([sums["phalanx"]])},
        peer={"unit": "s", **measure.spread([min(sums[peer] for peer in PEERS)])},
        details={"seconds": measured, "refused": refused, "sums": sums, "ratios": ratios, "memory_peak_bytes": memory},
    )


def _hunts():
    """The texts by hunt, then by who is asked."""
    folder = ROOT / "bench/hunts"
    endings = {"phalanx": ".kql", **{peer: f".{peer}.sql" for peer in PEERS}}
    names = sorted(file.stem for file in folder.glob("*.kql"))
    return {
        name: {who: (folder / (name + ending)).read_text(encoding="utf-8") for who, ending in endings.items()}
        for name in names
    }


def _compare(name, texts, ask, rounds):
    """Seconds of everybody, once their answers are the same."""
    answers = {who: asked(texts[who])[1] for who, asked in ask.items()}
    ours = _comparable(answers["phalanx"])
    for peer in PEERS:
        theirs = _comparable(answers[peer])
        if theirs != ours:
            different = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:1]
            raise RuntimeError(f"{name}: {peer} gives {len(theirs)} rows, phalanx {len(ours)}; {str(different)[:1000]}")
    seconds = {who: [] for who in ask}
    for number in range(rounds):
        # Who begins alternates: the second finds a warmer, or busier, machine.
        for who in sorted(ask, reverse=number % 2 == 1):
            seconds[who].append(ask[who](texts[who])[0])
    return {who: {**measure.spread(times), "rows": len(ours)} for who, times in seconds.items()}


def _comparable(rows):
    """Rows in an order of their own; no text and the empty one are the same."""
    return sorted([["" if value is None else value for value in row] for row in rows], key=json.dumps)


class _Ours:
    def __init__(self, server):
        self.server = server

    def __call__(self, text):
        self.server.token()
        # One that is kept would be closed while the peers work.
        connection = self.server.connect()
        connection.connect()
        try:
            begun = time.monotonic()
            body = self.server.ask(text, connection)
            seconds = time.monotonic() - begun
        finally:
            connection.close()
        table = json.loads(body)["Tables"][0]
        times = [at for at, column in enumerate(table["Columns"]) if column["DataType"] == "DateTime"]
        arrays = [at for at, column in enumerate(table["Columns"]) if column["DataType"] == "Object"]
        for row in table["Rows"]:
            for at in times:
                row[at] = _micros(row[at])
            for at in arrays:
                row[at] = json.loads(row[at]) if isinstance(row[at], str) else row[at]
        return seconds, table["Rows"]


def _micros(text):
    """Microseconds since 1970; the language has seven digits."""
    time_of_day = datetime.strptime(text[:26], "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc)
    return int(time_of_day.replace(microsecond=0).timestamp()) * 1_000_000 + time_of_day.microsecond


class _Peer:
    """A peer's process, which has its files open."""

    def __init__(self, workshop, server, peer):
        folders = {name: str(server.delta_tables()[name]) for name in fleet_lake.TABLES}
        script = ROOT / "bench/peers/asked.py"
        self.process = subprocess.Popen(
            [str(workshop.venv_python), str(script), peer, str(measure.CORES), json.dumps(folders)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def __call__(self, text):
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a peer has ended at `{text}`")
        answer = json.loads(line)
        return answer["seconds"], answer["rows"]


def _print(measured, sums):
    def line(name, times, rows):
        ours = times["phalanx"]
        shown = [f"{times[who] * 1e3:9.1f}" for who in ("phalanx", *PEERS)]
        ratios = [f"{times[peer] / ours:6.2f}" for peer in PEERS]
        print(f"{name:14}{'  '.join(shown)}   {'  '.join(ratios)}  {rows}", file=sys.stderr)

    print(f"{'':14}{'  '.join(f'{who:>9}' for who in ('phalanx', *PEERS))}   (ms)  ratios, rows", file=sys.stderr)
    for name, times in measured.items():
        line(name, {who: time["median"] for who, time in times.items()}, times["phalanx"]["rows"])
    line("sum", sums, "")
